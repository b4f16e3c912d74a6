"""`init` and `new`: the files that a podcaster writes, begun."""

from __future__ import annotations

import functools
import os
import posixpath
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4
from zoneinfo import ZoneInfo

import click

from podcast_kit.cli.app import command, interactive, project, read_date
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write

if TYPE_CHECKING:
    from podcast_kit.model import Project

IGNORED = "/build/\n/.podcast-kit/\n/subscribers.key\n"
PUBLIC = "public"
"""Where a show is published to unless something else is said."""
Reader: TypeAlias = "Callable[[str], object]"
COVERS = ("cover.jpg", "cover.jpeg", "cover.png", "artwork.jpg", "artwork.png")


def asked(flag: str, question: str, given: str | None, default: str | None = None, read: Reader = str) -> str:
    """The option's value, or the answer on a terminal, or the default; `read` says whether it can be meant.

    A wrong option is a usage error, a wrong answer is asked for again.
    """
    if given is not None:
        return _meant(read, given, flag)
    if interactive():
        # Click asks again at a usage error.
        checked = functools.partial(_meant, read, flag=flag)
        return str(click.prompt(question, default=default, err=True, show_default=bool(default), value_proc=checked))
    needed({flag: default})
    return default or ""


def needed(given: Mapping[str, str | None]) -> None:
    """A usage error that names every option at once that is missing where nobody can be asked."""
    missing = [flag for flag, value in given.items() if value is None]
    if missing and not interactive():
        *first, last = missing
        said = f"{', '.join(first)} and {last} are" if first else f"{last} is"
        raise click.UsageError(f"{said} needed where nobody can be asked")


def _meant(read: Reader, said: str, flag: str) -> str:
    from podcast_kit.source.yaml.document import Wrong

    try:
        read(said)
    except Wrong as wrong:
        raise click.BadParameter(f"{wrong}{f' ({wrong.hint})' if wrong.hint else ''}", param_hint=flag) from None
    return said


def _details(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--title", metavar="TEXT", help="Name of the show."),
            click.option("--description", metavar="TEXT", help="What it is about."),
            click.option("--author", metavar="TEXT", help="Who makes it."),
            click.option("--email", metavar="ADDRESS", help="Where directories reach its owner."),
            click.option("--language", metavar="CODE", help="Such as pt-BR; else en."),
            click.option("--category", metavar="NAME", help="One of Apple's, such as 'Business > Marketing'."),
            click.option("--url", metavar="URL", help="Public address of the place that --to names."),
            click.option(
                "--to", metavar="PLACE", help="Where it goes: s3://bucket/prefix, or a folder; else `public`."
            ),
            click.option("--endpoint", metavar="URL", help="The store's endpoint, unless it is AWS."),
            click.option("--timezone", metavar="ZONE", help="Such as Europe/Vienna, for dates without an offset."),
            click.option(
                "--artwork",
                metavar="FILE",
                help="Cover beside podcast.yaml, square, 1400 to 3000 pixels; else cover.jpg.",
            ),
            click.option("--explicit/--clean", default=None, help="Whether the show has explicit content."),
            click.option(
                "--github", "pipelines", multiple=True, flag_value="github", help="Add a workflow for GitHub."
            ),
            click.option(
                "--gitlab", "pipelines", multiple=True, flag_value="gitlab", help="Add a pipeline for GitLab."
            ),
        )
    ):
        function = option(function)
    return function


