"""Import a show in one call: read its feed, download its files, write its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity, SourceLocation
from podcast_kit.importer.cut_feed import find_cut
from podcast_kit.importer.downloads import DownloadedFiles, download_files
from podcast_kit.importer.https_urls import upgrade_http_urls
from podcast_kit.importer.model import ImportedFeed
from podcast_kit.importer.show_reader import convert_feed
from podcast_kit.importer.show_writer import write_imported_show
from podcast_kit.importer.tools import SourceFolder
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.text_file import TextFile
from podcast_kit.model import Element, FeedDocument, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import wrote, and what it could not."""

    folder: Path
    episodes: int
    problems: tuple[Problem, ...] = ()
    """Elements that were changed or left out, and files that could not be downloaded; errors are lost episodes."""
    not_written: tuple[Element, ...] = ()
    """Elements that cannot be written in podcast.yaml or the notes; `problems` has each of them."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Elements of the old host that were left out by name, and how often they occur."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """Elements that were left out because others say the same, and how often they occur."""
    downloaded: int = 0
    """Files."""


def convert_old_feed(source: str, document: FeedDocument, texts: TextFile | None = None) -> ImportedFeed:
    """Convert the feed at `source`, its episodes kept in the file for `texts`.

    Raises InvalidInput, with the reasons, if no episode of it can be imported.
    """
    imported = convert_feed(document, source if "://" in source else "", texts=texts)
    if not imported.episodes:
        text = f"{source} has no episodes" + (" that can be imported" if document.items else "")
        problem = Problem(document.location_of(), text, "check that it is the podcast's feed", "import")
        raise InvalidInput([problem, *imported.problems])
    return replace(imported, problems=(*imported.problems, *find_cut(document)))


def refuse_existing_show(folder: Path) -> None:
    """Raise OperationError if the folder has a show."""
    if (folder / "podcast.yaml").exists():
        raise OperationError(f"{folder / 'podcast.yaml'} already exists", "import into another folder")


def write_import(
    imported: ImportedFeed,
    source: str,
    folder: Path,
    *,
    url: str,
    to: str,
    recordings: bool = False,
    files: bool = True,
    origin: SourceFolder | None = None,
    now: datetime | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> ImportResult:
    """Download what a converted feed links to and write its folder, as `import_feed` does.

    `origin` is the folder of another tool, which files that are beside are copied from; episodes dated after `now` are
    scheduled.
    """
    network = NetworkPolicy.trust(source) if "://" in source else NetworkPolicy()
    imported, address_problems = upgrade_http_urls(
        imported,
        source,
        network=network if files else None,
        has_recordings=recordings and files,
        on_progress=on_progress,
    )
    downloads = (
        download_files(imported, folder, recordings=recordings, network=network, origin=origin, on_progress=on_progress)
        if files
        else DownloadedFiles()
    )
    not_written = write_imported_show(imported, downloads, folder, url=url, to=to, now=now)
    problems = [*imported.problems, *address_problems, *downloads.problems]
    if imported.show.artwork and not files:
        text = f"the artwork {imported.show.artwork.url} is not downloaded"
        fix = "save it in the folder, and set it as `artwork:`"
        problems.append(Problem(SourceLocation(source), text, fix, "import.fetch", Severity.WARNING))
    problems += [
        Problem(
            element.location, f"<{element.name}> cannot be written, and is left out", "", "import", Severity.WARNING
        )
        for element in not_written
    ]
    return ImportResult(
        folder=folder,
        episodes=len(imported.episodes),
        problems=tuple(problems),
        not_written=not_written,
        dropped=imported.dropped,
        repeated=imported.repeated,
        downloaded=len(downloads.paths),
    )
