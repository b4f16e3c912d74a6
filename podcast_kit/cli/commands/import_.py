"""`import`: take over a show from its feed."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, working_folder
from podcast_kit.cli.commands.init import DEFAULT_TARGET, URL_QUESTION, write_gitignore
from podcast_kit.cli.console import Console
from podcast_kit.cli.questions import ask_option
from podcast_kit.errors import ExitCode, OperationError, Severity
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.importer import ImportedFeed
    from podcast_kit.model import Element, FeedDocument


@command("import", short_help="Import a show from its feed.")
@click.argument("feed", metavar="FEED")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--url", metavar="URL", help="Public URL of what you will publish.")
@click.option("--to", metavar="TARGET", help="Where you will publish: s3://bucket/prefix, or a folder.")
@click.option("--audio", is_flag=True, help="Download the recordings too. [default: leave them where they are]")
@click.option("--files/--no-files", default=True, help="Download images, chapters and transcripts. [default: --files]")
def import_command(
    console: Console, feed: str, folder: Path | None, url: str | None, to: str | None, audio: bool, files: bool
) -> None:
    """Import a show: the feed at FEED, a URL or a file, becomes podcast.yaml, episodes/*.md and podcast.lock.

    Guids are kept exactly, so that no subscriber gets an episode twice; at the end, the folder's own feed is compared
    with the old one. Recordings stay at their URLs unless you pass --audio. An interrupted import resumes.

    \b
      podcast-kit import https://old-host.example/feed.xml talks --url https://pod.example/
      podcast-kit import feed.xml --no-files --url https://pod.example/
    """
    from podcast_kit import importer
    from podcast_kit.io.network_policy import NetworkPolicy
    from podcast_kit.source.yaml import converters

    show_folder = working_folder(console) / (folder or Path())
    show_file = show_folder / "podcast.yaml"
    if show_file.exists():
        raise OperationError(f"{os.path.relpath(show_file)} already exists", "import into another folder")
    old_feed = importer.read_old_feed(feed)
    imported = importer.convert_feed(old_feed, feed if "://" in feed else "")
    if not imported.episodes:
        raise OperationError(f"{feed} has no episodes", "check that it is the podcast's feed")
    base_url = ask_option("--url", URL_QUESTION, url, None, converters.to_base_url).rstrip("/") + "/"
    target = ask_option("--to", "Publish to, such as s3://bucket or a folder", to, DEFAULT_TARGET, converters.to_line)
    downloads = (
        importer.download_files(
            imported,
            show_folder,
            recordings=audio,
            network=NetworkPolicy.trust(feed) if "://" in feed else None,
            on_progress=console.progress,
        )
        if files
        else importer.DownloadedFiles()
    )
    not_written = importer.write_imported_show(imported, downloads, show_folder, url=base_url, to=target)
    write_gitignore(show_folder, target)
    differences = list(importer.compare_feeds(old_feed, _build_feed(console, show_folder), moved=audio))
    problems = [*imported.problems, *downloads.problems, *differences]
    console.problems(problems)
    left_out = _count_left_out(imported, not_written)
    console.document(
        "import",
        problems,
        folder=str(show_folder),
        episodes=len(imported.episodes),
        fetched=len(downloads.paths),
        left_out=left_out,
    )
    console.result(os.path.relpath(show_file))
    if left_out:
        elements = ", ".join(f"{name} ({count})" for name, count in left_out.items())
        console.info(f"left out, as specific to the old host: {elements}")
    lost = [problem for problem in differences if problem.severity is Severity.ERROR]
    guids = "all guids kept" if not lost else f"{format_count(len(lost), 'guid')} lost"
    episodes = format_count(len(imported.episodes), "episode")
    console.info(f"{episodes}, {guids}; next: `podcast-kit check`, then `podcast-kit plan`")
    if lost:
        click.get_current_context().exit(ExitCode.FAILED)


def _build_feed(console: Console, folder: Path) -> FeedDocument:
    """The feed that the imported show gives."""
    from podcast_kit import builder, feed
    from podcast_kit.source import project

    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as temp:
        build = builder.build(
            project.load_project(folder),
            now=datetime.now(UTC),
            folder=Path(temp, "build"),
            on_progress=console.progress,
        )
        feed_bytes = (build.folder / build.project.show.feed.path).read_bytes()
        return feed.parse_feed(feed_bytes, "feed.xml")


def _count_left_out(imported: ImportedFeed, not_written: tuple[Element, ...]) -> dict[str, int]:
    counts = dict(imported.dropped)
    for element in not_written:
        counts[element.name] = counts.get(element.name, 0) + 1
    return counts
