"""The nouns of the trade: frozen, without I/O and without a clock."""

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
from podcast_kit.model.item import RenderedNotes, Item, Notes, Image, Transcript
from podcast_kit.model.project import Media, Project, LockEntry, Soundbite
from podcast_kit.model.resources import LocalFile, RemoteUrl, Resource
from podcast_kit.model.show import (
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
from podcast_kit.model.transfer import Outcome, Output, Probe, RemoteObject, Response, Progress, Wave
from podcast_kit.model.urls import public_url, show_guid
from podcast_kit.model.xml import Element, FeedDocument, Node

__all__ = [
    "Audio",
    "AudioSettings",
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
    "RenderedNotes",
    "Item",
    "ListenLink",
    "LocalFile",
    "Media",
    "Node",
    "Notes",
    "Outcome",
    "Output",
    "Person",
    "Image",
    "Placement",
    "Probe",
    "Project",
    "PromptSet",
    "LockEntry",
    "PublishSettings",
    "RemoteObject",
    "RemoteUrl",
    "Resource",
    "Response",
    "Show",
    "ShowType",
    "Soundbite",
    "Progress",
    "Tags",
    "Theme",
    "Transcript",
    "Wave",
    "public_url",
    "show_guid",
]
