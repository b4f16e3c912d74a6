"""Publish a podcast: audio and Markdown in; tagged media, feed and pages out.

The public API, with which a script does what the command line does:

    from podcast_kit import load_project, publish_show

    for outcome in publish_show(load_project(folder), now=datetime.now(UTC)):
        print(outcome.action, outcome.key)

Every function raises a `PodcastKitError` for what a user can fix. Everything is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podcast_kit.builder import Build
    from podcast_kit.builder import build as build_show
    from podcast_kit.check import check_show
    from podcast_kit.errors import (
        InvalidAudio,
        InvalidInput,
        OperationError,
        PodcastKitError,
        Problem,
        PublishConflict,
        Severity,
        SourceLocation,
        StoreAccessError,
    )
    from podcast_kit.importer import ImportResult, import_feed
    from podcast_kit.model import (
        Audio,
        AudioSettings,
        BrokenEpisode,
        Category,
        Chapter,
        ChapterList,
        ChaptersFromFile,
        ChaptersFromNotes,
        ChapterSource,
        Comment,
        CommentSettings,
        CommentThread,
        Contact,
        Cover,
        Cue,
        Element,
        Episode,
        EpisodeType,
        FeedDocument,
        FeedSettings,
        Image,
        Item,
        ListenLink,
        LocalFile,
        LockEntry,
        Media,
        MenuEntry,
        NetworkSettings,
        Node,
        Notes,
        NotifySettings,
        Outcome,
        Output,
        OwnPage,
        Person,
        Placement,
        PostRecord,
        PostStatus,
        Probe,
        Progress,
        Project,
        PromptSet,
        PublishedPage,
        PublishSettings,
        RemoteObject,
        RemoteUrl,
        RenderedNotes,
        Resource,
        Response,
        Review,
        Show,
        ShowType,
        SocialPost,
        Soundbite,
        Tags,
        Theme,
        Transcript,
        Wave,
    )
    from podcast_kit.plan import Change, Plan
    from podcast_kit.plan.subscriber_changes import SubscriberChange
    from podcast_kit.publish import PreparedPublish, PublishOptions, make_plan, publish_show, verify_feed
    from podcast_kit.source.project import load_project

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "AudioSettings",
    "BrokenEpisode",
    "Build",
    "Category",
    "Change",
    "Chapter",
    "ChapterList",
    "ChapterSource",
    "ChaptersFromFile",
    "ChaptersFromNotes",
    "Comment",
    "CommentSettings",
    "CommentThread",
    "Contact",
    "Cover",
    "Cue",
    "Element",
    "Episode",
    "EpisodeType",
    "FeedDocument",
    "FeedSettings",
    "Image",
    "ImportResult",
    "InvalidAudio",
    "InvalidInput",
    "Item",
    "ListenLink",
    "LocalFile",
    "LockEntry",
    "Media",
    "MenuEntry",
    "NetworkSettings",
    "Node",
    "Notes",
    "NotifySettings",
    "OperationError",
    "Outcome",
    "Output",
    "OwnPage",
    "Person",
    "Placement",
    "Plan",
    "PodcastKitError",
    "PostRecord",
    "PostStatus",
    "PreparedPublish",
    "Probe",
    "Problem",
    "Progress",
    "Project",
    "PromptSet",
    "PublishConflict",
    "PublishOptions",
    "PublishSettings",
    "PublishedPage",
    "RemoteObject",
    "RemoteUrl",
    "RenderedNotes",
    "Resource",
    "Response",
    "Review",
    "Severity",
    "Show",
    "ShowType",
    "SocialPost",
    "Soundbite",
    "SourceLocation",
    "StoreAccessError",
    "SubscriberChange",
    "Tags",
    "Theme",
    "Transcript",
    "Wave",
    "build_show",
    "check_show",
    "import_feed",
    "load_project",
    "make_plan",
    "publish_show",
    "verify_feed",
]
_MODULES = {
    "builder": ("Build",),
    "check": ("check_show",),
    "errors": (
        "InvalidAudio",
        "InvalidInput",
        "OperationError",
        "PodcastKitError",
        "Problem",
        "PublishConflict",
        "Severity",
        "SourceLocation",
        "StoreAccessError",
    ),
    "importer": ("ImportResult", "import_feed"),
    "model": (
        "Audio",
        "NotifySettings",
        "AudioSettings",
        "BrokenEpisode",
        "Category",
        "Chapter",
        "ChapterList",
        "ChapterSource",
        "ChaptersFromFile",
        "ChaptersFromNotes",
        "Comment",
        "CommentSettings",
        "CommentThread",
        "Contact",
        "Cover",
        "Cue",
        "Element",
        "Episode",
        "EpisodeType",
        "FeedDocument",
        "FeedSettings",
        "Image",
        "Item",
        "ListenLink",
        "LocalFile",
        "LockEntry",
        "Media",
        "MenuEntry",
        "NetworkSettings",
        "Node",
        "Notes",
        "Outcome",
        "Output",
        "OwnPage",
        "Person",
        "Placement",
        "PostRecord",
        "PostStatus",
        "Probe",
        "Progress",
        "Project",
        "PromptSet",
        "PublishSettings",
        "PublishedPage",
        "RemoteObject",
        "RemoteUrl",
        "RenderedNotes",
        "Resource",
        "Response",
        "Review",
        "Show",
        "ShowType",
        "SocialPost",
        "Soundbite",
        "Tags",
        "Theme",
        "Transcript",
        "Wave",
    ),
    "plan": ("Change", "Plan"),
    "plan.subscriber_changes": ("SubscriberChange",),
    "publish": ("PreparedPublish", "PublishOptions", "make_plan", "publish_show", "verify_feed"),
    "source.project": ("load_project",),
}
"""The module that defines each name."""


def __getattr__(name: str) -> object:
    """Import a name of `__all__` when it is first used (PEP 562)."""
    if name == "build_show":
        return import_module(f"{__name__}.builder").build
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for `help()` and completion."""
    return sorted([*globals(), *__all__])
