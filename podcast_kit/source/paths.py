"""Paths in podcast.yaml and front matter: relative, with forward slashes, inside the show's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import normpath

from podcast_kit.model import PROVIDER_NAMES, AudioSource, BucketFile, LocalFile, RemoteUrl, Resource
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES, PREFERRED_SUFFIXES
from podcast_kit.source.kept_readings import FileFacts, file_facts
from podcast_kit.source.yaml import InvalidValue, converters, suggest_name

IMAGE_SUFFIXES = ("jpg", "jpeg", "png", "webp", "gif", "svg", "avif")
CHAPTER_SUFFIXES = ("json", "txt", "vtt", "psc", "xml", "ffmetadata", "ffmeta", "labels", "ogm", "md")
TRANSCRIPT_SUFFIXES = ("vtt", "srt", "json", "txt", "html", "htm")
MAX_PATH_LEN = 1_000
"""Characters; file systems allow 1,024 or 4,096 bytes."""
MAX_FILE_NAME_BYTES = 255
"""File systems do not allow more between two slashes."""
MAX_SUGGESTED_FROM = 2_000
"""Names of a folder that a suggestion is looked for in."""
MAX_ADDRESS_BYTES = 1_024
"""Of an object in a bucket (Amazon S3)."""
FIRST_PRINTABLE = 0x20
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShowFolder:
    """The show's folder, and the subfolder of the file whose paths are read."""

    root: Path
    """Without symbolic links."""
    base: str = ""
    """The subfolder, relative to the root, with forward slashes; empty for the root."""
    shared: Path | None = None
    """The folder of the show's network, without symbolic links: files that the show does not have are looked for in
    it."""
    looked_up: dict[str, FileFacts] | None = field(default=None, compare=False, repr=False)
    """Collects every path from the root that something was looked for at, with what was there."""

    def path_converter(self, suffixes: Collection[str] = (), *, must_exist: bool = True) -> Callable[[str], str]:
        """A converter of paths relative to the file that has them; returns them relative to the show's folder."""

        def convert(raw: str) -> str:
            path = self.find_path(converters.to_text(raw))
            suffix = path.rpartition(".")[2].lower()
            if suffixes and suffix not in suffixes:
                text = f"{converters.quote_value(raw)} has an unsupported file extension"
                fix = f"use {', '.join('.' + supported for supported in suffixes)}"
                raise InvalidValue(text, fix, "audio.kind" if suffixes is AUDIO_SUFFIXES else "path.form")
            if must_exist and not _is_existing_file(self.root / path):
                text = f"{converters.quote_value(raw)} does not exist"
                raise InvalidValue(text, self._suggest_path(path), "file.missing")
            return path

        return convert

    def file_converter(self, suffixes: Collection[str] = (), *, must_exist: bool = True) -> Callable[[str], LocalFile]:
        """Like `path_converter`; the converter returns a LocalFile."""
        to_path = self.path_converter(suffixes, must_exist=must_exist)
        return lambda raw: LocalFile(to_path(raw))

    def resource_converter(
        self, suffixes: Collection[str] = (), *, must_exist: bool = True, allows_http: bool = False
    ) -> Callable[[str], Resource]:
        """Like `file_converter`; text that begins with a scheme must be an https URL and becomes a RemoteUrl.

        With `allows_http` it may be an http URL, too.
        """
        to_file = self.file_converter(suffixes, must_exist=must_exist)
        to_url = converters.to_url if allows_http else converters.to_https_url
        return lambda raw: RemoteUrl(to_url(raw)) if has_scheme(raw) else to_file(raw)

    def recording_converter(self) -> Callable[[str], AudioSource]:
        """A converter of what an episode's audio is: a path, an http or https URL, or an address in object storage.

        A file that does not exist is left to the build; http is allowed, because an imported recording keeps its URL.
        """
        to_resource = self.resource_converter(AUDIO_SUFFIXES, must_exist=False, allows_http=True)
        return lambda raw: _to_bucket_file(raw) if is_bucket_address(raw) else to_resource(raw)

    def has_file(self, written: str) -> bool:
        """Whether a path, relative to the file that has it, is a file inside the show's folder."""
        try:
            return _is_existing_file(self.root / self.find_path(written))
        except InvalidValue:
            return False

    def find_path(self, written: str) -> str:
        """Like `resolve_path`; a path that leads nowhere from its own file is tried from the show's folder, too.

        If it leads nowhere there either, it is tried from the folder of the network.
        """
        path = self.resolve_path(written)
        if self.base and not _is_existing_file(self.root / path):
            with suppress(InvalidValue):
                path_from_root = replace(self, base="").resolve_path(written)
                if _is_existing_file(self.root / path_from_root):
                    return path_from_root
        if self.shared and not _is_existing_file(self.root / path):
            with suppress(InvalidValue):
                shared_path = ShowFolder(self.shared).resolve_path(written)
                if _is_existing_file(self.shared / shared_path):
                    return os.path.relpath(self.shared / shared_path, self.root).replace(os.sep, "/")
        return path

    def resolve_path(self, written: str) -> str:
        """The path relative to the show's folder; raises InvalidValue for one outside it, also through a link."""
        if len(written) > MAX_PATH_LEN:
            raise InvalidValue("the path is too long", "is a quote left open?", "path.form")
        if any(len(name.encode("utf-8", "replace")) > MAX_FILE_NAME_BYTES for name in written.split("/")):
            text = f"a name in the path is longer than {MAX_FILE_NAME_BYTES} bytes"
            raise InvalidValue(text, "shorten the file name", "path.form")
        if "\0" in written:
            text = f"{converters.quote_value(written)} has a NUL character"
            raise InvalidValue(text, "delete it and type the path again", "path.form")
        if "\\" in written:
            text = f"{converters.quote_value(written)} has a backslash"
            raise InvalidValue(text, "write '/' between folders", "path.form")
        if written.startswith(("/", "~")) or re.match(r"[A-Za-z]:", written):
            text = f"{converters.quote_value(written)} is not inside the show's folder"
            fix = "copy the file into the show's folder and write its path relative to this file"
            raise InvalidValue(text, fix, "path.outside")
        path = normpath(f"{self.base}/{written}" if self.base else written)
        if self.looked_up is not None and path not in self.looked_up:
            self.looked_up[path] = file_facts(f"{self.root}/{path}")
        real_path = os.path.realpath(self.root / path)
        is_outside = not (real_path + os.sep).startswith(f"{self.root}{os.sep}")
        if path == ".." or path.startswith("../") or is_outside:
            text = f"{converters.quote_value(written)} is outside the show's folder"
            raise InvalidValue(text, "copy the file into the show's folder", "path.outside")
        return path

    def _suggest_path(self, path: str) -> str:
        folder = (self.root / path).parent
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if _is_existing_file(Path(entry.path)))
            names = names[:MAX_SUGGESTED_FROM]
        except OSError:
            return "its folder does not exist; paths are relative to this file or to the show's folder"
        fix = suggest_name(Path(path).name, names)
        return fix if fix.startswith("did you mean") else "paths are relative to this file or to the show's folder"


