"""`import`: a show that lives elsewhere, taken home."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.cli.show import PUBLIC, asked, ignore
from podcast_kit.errors import ExitCode, OperationError, Severity
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.importer import Imported
    from podcast_kit.model import Element, FeedDocument


@command("import", short_help="Take over a show from its feed.")
@click.argument("feed", metavar="FEED")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--url", metavar="URL", help="Public address of what you will publish.")
@click.option("--to", metavar="PLACE", help="Where you will publish to: s3://bucket/prefix, or a folder.")
@click.option("--audio", is_flag=True, help="Fetch the recordings too; else they stay where they are.")
@click.option(
    "--files/--no-files",
    default=True,
    help="Fetch pictures, chapters and transcripts, or leave them.  [default: files]",
)
def import_(
    console: Console, feed: str, folder: Path | None, url: str | None, to: str | None, audio: bool, files: bool
) -> None:
    """Take over a show: the feed at FEED, an address or a file, becomes podcast.yaml, episodes/*.md and podcast.lock.

    Guids are kept letter for letter, so that no subscriber gets an episode twice, and at the end the folder's
    own feed is held beside the old one. Recordings stay where they are, and are named there, until you fetch them
    with --audio. An import that was cut off goes on where it was.

    \b
      podcast-kit import https://old-host.example/feed.xml talks --url https://pod.example/
      podcast-kit import feed.xml --no-files --url https://pod.example/
    """
    from podcast_kit import importer
    from podcast_kit.source.yaml import converters

    here = ((console.folder or Path()) / (folder or Path())).absolute()
    if (here / "podcast.yaml").exists():
        raise OperationError(f"{os.path.relpath(here / 'podcast.yaml')} is there already", "import into another folder")
    old = _document(feed)
    found = importer.read(old, feed if "://" in feed else "")
    if not found.episodes:
        raise OperationError(f"{feed}: no episode is in it", "see that it is the podcast's feed")
    question = "Public address, such as https://pod.example/"
    address = asked("--url", question, url, None, converters.base_url).rstrip("/") + "/"
    place = asked("--to", "Publish to, such as s3://bucket or a folder", to, PUBLIC, converters.line)
    fetched = importer.files(found, here, recordings=audio, on=console.step) if files else importer.Fetched()
    unsaid = importer.write(found, fetched, here, url=address, to=place)
    ignore(here, place)
    differing = list(importer.differences(old, _built(console, here), moved=audio))
    problems = [*found.problems, *fetched.problems, *differing]
    console.problems(problems)
    left = _left_out(found, unsaid)
    console.document(
        "import", problems, folder=str(here), episodes=len(found.episodes), fetched=len(fetched.paths), left_out=left
    )
    console.say(os.path.relpath(here / "podcast.yaml"))
    if left:
        console.note(
            "left out, as the old host's own: " + ", ".join(f"{name} ({count})" for name, count in left.items())
        )
    lost = [one for one in differing if one.severity is Severity.ERROR]
    kept = "every guid as it was" if not lost else f"{format_count(len(lost), 'guid')} lost"
    console.note(f"{format_count(len(found.episodes), 'episode')}, {kept}; next: `podcast-kit check`, then `podcast-kit plan`")
    if lost:
        click.get_current_context().exit(ExitCode.FAILED)


def _document(feed: str) -> FeedDocument:
    from podcast_kit import check

    if "://" not in feed:
        try:
            return check.parsed(Path(feed).read_bytes(), feed)
        except OSError as error:
            raise OperationError(f"{feed}: {error.strerror}", "say the feed's address, or a file") from None
    found = check.published(feed)
    if found is None:
        raise OperationError(f"{feed}: there is no feed", "look at the address")
    return found


def _built(console: Console, folder: Path) -> FeedDocument:
    """The feed that the new folder gives."""
    from podcast_kit import builder, check
    from podcast_kit.source import project

    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as scratch:
        made = builder.build(project.read(folder), now=datetime.now(UTC), folder=Path(scratch, "build"), on_progress=console.step)
        return check.parsed((made.folder / made.project.show.feed.path).read_bytes(), "feed.xml")


def _left_out(found: Imported, unsaid: tuple[Element, ...]) -> dict[str, int]:
    left = dict(found.dropped)
    for element in unsaid:
        left[element.name] = left.get(element.name, 0) + 1
    return left
