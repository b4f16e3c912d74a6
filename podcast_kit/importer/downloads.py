"""Download the files that a feed links to: artwork, chapters, transcripts, and audio if asked.

Files that are beside, in the folder of another tool, are copied instead. Files that exist are not downloaded again, and
a recording that was cut off goes on where it ended, so an interrupted import resumes.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from podcast_kit import images
from podcast_kit.errors import OperationError, PodcastKitError, Problem, Severity, SourceLocation
from podcast_kit.importer.model import ImportedFeed, RequiredFile
from podcast_kit.importer.tools import SourceFolder
from podcast_kit.io.decoder_process import limit_decoders
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.inside import open_inside
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.pinned_folder import open_folder_inside
from podcast_kit.model import Progress
from podcast_kit.source import transcripts
from podcast_kit.source.chapters import files as chapter_files

MAX_PARALLEL_DOWNLOADS = 4
MAX_DOWNLOAD_BYTES = {
    "artwork": 20_000_000,
    "picture": 20_000_000,
    "chapters": 5_000_000,
    "transcript": 20_000_000,
    "recording": 4_000_000_000,
}
ARTWORK_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
_PART_SUFFIX = ".part"
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class DownloadedFiles:
    """The path of each downloaded file, relative to the show's folder; and what could not be downloaded."""

    paths: Mapping[RequiredFile, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    failed: frozenset[RequiredFile] = frozenset()
    """Files that could not be downloaded."""


def download_files(
    imported: ImportedFeed,
    folder: Path,
    *,
    recordings: bool = False,
    network: NetworkPolicy | None = None,
    origin: SourceFolder | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> DownloadedFiles:
    """Download the files of a feed into `folder`; with `recordings`, the audio too. Failures become problems.

    Files that are in the folder `origin` are copied, recordings always. Only files at public addresses are downloaded,
    and those that `network` trusts: a feed at a private address is a reason to trust that address.
    """
    by_url: dict[tuple[str, str], list[RequiredFile]] = {}
    for file in _iter_required_files(imported, recordings=recordings):
        by_url.setdefault((file.kind, file.url), []).append(file)
    paths: dict[RequiredFile, str] = {}
    problems: list[Problem] = []
    failed: set[RequiredFile] = set()
    with HttpClient(network) as http, limit_decoders(), ThreadPoolExecutor(MAX_PARALLEL_DOWNLOADS) as pool:
        first_of_each = [group[0] for group in by_url.values()]
        results = pool.map(partial(_fetch_or_problem, http, folder, origin), first_of_each)
        for number, (group, result) in enumerate(zip(by_url.values(), results, strict=True), 1):
            on_progress(Progress("fetch", group[0].path, number, len(first_of_each)))
            problems += [result.problem] if result.problem else []
            if result.path:
                paths |= dict.fromkeys(group, result.path)
            else:
                failed.update(group)
    return DownloadedFiles(paths, tuple(problems), frozenset(failed))


@dataclass(frozen=True, slots=True)
class _FetchedFile:
    """The path of a file in the show's folder, empty if it could not be fetched; and what is wrong with it."""

    path: str = ""
    problem: Problem | None = None


def _iter_required_files(imported: ImportedFeed, *, recordings: bool) -> Iterable[RequiredFile]:
    if imported.show.artwork:
        yield imported.show.artwork
    for episode in imported.episodes:
        yield from episode.required_files
        if episode.recording.local_path or (recordings and episode.recording_url):
            yield episode.recording


def _fetch_or_problem(http: HttpClient, folder: Path, origin: SourceFolder | None, file: RequiredFile) -> _FetchedFile:
    try:
        if origin and file.local_path:
            return _FetchedFile(_copy_file(origin, folder, file))
        return _download_file(http, folder, file)
    except PodcastKitError as error:
        text = error.problems[0].text if error.problems else error.text
        fix = f"save it as {file.path} yourself, or do without it"
        at = origin.location(file.local_path) if origin and file.local_path else SourceLocation(file.url)
        return _FetchedFile("", Problem(at, text, fix, "import.fetch", Severity.WARNING))


def _copy_file(origin: SourceFolder, folder: Path, file: RequiredFile) -> str:
    """The path of a file that is copied from the folder of another tool; raises PodcastKitError."""
    if path := _existing_path(folder, file):
        return path
    subfolder, name = posixpath.split(file.path)
    part_name = f"{name}{_PART_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            open_inside(origin.path, file.local_path) as source,
            open_folder_inside(folder, subfolder, create=True) as opened,
        ):
            opened.unlink(part_name)
            try:
                with opened.create(part_name) as output:
                    shutil.copyfileobj(source, output, _COPY_BYTES)
                path = _verify_content(folder / f"{file.path}{_PART_SUFFIX}", file)
                opened.replace(opened, part_name, posixpath.basename(path))
            finally:
                opened.unlink(part_name)
    except OSError as error:
        raise OperationError(f"cannot be copied: {error.strerror}", "") from error
    return path


def _existing_path(folder: Path, file: RequiredFile) -> str:
    """The path of the file if it exists; else empty."""
    return next((path for path in _possible_paths(file) if (folder / path).is_file()), "")


def _download_file(http: HttpClient, folder: Path, file: RequiredFile) -> _FetchedFile:
    """The file, downloaded unless it exists; raises PodcastKitError."""
    if path := _existing_path(folder, file):
        return _FetchedFile(path)
    subfolder, name = posixpath.split(file.path)
    part_name = f"{name}{_PART_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open_folder_inside(folder, subfolder, create=True) as opened:
            if file.kind != "recording":
                opened.unlink(part_name)  # of an import that was killed
            is_complete = False
            try:
                with opened.open_or_create(part_name) as output:
                    size = _receive_file(http, file, output)
                is_complete = True
                path = _verify_content(folder / f"{file.path}{_PART_SUFFIX}", file)
                opened.replace(opened, part_name, posixpath.basename(path))
            finally:
                status = opened.status(part_name)
                is_useless = file.kind != "recording" or (status and not status.st_size)
                if is_complete or is_useless:  # a recording that was cut off goes on next time
                    opened.unlink(part_name)
    except OSError as error:
        raise OperationError(f"cannot be written: {error.strerror}") from error
    return _FetchedFile(path, _length_problem(file, size))


@dataclass(slots=True)
class _Receiver:
    """Writes the body of a response to the end of what was received before, or from the start if it is all of it."""

    file: RequiredFile
    output: BinaryIO
    start: int = 0
    """Bytes that were received before."""
    is_refused: bool = False
    """Whether the body is not that of the file."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Decide by the head of the response where its body belongs."""
        is_rest = status == HTTPStatus.PARTIAL_CONTENT and _is_continued(headers, self.start, self.file.bytes)
        self.is_refused = status != HTTPStatus.OK and not is_rest
        if not is_rest and not self.is_refused:
            self.output.seek(0)
            self.output.truncate()
            self.start = 0

    def write(self, block: bytes) -> None:
        """Write a block of the body."""
        if not self.is_refused:
            self.output.write(block)


def _receive_file(http: HttpClient, file: RequiredFile, output: BinaryIO) -> int:
    """Download a file, from the end of what was received before, and return its size; raises PodcastKitError.

    A server that cannot go on, or whose file has another size, sends it from the start.
    """
    received = output.seek(0, os.SEEK_END)
    starts = [received, 0] if received and received < file.bytes else [0]
    for start in starts:
        receiver = _Receiver(file, output, start)
        headers = {"Range": f"bytes={start}-"} if start else {}
        response = http.download(
            file.url,
            receiver.write,
            max_bytes=MAX_DOWNLOAD_BYTES[file.kind] - start,
            on_head=receiver.begin,
            headers=headers,
        )
        if not receiver.is_refused:
            break
    if response.error:
        fix = "run the import again to go on" if output.tell() and file.kind == "recording" else ""
        raise OperationError(f"{response.error}; {fix}" if fix else response.error)
    if receiver.is_refused:
        raise OperationError(f"the server responds with {response.status}")
    return receiver.start + response.size


def _is_continued(headers: Mapping[str, str], start: int, size: int) -> bool:
    """Whether a response is the rest of a file of the size that the feed says."""
    return headers.get("content-range", "").strip() == f"bytes {start}-{size - 1}/{size}"


def _length_problem(file: RequiredFile, size: int) -> Problem | None:
    """A hint if a recording has not the length that the feed declares."""
    if file.kind != "recording" or not file.bytes or size == file.bytes:
        return None
    text = f"has {size:,} bytes, and the old feed says {file.bytes:,}"
    fix = f"listen to the end of {file.path}: some hosts insert advertisements, or it was replaced"
    return Problem(SourceLocation(file.url), text, fix, "import.fetch", Severity.HINT)


def _possible_paths(file: RequiredFile) -> list[str]:
    """The paths that the file can get: the extension of artwork depends on its content."""
    return [f"{file.path}{suffix}" for suffix in ARTWORK_SUFFIXES.values()] if file.kind == "artwork" else [file.path]


def _verify_content(part: Path, file: RequiredFile) -> str:
    """The file's final path if its content is valid; raises PodcastKitError."""
    if file.kind == "artwork":
        mime = images.probe_image(part).mime
        if mime not in ARTWORK_SUFFIXES:
            raise OperationError(f"is {mime}, which apps do not show")
        return f"{file.path}{ARTWORK_SUFFIXES[mime]}"
    if file.kind == "picture" and images.probe_image(part).mime not in ARTWORK_SUFFIXES:
        raise OperationError("is not a picture that apps show")
    if file.kind == "transcript":
        transcripts.parse_transcript(part.read_bytes(), file.path)
    if file.kind == "chapters":
        chapter_files.parse_chapters(part.read_bytes(), file.path)
    return file.path
