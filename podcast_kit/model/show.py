"""A show as podcast.yaml describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from podcast_kit.errors import SourceLocation
from podcast_kit.model.announcing import NetworkSettings
from podcast_kit.model.lineage import SourceText
from podcast_kit.model.resources import LocalFile, Resource
from podcast_kit.model.urls import public_url
from podcast_kit.model.xml import Element


class ShowType(StrEnum):
    """`itunes:type`: newest episode first, or played from the first episode."""

    EPISODIC = "episodic"
    SERIAL = "serial"


class Placement(StrEnum):
    """Where the follow and review prompts are inserted."""

    END = "end"
    MARKER = "marker"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who appears in an episode or worked on it."""

    name: str
    role: str = "host"
    group: str = "cast"
    url: str = ""
    image: Resource | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One of Apple's categories, optionally with a subcategory."""

    name: str
    sub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenLink:
    """Where to listen to the show or an episode: a service, and the id or URL there."""

    service: str
    """The key under `listen:`, such as `apple`; `custom` for a link with its own label."""
    value: str
    """An id or a complete URL."""
    label: str = ""
    keep: bool = False
    """Show it even though the service has closed."""
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSet:
    """Which prompts are shown, and where."""

    follow: bool = True
    review: bool = True
    placement: Placement = Placement.END
    follow_text: str = ""
    """Custom wording, with the placeholders `{show}` and `{title}`; empty for the default."""
    review_text: str = ""
    share: bool = True
    """Ask listeners to tell a friend."""
    share_text: str = ""
    other_texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """More wordings of `follow`, `review` and `share`; each episode gets one of all, by its guid."""


PROVIDER_NAMES = ("s3", "aws", "r2", "b2", "gs", "spaces", "hetzner", "wasabi", "minio", "garage")
"""The stores that a show can be published to, by the scheme of their addresses; `stores.providers` has a row each."""


