"""Download the files that a feed links to: artwork, chapters, transcripts, and audio if asked.

Files that exist are not downloaded again, so an interrupted import resumes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

from podcast_kit import images
from podcast_kit.errors import OperationError, PodcastKitError, Problem, Severity, SourceLocation
from podcast_kit.importer.model import ImportedFeed, RequiredFile
from podcast_kit.io.decoder_process import limit_decoders
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.pinned_folder import open_folder_inside
from podcast_kit.model import Progress
from podcast_kit.source import transcripts
from podcast_kit.source.chapters import files as chapter_files

MAX_PARALLEL_DOWNLOADS = 8
MAX_DOWNLOAD_BYTES = {
    "artwork": 20_000_000,
    "chapters": 5_000_000,
    "transcript": 20_000_000,
    "recording": 4_000_000_000,
}
ARTWORK_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
_PART_SUFFIX = ".part"


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
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> DownloadedFiles:
    """Download the files of a feed into `folder`; with `recordings`, the audio too. Failures become problems.

    Only files at public addresses are downloaded, and those that `network` trusts: a feed at a private address is a
    reason to trust that address.
    """
    by_url: dict[tuple[str, str], list[RequiredFile]] = {}
    for file in _iter_required_files(imported, recordings=recordings):
        by_url.setdefault((file.kind, file.url), []).append(file)
    paths: dict[RequiredFile, str] = {}
    problems: list[Problem] = []
    failed: set[RequiredFile] = set()
    with HttpClient(network) as http, limit_decoders(), ThreadPoolExecutor(MAX_PARALLEL_DOWNLOADS) as pool:
        first_of_each = [group[0] for group in by_url.values()]
        results = pool.map(partial(_download_or_problem, http, folder), first_of_each)
        for number, (group, result) in enumerate(zip(by_url.values(), results, strict=True), 1):
            on_progress(Progress("fetch", group[0].path, number, len(first_of_each)))
            if isinstance(result, Problem):
                problems.append(result)
                failed.update(group)
            else:
                paths |= dict.fromkeys(group, result)
    return DownloadedFiles(paths, tuple(problems), frozenset(failed))


def _iter_required_files(imported: ImportedFeed, *, recordings: bool) -> Iterable[RequiredFile]:
    if imported.show.artwork:
        yield imported.show.artwork
    for episode in imported.episodes:
        yield from episode.required_files
        if recordings:
            yield episode.recording


def _download_or_problem(http: HttpClient, folder: Path, file: RequiredFile) -> str | Problem:
    try:
        return _download_file(http, folder, file)
    except PodcastKitError as error:
        text = error.problems[0].text if error.problems else error.text
        fix = f"save it as {file.path} yourself, or do without it"
        return Problem(SourceLocation(file.url), text, fix, "import.fetch", Severity.WARNING)


def _download_file(http: HttpClient, folder: Path, file: RequiredFile) -> str:
    """The file's path, downloaded unless it exists; raises PodcastKitError."""
    for path in _possible_paths(file):
        if (folder / path).is_file():
            return path
    subfolder, name = posixpath.split(file.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open_folder_inside(folder, subfolder, create=True) as opened:
            part_name = f"{name}{_PART_SUFFIX}"
            opened.unlink(part_name)  # of an import that was killed
            try:
                with opened.create(part_name) as output:
                    response = http.download(file.url, output.write, max_bytes=MAX_DOWNLOAD_BYTES[file.kind])
                if response.error or response.status != HTTPStatus.OK:
                    raise OperationError(response.error or f"the server responds with {response.status}")
                path = _verify_content(folder / f"{file.path}{_PART_SUFFIX}", file)
                opened.replace(opened, part_name, posixpath.basename(path))
            finally:
                opened.unlink(part_name)
    except OSError as error:
        raise OperationError(f"cannot be written: {error.strerror}") from error
    return path


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
    if file.kind == "transcript":
        transcripts.parse_transcript(part.read_bytes(), file.path)
    if file.kind == "chapters":
        chapter_files.parse_chapters(part.read_bytes(), file.path)
    return file.path
