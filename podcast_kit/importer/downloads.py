"""The files that a feed names, fetched into the show's folder: pictures, chapters, transcripts; recordings when asked.

What lies there already is not fetched again, so that an import that was cut off goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit import images
from podcast_kit.errors import OperationError, SourceLocation, PodcastKitError, Problem, Severity
from podcast_kit.importer.model import Imported, Wanted
from podcast_kit.io.http_client import Web
from podcast_kit.model import Progress
from podcast_kit.source import transcripts
from podcast_kit.source.chapters import files as chapter_files

THREADS = 8
PART = ".part"
MOST = {"artwork": 20_000_000, "chapters": 5_000_000, "transcript": 20_000_000, "recording": 4_000_000_000}
"""Bytes that are taken of each kind."""
PICTURES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
OK = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where each address's file lies now, relative to the show's folder; and what did not come."""

    paths: Mapping[Wanted, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def files(
    imported: Imported, folder: Path, *, recordings: bool = False, on: Callable[[Progress], None] = lambda _: None
) -> Fetched:
    """Fetch what the feed names into `folder`; what cannot be had, or is not what it should be, is a problem."""
    asked: dict[tuple[str, str], list[Wanted]] = {}
    for one in _all(imported, recordings=recordings):
        asked.setdefault((one.kind, one.url), []).append(one)
    paths: dict[Wanted, str] = {}
    problems: list[Problem] = []
    with Web() as web, ThreadPoolExecutor(THREADS) as pool:
        first = [same[0] for same in asked.values()]
        careful = _careful(web, folder)
        for number, (same, found) in enumerate(zip(asked.values(), pool.map(careful, first), strict=True), 1):
            on(Progress("fetch", same[0].path, number, len(first)))
            if isinstance(found, Problem):
                problems.append(found)
            else:
                paths |= dict.fromkeys(same, found)
    return Fetched(paths, tuple(problems))


def _all(imported: Imported, *, recordings: bool) -> Iterable[Wanted]:
    if imported.show.artwork:
        yield imported.show.artwork
    for one in imported.episodes:
        yield from one.wanted
        if recordings:
            yield one.recording


def _careful(web: Web, folder: Path) -> Callable[[Wanted], str | Problem]:
    def fetch(wanted: Wanted) -> str | Problem:
        try:
            return _fetch(web, folder, wanted)
        except PodcastKitError as error:
            said = error.problems[0].text if error.problems else error.text
            hint = f"it was to be {wanted.path}; put one there yourself, or leave it"
            return Problem(SourceLocation(wanted.url), said, hint, "import.fetch", Severity.WARNING)

    return fetch


def _fetch(web: Web, folder: Path, wanted: Wanted) -> str:
    for path in _names(wanted):
        if (folder / path).is_file():
            return path
    part = folder / f"{wanted.path}{PART}"
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            answer = web.fetch(wanted.url, file.write, bound=MOST[wanted.kind])
        if answer.error or answer.status != OK:
            raise OperationError(answer.error or f"answers {answer.status}")
        path = _looked_at(folder, part, wanted)
        part.replace(folder / path)
    except OSError as error:
        raise OperationError(f"cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _names(wanted: Wanted) -> list[str]:
    """What the file can be called: a picture's ending is that of its bytes."""
    return [f"{wanted.path}{ending}" for ending in PICTURES.values()] if wanted.kind == "artwork" else [wanted.path]


def _looked_at(folder: Path, part: Path, wanted: Wanted) -> str:
    """The final name, once the bytes are what they should be; raises PodcastKitError."""
    if wanted.kind == "artwork":
        mime = images.probe(part).mime
        if mime not in PICTURES:
            raise OperationError(f"is {mime}, which no app shows")
        return f"{wanted.path}{PICTURES[mime]}"
    if wanted.kind == "transcript":
        transcripts.parse(part.read_bytes(), wanted.path)
    if wanted.kind == "chapters":
        chapter_files.parse(part.read_bytes(), wanted.path)
    return part.relative_to(folder).as_posix().removesuffix(PART)
