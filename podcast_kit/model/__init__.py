"""The data types of podcasting: immutable, without I/O and without access to the clock."""

from __future__ import annotations

from podcast_kit.model.audio import Audio, Cover, Tags
from podcast_kit.model.episode import (
    Chapter,
    ChapterList,
    ChaptersFromFile,
    ChaptersFromNotes,
    ChapterSource,
    Cue,
    Episode,
    EpisodeType,
)
from podcast_kit.model.item import Image, Item, Notes, RenderedNotes, Transcript
from podcast_kit.model.project import (
    EPISODES_DIR,
    LOCK_FILE,
    SHOW_FILE,
    BrokenEpisode,
    LockEntry,
    Media,
    Project,
    Soundbite,
)
from podcast_kit.model.resources import LocalFile, RemoteUrl, Resource
from podcast_kit.model.show import (
    PROVIDER_NAMES,
    AudioSettings,
    Category,
    FeedSettings,
    ListenLink,
    Person,
    Placement,
    PromptSet,
    PublishSettings,
    Show,
    ShowType,
    Theme,
)
from podcast_kit.model.transfer import Outcome, Output, Probe, Progress, RemoteObject, Response, Wave
from podcast_kit.model.urls import public_url, show_guid
from podcast_kit.model.xml import Element, FeedDocument, Node

__all__ = [
    "EPISODES_DIR",
    "LOCK_FILE",
    "PROVIDER_NAMES",
    "SHOW_FILE",
    "Audio",
    "AudioSettings",
    "BrokenEpisode",
    "Category",
    "Chapter",
    "ChapterList",
    "ChapterSource",
    "ChaptersFromFile",
    "ChaptersFromNotes",
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
    "Node",
    "Notes",
    "Outcome",
    "Output",
    "Person",
    "Placement",
    "Probe",
    "Progress",
    "Project",
    "PromptSet",
    "PublishSettings",
    "RemoteObject",
    "RemoteUrl",
    "RenderedNotes",
    "Resource",
    "Response",
    "Show",
    "ShowType",
    "Soundbite",
    "Tags",
    "Theme",
    "Transcript",
    "Wave",
    "public_url",
    "show_guid",
]
