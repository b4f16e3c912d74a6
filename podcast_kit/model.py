"""The nouns of the trade: frozen, without I/O and without a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid5

from podcast_kit.errors import Place, Problem


class Wave(IntEnum):
    """The order readers need: a feed must never name a file that is not there yet."""

    MEDIA = 0
    PAGES = 1
    FEED = 2


class ShowType(StrEnum):
    """`itunes:type`: newest first, or told from the beginning."""

    EPISODIC = "episodic"
    SERIAL = "serial"


class EpisodeType(StrEnum):
    """`itunes:episodeType`."""

    FULL = "full"
    TRAILER = "trailer"
    BONUS = "bonus"


class Placement(StrEnum):
    """Where the invitations to follow and to review go."""

    END = "end"
    MARKER = "marker"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an XML namespace, said without XML: what a feed carries beyond the core tags."""

    name: str
    """With its prefix, such as `podcast:funding`."""
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    place: Place = field(default=Place(""), compare=False, repr=False)
    uri: str = ""
    """The namespace of a prefix that is not among the known ones; empty for those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is heard in, or worked on, an episode."""

    name: str
    role: str = "host"
    group: str = "cast"
    url: str = ""
    image: str = ""
    """A path relative to the show's folder, or an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A mark in an episode."""

    start_ms: int
    title: str
    end_ms: int | None = None
    url: str = ""
    image: str = ""
    toc: bool = True
    """False for a silent mark that changes the picture but is not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A stretch of a transcript."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One of Apple's categories, with its subcategory or none."""

    name: str
    sub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the show or an episode is heard: a service's key and the id or address there."""

    service: str
    """The key under `listen:`, such as `apple`; `custom` for a link that names itself."""
    value: str
    """An id, or a whole address."""
    label: str = ""
    keep: bool = False
    """Show it even though the service is closed."""
    place: Place = field(default=Place(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSet:
    """Which invitations are written, and where."""

    follow: bool = True
    review: bool = True
    placement: Placement = Placement.END


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """Where a show is published."""

    url: str
    """Public address of what is published; ends in a slash."""
    to: str = ""
    """`s3://bucket/prefix` (or r2, b2, gs, spaces, hetzner, wasabi, minio, garage), or a folder."""
    endpoint: str = ""
    region: str = ""
    account: str = ""
    """Of Cloudflare R2, whose endpoint is made of it."""
    cloudfront: str = ""
    """Id of the CloudFront distribution whose copies of changed pages are dropped."""
    purge: str = ""
    """Command that is given the changed addresses, one a line, to drop another CDN's copies."""
    clean_urls: bool = False
    """The host answers `episodes/x/` with `episodes/x/index.html`; plain object stores do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """How the feed is cut and announced."""

    path: str = "feed.xml"
    page_size: int = 0
    """Episodes a page; 0 is one feed with all."""
    hub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSettings:
    """Mastering; nothing is touched unless asked for."""

    loudness: float | None = None
    """Target in LUFS; Apple asks for -16."""
    true_peak: float = -1.0
    """Ceiling in dBTP, held when a loudness is asked for."""
    mono: str = "measured"
    """What the target means for one channel. `measured`: what a meter reads. `dual`: what two loudspeakers would give,
    which a meter reads 3 dB lower."""
    format: str = ""
    """`mp3`, `m4a` or `opus`; empty makes MP3 of WAV, FLAC and AIFF and leaves the others what they are."""
    bitrate: str = ""
    """Such as `128k`; empty is what the format and the channels want."""
    channels: int = 0
    """1 mixes to mono, 2 makes stereo, 0 keeps what there is."""
    trim: bool = False
    """Take silence off both ends."""
    intro: str = ""
    """A file joined before the recording; path relative to the show's folder."""
    outro: str = ""
    """A file joined behind it."""
    overlap: float = 0.0
    """Seconds that intro and outro fade over the recording."""
    reencode: bool = False
    """MP3 and other lossy sources may be encoded a second time where nothing else serves."""
    alternate: str = ""
    """`opus` or `m4a`: a second file offered as an alternate enclosure."""

    @property
    def asked(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.loudness is not None or self.format or self.channels or self.trim or self.intro or self.outro)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How the pages look, without a template of one's own."""

    colour: str = ""
    """`#rrggbb`; made darker or lighter until it can be read on its ground."""
    font: str = ""
    """CSS font families, or the path of a .woff2 file relative to podcast.yaml."""
    logo: str = ""
    """Path relative to podcast.yaml; stands in the header in place of the cover."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """What podcast.yaml says."""

    title: str
    description: str
    author: str
    language: str
    publish: Publishing
    timezone: str = "UTC"
    owner_name: str = ""
    owner_email: str = ""
    guid: str = ""
    """podcast:guid, a UUID kept through every move."""
    artwork: str = ""
    """Path relative to podcast.yaml."""
    categories: tuple[Category, ...] = ()
    explicit: bool = False
    type: ShowType = ShowType.EPISODIC
    copyright: str = ""
    license: str = ""
    locked: bool | None = None
    complete: bool = False
    block: bool = False
    people: tuple[Person, ...] = ()
    listen: tuple[Listen, ...] = ()
    prompts: Mapping[str, PromptSet] = field(default_factory=dict)
    feed: FeedSettings = field(default_factory=FeedSettings)
    audio: AudioSettings = field(default_factory=AudioSettings)
    theme: Theme = field(default_factory=Theme)
    elements: tuple[Element, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Rules of the check that are set aside for the whole show, each code with its reason."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    @property
    def feed_url(self) -> str:
        """The public address of the feed."""
        return address(self.publish.url, self.feed.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What one file of notes says."""

    slug: str
    path: str
    """Of the notes, relative to the show's folder, with forward slashes."""
    title: str
    notes: str
    """Markdown below the front matter."""
    notes_line: int = 1
    """The line of the file that the notes begin on."""
    audio: str = ""
    """Path relative to the show's folder, or an https address; empty when there is no audio here."""
    date: datetime | None = None
    """With its offset; None only for a draft."""
    guid: str = ""
    number: int | None = None
    season: int | None = None
    type: EpisodeType = EpisodeType.FULL
    summary: str = ""
    image: str = ""
    """Path relative to the show's folder."""
    explicit: bool | None = None
    draft: bool = False
    chapters: str | tuple[Chapter, ...] = "auto"
    """`auto`, a path relative to the show's folder, or the list itself."""
    transcripts: tuple[str, ...] = ()
    """Paths relative to the show's folder."""
    people: tuple[Person, ...] = ()
    tags: tuple[str, ...] = ()
    listen: tuple[Listen, ...] = ()
    prompts: str = "default"
    mastering: AudioSettings | None = None
    """The show's, with what this episode wants otherwise; None where it says nothing."""
    elements: tuple[Element, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Rules of the check that are set aside for this episode, each code with its reason."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def place(self, key: str = "") -> Place:
        """Where the key was written; the file itself when it was not."""
        return self.places.get(key, Place(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that listeners get: immutable, and named by its own digest."""

    key: str
    sha256: str
    bytes: int
    mime: str
    seconds: float = 0.0
    """0 for what has no duration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An entry of podcast.lock: what identifies an episode, and the enclosure that is frozen."""

    slug: str
    guid: str
    date: datetime
    source_sha256: str
    media: Media
    chapters: tuple[Chapter, ...] = ()
    """Those that only the recording knows, so that they are known where it is not."""
    shift: float = 0.0
    """Seconds by which mastering moved every moment: an intro before it, silence taken off."""
    loudness: float | None = None
    """LUFS of the mastered file, measured; None where it was not mastered."""
    true_peak: float | None = None
    """dBTP, as above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A show's folder, read whole."""

    folder: Path
    show: Show
    episodes: tuple[Episode, ...]
    lock: tuple[Published, ...] = ()
    remarks: tuple[Problem, ...] = field(default=(), compare=False)
    """Warnings from reading, such as a link to a service that closed."""

    def published(self, guid: str) -> Published | None:
        """The lock's entry for an episode."""
        return next((entry for entry in self.lock if entry.guid == guid), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """What an audio file is, measured rather than believed."""

    bytes: int
    seconds: float
    """Exact, from the frames or samples themselves."""
    mime: str
    codec: str
    """`mp3`, `aac`, `alac`, `opus`, `vorbis`, `flac`, `pcm`."""
    bit_rate: int
    """Bits a second, the mean."""
    channels: int
    sample_rate: int
    mode: str = ""
    """`cbr`, `vbr` or empty where the codec knows no such thing."""
    payload_sha256: str = ""
    """Of the audio without tags: the same recording under other tags has the same."""
    remarks: tuple[str, ...] = ()
    """What is odd about the file though it plays, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A picture as it goes into a tag."""

    data: bytes = field(repr=False)
    mime: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What is written into a copy of the audio."""

    title: str
    show: str
    author: str = ""
    date: datetime | None = None
    number: int | None = None
    season: int | None = None
    summary: str = ""
    """One plain paragraph."""
    comment: str = ""
    """Plain text: the summary and the invitations."""
    description: str = ""
    """Plain text: the notes in full, without the invitations."""
    transcript: str = ""
    """Plain text: all that is said, for players that show it as lyrics."""
    link: str = ""
    """The episode's page."""
    feed_url: str = ""
    guid: str = ""
    language: str = ""
    copyright: str = ""
    license_url: str = ""
    explicit: bool | None = None
    keywords: tuple[str, ...] = ()
    category: str = ""
    cover: Cover | None = None
    chapters: tuple[Chapter, ...] = ()
    pictures: tuple[tuple[str, Cover], ...] = ()
    """A chapter's `image` and the picture that it stands for."""
    genre: str = "Podcast"


@dataclass(frozen=True, slots=True)
class Flavours:
    """One content for three surfaces: a page's HTML, the feed's HTML, plain text."""

    page: str = ""
    feed: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        """Whether any surface has something to show."""
        return bool(self.page or self.feed or self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Rendered show notes, parted where the `{{ prompts }}` marker stands."""

    before: Flavours
    after: Flavours | None = None
    """None when the notes hold no marker."""
    summary: str = ""
    """The first paragraph as plain text."""
    links: tuple[str, ...] = ()
    """Every address that the author linked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A published picture: its address and its pixels."""

    url: str
    key: str = ""
    width: int = 0
    height: int = 0
    mime: str = ""
    smaller: tuple[Picture, ...] = ()
    """Copies for screens that need fewer pixels, the smallest first."""
    colour: str = ""
    """Its most striking colour as `#rrggbb`; empty while nobody looked, or where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A published transcript."""

    url: str
    mime: str
    language: str = ""
    cues: tuple[Cue, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A finished episode, ready for the feed and for its page."""

    episode: Episode
    guid: str
    date: datetime
    """UTC."""
    url: str
    """The episode's page."""
    enclosure: Media
    enclosure_url: str
    artwork: Picture | None = None
    """The episode's own; None where the show's stands for it."""
    card: Picture | None = None
    """What social networks and messengers show of the page: cover and title, wide."""
    summary: str = ""
    description: str = ""
    """Feed HTML, at most 4,000 bytes, invitations included."""
    content: str = ""
    """Feed HTML in full, invitations included."""
    page: str = ""
    """Page HTML in full, invitations included."""
    chapters: tuple[Chapter, ...] = ()
    chapters_url: str = ""
    transcripts: tuple[Transcript, ...] = ()
    people: tuple[Person, ...] = ()
    elements: tuple[Element, ...] = ()

    @property
    def explicit(self) -> bool | None:
        """The episode's own word; None leaves it to the show."""
        return self.episode.explicit


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file of the build, under the key that it will have in the store."""

    key: str
    size: int
    sha256: str
    content_type: str
    cache_control: str
    wave: Wave
    path: Path | None = field(default=None, compare=False)
    """Where the bytes lie; None for a frozen enclosure that only the store still has."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the store must answer with, sorted."""
        return (("Cache-Control", self.cache_control), ("Content-Type", self.content_type))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What the store has, as the state of the last publish or a listing tells."""

    key: str
    size: int
    sha256: str = ""
    """Empty when only a listing was seen."""
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = ""
    """As the store returned it; never computed."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a feed that was read: what it means, and how it was written."""

    name: str
    """As written, such as `itunes:image`; some apps match the prefix as text."""
    key: str
    """By its namespace: `itunes:image` under whatever prefix, bare for RSS itself, as written where unknown."""
    uri: str = ""
    """The namespace as written; empty for none."""
    text: str = ""
    """The element's own text, white space kept."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By name as written; without the declarations of namespaces."""
    children: tuple[Node, ...] = ()
    line: int = 0
    column: int = 0
    """Both count from 1."""

    def all(self, key: str) -> tuple[Node, ...]:
        """The children of that key, in file order."""
        return tuple(child for child in self.children if child.key == key)

    def first(self, key: str) -> Node | None:
        """The first child of that key."""
        return next((child for child in self.children if child.key == key), None)

    def value(self, key: str) -> str:
        """The text of the first child of that key without white space around it; empty when there is none."""
        found = self.first(key)
        return found.text.strip() if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """A feed as it stands in a file, whoever wrote it."""

    path: str
    """File or address, for places."""
    root: Node
    size: int
    """Bytes."""
    encoding: str = ""
    """As the XML declaration says, in lower case; empty without one."""
    bom: bool = False
    leading: int = 0
    """Bytes of white space before the first `<`."""
    trailing: tuple[int, ...] = ()
    """Lines of comments and instructions after the root element."""
    namespaces: tuple[tuple[str, str], ...] = ()
    """Prefix and address of every declaration, in file order."""
    instructions: tuple[str, ...] = ()
    """Targets of processing instructions, such as `xml-stylesheet`."""
    doctype: str = ""

    @property
    def channel(self) -> Node | None:
        """The first channel."""
        return self.root.first("channel")

    @property
    def items(self) -> tuple[Node, ...]:
        """The items of the first channel, in file order."""
        return self.channel.all("item") if self.channel else ()

    def place(self, node: Node | None = None) -> Place:
        """Where a node stands; the file itself without one."""
        return Place(self.path, node.line, node.column) if node else Place(self.path)


@dataclass(frozen=True, slots=True)
class Step:
    """Something long took a step; `total` is 0 while nobody knows."""

    stage: str
    """`read`, `tag`, `render`, `upload`, ..."""
    subject: str
    done: int = 0
    total: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one thing that was done, or asked of a public address."""

    key: str
    did: str
    """`uploaded`, `dressed`, `kept`, `retired`, `answered`, `compared`, `recorded`, ..."""
    bytes: int = 0
    wave: Wave | None = None
    etag: str = ""
    """As the store gave it, where something was written."""
    trouble: str = ""
    """What was wrong, in words; empty when all is well."""
    hint: str = ""


def address(base: str, key: str) -> str:
    """The public address of a key below `base`, percent-encoded (RFC 3986)."""
    return base.rstrip("/") + "/" + quote(key, safe="/-._~")


def page_url(show: Show, key: str) -> str:
    """The public address of a page; `index.html` is left away only where the host answers folders."""
    if show.publish.clean_urls and (key == "index.html" or key.endswith("/index.html")):
        key = key.removesuffix("index.html")
    return address(show.publish.url, key)


def show_guid(feed_url: str) -> str:
    """The podcast:guid of a show that is new: UUIDv5 of its feed's address without scheme and trailing slashes.

    Assigned once and kept through every move; namespace as the Podcasting 2.0 document has it.
    """
    name = feed_url.partition("://")[2] if "://" in feed_url else feed_url
    return str(uuid5(UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6"), name.rstrip("/")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer over HTTP, after whatever redirects there were."""

    url: str
    """The address that answered."""
    status: int = 0
    """0 when nothing answered; `trouble` says why."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    hops: tuple[tuple[int, str], ...] = ()
    """Each redirect's status and the address that it led to."""
    size: int = 0
    """Bytes of the body that were read."""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A public address, asked in the ways in which directories and players ask; None was not asked."""

    url: str
    kind: str
    """`feed`, `artwork`, `media`, `transcript`, `chapters`."""
    mime: str = ""
    """The type that the feed gives it; empty where it gives none."""
    bytes: int = 0
    """The length that the feed gives it; 0 where it gives none."""
    get: Response | None = None
    head: Response | None = None
    part: Response | None = None
    """`Range: bytes=0-1`."""
    again: Response | None = None
    """With the validators of the first answer: If-None-Match, If-Modified-Since."""
    zipped: Response | None = None
    """With `Accept-Encoding: gzip`."""
    place: Place = field(default=Place(""), compare=False, repr=False)
    episode: Episode | None = field(default=None, compare=False, repr=False)