class WebHost(StrEnum):
    """A host of static sites, for which publishing writes the files that it reads."""

    GITHUB_PAGES = "github-pages"
    NETLIFY = "netlify"
    CLOUDFLARE_PAGES = "cloudflare-pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSettings:
    """Where a show is published."""

    url: str
    """Public base URL; ends in a slash."""
    is_rehearsal: bool = False
    """Whether the URL is not the show's own, but was given for this run: then nothing is announced."""
    network_folder: str = field(default="", compare=False, repr=False)
    """The folder of the show's network, inside of which it may publish; empty if it is part of none."""
    to: str = ""
    """`s3://bucket/prefix`, where the scheme is one of PROVIDER_NAMES, or a folder."""
    provider: str = ""
    """One of PROVIDER_NAMES, if `to` is only the bucket."""
    endpoint: str = ""
    region: str = ""
    account: str = ""
    """Account id of Cloudflare R2, which is part of its endpoint."""
    cloudfront: str = ""
    """Id of the CloudFront distribution whose cache is invalidated for changed pages."""
    purge: str = ""
    """Command that purges another CDN's cache; it gets the changed URLs, one per line."""
    purge_environment: tuple[str, ...] = ()
    """Names of the environment variables that the command gets besides PATH, HOME and LANG."""
    clean_urls: bool = False
    """Whether the host serves `episodes/x/index.html` at `episodes/x/`; plain object stores do not."""
    host: WebHost | None = None
    """The host of static sites that deploys the folder; None for any other web server."""
    website_redirects: bool = False
    """Whether moved pages have the header with which websites of Amazon S3 redirect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Pagination and WebSub hubs of the feed, and the prefix of its recordings."""

    path: str = "feed.xml"
    page_size: int = 0
    """Episodes per page; 0 for a single page with all episodes."""
    hubs: tuple[str, ...] = ()
    """WebSub hubs, which publishing notifies when the feed changes."""
    prefix: str = ""
    """What the addresses of recordings begin with in the feed, such as `https://op3.dev/e,pg={guid}/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Which services publishing tells about new episodes and changed pages."""

    podcast_index: bool = False
    """Tell the Podcast Index when the feed changes."""
    podping: bool = False
    """Send a podping when the feed changes; the token is in the environment."""
    indexnow_key: str = ""
    """The public key by which IndexNow knows that the pages are the show's own; empty to tell no search engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How listeners reach the show; each is empty if there is none."""

    mail: str = ""
    form: str = ""
    """URL of a form."""
    voicemail: str = ""
    """URL where listeners leave a voice message."""

    def __bool__(self) -> bool:
        """Whether there is any way."""
        return bool(self.mail or self.form or self.voicemail)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """An entry of the site's menu."""

    target: str
    """A URL, or the name or path of a page or file of the show, such as `about` or `press/kit.pdf`."""
    title: str = ""
    """Empty for the page's own."""
    location: SourceLocation = field(default=SourceLocation("podcast.yaml"), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a listener or a critic wrote about the show."""

    quote: str
    name: str = ""
    where: str = ""
    """The site or paper that it is from; empty if it was written to the show itself."""
    date: date | None = None
    stars: int = 0
    """1 to 5; 0 if there are none."""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentSettings:
    """Which replies to the show's posts are shown."""

    hide: tuple[str, ...] = ()
    """Addresses of replies, or handles of authors, in lower case; the answers to them are hidden, too."""
    only_favourited: bool = False
    """Keep only the replies that the account of the post has marked as a favourite, or liked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberSource:
    """Where the list of subscribers comes from, if it is not subscribers.txt."""

    file: str = ""
    """A CSV file; relative to the show's folder."""
    command: tuple[str, ...] = ()
    """The words of a command that prints CSV."""
    environment: tuple[str, ...] = ()
    """Names of the environment variables that the command gets besides PATH, HOME and LANG."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """`name`, `tier` or `status` → the header of the column that has it; empty where the header tells."""
    active: tuple[str, ...] = ()
    """What the column of the status says of those who have a feed, in lower case."""

    def __bool__(self) -> bool:
        """Whether there is a source."""
        return bool(self.file or self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateSettings:
    """Who has a private feed, and what is in it."""

    tiers: tuple[str, ...] = ()
    """The lowest first; empty if all members get the same."""
    subscribers: SubscriberSource = field(default_factory=SubscriberSource)
    personal: bool | None = None
    """Whether each feed has the subscriber's name in its title; None for the default."""

    @property
    def is_personal(self) -> bool:
        """Whether no two feeds are the same; by default only for a list of names without tiers."""
        return not (self.tiers or self.subscribers) if self.personal is None else self.personal


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSettings:
    """Mastering settings; by default the audio is not changed."""

    loudness: float | None = None
    """Target in LUFS; Apple recommends -16."""
    true_peak: float = -1.0
    """Maximum in dBTP, enforced if a loudness is set."""
    mono: str = "measured"
    """What the target means for mono. `measured`: what a meter reads. `dual`: played on two speakers, which a meter
    reads 3 dB lower."""
    format: str = ""
    """`mp3`, `m4a` or `opus`; empty converts WAV, FLAC and AIFF to MP3 and keeps the other formats."""
    bitrate: str = ""
    """Such as `128k`; empty for the usual rate of the format and channels."""
    channels: int = 0
    """1 mixes to mono, 2 makes stereo, 0 keeps the channels."""
    trim: bool = False
    """Remove silence at both ends."""
    intro: str = ""
    """A file to put before the recording; relative to the show's folder."""
    outro: str = ""
    """A file to put after the recording."""
    overlap: float = 0.0
    """Seconds for which intro and outro overlap the recording."""
    reencode: bool = False
    """Allow re-encoding of MP3 and other lossy sources where nothing else works."""
    alternate: str = ""
    """`opus` or `m4a`: also provide this format as an alternate enclosure."""

    @property
    def is_active(self) -> bool:
        """Whether the settings change the audio."""
        return bool(self.loudness is not None or self.format or self.channels or self.trim or self.intro or self.outro)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The look of the pages with the default templates."""

    colour: str = ""
    """`#rrggbb`; darkened or lightened until it has enough contrast."""
    font: str = ""
    """CSS font families, or the path of a .woff2 file relative to podcast.yaml."""
    logo: str = ""
    """Path relative to podcast.yaml; shown in the header instead of the cover."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """A show as podcast.yaml describes it."""

    title: str
    description: str
    author: str
    language: str
    publish: PublishSettings
    timezone: str = "UTC"
    owner_name: str = ""
    owner_email: str = ""
    guid: str = ""
    """podcast:guid, a UUID that never changes, even if the feed moves."""
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
    notify: NotifySettings = field(default_factory=NotifySettings)
    audio: AudioSettings = field(default_factory=AudioSettings)
    theme: Theme = field(default_factory=Theme)
    comments: CommentSettings = field(default_factory=CommentSettings)
    contact: Contact = field(default_factory=Contact)
    website: str = ""
    """The show's own website, if it is not the pages that are published; empty if there is none."""
    menu: tuple[MenuEntry, ...] = ()
    """The entries of the menu; empty for the episodes and the pages that have `menu:`."""
    private: PrivateSettings = field(default_factory=PrivateSettings)
    announce: tuple[NetworkSettings, ...] = ()
    """The networks on which new episodes are announced."""
    reviews: tuple[Review, ...] = ()
    elements: tuple[Element, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Codes of rules that are ignored for the whole show, each with its reason."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)
    source: SourceText = field(default=SourceText(), compare=False, repr=False)
    """What podcast.yaml says, for lineage."""

    @property
    def feed_url(self) -> str:
        """The public URL of the feed."""
        return public_url(self.publish.url, self.feed.path)

    @property
    def website_url(self) -> str:
        """The show's website: its own, or else the index page that is published."""
        return self.website or self.page_url("index.html")

    def page_url(self, key: str) -> str:
        """The public URL of a page; without `index.html` if the host supports it."""
        if self.publish.clean_urls and (key == "index.html" or key.endswith("/index.html")):
            key = key.removesuffix("index.html")
        return public_url(self.publish.url, key)