@command("init", short_help="Begin a show in this folder.")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@_details
def init(console: Console, folder: Path | None, **given: Any) -> None:  # noqa: ANN401  # the options above
    """Begin a show in FOLDER, or in this one: podcast.yaml, episodes/ and a .gitignore.

    Asks on a terminal for what the options leave open. Nothing that is there already is overwritten.
    With --github or --gitlab, also the file that lets a pipeline check each change and publish what is due;
    where there is a show already, only that one.

    \b
      podcast-kit init
      podcast-kit init talks --title Talks --author "Ann Lee" --email ann@pod.example \\
        --url https://pod.example/ --to s3://talks
      podcast-kit init --github
    """
    from podcast_kit.model import public_url, show_guid
    from podcast_kit.source import scaffold
    from podcast_kit.source import show as shows
    from podcast_kit.source.yaml import converters

    here = ((console.folder or Path()) / (folder or Path())).absolute()
    written = here / "podcast.yaml"
    if written.exists() and given["pipelines"]:
        from podcast_kit.source import project as source

        place = source.read(here).show.publish
        added = _pipelines(console, here, given["pipelines"], place.to, place.endpoint)
        return console.document("init", folder=str(here), file=str(written), added=added)
    if written.exists():
        raise OperationError(f"{os.path.relpath(written)} is there already", "edit it, or begin in another folder")
    needed({f"--{name}": given[name] for name in ("title", "url", "author", "email")})
    title = asked("--title", "Name of the show", given["title"], None, converters.line)
    address_asked = "Public address, such as https://pod.example/"
    url = asked("--url", address_asked, given["url"], None, converters.base_url).rstrip("/") + "/"
    to = asked("--to", "Publish to, such as s3://bucket or a folder", given["to"], PUBLIC, converters.line)
    about = f"{title}, a podcast."
    artwork = given["artwork"] or next((name for name in COVERS if (here / name).is_file()), COVERS[0])
    text = scaffold.NewShow(
        title=title,
        description=asked("--description", "What is it about", given["description"], about, converters.text),
        author=asked("--author", "Who makes it", given["author"], None, converters.line),
        email=asked("--email", "E-mail of its owner", given["email"], None, converters.email),
        language=asked("--language", "Language, such as en or de-AT", given["language"], "en", converters.language),
        categories=[
            asked("--category", "Category, one of Apple's", given["category"], "Society & Culture", shows.category)
        ],
        url=url,
        to=to,
        endpoint=given["endpoint"] or "",
        timezone=asked("--timezone", "Time zone", given["timezone"], _zone(), converters.zone),
        artwork=artwork,
        explicit=bool(given["explicit"]),
        guid=show_guid(public_url(url, "feed.xml")),
    ).text()
    atomic_write.write(written, text.encode())
    (here / "episodes").mkdir(exist_ok=True)
    ignore(here, to)
    console.say(os.path.relpath(written))
    added = _pipelines(console, here, given["pipelines"], to, given["endpoint"] or "")
    console.document("init", folder=str(here), file=str(written), added=added)
    cover = "" if (here / artwork).is_file() else f"put a cover there as {artwork} ({shows.COVER}), then "
    console.note(f"next: {cover}`podcast-kit new RECORDING`")
    return None


def ignore(folder: Path, to: str) -> None:
    """A .gitignore for what is made, unless there is one.

    A folder of another name may be meant to be committed: GitHub serves `docs` as it stands in the repository.
    """
    if not (folder / ".gitignore").exists():
        published = f"/{PUBLIC}/\n" if posixpath.normpath(to) == PUBLIC else ""
        atomic_write.write(folder / ".gitignore", (IGNORED + published).encode())


def _pipelines(console: Console, here: Path, kinds: Sequence[str], to: str, endpoint: str) -> list[str]:
    """The files of pipelines, where there are none yet."""
    from podcast_kit.source import ci_templates

    added = []
    for kind in dict.fromkeys(kinds):
        path, text = ci_templates.pipeline(kind, here, role=to.startswith("s3://") and not endpoint)
        shown = os.path.relpath(path)
        if path.exists():
            console.note(f"{shown} is there already, and stays as it is")
            continue
        atomic_write.write(path, text.encode())
        console.say(shown)
        added.append(str(path))
    return added


