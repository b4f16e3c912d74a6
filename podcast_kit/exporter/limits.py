"""What each format cannot hold of a show: the list that `export` prints, that the documentation has and tests use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from podcast_kit.exporter.model import ExportFormat
from podcast_kit.exporter.podlove import MAX_CATEGORIES
from podcast_kit.model import (
    AudioSettings,
    ChapterList,
    ChaptersFromFile,
    CommentSettings,
    Element,
    FeedSettings,
    NotifySettings,
    PrivateSettings,
    Project,
    ShowType,
    Theme,
)

ADDRESS_TAGS = {"itunes:new-feed-url", "podcast:podping", "ttl", "cloud", "webMaster", "skipHours", "skipDays", "docs"}
"""Elements of a channel about the address and the software of its feed."""
HUGO_ROLES = {"host", "guest"}
PODLOVE_ROLES = {"host", "co-host", "guest", "editor", "producer"}
"""Roles that `import` reads back."""
DEFAULT_SETS = 2
"""Sets of prompts that every show has: `default` and `none`."""


@dataclass(frozen=True, slots=True)
class FormatLimit:
    """Something of a show that is lost in a format."""

    value: str
    """Its name, such as `show theme` or `episode chapters`."""
    text: str
    """What is lost, in words."""
    is_used: Callable[[Project], bool]
    """Whether a show has it."""


def _has_own_look(project: Project) -> bool:
    return project.show.theme != Theme() or (project.folder / "templates").is_dir()


def _announces(project: Project) -> bool:
    return bool(project.show.announce) or project.show.notify != NotifySettings()


def _has_comments(project: Project) -> bool:
    return bool(project.comments) or project.show.comments != CommentSettings()


def _has_elements(elements: Iterable[Element]) -> bool:
    return any(element.name not in ADDRESS_TAGS for element in elements)


def _has_roles(project: Project, known_roles: Collection[str]) -> bool:
    people = [person for episode in project.episodes for person in episode.people or project.show.people]
    return any(person.role.lower() not in known_roles or person.group.lower() != "cast" for person in people)


def _may_hide_chapters(project: Project) -> bool:
    lists = [episode.chapters for episode in project.episodes]
    return any(
        isinstance(source, ChaptersFromFile)
        or (isinstance(source, ChapterList) and any(not chapter.toc or chapter.image for chapter in source.chapters))
        for source in lists
    )


def _has_drafts(project: Project) -> bool:
    return any(episode.draft for episode in project.episodes)


FEED_LIMITS = (
    FormatLimit("show timezone", "`timezone`: dates keep their UTC offset", lambda p: p.show.timezone != "UTC"),
    FormatLimit("show listen", "`listen`: links to services", lambda p: bool(p.show.listen)),
    FormatLimit("show prompts", "`prompts`: follow and review prompts", lambda p: len(p.show.prompts) > DEFAULT_SETS),
    FormatLimit("show theme", "`theme` and templates/: the look of the pages", _has_own_look),
    FormatLimit("show audio", "`audio`: mastering settings", lambda p: p.show.audio != AudioSettings()),
    FormatLimit("show contact", "`contact`: how listeners reach you", lambda p: bool(p.show.contact)),
    FormatLimit("show reviews", "reviews.yaml: quoted reviews", lambda p: bool(p.show.reviews)),
    FormatLimit("show announce", "`announce`: where new episodes are announced", _announces),
    FormatLimit("show comments", "`comments`, and the replies in comments/", _has_comments),
    FormatLimit("show ignore", "`ignore`: rules that are not checked", lambda p: bool(p.show.ignore)),
    FormatLimit("show feed", "`feed`: path, paging, hubs and prefix", lambda p: p.show.feed != FeedSettings()),
    FormatLimit(
        "show pages", "pages/ and static/: your own pages and files", lambda p: bool(p.pages or p.static_files)
    ),
    FormatLimit("show private", "`private`: tiers and subscribers", lambda p: p.show.private != PrivateSettings()),
    FormatLimit("show publish", "`publish`: where the show is published", lambda p: bool(p.show.publish.to)),
    FormatLimit(
        "show host_elements",
        "`new_feed_url`, `podping` and other elements about this address",
        lambda p: any(element.name in ADDRESS_TAGS for element in p.show.elements),
    ),
    FormatLimit(
        "episode aliases", "`aliases`: redirects from earlier pages", lambda p: any(e.aliases for e in p.episodes)
    ),
    FormatLimit("episode listen", "an episode's own `listen`", lambda p: any(e.listen for e in p.episodes)),
    FormatLimit(
        "episode prompts", "an episode's own `prompts`", lambda p: any(e.prompts != "default" for e in p.episodes)
    ),
    FormatLimit(
        "episode mastering", "an episode's own `audio` settings", lambda p: any(e.mastering for e in p.episodes)
    ),
    FormatLimit(
        "episode is_without_chapters",
        "`chapters: none`: timestamps in the notes become chapters when the show is imported again",
        lambda p: any(e.chapters == ChapterList() for e in p.episodes),
    ),
    FormatLimit("episode draft", "drafts and scheduled episodes", lambda p: any(e.draft for e in p.episodes)),
)
"""What a feed cannot hold."""


UNLOCKED = FormatLimit(
    "show locked",
    "`locked: true`: the feed says that it may be imported, because Castopod refuses it otherwise",
    lambda p: bool(p.show.locked),
)
SITE_LIMITS = (
    FormatLimit("show locked", "`locked`", lambda p: p.show.locked is not None),
    FormatLimit("show complete", "`complete`", lambda p: p.show.complete),
    FormatLimit("show block", "`block`", lambda p: p.show.block),
    FormatLimit("show people", "`people` of the whole show", lambda p: bool(p.show.people)),
    FormatLimit(
        "show elements", "other keys for the feed, such as `funding`", lambda p: _has_elements(p.show.elements)
    ),
    FormatLimit(
        "episode elements",
        "an episode's other keys for the feed, such as `soundbites`",
        lambda p: any(e.elements for e in p.episodes),
    ),
)
"""What neither Hugo nor Podlove can hold, besides what a feed cannot."""
HUGO_LIMITS = (
    *(limit for limit in FEED_LIMITS if limit.value not in {"show listen", "episode aliases", "episode draft"}),
    *SITE_LIMITS,
    FormatLimit(
        "show listen",
        "`listen`: links to services other than Apple Podcasts and Spotify",
        lambda p: any(link.service not in {"apple", "spotify"} for link in p.show.listen),
    ),
    FormatLimit(
        "show categories",
        "`categories`: more than one category with two subcategories",
        lambda p: len({category.name for category in p.show.categories}) > 1,
    ),
    FormatLimit("show type", "`type: serial`", lambda p: p.show.type is ShowType.SERIAL),
    FormatLimit("show license", "`license`", lambda p: bool(p.show.license)),
    FormatLimit(
        "episode people", "people who are neither hosts nor guests, and groups", lambda p: _has_roles(p, HUGO_ROLES)
    ),
    FormatLimit("episode chapters", "hidden chapters", _may_hide_chapters),
    FormatLimit(
        "episode transcripts",
        "a second transcript in the same format",
        lambda p: any(len(e.transcripts) > 1 for e in p.episodes),
    ),
    FormatLimit("episode draft", "drafts and scheduled episodes, unless you pass `--drafts`", _has_drafts),
)
PODLOVE_LIMITS = (
    *FEED_LIMITS,
    *SITE_LIMITS,
    FormatLimit("show categories", "more than three `categories`", lambda p: len(p.show.categories) > MAX_CATEGORIES),
    FormatLimit("episode season", "`season`", lambda p: any(e.season is not None for e in p.episodes)),
    FormatLimit(
        "episode people",
        "the groups and websites of people, and roles other than host, co-host, guest, editor and producer",
        lambda p: _has_roles(p, PODLOVE_ROLES),
    ),
    FormatLimit("episode chapters", "hidden chapters, and pictures of chapters", _may_hide_chapters),
    FormatLimit("episode transcripts", "`transcript`", lambda p: any(e.transcripts for e in p.episodes)),
    FormatLimit("episode cues", "what transcripts say", lambda p: any(e.transcripts for e in p.episodes)),
    FormatLimit("episode alternate", "other formats of a recording", lambda p: bool(p.show.audio.alternate)),
)
NETWORK_LIMIT = FormatLimit(
    "show network",
    "settings and templates that shows.yaml of the network gives: copy them into the show's own folder",
    lambda p: p.shared_folder is not None,
)
FORMAT_LIMITS: dict[ExportFormat, tuple[FormatLimit, ...]] = {
    ExportFormat.RSS: FEED_LIMITS,
    ExportFormat.CASTOPOD: (*FEED_LIMITS, UNLOCKED),
    ExportFormat.PODLOVE: PODLOVE_LIMITS,
    ExportFormat.HUGO: HUGO_LIMITS,
    ExportFormat.ZIP: (NETWORK_LIMIT,),
}


def list_used_limits(project: Project, export_format: ExportFormat) -> tuple[str, ...]:
    """What this show has and the format cannot hold, in words."""
    return tuple(limit.text for limit in FORMAT_LIMITS[export_format] if limit.is_used(project))
