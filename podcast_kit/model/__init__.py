"""The nouns of the trade: frozen, without I/O and without a clock."""

from __future__ import annotations

from podcast_kit.model.audio import Audio, Cover, Tags
from podcast_kit.model.episode import Chapter, Cue, Episode, EpisodeType
from podcast_kit.model.item import Flavours, Item, Notes, Picture, Transcript
from podcast_kit.model.project import Media, Project, Published, Soundbite
from podcast_kit.model.show import (
    AudioSettings,
    Category,
    FeedSettings,
    Listen,
    Person,
    Placement,
    PromptSet,
    Publishing,
    Show,
    ShowType,
    Theme,
)
from podcast_kit.model.transfer import Outcome, Output, Probe, Remote, Response, Step, Wave
from podcast_kit.model.urls import address, show_guid
from podcast_kit.model.xml import Element, FeedDocument, Node

__all__ = [
    "Audio",
    "AudioSettings",
    "Category",
    "Chapter",
    "Cover",
    "Cue",
    "Element",
    "Episode",
    "EpisodeType",
    "FeedDocument",
    "FeedSettings",
    "Flavours",
    "Item",
    "Listen",
    "Media",
    "Node",
    "Notes",
    "Outcome",
    "Output",
    "Person",
    "Picture",
    "Placement",
    "Probe",
    "Project",
    "PromptSet",
    "Published",
    "Publishing",
    "Remote",
    "Response",
    "Show",
    "ShowType",
    "Soundbite",
    "Step",
    "Tags",
    "Theme",
    "Transcript",
    "Wave",
    "address",
    "show_guid",
]
