"""What each format cannot hold of a show: the list that `export` prints, that the documentation has and tests use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from podcast_kit.exporter.model import ExportFormat
from podcast_kit.model import AudioSettings, ChapterList, CommentSettings, FeedSettings, NotifySettings, Project, Theme

ADDRESS_TAGS = {"itunes:new-feed-url", "podcast:podping", "ttl", "cloud", "webMaster", "skipHours", "skipDays", "docs"}
"""Elements of a channel about the address and the software of its feed."""
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
FORMAT_LIMITS: dict[ExportFormat, tuple[FormatLimit, ...]] = {
    ExportFormat.RSS: FEED_LIMITS,
    ExportFormat.CASTOPOD: (*FEED_LIMITS, UNLOCKED),
    ExportFormat.PODLOVE: FEED_LIMITS,
    ExportFormat.HUGO: FEED_LIMITS,
    ExportFormat.ZIP: (),
}


def list_used_limits(project: Project, export_format: ExportFormat) -> tuple[str, ...]:
    """What this show has and the format cannot hold, in words."""
    return tuple(limit.text for limit in FORMAT_LIMITS[export_format] if limit.is_used(project))
