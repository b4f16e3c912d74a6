"""What podcast.yaml says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from podcast_kit.errors import SourceLocation
from podcast_kit.model.resources import LocalFile, Resource
from podcast_kit.model.urls import public_url
from podcast_kit.model.xml import Element


class ShowType(StrEnum):
    """`itunes:type`: newest first, or told from the beginning."""

    EPISODIC = "episodic"
    SERIAL = "serial"


class Placement(StrEnum):
    """Where the invitations to follow and to review go."""

    END = "end"
    MARKER = "marker"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is heard in, or worked on, an episode."""

    name: str
    role: str = "host"
    group: str = "cast"
    url: str = ""
    image: Resource | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One of Apple's categories, with its subcategory or none."""

    name: str
    sub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenLink:
    """Where the show or an episode is heard: a service's key and the id or address there."""

    service: str
    """The key under `listen:`, such as `apple`; `custom` for a link that names itself."""
    value: str
    """An id, or a whole address."""
    label: str = ""
    keep: bool = False
    """Show it even though the service is closed."""
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSet:
    """Which invitations are written, and where."""

    follow: bool = True
    review: bool = True
    placement: Placement = Placement.END
    follow_text: str = ""
    """What is said in place of the usual words, with `{show}` and `{title}` for the names; empty for the usual."""
    review_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSettings:
    """Where a show is published."""

    url: str
    """Public address of what is published; ends in a slash."""
    to: str = ""
    """`s3://bucket/prefix` (or aws, r2, b2, gs, spaces, hetzner, wasabi, minio, garage), or a folder."""
    provider: str = ""
    """One of these, where `to` names the bucket alone."""
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
    def is_active(self) -> bool:
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
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """What podcast.yaml says."""

    title: str
    description: str
    author: str
    language: str
    publish: PublishSettings
    timezone: str = "UTC"
    owner_name: str = ""
    owner_email: str = ""
    guid: str = ""
    """podcast:guid, a UUID kept through every move."""
    artwork: LocalFile | None = None
    categories: tuple[Category, ...] = ()
    explicit: bool = False
    type: ShowType = ShowType.EPISODIC
    copyright: str = ""
    license: str = ""
    locked: bool | None = None
    complete: bool = False
    block: bool = False
    people: tuple[Person, ...] = ()
    listen: tuple[ListenLink, ...] = ()
    prompts: Mapping[str, PromptSet] = field(default_factory=dict)
    feed: FeedSettings = field(default_factory=FeedSettings)
    audio: AudioSettings = field(default_factory=AudioSettings)
    theme: Theme = field(default_factory=Theme)
    elements: tuple[Element, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Rules of the check that are set aside for the whole show, each code with its reason."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)

    @property
    def feed_url(self) -> str:
        """The public address of the feed."""
        return public_url(self.publish.url, self.feed.path)

    def page_url(self, key: str) -> str:
        """The public address of a page; `index.html` is left away only where the host answers folders."""
        if self.publish.clean_urls and (key == "index.html" or key.endswith("/index.html")):
            key = key.removesuffix("index.html")
        return public_url(self.publish.url, key)
