"""The `podcast-kit` command and what all its subcommands share."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podcast_kit import __version__
from podcast_kit.cli.console import Console
from podcast_kit.errors import ExitCode, InvalidInput, PodcastKitError, Problem

if TYPE_CHECKING:
    from podcast_kit.model import Project

Command = TypeVar("Command", bound=Callable[..., Any])

EPILOG = """\b
Exit codes:
  0    done, or nothing to do
  1    what was written or built has errors, or the work failed
  2    the command line is wrong
  3    changes are pending (plan --exit-code)
  4    credentials are missing, or the store refused
  5    somebody else published meanwhile
  130  interrupted
"""


SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PODCAST_KIT"}


@click.group(epilog=EPILOG, context_settings=SETTINGS)
@click.version_option(__version__, message="podcast-kit %(version)s")
@click.option("-C", "directory", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder.")
@click.pass_context
def cli(context: click.Context, directory: Path | None) -> None:
    """Publish a podcast: audio and Markdown notes in; tagged media, feed and pages out.

    A show is a folder with podcast.yaml, episodes/*.md with the audio beside them, and templates/ if you want your own.

    \b
      podcast-kit init               begin a show
      podcast-kit new talk.mp3       begin an episode
      podcast-kit serve              look at it
      podcast-kit publish            publish it
    """
    context.color = _colour()
    context.obj = directory


def _colour() -> bool | None:
    """https://no-color.org; Click knows neither variable."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def command(name: str, **settings: Any) -> Callable[[Command], click.Command]:  # noqa: ANN401  # Click's own
    """A subcommand with `-C`, `-q` and `--json`, called with a Console; the one place where errors are caught."""

    def decorate(function: Command) -> click.Command:
        @cli.command(name, **settings)
        @click.option("-C", "directory", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder.")
        @click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result and errors.")
        @click.option("--json", "as_json", is_flag=True, help="Write one JSON document to stdout.")
        @click.pass_context
        @functools.wraps(function)
        def run(context: click.Context, /, directory: Path | None, quiet: bool, as_json: bool, **rest: Any) -> None:  # noqa: ANN401
            console = Console(folder=directory or context.obj, as_json=as_json, quiet=quiet)
            try:
                function(console, **rest)
            except PodcastKitError as error:
                console.failure(name, error)
                context.exit(error.exit_code)
            except (KeyboardInterrupt, click.Abort):
                console.clear()
                click.echo("interrupted", err=True)
                context.exit(ExitCode.INTERRUPTED)

        return run

    return decorate


def project(console: Console, *, mint: bool = False) -> Project:
    """The show that is being worked on; with `mint`, an episode that has no guid gets one, in its file, for good."""
    from podcast_kit.source import project as source

    folder = source.find((console.folder or Path()).absolute())
    console.folder = folder
    found = source.read(folder)
    nameless = [episode for episode in found.episodes if not episode.guid and not episode.draft]
    if not mint or not nameless:
        return found
    if os.environ.get("CI"):
        raise InvalidInput(Problem(episode.location_of(), "has no guid yet", NAMELESS, "it.guid") for episode in nameless)
    from uuid import uuid4

    from podcast_kit.source import scaffold

    for episode in nameless:
        scaffold.mint(folder / episode.path, str(uuid4()))
        console.note(f"{console.seen(episode.path)}: wrote a guid into it; it stays with this episode for ever")
    return source.read(folder)


NAMELESS = "a guid made in CI would be another one in the next run: run `podcast-kit build` at home and commit the file"


def moment(at: str | None) -> datetime:
    """The time that a build is for."""
    if at is None:
        return datetime.now(UTC)
    when = read_date(at, "--at")
    try:
        return when.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of all have no time in other zones
        raise click.BadParameter(f"{at!r} is no date that a calendar has everywhere", param_hint="--at") from None


def read_date(text: str, option: str) -> datetime:
    """What an option says; a usage error when it is no date."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date like 2026-11-15T08:00", param_hint=option) from None


def interactive() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")
