"""The folder that holds exactly what will be in the store: written file by file, swept when everything is written."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit.builder.cache import Cache
from podcast_kit.builder.spool import Spool
from podcast_kit.errors import OperationError
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import Output, Wave

CACHE_CONTROL = {
    Wave.MEDIA: "public, max-age=31536000, immutable",
    Wave.PAGES: "public, max-age=300",
    Wave.FEED: "public, max-age=300, must-revalidate",
}
TEMP_NAME = re.compile(r"\..+\.new")
MEDIA_PATH = re.compile(r"media/[0-9a-f]{16}(?:\.tagging)?/")
KEY_DIGEST_LEN = 16
"""Hexadecimal digits of a digest in a URL: 64 bits, so no two files of a show share them."""
COPY_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the output folder, as the cache keeps it."""

    key: str
    sha256: str
    size: int
    mime: str = ""
    width: int = 0
    height: int = 0


def media_key(sha256: str, name: str) -> str:
    """The key of an immutable file: the start of its digest, and a readable name."""
    return f"media/{sha256[:KEY_DIGEST_LEN]}/{name}"


class OutputDir:
    """A build's folder while it is being written.

    Media are written at once, since their names are new. What keeps its name (pages, feeds) is staged, and written
    when all of it could be rendered: an error in the last page leaves the old ones intact.
    """

    def __init__(self, folder: Path, cache: Cache) -> None:
        self.folder = folder
        self.cache = cache
        self._root = str(folder)
        self.outputs: dict[str, Output] = {}
        self.staged = Spool(folder)
        self.files_written = 0

    def path(self, key: str) -> Path:
        """The path of a key's file."""
        return self.folder / key

    def _name(self, key: str) -> str:
        """As `path`, without what a Path costs: a build looks at every file."""
        return os.path.join(self._root, key)  # noqa: PTH118

    def has(self, key: str, sha256: str) -> bool:
        """Whether the file exists with exactly these bytes."""
        name = self._name(key)
        return os.path.isfile(name) and self.cache.sha256(name) == sha256  # noqa: PTH113  # thousands a build

    def write(self, key: str, data: bytes, wave: Wave, mime: str = "") -> Output:
        """Put bytes under a key unless they are unchanged: media at once, everything else with `commit`."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(key, sha256):
            if wave is Wave.MEDIA:
                self._put(key, data, sha256)
            else:
                self.staged.add_bytes(key, data)
        else:
            self.staged.drop_key(key)
        return self.add(key, len(data), sha256, wave, mime)

    def publish_file(self, source: Path, mime: str = "") -> Output:
        """Copy a file, in blocks, under its own digest. Raises OperationError if it changes while it is read."""
        sha256 = self.cache.sha256(source)
        key = media_key(sha256, source.name.lower().replace(" ", "-"))
        if not self.has(key, sha256):
            temp = self.temp_path(key)
            if _copy(source, temp) != sha256:
                temp.unlink()
                raise OperationError(
                    f"{source}: the file changed while it was read", "wait until it is saved, then rerun"
                )
            self.commit_file(temp, key, sha256)
        return self.add(key, self.path(key).stat().st_size, sha256, Wave.MEDIA, mime)

    def drop_below(self, prefix: str) -> None:
        """Take back what was written below a folder, before `commit`."""
        for key in [key for key in self.outputs if key.startswith(prefix)]:
            del self.outputs[key]
            self.staged.drop_key(key)

    def commit(self) -> None:
        """Write what was staged: pages, then feeds; and remove what an earlier build wrote and no output names."""
        for key in sorted(self.staged.keys(), key=lambda key: (self.outputs[key].wave, key)):
            self._put(key, self.staged.read_bytes(key), self.outputs[key].sha256)
        self.staged.close()
        if self.folder.is_dir():
            self._sweep()

    def _put(self, key: str, data: bytes, sha256: str) -> None:
        temp = self.temp_path(key)
        temp.write_bytes(data)
        self.commit_file(temp, key, sha256)

    def temp_path(self, key: str) -> Path:
        """A free path beside a key's file, on the same disk; the sweep removes what a killed build left there."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_name(f".{path.name}.new")

    def commit_file(self, file: Path, key: str, sha256: str) -> None:
        """Give a finished file its final name."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)
        self.cache.set_digest(self._name(key), sha256)
        self.files_written += 1

    def add(self, key: str, size: int, sha256: str, wave: Wave, mime: str = "", *, is_local: bool = True) -> Output:
        """List an output; `is_local` is False for a frozen file that only the store has."""
        output = Output(
            key=key,
            size=size,
            sha256=sha256,
            content_type=mime or guess_content_type(key),
            cache_control=CACHE_CONTROL[wave],
            wave=wave,
            path=self.path(key) if is_local else None,
        )
        self.outputs[key] = output
        return output

    def add_if_unchanged(self, file: StoredFile, wave: Wave) -> bool:
        """List a file that an earlier build wrote, if it is still the same; whether it is."""
        if not self.has(file.key, file.sha256):
            return False
        self.add(file.key, file.size, file.sha256, wave, file.mime)
        return True

    @contextmanager
    def embargoed(self) -> Iterator[None]:
        """What is added inside, and only there, is uploaded before its date: nothing public may name it yet."""
        before = dict(self.outputs)
        yield
        for key, output in self.outputs.items():
            self.outputs[key] = before.get(key) or replace(output, embargoed=True)

    def _sweep(self, below: str = "") -> bool:
        """Remove what no output names, and the folders that this empties; whether anything is left.

        Only what a build is known to have written goes: other people's files stay.
        """
        with os.scandir(self._name(below)) as scan:
            entries = list(scan)
        has_files = False
        for entry in entries:
            key = below + entry.name
            if entry.is_dir(follow_symlinks=False):
                if self._sweep(f"{key}/"):
                    has_files = True
                else:
                    os.rmdir(entry.path)  # noqa: PTH106
            elif key in self.outputs or not self._is_ours(key, entry):
                has_files = True
            else:
                os.unlink(entry.path)  # noqa: PTH108
        return has_files

    def _is_ours(self, key: str, entry: os.DirEntry[str]) -> bool:
        """Whether a build wrote it: the cache knows it, or its name is one that a killed build leaves."""
        if entry.is_symlink():
            return False
        return bool(TEMP_NAME.fullmatch(entry.name) or MEDIA_PATH.match(key)) or self.cache.has_file(entry.path)


def _copy(source: Path, destination: Path) -> str:
    """Copy in blocks and return the sha256 (hex) of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, destination.open("wb") as writer:
        while block := reader.read(COPY_BLOCK_BYTES):
            digest.update(block)
            writer.write(block)
    return digest.hexdigest()
