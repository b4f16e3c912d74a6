"""What a part of a build used and listed, so that the next build can tell whether it would do the same again."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from podcast_kit.builder.cache import FILE_DIGESTS, Cache, CacheUses
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.slots import copy_value
from podcast_kit.model import Image, Item, Output, Resource

_UNKNOWN = (0, 0, 0)
"""Facts of a file that was not looked at yet."""
_FACTS = struct.Struct("<qqQ")
SEPARATOR = "\0"
MAX_KNOWN_FACTS = 4000
"""Of files that several episodes have, few are looked at twice then."""


@dataclass(frozen=True, slots=True)
class WorkTrace:
    """The rows of the cache that were used, and the outputs that were listed, in order."""

    used: CacheUses = field(default_factory=set)
    outputs: dict[str, Output] = field(default_factory=dict)


@dataclass(slots=True)
class KeptWork:
    """What a part of a build depended on, and the files that it listed: packed, for a show has thousands of them."""

    paths: str
    """Of every file that was hashed or written, separated by NUL."""
    facts: bytes
    """Size, time (ns) and inode of each; none of them before `settle`."""
    used: str
    """The other rows of the cache: kind, key, kind, key and so on, separated by NUL."""
    outputs: tuple[Output, ...]
    """As they were written to a file without their paths."""

    def list_files(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        """Every file with its size, time (ns) and inode."""
        return zip(self._list_paths(), _FACTS.iter_unpack(self.facts), strict=True)

    def _list_paths(self) -> list[str]:
        return self.paths.split(SEPARATOR) if self.paths else []

    def list_uses(self) -> Iterator[tuple[str, str]]:
        """(kind, key) of all rows of the cache."""
        words = iter(self.used.split(SEPARATOR) if self.used else ())
        yield from zip(words, words, strict=True)
        for path in self._list_paths():
            yield FILE_DIGESTS.name, path

    def repeat(self, out: OutputDir) -> list[str]:
        """List the outputs once more, and count the rows of the cache as used; returns the outputs' keys."""
        out.cache.repeat_uses(self)
        out.repeat(self.outputs)
        return [output.key for output in self.outputs]

    def settle(self, cache: Cache) -> bool:
        """Take down the facts of the files, which are in place now; whether they are those that were written."""
        written = {os.fspath(output.path): output.sha256 for output in self.outputs if output.path}
        facts = bytearray()
        for path in self._list_paths():
            digest = cache.get(FILE_DIGESTS, path)
            if digest is None or written.get(path, digest.sha256) != digest.sha256:
                return False
            try:
                facts += _FACTS.pack(digest.size, digest.mtime_ns, digest.inode)
            except struct.error:  # no file system that is known has such numbers
                return False
        self.facts = bytes(facts)
        return True


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """The pictures of an episode's pages."""

    key: str
    """The digest of what they depended on, apart from files."""
    artwork: Image | None
    social_card: Image | None
    images: Mapping[Resource, Image]
    clip_cards: Mapping[int, Image]

    @classmethod
    def of_item(cls, key: str, item: Item) -> KeptPictures:
        """Those of an item that has them."""
        return cls(key, item.artwork, item.social_card, item.images, item.clip_cards)

    def add_to(self, item: Item) -> Item:
        """The item with its pictures."""
        return copy_value(
            item,
            artwork=self.artwork,
            social_card=self.social_card,
            images=self.images,
            clip_cards=self.clip_cards,
        )


class FileChecks:
    """Tells whether files are as they were, and looks at each of them once, as long as there are not too many."""

    def __init__(self) -> None:
        self._facts: dict[str, tuple[int, int, int] | None] = {}

    def are_unchanged(self, work: KeptWork) -> bool:
        """Whether each file has the size, time (ns) and inode that it had."""
        if work.paths and not work.facts:  # that build was not finished
            return False
        known = self._facts
        if len(known) > MAX_KNOWN_FACTS:
            known.clear()
        for path, kept in work.list_files():
            facts = known.get(path, _UNKNOWN)
            if facts is _UNKNOWN:
                facts = known[path] = _find_facts(path)
            if facts != kept:
                return False
        return True


@contextmanager
def trace_work(out: OutputDir, trace: WorkTrace | None = None) -> Iterator[WorkTrace]:
    """Trace what is done inside; with `trace`, in addition to what was traced before."""
    trace = trace or WorkTrace()
    with out.cache.watched(trace.used), out.watched(trace.outputs):
        yield trace


def pack_work(trace: WorkTrace) -> KeptWork | None:
    """What was traced, to be repeated once it is settled; None where a file is not on this machine, or embargoed."""
    outputs = tuple(trace.outputs.values())
    if any(not output.is_local or output.embargoed for output in outputs):
        return None
    written = {os.fspath(output.path) for output in outputs if output.path}
    paths = sorted({*written, *(key for kind, key in trace.used if kind == FILE_DIGESTS.name)})
    words = [word for use in sorted(trace.used) if use[0] != FILE_DIGESTS.name for word in use]
    if any(SEPARATOR in word for word in [*paths, *words]):
        return None
    return KeptWork(SEPARATOR.join(paths), b"", SEPARATOR.join(words), outputs)


def keep_work(trace: WorkTrace, cache: Cache) -> KeptWork | None:
    """As `pack_work`, settled; None where a file is not written yet, too."""
    work = pack_work(trace)
    return work if work and work.settle(cache) else None


def _find_facts(path: str) -> tuple[int, int, int] | None:
    try:
        facts = os.stat(path)  # noqa: PTH116  # thousands of times a build, so without the call of `stat_facts`
    except (OSError, ValueError):
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