def is_bucket_address(raw: str) -> bool:
    """Whether a text begins with the scheme of a provider of object storage."""
    scheme, separator, _ = raw.strip().partition("://")
    return bool(separator) and scheme.lower() in PROVIDER_NAMES


def _to_bucket_file(raw: str) -> BucketFile:
    scheme, _, location = converters.to_text(raw).partition("://")
    bucket, _, key = location.partition("/")
    scheme, quoted = scheme.lower(), converters.quote_value(raw)
    example = f"{scheme}://bucket/folder/talk.wav"
    if "@" in bucket:
        raise InvalidValue("the address has a user name or password", "remove everything before the '@'", "key.secret")
    if not _BUCKET_NAME.fullmatch(bucket) or not key or key.endswith("/"):
        raise InvalidValue(f"{quoted} does not name a file in a bucket", f"write it as {example}", "path.form")
    has_controls = any(ord(character) < FIRST_PRINTABLE for character in key)
    if has_controls or len(key.encode("utf-8", "replace")) > MAX_ADDRESS_BYTES:
        raise InvalidValue(f"{quoted} is not the key of an object", f"write it as {example}", "path.form")
    if {"", ".", ".."}.intersection(key.split("/")):
        fix = "write the key as the bucket lists it, without //, /./ and /../"
        raise InvalidValue(f"{quoted} is not the key of an object", fix, "path.form")
    if key.rpartition(".")[2].lower() not in AUDIO_SUFFIXES:
        fix = f"use {', '.join('.' + supported for supported in AUDIO_SUFFIXES)}"
        raise InvalidValue(f"{quoted} has an unsupported file extension", fix, "audio.kind")
    return BucketFile(f"{scheme}://{location}")


def has_scheme(raw: str) -> bool:
    """Whether a text is meant as a URL, not as a path."""
    return bool(_SCHEME.match(raw.strip()))


def group_audio_by_stem(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The audio files among some names, sorted, by their stem."""
    groups: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        stem, _, suffix = name.rpartition(".")
        if suffix.lower() in AUDIO_SUFFIXES:
            groups[stem] = (*groups.get(stem, ()), name)
    return {stem: prefer_usual_formats(group) for stem, group in groups.items()}


def prefer_usual_formats(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names with a usual extension of audio; all of them if there is none."""
    usual = tuple(name for name in names if name.rpartition(".")[2].lower() in PREFERRED_SUFFIXES)
    return usual or names


def _is_existing_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that the file system does not allow
        return False
