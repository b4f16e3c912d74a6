"""The folder that holds exactly what will be in the store: written file by file, swept when all is there."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from podcast_kit.builder.cache import Memory
from podcast_kit.errors import PodcastKitError
from podcast_kit.io.mime import content_type
from podcast_kit.model import Cover, Output, Wave

YEAR = "public, max-age=31536000, immutable"
MINUTES = "public, max-age=300"
REVALIDATE = "public, max-age=300, must-revalidate"
CACHE = {Wave.MEDIA: YEAR, Wave.PAGES: MINUTES, Wave.FEED: REVALIDATE}
SCRATCH = re.compile(r"\..+\.new")
MEDIA = re.compile(r"media/[0-9a-f]{16}(?:\.tagging)?/")
DIGITS = 16
"""Hexadecimal digits of a digest in an address: 64 bits, no two files of a show will share them."""


def media_key(sha256: str, name: str) -> str:
    """The address of an immutable file: its digest, and a name that people can read."""
    return f"media/{sha256[:DIGITS]}/{name}"


class Tree:
    """A build's folder while it is being made.

    Media are written as they are made, since nobody else has their names. What has a name of its own (pages, feeds)
    is staged, and written when all of it could be made: a fault in the last page leaves the old ones whole.
    """

    def __init__(self, folder: Path, memory: Memory) -> None:
        self.folder = folder
        self.memory = memory
        self._root = str(folder)
        self.outputs: dict[str, Output] = {}
        self.covers: dict[str, Cover] = {}
        self.unmastered: dict[str, PodcastKitError] = {}
        """What kept recordings from being mastered, by slug: raised when the episode's turn comes."""
        self.staged: dict[str, tuple[bytes, str]] = {}
        self.written = 0

    def path(self, key: str) -> Path:
        """Where a key's bytes lie."""
        return self.folder / key

    def _name(self, key: str) -> str:
        """As `path`, without what a Path costs: a build looks at every file."""
        return os.path.join(self._root, key)  # noqa: PTH118

    def holds(self, key: str, sha256: str) -> bool:
        """Whether the file is there with these very bytes."""
        name = self._name(key)
        return os.path.isfile(name) and self.memory.sha256(name) == sha256  # noqa: PTH113  # thousands a build

    def write(self, key: str, data: bytes, wave: Wave, mime: str = "") -> Output:
        """Put bytes under a key, unless they lie there already: media at once, all else with `commit`."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.holds(key, sha256):
            if wave is Wave.MEDIA:
                self._put(key, data, sha256)
            else:
                self.staged[key] = (data, sha256)
        return self.add(key, len(data), sha256, wave, mime)

    def commit(self) -> None:
        """Write what was staged: pages, then feeds; and remove what an earlier build made and no output names."""
        for key in sorted(self.staged, key=lambda key: (self.outputs[key].wave, key)):
            self._put(key, *self.staged[key])
        if self.folder.is_dir():
            self._sweep()

    def _put(self, key: str, data: bytes, sha256: str) -> None:
        beside = self.scratch(key)
        beside.write_bytes(data)
        self.adopt(beside, key, sha256)

    def scratch(self, key: str) -> Path:
        """A free path beside a key's file, on the same disk; the sweep removes what a killed build left there."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_name(f".{path.name}.new")

    def adopt(self, file: Path, key: str, sha256: str) -> None:
        """Give a finished file its final name."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)
        self.memory.made(self._name(key), sha256)
        self.written += 1

    def add(self, key: str, size: int, sha256: str, wave: Wave, mime: str = "", *, here: bool = True) -> Output:
        """List an output; `here` is False for a frozen file that only the store has."""
        output = Output(
            key=key,
            size=size,
            sha256=sha256,
            content_type=mime or content_type(key),
            cache_control=CACHE[wave],
            wave=wave,
            path=self.path(key) if here else None,
        )
        self.outputs[key] = output
        return output

    @contextmanager
    def untold(self) -> Iterator[None]:
        """What is added meanwhile, and by nothing else, goes ahead: no reader may learn its address yet."""
        before = dict(self.outputs)
        yield
        for key, output in self.outputs.items():
            self.outputs[key] = before.get(key) or replace(output, embargoed=True)

    def _sweep(self, below: str = "") -> bool:
        """Remove what no output names, and the folders that this empties; whether anything is left.

        Only what a build is known to have made: what somebody else put there stays.
        """
        with os.scandir(self._name(below)) as found:
            entries = list(found)
        left = False
        for entry in entries:
            key = below + entry.name
            if entry.is_dir(follow_symlinks=False):
                if self._sweep(f"{key}/"):
                    left = True
                else:
                    os.rmdir(entry.path)  # noqa: PTH106
            elif key in self.outputs or not self._made(key, entry):
                left = True
            else:
                os.unlink(entry.path)  # noqa: PTH108
        return left

    def _made(self, key: str, entry: os.DirEntry[str]) -> bool:
        """Whether a build made it: memory says so, or its name does, as a killed build leaves it."""
        if entry.is_symlink():
            return False
        return bool(SCRATCH.fullmatch(entry.name) or MEDIA.match(key)) or self.memory.knows(entry.path)