def _zone() -> str:
    """The machine's IANA zone where it tells; UTC else."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name and (link := Path("/etc/localtime")).is_symlink():
        name = str(link.readlink()).rpartition("zoneinfo/")[2]
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        return "UTC"
    return name or "UTC"


@command("new", short_help="Begin an episode from a recording.")
@click.argument("audio", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--title", metavar="TEXT", help="Title, without the number; else the recording's own, or its file's name."
)
@click.option("--date", metavar="DATE", help="When it is published, in the show's time zone; else now.")
@click.option("--number", type=click.IntRange(min=1), help="Number of the episode; else the next.")
@click.option("--season", type=click.IntRange(min=1), help="Season; else that of the last episode.")
@click.option("--slug", metavar="NAME", help="Name of its files and its page's address; else number and title.")
@click.option("--draft", is_flag=True, help="Leave it out of what is published until you say otherwise.")
def new(
    console: Console,
    audio: Path,
    title: str | None,
    date: str | None,
    number: int | None,
    season: int | None,
    slug: str | None,
    draft: bool,
) -> None:
    """Begin an episode: AUDIO goes beside its notes, which get a title, a date, the next number and a guid.

    The recording is copied into episodes/ unless it lies there already; it is never changed.

    \b
      podcast-kit new ~/recordings/talk.wav
      podcast-kit new talk.mp3 --title "More social" --date "2026-12-01 08:00"
    """
    from podcast_kit import audio as recordings
    from podcast_kit.source import episode as episodes
    from podcast_kit.source import scaffold

    if not audio.is_file():
        raise click.BadParameter(f"{audio} is not a file", param_hint="AUDIO")
    show = project(console)
    recordings.probe(audio)
    said = recordings.read_tags(audio)
    when = _date(show, date)
    number = number or max((episode.number or 0 for episode in show.episodes), default=0) + 1
    title = title or said.title or audio.stem.replace("-", " ").replace("_", " ").strip().capitalize()
    name = slug or f"{number:03d}-{episodes.slug(title)}"
    _meant(episodes.own_slug, name, "--slug")
    notes = show.folder / "episodes" / f"{name}.md"
    if notes.exists() or name == episodes.INDEX:
        raise OperationError(f"{os.path.relpath(notes)} is there already, or cannot be", "say another --slug")
    beside = _beside(show, audio, name)
    text = scaffold.episode_text(
        title=title,
        date=when,
        guid=str(uuid4()),
        number=number,
        season=season or max((episode.season or 0 for episode in show.episodes), default=0) or None,
        audio="" if beside.stem == name else beside.name,
        draft=draft,
    )
    atomic_write.write(notes, text.encode())
    console.document("new", file=str(notes), audio=str(beside), title=title, number=number)
    console.say(os.path.relpath(notes))
    if not recordings.taggable(audio) and not show.show.audio.is_active:
        console.note(f"{audio.suffix} carries no tags: {recordings.MASTER}")
    console.note("next: write the notes, look with `podcast-kit serve`, then `podcast-kit publish`")


def _date(show: Project, date: str | None) -> datetime:
    """In the show's time zone, without an offset, as podcasters write it; now is the next minute that no other has."""
    if date is not None:
        return read_date(date, "--date")
    when = datetime.now(UTC).replace(second=0, microsecond=0)
    taken = {episode.date for episode in show.episodes}
    while when in taken:
        when += timedelta(minutes=1)
    return when.astimezone(ZoneInfo(show.show.timezone)).replace(tzinfo=None)


def _beside(show: Project, audio: Path, name: str) -> Path:
    """The recording in episodes/: where it lies, or a copy."""
    home = (show.folder / "episodes").resolve()
    if audio.resolve().parent == home:
        return audio
    copy = home / f"{name}{audio.suffix.lower()}"
    if copy.exists():
        raise OperationError(f"{os.path.relpath(copy)} is there already", "say another --slug")
    with atomic_write.beside(copy) as part:
        shutil.copyfile(audio, part)
    return copy
