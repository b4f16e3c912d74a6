"""`new`: create an episode."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import click

from podcast_kit.cli.app import command, load_show, parse_date_option
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import SHOW_OPTION, enter_show
from podcast_kit.cli.questions import validate_option
from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write
from podcast_kit.io.inside import real_path

if TYPE_CHECKING:
    from podcast_kit.model import Episode, Project

EPISODE_TYPES = ("full", "trailer", "bonus")
DEFAULT_TIME = time(8)
"""Of a day without a time, in a show without episodes."""


@dataclass(frozen=True, slots=True)
class _NewEpisode:
    """What is known of a new episode before its files are written."""

    title: str
    name: str
    """Of its files."""
    number: int | None
    date: datetime


@command("new", short_help="Create an episode from a recording, or from a title.")
@click.argument("source", metavar="RECORDING|TITLE")
@click.option("--title", metavar="TEXT", help="Title, without the number. [default: from the file's tags, or its name]")
@click.option(
    "--date",
    metavar="DATE",
    help="Publication date, in the show's time zone, e.g. 2026-12-24 18:00, tomorrow, next thursday 8:00. "
    "[default: now]",
)
@click.option("--number", type=click.IntRange(min=1), help="Episode number. [default: the next]")
@click.option("--season", type=click.IntRange(min=1), help="Season. [default: that of the last episode]")
@click.option("--type", "type_", type=click.Choice(EPISODE_TYPES), default="full", help="A trailer has no number.")
@click.option("--slug", metavar="NAME", help="Name of its files and in its URL. [default: number and title]")
@click.option("--draft", is_flag=True, help="Don't publish it until you remove `draft`.")
@click.option("--page", "is_page", is_flag=True, help="Create a page of the site, not an episode.")
@SHOW_OPTION
@click.option("--allow-duplicate", is_flag=True, help="Allow a recording that another episode has.")
def new_command(
    console: Console,
    source: str,
    title: str | None,
    date: str | None,
    number: int | None,
    season: int | None,
    type_: str,
    slug: str | None,
    draft: bool,
    allow_duplicate: bool,
    show_name: str | None,
    is_page: bool,
) -> None:
    """Create an episode: its notes, with a title, a date, the next number and a guid, next to a copy of RECORDING.

    The recording is copied into episodes/ unless it is in that folder; it is never modified. With a TITLE instead, the
    notes are a draft, and the recording is added later.

    \b
      podcast-kit new ~/recordings/talk.wav
      podcast-kit new talk.mp3 --title "More social" --date "next thursday 8:00"
      podcast-kit new trailer.mp3 --type trailer
      podcast-kit new "More social"
      podcast-kit new talk.mp3 --show news
      podcast-kit new "About us" --page
    """
    if is_page:
        enter_show(console, show_name)
        _create_page(console, title or source.strip(), slug, draft=draft)
        return
    from podcast_kit import audio as recordings
    from podcast_kit.source import scaffold

    audio = _find_recording_file(source)
    enter_show(console, show_name)
    show = load_show(console, needs_cover=False)
    if audio:
        recordings.probe_audio(audio)
        if not allow_duplicate:
            _refuse_second_episode(show, audio)
    title = title or (_recording_title(audio) if audio else source.strip())
    episode = _name_episode(show, title, slug, number, date, type_)
    notes = show.folder / "episodes" / f"{episode.name}.md"
    if notes.exists():
        raise OperationError(f"{os.path.relpath(notes)} already exists", "choose another --slug")
    recording = _copy_recording(show, audio, episode.name) if audio else None
    text = scaffold.render_episode_file(
        title=title,
        date=episode.date,
        guid=str(uuid4()),
        number=episode.number,
        season=season or max((other.season or 0 for other in show.episodes), default=0) or None,
        type_="" if type_ == "full" else type_,
        audio="" if recording is None or recording.stem == episode.name else recording.name,
        draft=draft or recording is None,
    )
    atomic_write.write_inside(show.folder, f"episodes/{notes.name}", text.encode())
    console.document(
        "new",
        file=str(notes),
        audio=str(recording) if recording else None,
        title=title,
        number=episode.number,
        date=episode.date.isoformat(" ", "minutes"),
    )
    console.result(os.path.relpath(notes))
    if date is not None:
        console.info(f"date: {episode.date:%A} {episode.date.isoformat(' ', 'minutes')}")
    if audio and not recordings.can_hold_tags(audio) and not show.show.audio.is_active:
        kind = audio.suffix.removeprefix(".").upper()
        console.info(f"{kind} files can't hold tags: {recordings.NO_TAGS_FIX}")
    console.info(_next_step(episode.name, has_recording=recording is not None))


def _create_page(console: Console, title: str, slug: str | None, *, draft: bool) -> None:
    """Write a file in pages/ with a title and an entry in the menu."""
    from podcast_kit.model import PAGES_DIR
    from podcast_kit.source import scaffold
    from podcast_kit.source.episode import slugify_title, to_slug

    show = load_show(console, needs_cover=False)
    name = validate_option(to_slug, slug, "--slug") if slug else slugify_title(title)
    path = show.folder / PAGES_DIR / f"{name}.md"
    if path.exists():
        raise OperationError(f"{os.path.relpath(path)} already exists", "choose another --slug")
    text = scaffold.render_page_file(title, draft=draft)
    atomic_write.write_inside(show.folder, f"{PAGES_DIR}/{path.name}", text.encode())
    console.document("new", file=str(path), title=title)
    console.result(os.path.relpath(path))
    console.info("Next: write its text, then preview with `podcast-kit serve`")


def _find_recording_file(source: str) -> Path | None:
    """The recording that was named; None for a title. Raises click.BadParameter for a file that does not exist."""
    from podcast_kit.model.audio_formats import AUDIO_SUFFIXES

    path = Path(source)
    if path.is_file():
        return path
    if path.exists():
        raise click.BadParameter(f"{source} is not a file", param_hint="RECORDING")
    has_suffix = path.suffix.removeprefix(".").lower() in AUDIO_SUFFIXES
    if not source.strip() or has_suffix or os.sep in source:
        raise click.BadParameter(f"{source!r} does not exist", param_hint="RECORDING")
    return None


def _recording_title(audio: Path) -> str:
    from podcast_kit import audio as recordings

    stem = audio.stem.replace("-", " ").replace("_", " ").strip().capitalize()
    return recordings.read_tags(audio).title or stem


def _refuse_second_episode(show: Project, audio: Path) -> None:
    """Raise OperationError if an episode has this recording, by its name or by its content."""
    import hashlib

    with audio.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = audio.stat().st_size
    for episode in show.episodes:
        entry = show.lock_entry(episode.guid) if episode.guid else None
        if (entry and entry.source_sha256 == sha256) or _has_content(show, episode, audio, size, sha256):
            text = f"{audio} is already the recording of {os.path.relpath(show.folder / episode.path)}"
            raise OperationError(text, "edit that episode, or pass --allow-duplicate to create another one")


def _has_content(show: Project, episode: Episode, audio: Path, size: int, sha256: str) -> bool:
    import hashlib

    from podcast_kit.model import LocalFile

    path = episode.audio.resolve_in(show.folder) if isinstance(episode.audio, LocalFile) else None
    if path is None or not path.is_file():
        return False
    if real_path(path) == real_path(audio):
        return True
    if path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _name_episode(
    show: Project, title: str, slug: str | None, number: int | None, date: str | None, type_: str
) -> _NewEpisode:
    """The number, the name and the date of a new episode. Raises click.BadParameter or OperationError."""
    from podcast_kit.source import episode as episodes

    published_at = _publication_date(show, date)
    if number is None and type_ == "full":
        number = max((episode.number or 0 for episode in show.episodes), default=0) + 1
    prefix = f"{number:03d}-" if number is not None else ""
    name = slug or prefix + episodes.slugify_title(title)
    validate_option(episodes.to_slug, name, "--slug")
    if name == episodes.INDEX_STEM:
        raise OperationError("episodes/index.md can't be an episode", "choose another --slug")
    return _NewEpisode(title, name, number, published_at)


def _publication_date(show: Project, date: str | None) -> datetime:
    """In the show's time zone, without an offset, as podcasters write it; by default the next minute that is free."""
    time_zone = ZoneInfo(show.show.timezone)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    dates = [episode.date for episode in show.episodes if episode.date]
    if date is not None:
        default_time = max(dates).astimezone(time_zone).time() if dates else DEFAULT_TIME
        local_now = now.astimezone(time_zone).replace(tzinfo=None)
        return parse_date_option(date, "--date", now=local_now, default_time=default_time)
    while now in dates:
        now += timedelta(minutes=1)
    return now.astimezone(time_zone).replace(tzinfo=None)


def _copy_recording(show: Project, audio: Path, name: str) -> Path:
    """The recording in episodes/: the file itself if it is in that folder, else a copy."""
    folder = real_path(show.folder / "episodes")
    if real_path(audio).parent == folder:
        return audio
    copy = folder / f"{name}{audio.suffix.lower()}"
    if copy.exists():
        raise OperationError(f"{os.path.relpath(copy)} already exists", "choose another --slug")
    with atomic_write.atomic_path_inside(show.folder, f"episodes/{copy.name}") as part:
        shutil.copyfile(audio, part)
    return copy


def _next_step(name: str, *, has_recording: bool) -> str:
    if not has_recording:
        return f"Next: write the notes; then put the recording next to them as {name}.mp3 and remove `draft`"
    return "Next: write the notes, preview with `podcast-kit serve`, then run `podcast-kit publish`"
