"""Paths that the podcaster writes: relative, with forward slashes, and inside the show's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath

from podcast_kit.model import LocalFile, RemoteUrl, Resource
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Wrong, nearest

AUDIO = ("mp3", "m4a", "mp4", "opus", "ogg", "flac", "wav", "aiff", "aif")
PICTURES = ("jpg", "jpeg", "png", "webp", "gif", "svg", "avif")
CHAPTERS = ("json", "txt", "vtt", "psc", "xml", "ffmetadata", "ffmeta", "labels", "ogm", "md")
TRANSCRIPTS = ("vtt", "srt", "json", "txt", "html", "htm")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folder:
    """The show's folder, and where in it the file lies whose paths are read."""

    root: Path
    """Resolved."""
    base: str = ""
    """Of the file that is read, relative to the root, with forward slashes; empty for the root."""

    def path(self, endings: Collection[str] = (), *, must_exist: bool = True) -> Callable[[str], str]:
        """A reader of paths relative to the file that names them; gives them relative to the show's folder."""

        def read(raw: str) -> str:
            found = self.inside(converters.text(raw))
            ending = found.rpartition(".")[2].lower()
            if endings and ending not in endings:
                hint = f"such a file ends in {', '.join('.' + one for one in endings)}"
                raise Wrong(
                    f"{converters.shown(raw)} has another ending",
                    hint,
                    "audio.kind" if endings is AUDIO else "path.form",
                )
            if must_exist and not _is_file(self.root / found):
                raise Wrong(f"{converters.shown(raw)} is not there", self._near(found), "file.missing")
            return found

        return read

    def local_file(self, endings: Collection[str] = (), *, must_exist: bool = True) -> Callable[[str], LocalFile]:
        """As `path`; the reader returns a LocalFile."""
        read_path = self.path(endings, must_exist=must_exist)
        return lambda raw: LocalFile(read_path(raw))

    def resource(self, endings: Collection[str] = (), *, must_exist: bool = True) -> Callable[[str], Resource]:
        """As `local_file`; text that begins with a scheme must be an https URL and becomes a RemoteUrl."""
        read_file = self.local_file(endings, must_exist=must_exist)
        return lambda raw: RemoteUrl(converters.https(raw)) if has_scheme(raw) else read_file(raw)

    def holds(self, written: str) -> bool:
        """Whether a path relative to the file that names it is a file inside the show's folder."""
        try:
            return _is_file(self.root / self.inside(written))
        except Wrong:
            return False

    def inside(self, written: str) -> str:
        """The path relative to the show's folder; raises Wrong for one that leaves it, also by a link."""
        longest = 1_000  # systems end at 1,024 or 4,096 bytes
        if len(written) > longest:
            raise Wrong("the path is too long", "is a quote left open?", "path.form")
        if "\0" in written:
            raise Wrong(f"{converters.shown(written)} has a character that no name has", "write it anew", "path.form")
        if "\\" in written:
            raise Wrong(f"{converters.shown(written)} has a backslash", "write '/' between folders", "path.form")
        if written.startswith(("/", "~")) or re.match(r"[A-Za-z]:", written):
            hint = "write it relative to this file, with the file inside the show's folder"
            raise Wrong(f"{converters.shown(written)} is not inside the show's folder", hint, "path.outside")
        found = normpath(f"{self.base}/{written}" if self.base else written)
        real = os.path.realpath(self.root / found)
        root = f"{self.root}{os.sep}"
        if found == ".." or found.startswith("../") or not (real + os.sep).startswith(root):
            hint = "copy the file into the show's folder"
            raise Wrong(f"{converters.shown(written)} leads out of the show's folder", hint, "path.outside")
        return found

    def _near(self, found: str) -> str:
        place = (self.root / found).parent
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.is_file())[:2000]
        except OSError:
            return "there is no such folder; paths are relative to this file"
        hint = nearest(Path(found).name, names)
        return hint if hint.startswith("did you mean") else "paths are relative to this file"


def has_scheme(raw: str) -> bool:
    """Whether a text is meant as a URL, not as a path."""
    return bool(_SCHEME.match(raw.strip()))


def sounds(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The audio files among some names, sorted, by their stem."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        stem, _, ending = name.rpartition(".")
        if ending.lower() in AUDIO:
            found[stem] = (*found.get(stem, ()), name)
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        return False
