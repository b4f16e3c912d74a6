"""What a part of a build used and listed, so that the next build can tell whether it would do the same again."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from podcast_kit.builder.cache import FILE_DIGESTS, Cache, CacheUses
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.slots import copy_value
from podcast_kit.model import Image, Item, Output, Resource
from podcast_kit.model.transfer import set_path_late

_UNKNOWN = (0, 0, 0)
"""Facts of a file that was not looked at yet."""


@dataclass(frozen=True, slots=True)
class WorkTrace:
    """The rows of the cache that were used, and the outputs that were listed, in order."""

    used: CacheUses = field(default_factory=set)
    outputs: dict[str, Output] = field(default_factory=dict)


@dataclass(slots=True)
class KeptWork:
    """What a part of a build depended on, and the files that it listed."""

    files: tuple[tuple[str, int, int, int], ...]
    """Path, size, time (ns) and inode of every file that was hashed or written."""
    used: tuple[tuple[str, str], ...]
    """The other rows of the cache."""
    outputs: tuple[Output, ...]
    """As they were written to a file without their paths."""
    _listed: dict[str, Output] | None = field(default=None, compare=False, repr=False)
    _uses: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)
    """What `repeat` worked out before."""

    def repeat(self, out: OutputDir) -> Collection[str]:
        """List the outputs once more, and count the rows of the cache as used; returns the outputs' keys."""
        if self._listed is None:
            for output in self.outputs:
                if output.path is None:
                    set_path_late(output, out.name(output.key))  # not shared yet: it was read from a file just now
            self._listed = {output.key: output for output in self.outputs}
            self._uses = (*self.used, *((FILE_DIGESTS.name, file[0]) for file in self.files))
        out.cache.repeat_uses(self._uses)
        out.outputs.update(self._listed)
        return self._listed.keys()


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
    """Tells whether files are as they were, and looks at each of them once."""

    def __init__(self) -> None:
        self._facts: dict[str, tuple[int, int, int] | None] = {}

    def are_unchanged(self, files: Iterable[tuple[str, int, int, int]]) -> bool:
        """Whether each file has the size, time (ns) and inode that it had."""
        known = self._facts
        for path, size, mtime_ns, inode in files:
            facts = known.get(path, _UNKNOWN)
            if facts is _UNKNOWN:
                facts = known[path] = _find_facts(path)
            if facts != (size, mtime_ns, inode):
                return False
        return True


@contextmanager
def trace_work(out: OutputDir, trace: WorkTrace | None = None) -> Iterator[WorkTrace]:
    """Trace what is done inside; with `trace`, in addition to what was traced before."""
    trace = trace or WorkTrace()
    with out.cache.watched(trace.used), out.watched(trace.outputs):
        yield trace


def keep_work(trace: WorkTrace, cache: Cache) -> KeptWork | None:
    """What was traced, to be repeated; None where a file is not on this machine or not written yet, or is embargoed."""
    outputs = tuple(trace.outputs.values())
    if any(output.path is None or output.embargoed for output in outputs):
        return None
    written = {os.fspath(output.path): output.sha256 for output in outputs if output.path}
    files: list[tuple[str, int, int, int]] = []
    for path in sorted({*written, *(key for kind, key in trace.used if kind == FILE_DIGESTS.name)}):
        digest = cache.get(FILE_DIGESTS, path)
        if digest is None or written.get(path, digest.sha256) != digest.sha256:
            return None
        files.append((path, digest.size, digest.mtime_ns, digest.inode))
    used = sorted(use for use in trace.used if use[0] != FILE_DIGESTS.name)
    return KeptWork(tuple(files), tuple(used), outputs)


def _find_facts(path: str) -> tuple[int, int, int] | None:
    try:
        facts = os.stat(path)  # noqa: PTH116  # thousands of times a build, so without the call of `stat_facts`
    except (OSError, ValueError):
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
