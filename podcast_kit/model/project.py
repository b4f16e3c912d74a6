"""A show's folder as it was read, and what is published of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from podcast_kit.errors import Problem
from podcast_kit.model.announcing import SocialPost
from podcast_kit.model.comments import CommentThread
from podcast_kit.model.episode import Chapter, Episode
from podcast_kit.model.network import ListedShow
from podcast_kit.model.own_page import OwnPage
from podcast_kit.model.show import Show

SHOW_FILE = "podcast.yaml"
EPISODES_DIR = "episodes"
LOCK_FILE = "podcast.lock"
PAGES_DIR = "pages"
STATIC_DIR = "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A published file: immutable, with its digest in its key."""

    key: str
    sha256: str
    bytes: int
    mime: str
    seconds: float = 0.0
    """0 for files without a duration."""
    bit_rate: int = 0
    """Bits per second of the audio stream if the feed states it, else 0."""
    head_bytes: int = 0
    """Bytes before the audio, such as tags."""
    minute_bytes: int = 0
    """Bytes up to the end of the first minute, or all of a shorter file; 0 if they were not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundbite:
    """A part of an episode for sharing, and the file that was cut from it."""

    start_ms: int
    """Position in the enclosure."""
    length_ms: int
    title: str = ""
    media: Media | None = None
    """None if it could not be cut."""
    url: str = ""
    """URL of the file; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersAudio:
    """The other recording that members get of a public episode, frozen like its enclosure."""

    source_sha256: str
    media: Media
    source_address: str = ""
    """As in LockEntry."""
    shift: float = 0.0
    """Seconds by which mastering shifted this recording."""
    loudness: float | None = None
    true_peak: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEntry:
    """An entry of podcast.lock: the identity of a published episode and its frozen enclosure."""

    slug: str
    guid: str
    date: datetime
    source_sha256: str
    media: Media
    source_address: str = ""
    """Where the recording is in object storage; empty if it was a file of the show."""
    former_slugs: tuple[str, ...] = ()
    """Earlier slugs, the oldest first; their URLs redirect to the current page."""
    alternate: Media | None = None
    """The same episode in another format, frozen like the enclosure."""
    soundbites: tuple[Soundbite, ...] = ()
    """Soundbites that were cut, without their titles."""
    chapters: tuple[Chapter, ...] = ()
    """Chapters that exist only in the recording, for machines that do not have it."""
    shift: float = 0.0
    """Seconds by which mastering shifted the recording: an intro added, silence trimmed."""
    loudness: float | None = None
    """Measured LUFS of the mastered file; None if it was not mastered."""
    true_peak: float | None = None
    """Measured dBTP of the mastered file; None if it was not mastered."""
    social: tuple[SocialPost, ...] = ()
    """The posts in which the show announced the episode."""
    members: MembersAudio | None = None
    """What members get instead of the enclosure. Its key is not its address, which needs the key of private feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenEpisode:
    """An episode that cannot be read or built, and why."""

    slug: str
    path: str
    """Of its notes, relative to the show's folder."""
    guid: str = ""
    """Empty where its notes cannot be read."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A show's folder as it was read."""

    folder: Path
    show: Show
    episodes: tuple[Episode, ...]
    lock: tuple[LockEntry, ...] = ()
    broken: tuple[BrokenEpisode, ...] = ()
    """Episodes that were left out because their notes have errors; only where that was asked for."""
    recorded_slugs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Guid → slugs that an episode's pages had, per the store's record."""
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    """Warnings from reading, such as a link to a service that has closed."""
    pages: tuple[OwnPage, ...] = ()
    """The files in `pages/`, sorted by path."""
    static_files: tuple[str, ...] = field(default=(), repr=False)
    """The files below `static/`, which are published as they are under the same path, sorted."""
    comments: Mapping[str, tuple[CommentThread, ...]] = field(default_factory=dict, repr=False)
    """Slug → the replies to the episode's posts, of episodes that have a file of them."""
    work_folder: Path | None = field(default=None, compare=False)
    """Where builds and caches are written, for a show whose own folder cannot or must not be written to."""
    shared_folder: Path | None = field(default=None, compare=False)
    """The folder of the network that the show is part of, whose `templates/` it shares."""
    listed_shows: tuple[ListedShow, ...] | None = field(default=None, repr=False)
    """The shows of the network, where this is the network's own page instead of a show."""
    _lock_by_guid: Mapping[str, LockEntry] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # A build asks several times for each episode.
        object.__setattr__(self, "_lock_by_guid", {entry.guid: entry for entry in self.lock})

    @property
    def output_folder(self) -> Path:
        """The folder that builds and caches are written below: the show's, unless there is a work folder."""
        return self.work_folder or self.folder

    def lock_entry(self, guid: str) -> LockEntry | None:
        """The entry of podcast.lock for an episode; None if it is not published."""
        return self._lock_by_guid.get(guid)
