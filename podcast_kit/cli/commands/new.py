"""`new`: create an episode."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import click

from podcast_kit.cli.app import command, load_show, parse_date_option
from podcast_kit.cli.console import Console
from podcast_kit.cli.questions import validate_option
from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write

if TYPE_CHECKING:
    from podcast_kit.model import Project


@command("new", short_help="Create an episode from a recording.")
@click.argument("audio", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--title", metavar="TEXT", help="Title, without the number. [default: from the file's tags, or its name]")
@click.option("--date", metavar="DATE", help="Publication date, in the show's time zone. [default: now]")
@click.option("--number", type=click.IntRange(min=1), help="Episode number. [default: the next]")
@click.option("--season", type=click.IntRange(min=1), help="Season. [default: that of the last episode]")
@click.option("--slug", metavar="NAME", help="Name of its files and in its URL. [default: number and title]")
@click.option("--draft", is_flag=True, help="Don't publish it until you remove `draft`.")
def new_command(
    console: Console,
    audio: Path,
    title: str | None,
    date: str | None,
    number: int | None,
    season: int | None,
    slug: str | None,
    draft: bool,
) -> None:
    """Create an episode: its notes, with a title, a date, the next number and a guid, next to a copy of AUDIO.

    The recording is copied into episodes/ unless it is in that folder; it is never modified.

    \b
      podcast-kit new ~/recordings/talk.wav
      podcast-kit new talk.mp3 --title "More social" --date "2026-12-01 08:00"
    """
    from podcast_kit import audio as recordings
    from podcast_kit.source import episode as episodes
    from podcast_kit.source import scaffold

    if not audio.is_file():
        raise click.BadParameter(f"{audio} is not a file", param_hint="AUDIO")
    show = load_show(console)
    recordings.probe(audio)
    tags = recordings.read_tags(audio)
    published_at = _publication_date(show, date)
    number = number or max((episode.number or 0 for episode in show.episodes), default=0) + 1
    title = title or tags.title or audio.stem.replace("-", " ").replace("_", " ").strip().capitalize()
    name = slug or f"{number:03d}-{episodes.slugify_title(title)}"
    validate_option(episodes.to_slug, name, "--slug")
    notes = show.folder / "episodes" / f"{name}.md"
    if name == episodes.INDEX_STEM:
        raise OperationError(f"{os.path.relpath(notes)} can't be an episode", "choose another --slug")
    if notes.exists():
        raise OperationError(f"{os.path.relpath(notes)} already exists", "choose another --slug")
    recording = _copy_recording(show, audio, name)
    text = scaffold.render_episode_file(
        title=title,
        date=published_at,
        guid=str(uuid4()),
        number=number,
        season=season or max((episode.season or 0 for episode in show.episodes), default=0) or None,
        audio="" if recording.stem == name else recording.name,
        draft=draft,
    )
    atomic_write.write_atomic(notes, text.encode())
    console.document("new", file=str(notes), audio=str(recording), title=title, number=number)
    console.result(os.path.relpath(notes))
    if not recordings.taggable(audio) and not show.show.audio.is_active:
        kind = audio.suffix.removeprefix(".").upper()
        console.info(f"{kind} files can't hold tags: {recordings.MASTER}")
    console.info("Next: write the notes, preview with `podcast-kit serve`, then run `podcast-kit publish`")


def _publication_date(show: Project, date: str | None) -> datetime:
    """In the show's time zone, without an offset, as podcasters write it; by default the next minute that is free."""
    if date is not None:
        return parse_date_option(date, "--date")
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    taken = {episode.date for episode in show.episodes}
    while now in taken:
        now += timedelta(minutes=1)
    return now.astimezone(ZoneInfo(show.show.timezone)).replace(tzinfo=None)


def _copy_recording(show: Project, audio: Path, name: str) -> Path:
    """The recording in episodes/: the file itself if it is in that folder, else a copy."""
    folder = (show.folder / "episodes").resolve()
    if audio.resolve().parent == folder:
        return audio
    copy = folder / f"{name}{audio.suffix.lower()}"
    if copy.exists():
        raise OperationError(f"{os.path.relpath(copy)} already exists", "choose another --slug")
    with atomic_write.atomic_path(copy) as part:
        shutil.copyfile(audio, part)
    return copy
