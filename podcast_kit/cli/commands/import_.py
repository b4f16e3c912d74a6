"""`import`: take over a show from its feed, or from the files of another tool."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from podcast_kit.cli.app import command, working_folder
from podcast_kit.cli.commands.init import DEFAULT_TARGET, URL_QUESTION, write_gitignore
from podcast_kit.cli.console import Console
from podcast_kit.cli.questions import ask_option
from podcast_kit.errors import ExitCode, OperationError, Severity
from podcast_kit.io.atomic_write import write_error
from podcast_kit.text.numbers import format_count

WORK_FOLDER = Path(".podcast-kit")
UNFINISHED_MARK = "unfinished-import"
"""Exists in it while a show is imported: a podcast.yaml beside it is not complete."""


@command("import", short_help="Import a show from its feed or from another tool.")
@click.argument("source", metavar="SOURCE")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--url", metavar="URL", help="Public URL of what you will publish.")
@click.option("--to", metavar="TARGET", help="Where you will publish: s3://bucket/prefix, or a folder.")
@click.option("--feed", metavar="FEED", help="The live feed, URL or file, to take guids from. [for files of a tool]")
@click.option(
    "--guids",
    type=click.Choice(["auto", "feed", "new"]),
    default="auto",
    help="auto: of the feed, else by the tool's rule; feed: only of the feed; new: create the others. [default: auto]",
)
@click.option("--audio", is_flag=True, help="Download the recordings too. [default: leave them where they are]")
@click.option("--files/--no-files", default=True, help="Download images, chapters and transcripts. [default: --files]")
def import_command(
    console: Console,
    source: str,
    folder: Path | None,
    url: str | None,
    to: str | None,
    feed: str | None,
    guids: str,
    audio: bool,
    files: bool,
) -> None:
    """Import a show: SOURCE becomes podcast.yaml, episodes/*.md and podcast.lock.

    SOURCE is a feed (URL or file), what `export` wrote, the folder or ZIP archive of a site made with Hugo, Jekyll
    Octopod, Eleventy, dropcaster or Podcast Generator, or an export of WordPress or Podlove.

    Guids are kept exactly, so that no subscriber gets an episode twice; at the end, the folder's own feed is compared
    with the old one. Recordings that are beside are copied; others stay at their URLs unless you pass --audio. An
    interrupted import resumes.

    \b
      podcast-kit import https://old-host.example/feed.xml talks --url https://pod.example/
      podcast-kit import feed.xml --no-files --url https://pod.example/
      podcast-kit import ~/my-hugo-site talks --feed https://old.example/episode/index.xml --url https://pod.example/
    """
    from podcast_kit import importer
    from podcast_kit.source.yaml import converters

    show_folder = working_folder(console) / (folder or Path())
    show_file = show_folder / "podcast.yaml"
    if show_file.exists() and not _is_unfinished(show_folder):
        raise OperationError(f"{os.path.relpath(show_file)} already exists", "import into another folder")
    if importer.is_show_archive(source):
        _unpack_show(console, source, show_folder)
        return
    now = datetime.now(UTC)
    feed = importer.without_password(feed or "")
    with importer.open_old_show(source, live_feed=feed, guids=importer.GuidChoice(guids), now=now) as old_show:
        console.info(f"recognized: {old_show.recognition}")
        base_url = ask_option("--url", URL_QUESTION, url, None, converters.to_base_url).rstrip("/") + "/"
        target = ask_option(
            "--to", "Publish to, such as s3://bucket or a folder", to, DEFAULT_TARGET, converters.to_line
        )
        with _unfinished(console, show_folder, show_file):
            result = importer.write_import(
                old_show.imported,
                feed or old_show.source,
                show_folder,
                url=base_url,
                to=target,
                recordings=audio,
                files=files,
                origin=old_show.origin,
                now=now,
                on_progress=console.progress,
            )
            write_gitignore(show_folder, target)
            new_feed = importer.build_new_feed(show_folder, now, console.progress)
            old_url = old_show.find_feed_url(feed)
            is_recorded = _record_old_feed(show_folder, old_url)
    has_copies = old_show.origin is not None and any(
        episode.recording.local_path for episode in old_show.imported.episodes
    )
    differences = list(importer.compare_feeds(old_show.document, new_feed, moved=audio or has_copies))
    problems = [*result.problems, *differences]
    console.problems(problems)
    console.document(
        "import",
        problems,
        folder=str(show_folder),
        recognized=str(old_show.recognition),
        episodes=result.episodes,
        fetched=result.downloaded,
        left_out=dict(result.dropped),
        repeated=dict(result.repeated),
    )
    console.result(os.path.relpath(show_file))
    for reason, counts in (
        ("as specific to the old host" if old_show.is_feed else "as having no place here", result.dropped),
        ("because other elements say the same", result.repeated),
    ):
        if counts:
            elements = ", ".join(f"{name} ({count})" for name, count in counts.items())
            console.info(f"left out, {reason}: {elements}")
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    lost = sum(problem.code == "import.guid" for problem in errors)
    guids = f"{format_count(lost, 'episode')} lost" if lost else "all guids kept"
    episodes = format_count(result.episodes, "episode")
    if is_recorded and "://" not in (feed or old_show.source):
        console.info(f"old feed: {old_url}, as the file says; `podcast-kit move` compares with it")
    console.info(f"{episodes}, {guids}; next: `podcast-kit check`, then `podcast-kit plan`")
    if errors:
        click.get_current_context().exit(ExitCode.FAILED)


def _unpack_show(console: Console, source: str, folder: Path) -> None:
    """Unpack what `export --format zip` wrote, and load it."""
    from podcast_kit import importer
    from podcast_kit.source import project

    files = importer.unpack_show_archive(source, folder)
    show = project.load_project(folder, needs_cover=False)
    console.document("import", show.warnings, folder=str(folder), recognized="podcast_kit", episodes=len(show.episodes))
    console.info("recognized: podcast_kit, by podcast.yaml")
    console.result(os.path.relpath(folder / "podcast.yaml"))
    console.info(f"{format_count(len(show.episodes), 'episode')}, {format_count(files, 'file')}")


def _is_unfinished(folder: Path) -> bool:
    """Whether an import into a folder was killed; a mark that came along with the folder does not count."""
    from podcast_kit.io.bound_folder import open_own_folder

    with open_own_folder(folder / WORK_FOLDER) as work_folder:
        return work_folder is not None and work_folder.status(UNFINISHED_MARK) is not None


@contextmanager
def _unfinished(console: Console, folder: Path, show_file: Path) -> Iterator[None]:
    """Mark the import into a folder as unfinished; where it fails, without podcast.yaml, so that it can run again."""
    from podcast_kit.io.bound_folder import open_bound_folder

    with ExitStack() as opened:
        try:
            work_folder = opened.enter_context(open_bound_folder(folder / WORK_FOLDER, console.info))
            show_file.unlink(missing_ok=True)  # of an import that was killed
            work_folder.open_or_create(UNFINISHED_MARK).close()
        except OSError as error:
            raise write_error(error, str(folder)) from error
        try:
            yield
        except BaseException:
            show_file.unlink(missing_ok=True)
            raise
        finally:
            with suppress(OSError):
                work_folder.unlink(UNFINISHED_MARK)


def _record_old_feed(folder: Path, old_url: str) -> bool:
    """Remember the feed that the show comes from, so that `move` needs no address; whether that was done."""
    from podcast_kit.publish import moving
    from podcast_kit.source import project

    own_url = project.load_settings(folder).show.feed_url
    if not moving.can_be_recorded(old_url) or moving.is_same_url(old_url, own_url):
        return False
    moving.write_move_record(folder, moving.MoveRecord(direction=moving.MoveDirection.HERE, old_url=old_url))
    return True
