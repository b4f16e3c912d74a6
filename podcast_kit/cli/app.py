"""The `podcast-kit` command and what all its subcommands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from datetime import time as clock_time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podcast_kit import __version__
from podcast_kit.cli.console import Console, list_typed
from podcast_kit.cli.secret_masks import hide_show_secrets, hide_typed_credentials
from podcast_kit.errors import ExitCode, InvalidInput, PodcastKitError, Problem

if TYPE_CHECKING:
    from podcast_kit.builder import EpisodeRecord
    from podcast_kit.model import Project

Command = TypeVar("Command", bound=Callable[..., Any])

EPILOG = """\b
Exit codes:
  0    done, or nothing to do
  1    errors found, or the command failed
  2    usage error
  3    changes are pending (plan --exit-code)
  4    credentials are missing, or the store refused access
  5    someone else published in the meantime
  130  interrupted
"""
CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PODCAST_KIT"}
GUID_FIX = "a guid made in CI would change with every run: run `podcast-kit build` on your machine and commit the file"
DIRECTORY_OPTION = click.option(
    "-C",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIRECTORY",
    help="Work in DIRECTORY instead of here.",
)

COMMAND_NAMES = (
    *("announce", "build", "check", "comments", "completion", "config", "cut", "doctor", "explain", "export", "help"),
    *("import", "init", "inspect", "keys", "loudness", "move", "new", "plan", "private", "prune", "publish", "pull"),
    *("rollback", "serve", "share", "stats", "status", "theme", "unpublish", "verify"),
)
"""Each is defined in the module of `cli.commands` that has its name, or its name and an underscore."""
PYTHON_NAMES = frozenset({"help", "import"})
"""Those of them that have a meaning in Python."""


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands by name; the module of a command is imported when the command is asked for."""

    def __init__(self) -> None:
        self._imported: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in COMMAND_NAMES:
            raise KeyError(name)
        if name not in self._imported:
            try:  # the module registers its command
                import_module(f"podcast_kit.cli.commands.{name}{'_' if name in PYTHON_NAMES else ''}")
            except KeyboardInterrupt:  # Click would say "Aborted!"
                click.echo("interrupted", err=True)
                raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None
        return self._imported[name]

    def __setitem__(self, name: str, entry: click.Command) -> None:
        self._imported[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._imported[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMAND_NAMES)

    def __len__(self) -> int:
        return len(COMMAND_NAMES)


@click.group(commands=LazyCommands(), epilog=EPILOG, context_settings=CONTEXT_SETTINGS)
@click.version_option(__version__, "-V", "-v", "--version", message="podcast-kit %(version)s")
@DIRECTORY_OPTION
@click.pass_context
def cli(context: click.Context, directory: Path | None) -> None:
    """Publish a podcast from audio files and Markdown notes: tagged media, an RSS feed and web pages.

    A show is a folder with podcast.yaml, episodes/*.md next to their audio files and, if you like, your own templates/.

    \b
      podcast-kit init               create a show
      podcast-kit new talk.mp3       create an episode
      podcast-kit serve              preview it
      podcast-kit publish            publish it
    """
    context.color = _color_choice()
    context.obj = directory


def _color_choice() -> bool | None:
    """What NO_COLOR and FORCE_COLOR ask for (https://no-color.org); Click knows neither."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


COMMAND_FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""The function of each command by its name, as it is called with a Console."""


def command(
    name: str,
    *,
    for_shows: bool = False,
    **settings: Any,  # noqa: ANN401  # Click's own
) -> Callable[[Command], click.Command]:
    """A subcommand with `-C`, `-q`, `-v` and `--json`, called with a Console; the one place where errors are caught.

    With `for_shows`, also with the options that run it for several shows of a network.
    """

    def decorate(function: Command) -> click.Command:
        COMMAND_FUNCTIONS[name] = function
        has_jobs = any(parameter.name == "jobs" for parameter in getattr(function, "__click_params__", ()))

        @cli.command(name, **settings)
        @_show_options(is_used=for_shows, with_jobs=not has_jobs)
        @DIRECTORY_OPTION
        @click.option("-q", "--quiet", is_flag=True, help="Only print the result and errors.")
        @click.option("-v", "--verbose", is_flag=True, help="Show every detail.")
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
        @click.pass_context
        @functools.wraps(function)
        def run_command(
            context: click.Context,
            /,
            directory: Path | None,
            quiet: bool,
            verbose: bool,
            as_json: bool,
            **arguments: Any,  # noqa: ANN401  # whatever the command takes
        ) -> None:
            console = Console(
                folder=directory or context.obj,
                typed=list_typed(arguments.values()),
                as_json=as_json,
                quiet=quiet,
                verbose=verbose,
            )
            selection = {key: arguments.pop(key) for key in SELECTING_OPTIONS} if for_shows else {}
            jobs = arguments.pop("jobs") if for_shows and not has_jobs else arguments.get("jobs")
            hide_typed_credentials(console, arguments.values())
            try:
                if any(selection.values()):
                    from podcast_kit.cli.network_runs import ShowSelection, run_for_network

                    context.exit(run_for_network(console, name, arguments, ShowSelection(**selection, jobs=jobs)))
                if selection and jobs and not has_jobs:
                    raise click.UsageError("--jobs needs --all, --show or --changed")
                function(console, **arguments)
            except PodcastKitError as error:
                _name_show_options(error, context.command)
                console.failure(name, error)
                context.exit(error.exit_code)
            except (KeyboardInterrupt, click.Abort):
                console.clear_progress()
                click.echo("interrupted", err=True)
                context.exit(ExitCode.INTERRUPTED)

        return run_command

    return decorate


SELECTING_OPTIONS = ("all_shows", "show_names", "changed")
"""The options that select shows of a network."""


def _show_options(*, is_used: bool, with_jobs: bool) -> Callable[[Command], Command]:
    """The options that run a command for several shows of a network."""

    def decorate(function: Command) -> Command:
        for option in (
            click.option(
                "--changed", metavar="RANGE", help="Every show that a git range touches, such as origin/main..HEAD."
            ),
            click.option(
                "--show", "show_names", metavar="NAME", multiple=True, help="This show of the network; repeatable."
            ),
            click.option("--all", "all_shows", is_flag=True, help="Every show of the network in the working folder."),
        ):
            function = option(function)
        if with_jobs:
            text = "With --all: N shows at once. [default: the number of processors]"
            function = click.option("--jobs", type=click.IntRange(1), metavar="N", help=text)(function)
        return function

    return decorate if is_used else lambda function: function


def _name_show_options(error: PodcastKitError, run_command: click.Command) -> None:
    """Add the options of this command that choose a show to an error about the folder of a network."""
    from podcast_kit.source.project import NetworkFolderError

    if not isinstance(error, NetworkFolderError):
        return
    options = {name for parameter in run_command.params for name in parameter.opts}
    if run_command.name == "move":
        error.fix = "each show of a network moves on its own: pass its folder with -C"
    if choices := [text for name, text in (("--all", "--all"), ("--show", "--show NAME")) if name in options]:
        error.fix = f"pass {' or '.join(choices)}, or -C with the folder of a show"


def open_show_record(console: Console) -> AbstractContextManager[EpisodeRecord | None]:
    """What the last build made of the episodes of the show in the working folder; None for the network's page."""
    from podcast_kit import builder
    from podcast_kit.cli.work_folders import find_work_folder
    from podcast_kit.source import project as source

    if console.listed_shows is not None:
        return nullcontext()
    folder = source.find_show_folder(working_folder(console))
    return builder.open_episode_record(find_work_folder(folder) or folder)


def load_show(
    console: Console,
    *,
    add_guids: bool = False,
    needs_cover: bool = True,
    keep_going: bool = False,
    record: EpisodeRecord | None = None,
) -> Project:
    """The show in the working folder or above; with `add_guids`, episodes without a guid get one in their file.

    Unless `needs_cover`, a cover that does not exist yet is only a warning. With `keep_going`, episodes with errors are
    left out, and named in the project. Unchanged episodes are taken from the `record`.
    """
    from podcast_kit.cli.work_folders import find_work_folder
    from podcast_kit.source import project as source

    if console.listed_shows is not None:
        show = source.load_network_page(working_folder(console), console.listed_shows, needs_cover=needs_cover)
        return replace(show, work_folder=find_work_folder(show.folder))
    folder = source.find_show_folder(working_folder(console))
    console.folder = folder
    kept = record.readings if record else None
    show = source.load_project(folder, needs_cover=needs_cover, keep_going=keep_going, kept=kept)
    show = replace(show, work_folder=find_work_folder(folder))
    hide_show_secrets(console, show)
    if show.shared_folder and not console.is_of_network:
        from podcast_kit.check.network import refuse_show_conflicts

        refuse_show_conflicts(folder)
    without_guid = [episode for episode in show.episodes if not episode.guid and not episode.draft]
    if not add_guids or not without_guid:
        return show
    if os.environ.get("CI"):
        raise InvalidInput(
            Problem(episode.location_of(), "has no guid", GUID_FIX, "it.guid") for episode in without_guid
        )
    from uuid import uuid4

    from podcast_kit.source import scaffold

    for episode in without_guid:
        scaffold.write_guid(folder, str(episode.path), str(uuid4()))
        console.info(f"{console.relative_path(episode.path)}: added a guid; it identifies the episode from now on")
    show = source.load_project(folder, needs_cover=needs_cover, keep_going=keep_going, kept=kept)
    return replace(show, work_folder=find_work_folder(folder))


def load_show_settings(console: Console) -> Project | None:
    """The show without its episodes; None where podcast.yaml has errors, which loading the whole show reports."""
    from podcast_kit.source import project as source

    try:
        return source.load_settings(source.find_show_folder(working_folder(console)))
    except PodcastKitError:
        return None


def load_settings_only(console: Console) -> Project:
    """The show in the working folder or above, without its episodes and its lock."""
    from podcast_kit.source import project as source

    console.folder = source.find_show_folder(working_folder(console))
    show = source.load_settings(console.folder)
    hide_show_secrets(console, show)
    return show


def working_folder(console: Console) -> Path:
    """The folder that a command runs in; it need not hold a show yet."""
    return (console.folder or Path()).absolute()


def parse_build_date(at: str | None) -> datetime:
    """The time in UTC that `--at` asks for, or the current time. Raises click.BadParameter."""
    now = datetime.now().astimezone()
    if at is None:
        return now.astimezone(UTC)
    date = parse_date_option(at, "--at", now=now.replace(tzinfo=None), default_time=now.time())
    try:
        return date.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of all do not exist in other time zones
        raise click.BadParameter(f"{at!r} does not exist in every time zone", param_hint="--at") from None


def parse_date_option(text: str, option: str, *, now: datetime, default_time: clock_time) -> datetime:
    """An option's date, as typed at `now`; a day without a time gets `default_time`. Raises click.BadParameter."""
    from podcast_kit.text.date_words import DATE_EXAMPLES, parse_typed_date

    date = parse_typed_date(text, now, default_time)
    if date is None:
        raise click.BadParameter(f"{text!r} is not a date (write it as {DATE_EXAMPLES})", param_hint=option)
    return date
