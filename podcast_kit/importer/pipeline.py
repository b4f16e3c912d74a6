"""Import a show in one call: read its feed, download its files, write its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.errors import OperationError, Problem
from podcast_kit.feed.fetch import fetch_published_feed, parse_feed_bytes
from podcast_kit.importer.downloads import DownloadedFiles, download_files
from podcast_kit.importer.show_reader import convert_feed
from podcast_kit.importer.show_writer import write_imported_show
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Element, FeedDocument, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import wrote, and what it could not."""

    folder: Path
    episodes: int
    problems: tuple[Problem, ...] = ()
    """Elements that were changed or dropped, and files that could not be downloaded."""
    not_written: tuple[Element, ...] = ()
    """Elements of the feed that no key of podcast.yaml or of the notes can express."""


def read_old_feed(source: str) -> FeedDocument:
    """Read the feed at a URL, with all its pages, or in a file; raises OperationError or InvalidInput."""
    if "://" not in source:
        try:
            return parse_feed_bytes(Path(source).read_bytes(), source)
        except OSError as error:
            raise OperationError(f"{source}: {error.strerror}", "pass the feed's URL, or a file") from None
    document = fetch_published_feed(source)
    if document is None:
        raise OperationError(f"no feed at {source}", "check the URL")
    return document


def import_feed(
    source: str,
    folder: Path,
    *,
    url: str,
    to: str,
    recordings: bool = False,
    files: bool = True,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> ImportResult:
    """Import the show of the feed at `source`, a URL or a file, into `folder`; guids are kept exactly.

    `url` is the public address that the show will have, `to` is where it will be published. Images, chapters and
    transcripts are downloaded if `files` is set, audio if `recordings` is set too; other audio stays at its URL. An
    import that was interrupted resumes. Raises OperationError or InvalidInput; never overwrites an existing show.
    """
    if (folder / "podcast.yaml").exists():
        raise OperationError(f"{folder / 'podcast.yaml'} already exists", "import into another folder")
    imported = convert_feed(read_old_feed(source), source if "://" in source else "")
    if not imported.episodes:
        raise OperationError(f"{source} has no episodes", "check that it is the podcast's feed")
    network = NetworkPolicy.trust(source) if "://" in source else None
    downloads = (
        download_files(imported, folder, recordings=recordings, network=network, on_progress=on_progress)
        if files
        else DownloadedFiles()
    )
    not_written = write_imported_show(imported, downloads, folder, url=url, to=to)
    return ImportResult(
        folder=folder,
        episodes=len(imported.episodes),
        problems=(*imported.problems, *downloads.problems),
        not_written=not_written,
    )
