"""The folder that holds exactly what will be in the store: written file by file, swept when everything is written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

from podcast_kit.builder.cache import Cache
from podcast_kit.builder.spool import Spool
from podcast_kit.errors import OperationError
from podcast_kit.io.inside import OutsideFolderError, open_inside, real_path
from podcast_kit.io.mime import guess_content_type
from podcast_kit.io.pinned_folder import OpenFolder, PinnedFolder, random_name
from podcast_kit.io.text_file import TextFile
from podcast_kit.model import Output, Wave
from podcast_kit.model.transfer import set_folder
from podcast_kit.text.compact_texts import forget_recent_texts

CACHE_CONTROL = {
    Wave.MEDIA: "public, max-age=31536000, immutable",
    Wave.PAGES: "public, max-age=300",
    Wave.FEED: "public, max-age=300, must-revalidate",
}
TEMP_NAME = re.compile(r"\..+\.new")
SCRATCH_NAME = re.compile(r"\.[0-9a-f]{32}\.podcast-kit")
SCRATCH_SUFFIX = ".podcast-kit"
MEDIA_PATH = re.compile(r"media/[0-9a-f]{16}(?:\.tagging)?/")
KEY_DIGEST_LEN = 16
"""Hexadecimal digits of a digest in a URL: 64 bits, so no two files of a show share them."""
COPY_BLOCK_BYTES = 1 << 20
MIN_FILE_BYTES = 1 << 20
"""What is larger waits in a file of its own, rather than being copied once more."""
BUILD_TOKEN_BYTES = 16


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

    def __init__(self, folder: Path, cache: Cache, target: Path | None = None) -> None:
        """`target` is the folder with links followed, as it was checked; by default what they lead to now."""
        self.folder = folder
        self._target = target or real_path(folder)
        self.cache = cache
        self.token = secrets.token_hex(BUILD_TOKEN_BYTES)
        """Of this build."""
        self._root = str(folder)
        self._pinned: PinnedFolder | None = None
        self._scratch = contextlib.ExitStack()
        self._scratch_folder: OpenFolder | None = None
        self.outputs: dict[str, Output] = {}
        self.staged = Spool(lambda: self._open_scratch().path_for_others(""))
        self.texts = TextFile(lambda: self._open_scratch().path_for_others(""))
        """Long texts of episodes, as long as these are in memory."""
        self.files_written = 0
        self._staged_files: dict[str, Path] = {}
        self._map_key: Callable[[str], str] | None = None
        self._watched: dict[str, Output] | None = None
        self.listing: list[str] | None = None
        """After `sweep`, the keys of everything in the folder, those of folders with a slash; None if unknown."""

    def __enter__(self) -> Self:
        """Hold the folder until the build is done."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was not finished, and let go of the folder."""
        self.close()

    def close(self) -> None:
        """Remove the scratch folder, and let go of the output folder."""
        self.staged.close()
        if self._scratch_folder and self._pinned:
            for entry in self._scratch_folder.entries():
                self._scratch_folder.unlink(entry.name)
            self._pinned.root.remove_folder(self._scratch_folder.path.name)
        self._scratch.close()
        self._scratch_folder = self._pinned = None
        forget_recent_texts()

    def _open_root(self) -> PinnedFolder:
        """The output folder, opened once: what its name becomes during the build changes nothing."""
        if self._pinned is None:
            self._pinned = PinnedFolder(self._target, create=True, follows_links=False)
            self._scratch.callback(self._pinned.close)
        return self._pinned

    def _open_scratch(self) -> OpenFolder:
        """A folder for unfinished files, of a name that no one can have prepared."""
        if self._scratch_folder is None:
            name = random_name(SCRATCH_SUFFIX)
            self._scratch_folder = self._scratch.enter_context(self._open_root().root.below(name, create=True))
        return self._scratch_folder

    def place(self, key: str) -> str:
        """The key that a file has in the store: in `for_members` a secret one."""
        return self._map_key(key) if self._map_key else key

    def path(self, key: str) -> Path:
        """The path of a key's file."""
        return self.folder / self.place(key)

    def name(self, key: str) -> str:
        """As `path`, without what a Path costs: a build looks at every file."""
        return os.path.join(self._root, self.place(key))  # noqa: PTH118

    def has(self, key: str, sha256: str) -> bool:
        """Whether the file exists with exactly these bytes."""
        name = self.name(key)
        try:
            status = os.lstat(name)  # a Path costs too much, thousands of times a build
        except (OSError, ValueError):
            return False
        facts = (status.st_size, status.st_mtime_ns, status.st_ino)
        return stat.S_ISREG(status.st_mode) and self.cache.sha256(name, facts) == sha256

    def write(self, key: str, data: bytes, wave: Wave, mime: str = "") -> Output:
        """Put bytes under a key unless they are unchanged: media at once, everything else with `commit_staged`."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(key, sha256):
            self.cache.require_work()
            if wave is Wave.MEDIA:
                self._put(key, data, sha256)
            else:
                self._stage(key, data, sha256)
        else:
            self.staged.drop_key(key)
        return self.add(key, len(data), sha256, wave, mime)

    def write_parts(self, key: str, parts: Iterable[bytes], wave: Wave) -> Output:
        """As `write`, for bytes that come piece by piece, of what waits for `commit`."""
        temp = self.temp_path()
        digest, size = hashlib.sha256(), 0
        with self._open_scratch().create(temp.name) as file:
            for part in parts:
                digest.update(part)
                size += file.write(part)
        sha256 = digest.hexdigest()
        self.staged.drop_key(key)
        if self.has(key, sha256):
            self.discard_file(temp)
        else:
            self.staged.add_file(key, temp.name)
        return self.add(key, size, sha256, wave)

    def publish_file(self, source: Path, mime: str = "") -> Output:
        """Copy a file, in blocks, under its own digest. Raises OperationError if it changes while it is read."""
        sha256 = self.cache.sha256(source)
        key = media_key(sha256, source.name.lower().replace(" ", "-"))
        if not self.has(key, sha256):
            self.cache.require_work()
            temp = self.temp_path()
            if _copy(source, temp) != sha256:
                self.discard_file(temp)
                raise OperationError(
                    f"{source}: the file changed while it was read", "wait until it is saved, then rerun"
                )
            self.commit_file(temp, key, sha256)
        return self.add(key, source.stat().st_size, sha256, Wave.MEDIA, mime)

    def stage_file(self, root: Path, name: str, key: str, wave: Wave, mime: str) -> Output:
        """Put a file inside of a folder under a key with `commit_staged`, unless it is unchanged.

        Raises OperationError if it changes while it is read, or is no longer a file inside of the folder.
        """
        source = root / name
        sha256 = self.cache.sha256(source)
        if self.has(key, sha256):
            return self.add(key, self.path(key).stat().st_size, sha256, wave, mime)
        temp = self.temp_path()
        try:
            with open_inside(root, name) as reader:
                copied_sha256 = _copy_stream(reader, temp)
        except OutsideFolderError as error:
            raise OperationError(f"{source}: {error.strerror}", "replace it by the file itself") from error
        if copied_sha256 != sha256:
            self.discard_file(temp)
            raise OperationError(f"{source}: the file changed while it was read", "wait until it is saved, then rerun")
        self._staged_files[key] = temp
        return self.add(key, temp.stat().st_size, sha256, wave, mime)

    def drop_below(self, prefix: str) -> None:
        """Take back what was written below a folder, before `commit_staged`."""
        for key in [key for key in self.outputs if key.startswith(prefix)]:
            del self.outputs[key]
            self.staged.drop_key(key)

    def commit_staged(self) -> bool:
        """Write what was staged: pages, then feeds; whether anything but feeds was."""
        keys = sorted(self.staged.keys(), key=lambda key: (self.outputs[key].wave, key))
        has_pages = bool(self._staged_files) or any(self.outputs[key].wave is not Wave.FEED for key in keys)
        for key in keys:
            if name := self.staged.file_name(key):
                self.commit_file(Path(name), key, self.outputs[key].sha256)
            else:
                self._put(key, self.staged.read_bytes(key), self.outputs[key].sha256)
        self.staged.close()
        for key, temp in sorted(self._staged_files.items()):
            self.commit_file(temp, key, self.outputs[key].sha256)
        self._staged_files = {}
        return has_pages

    def sweep(self, former_keys: AbstractSet[str] | None = None) -> None:
        """Remove what an earlier build wrote and no output names.

        `former_keys` are those of everything in the folder before this build, where that is known.
        """
        folders: set[str] = set()
        if not self.folder.is_dir():
            return
        if former_keys is not None:
            folders = _list_parents(former_keys - self.outputs.keys())
        else:
            folders = self._find_strangers()
        if folders:
            swept = set[str]()
            self._sweep(self._open_root().root, folders, swept)
            self.listing = self.listing and [key for key in self.listing if key not in swept]

    def _put(self, key: str, data: bytes, sha256: str) -> None:
        temp = self.temp_path()
        with self._open_scratch().create(temp.name) as file:
            file.write(data)
        self.commit_file(temp, key, sha256)

    def _stage(self, key: str, data: bytes, sha256: str) -> None:  # noqa: ARG002  # as `_put`
        if len(data) < MIN_FILE_BYTES:
            self.staged.add_bytes(key, data)
            return
        temp = self.temp_path()
        with self._open_scratch().create(temp.name) as file:
            file.write(data)
        self.staged.add_file(key, temp.name)

    def require_cache_folder(self) -> None:
        """Raise WorkNeeded on a machine that cannot write to the cache's folder, so that the build's own does it."""

    def scratch_path(self) -> Path:
        """The folder for unfinished files, to which workers on this machine write."""
        return self._open_scratch().path_for_others("")

    def adopt_file(self, key: str, name: str, sha256: str, data: bytes | None, *, is_staged: bool) -> None:
        """Put a file under a key that a worker wrote with this name among the unfinished files, or its bytes."""
        if data is not None:
            with self._open_scratch().create(name) as file:
                file.write(data)
        if self.has(key, sha256):  # another episode has the same file
            self._open_scratch().unlink(name)
            if is_staged:
                self.staged.drop_key(key)
        elif is_staged:
            self.staged.add_file(key, name)
        else:
            self.commit_file(Path(name), key, sha256)

    def temp_path(self, suffix: str = ".new") -> Path:
        """A free path on the same disk, of a name that no one can have prepared; nothing is there yet."""
        self.cache.require_work()
        return self._open_scratch().path_for_others(random_name(suffix))

    def discard_file(self, temp: Path) -> None:
        """Delete an unfinished file."""
        self._open_scratch().unlink(temp.name)

    def commit_file(self, file: Path, key: str, sha256: str) -> None:
        """Give a finished file, made at a `temp_path`, its final name."""
        folder, name = self._open_root().create_parent(self.place(key))
        folder.replace(self._open_scratch(), file.name, name)
        self.cache.set_digest(self.name(key), sha256)
        self.files_written += 1

    def delete_file(self, key: str) -> None:
        """Delete a file that was written under a key."""
        with self._open_root().parent(self.place(key)) as (folder, name):
            folder.unlink(name)

    def add(self, key: str, size: int, sha256: str, wave: Wave, mime: str = "", *, is_local: bool = True) -> Output:
        """List an output; `is_local` is False for a frozen file that only the store has."""
        key = self.place(key)
        output = Output(
            key=key,
            size=size,
            sha256=sha256,
            content_type=mime or guess_content_type(key),
            cache_control=CACHE_CONTROL[wave],
            wave=wave,
        )
        if is_local:
            self._locate(output)
        self.outputs[key] = output
        if self._watched is not None:
            self._watched[key] = output
        return output

    def _locate(self, output: Output) -> None:
        """Give a new output its path."""
        set_folder(output, self._root)

    def repeat(self, outputs: Iterable[Output]) -> None:
        """List outputs that an earlier build has left in this folder."""
        for output in outputs:
            if not output.is_local:  # not shared yet: it was read from a file just now
                set_folder(output, self._root)
            self.outputs[output.key] = output

    def add_if_unchanged(self, file: StoredFile, wave: Wave) -> bool:
        """List a file that an earlier build wrote, if it is still the same; whether it is."""
        if not self.has(file.key, file.sha256):
            return False
        self.add(file.key, file.size, file.sha256, wave, file.mime)
        return True

    @contextmanager
    def watched(self, outputs: dict[str, Output]) -> Iterator[None]:
        """Add to `outputs` what is listed inside."""
        outer, self._watched = self._watched, outputs
        try:
            yield
        finally:
            self._watched = outer

    @contextmanager
    def embargoed(self) -> Iterator[None]:
        """What is added inside, and only there, is uploaded before its date: nothing public may name it yet."""
        before = dict(self.outputs)
        yield
        for key, output in self.outputs.items():
            self.outputs[key] = before.get(key) or replace(output, embargoed=True)

    @contextmanager
    def for_members(self, map_key: Callable[[str], str]) -> Iterator[None]:
        """What is added inside is for members only, under the keys that `map_key` gives it: nothing public names it."""
        self._map_key = map_key
        try:
            with self.embargoed():
                yield
        finally:
            self._map_key = None

    def copy_output(self, key: str, source_key: str) -> None:
        """List an output with the bytes of another one, which is written once: the store copies it."""
        self.outputs[key] = replace(self.outputs[source_key], key=key, copy_of=source_key)

    def copy_lost_files(self) -> None:
        """Let the store copy what is not on this machine from the same file under a secret key, if it has one.

        So an episode that members had early becomes public from a machine without its recording.
        """
        secret = {
            output.sha256: key for key, output in self.outputs.items() if output.embargoed and output.wave is Wave.MEDIA
        }
        if not secret:
            return
        for key, output in self.outputs.items():
            source_key = secret.get(output.sha256, key)
            if source_key != key and not output.is_local:
                self.outputs[key] = replace(output, copy_of=source_key)

    def _find_strangers(self) -> set[str]:
        """The keys of folders that are empty, or have something that no output names, and of those above them.

        To look at thousands of folders by their paths costs less than to open each.
        """
        outputs, root = self.outputs, os.fspath(self._target)
        strange, listing, has_others = set[str](), [""], False
        pending = [""]
        while pending:
            below = pending.pop()
            is_empty = True
            with contextlib.suppress(OSError), os.scandir(f"{root}/{below}") as entries:
                for entry in entries:
                    is_empty = False
                    key = below + entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        listing.append(key)
                        has_others = has_others or not entry.is_file(follow_symlinks=False)
                        if key not in outputs:
                            strange.add(below)
                    elif not self._is_scratch(key):
                        pending.append(f"{key}/")
                        listing.append(f"{key}/")
            if is_empty:
                strange.add(below)
        self.listing = None if has_others else listing
        return _list_parents(strange)

    def _is_scratch(self, key: str) -> bool:
        return self._scratch_folder is not None and key == self._scratch_folder.path.name

    def _sweep(self, folder: OpenFolder, folders: set[str], swept: set[str], below: str = "") -> bool:
        """Remove what no output names in these folders, and those that this empties; whether anything is left.

        `swept` gets the keys of what is removed. Only what a build is known to have written goes: other people's files
        stay, and so do links.
        """
        has_files = False
        for entry in folder.entries():
            key = below + entry.name
            if entry.is_dir(follow_symlinks=False):
                if self._is_scratch(key):
                    continue
                if f"{key}/" not in folders:
                    has_files = True
                    continue
                with folder.below(entry.name) as subfolder:
                    is_left = self._sweep(subfolder, folders, swept, f"{key}/")
                if folder.remove_folder(entry.name):
                    swept.add(f"{key}/")
                    has_files = is_left or has_files
                else:
                    has_files = True
            elif key in self.outputs or not self._is_ours(key, entry):
                has_files = True
            else:
                folder.unlink(entry.name)
                swept.add(key)
        return has_files

    def _is_ours(self, key: str, entry: os.DirEntry[str]) -> bool:
        """Whether a build wrote it: the cache knows it, or its name is one that a killed build leaves."""
        if not entry.is_file(follow_symlinks=False):
            return False
        is_leftover = TEMP_NAME.fullmatch(entry.name) or SCRATCH_NAME.match(key) or MEDIA_PATH.match(key)
        return bool(is_leftover) or self.cache.has_file(self.name(key))


def _list_parents(keys: Iterable[str]) -> set[str]:
    """The folders that keys are in, each as the start of a key."""
    return {key[:end] for key in keys for end in (0, *(place + 1 for place, sign in enumerate(key) if sign == "/"))}


def _copy(source: Path, destination: Path) -> str:
    """Copy in blocks and return the sha256 (hex) of what was copied."""
    with source.open("rb") as reader:
        return _copy_stream(reader, destination)


def _copy_stream(reader: BinaryIO, destination: Path) -> str:
    digest = hashlib.sha256()
    with destination.open("xb") as writer:
        while block := reader.read(COPY_BLOCK_BYTES):
            digest.update(block)
            writer.write(block)
    return digest.hexdigest()
