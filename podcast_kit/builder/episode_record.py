"""What the last build made of each episode: an unchanged one is neither parsed nor built again.

The record is a file in `.podcast-kit/`: for each episode what reading its notes gave, and what it was built into.
Without it, or with a damaged one, a build takes longer and writes the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import podcast_kit
from podcast_kit import writer_versions
from podcast_kit.builder.cache import CACHE_DIR, Cache
from podcast_kit.builder.episode import BuiltEpisode
from podcast_kit.builder.kept_feed import KeptFeedPage, decode_feed_pages, encode_feed_pages
from podcast_kit.builder.record_file import RecordFile, write_record_file
from podcast_kit.builder.value_pickles import UnkeptValueError, pickle_value, unpickle_value
from podcast_kit.builder.work_trace import FileChecks, KeptPictures, KeptWork, WorkTrace, pack_work
from podcast_kit.io.bound_folder import open_own_folder
from podcast_kit.io.pinned_folder import OpenFolder
from podcast_kit.model import Episode, Item, LocalFile, Person
from podcast_kit.site import KeptPages
from podcast_kit.source.kept_readings import EpisodeReading, KeptReadings

EPISODES_FILE = "episodes.record"
_KEY_LEN = 64
_READING = "reading "
_BUILD = "build "
"""What the name of a chunk begins with; the path of the notes follows."""
_FEED = "feed"


@dataclass(slots=True)
class KeptEpisode:
    """An episode as it was built."""

    reading: EpisodeReading
    key: str
    """The digest of what it was built with, apart from files."""
    work: KeptWork
    built: BuiltEpisode
    pictures: KeptPictures | None = None
    pictures_work: KeptWork | None = None
    pages: KeptPages | None = None
    pages_work: KeptWork | None = None
    item_digest: str = ""
    """Of the item, without pictures."""
    is_saved: bool = False
    """Whether the file has it as it is here."""
    pictured: Item | None = None
    """The item with its pictures, when it is first asked for."""
    _is_settled: bool = True
    """Not while its pictures and pages are not in place, before everything is rendered."""

    def keep_pictures(self, pictures: KeptPictures, trace: WorkTrace) -> None:
        """Keep the pictures that were drawn for it."""
        self.drop_pictures()
        self.pictures, self.pictures_work = pictures, pack_work(trace)
        self._is_settled = False

    def drop_pictures(self) -> None:
        """Forget the pictures, and the pages that show them."""
        self.pictures = self.pictures_work = self.pages = self.pages_work = self.pictured = None
        self.is_saved = False

    def add_pictures(self) -> Item:
        """The item with the pictures that are kept."""
        if self.pictured is None:
            item = self.built.item
            self.pictured = self.pictures.add_to(item) if self.pictures else item
        return self.pictured

    def keep_pages(self, pages: KeptPages, trace: WorkTrace) -> None:
        """Keep the pages that were listed for it."""
        self.pages, self.pages_work = pages, pack_work(trace)
        self._is_settled = self.is_saved = False

    def settle(self, cache: Cache) -> None:
        """Take down the files of pictures and pages, which are in place now."""
        if self._is_settled:
            return
        self._is_settled = True
        if self.pictures_work is not None and not self.pictures_work.settle(cache):
            self.pictures_work = None
        if self.pages_work is not None and not self.pages_work.settle(cache):
            self.pages_work = None


class EpisodeRecord:
    """The episodes of the last build and of this one, by the paths of their notes."""

    def __init__(self, folder: Path, file: RecordFile | None = None) -> None:
        """`folder` is where builds and caches are written below."""
        self.readings = KeptReadings(self._load_reading)
        self.checks = FileChecks()
        self._folder = folder
        self._file = file or RecordFile(None, "")
        self._loaded: dict[str, EpisodeReading] = {}
        self._former: dict[str, KeptEpisode] = {}
        self._current: dict[str, KeptEpisode] = {}
        self._people: tuple[Person, ...] = ()
        self._inputs = ""
        self._feed_pages: tuple[KeptFeedPage, ...] | None = None
        self._is_feed_saved = True
        self._is_saving = True
        self._former_keys: tuple[Path, AbstractSet[str]] | None = None
        self._written_keys: tuple[Path, AbstractSet[str]] | None = None

    def start(self, *, is_saving: bool = True) -> None:
        """Begin to read and build the show once more, before anything is read.

        Unless the record is saved, it serves only this process.
        """
        self._is_saving = is_saving
        self._former_keys, self._written_keys = self._written_keys, None
        self._former |= self._current
        self._current = {}
        self.checks = FileChecks()
        self.readings.tick_ns = _find_tick(self._folder)

    def start_build(self, people: tuple[Person, ...], inputs: str) -> None:
        """Begin to build with these people of the show, and what else all episodes are built from."""
        self._people, self._inputs = people, inputs

    def find_build(self, episode: Episode, inputs: str) -> KeptEpisode | None:
        """The episode as it was built, if nothing has changed that it was built from; `inputs` are its own."""
        key = self._digest(inputs)
        reading = self.readings.current.get(episode.path)
        if reading is None:
            return None
        kept = self._former.pop(episode.path, None) or self._load_build(reading, key)
        if kept is None or kept.reading is not reading or kept.key != key:
            return None
        built_from = kept.built.item.episode
        if (built_from is not episode and built_from != episode) or not self.checks.are_unchanged(kept.work):
            return None
        self._current[episode.path] = kept
        return kept

    def keep_build(self, episode: Episode, inputs: str, work: KeptWork | None, built: BuiltEpisode) -> None:
        """Keep an episode that was just built, unless it was made from something whose changes cannot be seen."""
        reading = self.readings.current.get(episode.path)
        if reading is None or work is None or type(episode.audio) is not LocalFile:
            return
        if built.item.episode == episode:
            self._current[episode.path] = KeptEpisode(reading, self._digest(inputs), work, built)

    def find_kept(self, item: Item) -> KeptEpisode | None:
        """What is kept of an episode in this build."""
        kept = self._current.get(item.episode.path)
        return kept if kept and kept.built.item is item else None

    def digest_item(self, item: Item) -> str:
        """The digest of everything that an item says."""
        kept = self.find_kept(item)
        if kept is not None and kept.item_digest:
            return kept.item_digest
        digest = digest_item(item)
        if kept is not None:
            kept.item_digest, kept.is_saved = digest, False
        return digest

    def find_feed(self) -> tuple[KeptFeedPage, ...]:
        """Where episodes are in the feed of the last build."""
        if self._feed_pages is None:
            self._feed_pages = decode_feed_pages(self._file.read(_FEED) or b"[]")
        return self._feed_pages

    def keep_feed(self, pages: tuple[KeptFeedPage, ...]) -> None:
        """Keep where episodes are in the feed of this build."""
        self._feed_pages, self._is_feed_saved = pages, False

    def keep_written(self, folder: Path, keys: Iterable[str]) -> None:
        """Keep the keys of everything that this build has left in its folder."""
        self._written_keys = folder, frozenset(keys)

    def take_written(self, folder: Path) -> AbstractSet[str] | None:
        """The keys of everything that the last build of this process left in the folder, if it was the one before.

        None where it failed, and may have left more.
        """
        (former_folder, keys), self._former_keys = self._former_keys or (None, None), None
        return keys if former_folder == folder else None

    def save(self, cache: Cache) -> None:
        """Take down what was written, and write the file unless it has everything already."""
        for kept in self._current.values():
            kept.settle(cache)
        if not self._is_saving:
            return
        readings = self.readings.current
        is_saved = self._is_feed_saved and all(self._loaded.get(path) is kept for path, kept in readings.items())
        if is_saved and len(readings) == len(self._loaded) and all(kept.is_saved for kept in self._current.values()):
            return
        with suppress(OSError):  # a convenience, like the whole cache
            self._write(cache.folder, identify_program())

    def _digest(self, inputs: str) -> str:
        return hashlib.sha256(f"{self._inputs} {inputs}".encode("utf-8", "surrogatepass")).hexdigest()

    def _write(self, folder: OpenFolder, identity: str) -> None:
        """Write what has changed, or all of it where there is no file of which most stays as it is."""
        unchanged: list[str] = []
        for path, reading in self.readings.current.items():
            kept = self._current.get(path)
            if self._loaded.get(path) is reading:
                unchanged.append(_READING + path)
                if kept is not None and kept.is_saved:
                    unchanged.append(_BUILD + path)
        new_chunks = self._pickle_changed()
        if self._file.add_to(folder, EPISODES_FILE, identity, unchanged, new_chunks):
            return
        old_chunks = ((name, data) for name in unchanged if (data := self._file.read(name)) is not None)
        write_record_file(folder, EPISODES_FILE, identity, chain(old_chunks, new_chunks))

    def _pickle_changed(self) -> Iterator[tuple[str, bytes]]:
        """The chunks that are not in the file as they are now, one after the other; none of what cannot be kept."""
        yield _FEED, encode_feed_pages(self.find_feed())
        for path, reading in self.readings.current.items():
            is_loaded = self._loaded.get(path) is reading
            if not is_loaded and (data := _pickle_or_none(reading, {})) is not None:
                yield _READING + path, data
            kept = self._current.get(path)
            if kept is None or (kept.is_saved and is_loaded):
                continue
            if (data := self._pickle_build(kept)) is not None:
                yield _BUILD + path, data

    def _pickle_build(self, kept: KeptEpisode) -> bytes | None:
        values = (
            *(kept.work, kept.built, kept.pictures, kept.pictures_work),
            *(kept.pages, kept.pages_work, kept.item_digest),
        )
        data = _pickle_or_none(values, self._shared(kept.reading))
        return None if data is None else kept.key.encode() + data

    def _shared(self, reading: EpisodeReading) -> dict[str, object]:
        """What is kept once for many values."""
        return {"episode": reading.episode, "people": self._people}

    def _load_reading(self, path: str) -> EpisodeReading | None:
        data = self._file.read(_READING + path)
        with suppress(UnkeptValueError):
            reading = unpickle_value(data, {}) if data is not None else None
            if isinstance(reading, EpisodeReading):
                self._loaded[path] = reading
                return reading
        return None

    def _load_build(self, reading: EpisodeReading, key: str) -> KeptEpisode | None:
        path = reading.episode.path
        if self._loaded.get(path) is not reading:
            return None
        data = self._file.read(_BUILD + path)
        if data is None or data[:_KEY_LEN] != key.encode():
            return None
        with suppress(UnkeptValueError, ValueError, TypeError):
            work, built, *more = unpickle_value(data[_KEY_LEN:], self._shared(reading))
            kept = KeptEpisode(reading, key, work, built, *more)
            kept.is_saved = True
            return kept
        return None


@contextmanager
def open_episode_record(folder: Path) -> Iterator[EpisodeRecord]:
    """The record of a show whose builds and caches are written below `folder`; an empty one where there is none."""
    with ExitStack() as stack:
        file = None
        with suppress(OSError):
            own = stack.enter_context(open_own_folder(folder / CACHE_DIR))
            file = stack.enter_context(own.open(EPISODES_FILE)) if own else None
        record = EpisodeRecord(folder, RecordFile(file, identify_program() if file else ""))
        record.start()
        yield record


def identify_program() -> str:
    """A digest of this program's own files: another version may read and build otherwise."""
    versions = [podcast_kit.__version__, *(value for value in vars(writer_versions).values() if isinstance(value, int))]
    return hashlib.sha256(repr((versions, _stat_program())).encode()).hexdigest()


@functools.cache
def _stat_program() -> tuple[str, ...]:
    """Name, size and time of each of the program's files, which it has read by now."""
    root = os.path.dirname(podcast_kit.__file__)  # noqa: PTH120
    facts: list[list[object]] = []
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118  # hundreds
                facts.append([os.path.relpath(folder, root), name, status.st_size, status.st_mtime_ns])
    return tuple(sorted(map(repr, facts)))


def digest_item(item: Item) -> str:
    """The digest of everything that an item says."""
    return hashlib.sha256(repr(item).encode("utf-8", "surrogatepass")).hexdigest()


def _find_tick(folder: Path) -> int:
    """The file system's time now: what is changed from here on may have no later time. 0 where it cannot be known."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_mtime_ns
    except OSError:
        return 0


def _pickle_or_none(value: object, shared: Mapping[str, object]) -> bytes | None:
    try:
        return pickle_value(value, shared)
    except UnkeptValueError:
        return None
