"""Commands for several shows of a network: which shows, one summary, one JSON document, and the worst exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.consents import ask_place_consent, ask_purge_consent
from podcast_kit.cli.console import Console
from podcast_kit.cli.network_records import NetworkRecord
from podcast_kit.cli.options import override_target
from podcast_kit.cli.questions import confirm_action, is_interactive
from podcast_kit.cli.show_runs import ShowResult, ShowTask, run_shows
from podcast_kit.errors import ExitCode, InvalidInput, PodcastKitError, Problem
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import LOCK_FILE, NETWORK_FILE, SHOW_FILE, ListedShow, Progress
from podcast_kit.source.network import NAME_PLACEHOLDER
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.source.network import NetworkShow, ShowNetwork

WORST_LAST = (0, ExitCode.PENDING, ExitCode.FAILED, 2, ExitCode.STORE_ACCESS, ExitCode.CONFLICT, ExitCode.INTERRUPTED)
"""Exit codes of shows; that of the run is the one that comes last here."""
STORE_COMMANDS = ("doctor", "prune", "rollback")
"""Commands that only need the store: they build nothing."""
PAGE_COMMANDS = ("build", "check", "plan", "publish", "status", "verify", *STORE_COMMANDS)
"""Commands that are run for the network's own page, too."""
PAGE_NAME = "(network)"
"""What output calls the network's own page; no folder can have this name in a URL."""
FILE_ARGUMENTS = ("out", "plan_path", "csv_file", "parquet", "html", "mail", "to", "url")
"""Options that shows cannot share, with the words of their flags below."""
FLAGS = {"plan_path": "--plan", "csv_file": "--csv"}
SHOW_ARGUMENTS = ("episodes", "paths", "retag", "remove", "take_back")
"""Arguments that name episodes, which belong to one show."""
QUESTIONS = {"prune": "Delete these files of {}?", "rollback": "Roll back {}?"}
"""What is asked once for all shows, after a dry run."""
MACHINE_FORMATS = ("github", "gitlab")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSelection:
    """The options that say which shows a command is run for."""

    all_shows: bool = False
    show_names: tuple[str, ...] = ()
    changed: str | None = None
    """A range of commits, of which the shows are meant that it touches."""
    jobs: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether only some shows are meant."""
        return bool(self.show_names or self.changed)


def run_for_network(console: Console, command: str, arguments: Mapping[str, Any], selection: ShowSelection) -> int:
    """Run a command for the selected shows of the network in the working folder; returns the worst exit code."""
    record = NetworkRecord(console, command, arguments) if selection.all_shows and not selection.is_narrowed else None
    if record and record.results is not None:
        from podcast_kit.source.network import ShowNetwork

        network = ShowNetwork(folder=console.folder or Path(), has_file=True, title=record.title)
        return _NetworkRun(console, command, dict(arguments), network, (), 1).repeat(record.results)
    from podcast_kit.builder.workers import count_processors

    network = load_selected_network(console)
    if not network.shows:
        raise PodcastKitError(f"{NETWORK_FILE} lists no show", "add a folder below `shows:`")
    shows = select_shows(network, selection)
    _refuse_shared_arguments(command, arguments, shows)
    run = _NetworkRun(console, command, dict(arguments), network, shows, selection.jobs or count_processors())
    run.has_page = not selection.show_names and network.has_page and command in PAGE_COMMANDS
    run.find_conflicts()
    if command == "publish" and not arguments["dry_run"] and not arguments["yes"]:
        return run.publish_after_question()
    is_preview = arguments.get("dry_run") or arguments.get("is_list")
    if command in QUESTIONS and not is_preview and not arguments["yes"]:
        return run.act_after_question(QUESTIONS[command])
    return run.run(record)


def load_selected_network(console: Console) -> ShowNetwork:
    """The network in the working folder, or of the show that it is in."""
    from podcast_kit.cli.app import working_folder
    from podcast_kit.source.network import find_network_folder, load_network
    from podcast_kit.source.project import refuse_folder_of_others

    start = working_folder(console)
    folder = find_network_folder(start)
    if folder and folder != start:
        refuse_folder_of_others(folder, NETWORK_FILE)
    console.folder = folder or start
    return load_network(folder or start)


def select_shows(network: ShowNetwork, selection: ShowSelection) -> tuple[NetworkShow, ...]:
    """The shows that were selected, in the order of shows.yaml. Raises click.BadParameter."""
    from podcast_kit.source.yaml import suggest_name

    names = {name for show in network.shows for name in (show.name, show.path)}
    for name in selection.show_names:
        if name.rstrip("/") not in names:
            shown_names = names if "/" in name else {show.name for show in network.shows}
            text = f"no show {name!r} ({suggest_name(name, shown_names)})"
            raise click.BadParameter(text, param_hint="--show")
    wanted_names = {name.rstrip("/") for name in selection.show_names}
    shows = tuple(
        show for show in network.shows if not wanted_names or show.name in wanted_names or show.path in wanted_names
    )
    return shows if selection.changed is None else _select_changed(network, shows, selection.changed)


def _select_changed(network: ShowNetwork, shows: Sequence[NetworkShow], commits: str) -> tuple[NetworkShow, ...]:
    """The shows whose files, or files that they share, differ between two commits."""
    from podcast_kit.source.git_history import list_changed_files

    paths = list_changed_files(network.folder, commits)
    if paths is None:
        text = f"git cannot compare {commits!r}"
        fix = "pass a range such as origin/main..HEAD; in CI, check out with the whole history (fetch-depth: 0)"
        raise PodcastKitError(text, fix)
    is_shared = any(path == NETWORK_FILE or path.startswith("templates/") for path in paths)
    has_new_titles = bool(network.podroll) and any(path.endswith(f"/{SHOW_FILE}") for path in paths)
    if network.has_file and (is_shared or has_new_titles):
        return tuple(shows)
    return tuple(show for show in shows if any(f"{path}/".startswith(f"{show.path}/") for path in paths))


def _refuse_shared_arguments(command: str, arguments: Mapping[str, Any], shows: Sequence[NetworkShow]) -> None:
    """A usage error for options that several shows cannot share: one file or one place for all."""
    if len(shows) < 2:  # noqa: PLR2004
        return
    for name in SHOW_ARGUMENTS:
        if arguments.get(name) and not (command == "publish" and arguments[name] == ("all",)):
            text = f"{', '.join(map(str, arguments[name]))}: episodes belong to one show"
            raise click.UsageError(f"{text}; select it with --show NAME")
    if arguments.get("number") is not None:
        raise click.UsageError(f"{arguments['number']}: saved feeds belong to one show; select it with --show NAME")
    for name in FILE_ARGUMENTS:
        value = None if (command, name) == ("stats", "url") else arguments.get(name)  # it is that of ClickHouse
        if isinstance(value, str | Path) and str(value) and NAME_PLACEHOLDER not in str(value):
            flag = FLAGS.get(name, f"--{name}")
            text = f"{flag} {value} would be the same for {len(shows)} shows"
            raise click.UsageError(f"{text}; put {NAME_PLACEHOLDER} in it, which becomes the name of each show")


def find_worst_exit(codes: Sequence[int]) -> int:
    """The worst of some exit codes."""
    return max(codes, key=lambda code: WORST_LAST.index(code) if code in WORST_LAST else len(WORST_LAST), default=0)


class _NetworkRun:
    """One command for some shows of a network, and for its page."""

    def __init__(
        self,
        console: Console,
        command: str,
        arguments: dict[str, Any],
        network: ShowNetwork,
        shows: Sequence[NetworkShow],
        jobs: int,
    ) -> None:
        self.console, self.command, self.arguments = console, command, arguments
        self.network, self.shows, self.jobs = network, tuple(shows), jobs
        self.jobs_per_show = max(1, jobs // max(1, min(jobs, len(self.shows))))
        """Processes of each show: few shows have more of them."""
        self.has_page = False
        self.problems: dict[str, list[Problem]] = {}
        """What is wrong with shows as parts of the network, by name; with its page under an empty name."""
        self.shown_count = 0
        self.is_machine_format = self._find_machine_format()

    def _find_machine_format(self) -> bool:
        """Whether what shows print on stdout is read by a program: no prefix may come before it."""
        from podcast_kit.cli import ci_reports

        output_format = self.arguments.get("output_format")
        is_default = self.command == "check" and not output_format and ci_reports.is_github_actions()
        return output_format in MACHINE_FORMATS or is_default or bool(self.arguments.get("events"))

    def find_conflicts(self) -> None:
        """Find shows that would overwrite each other."""
        from podcast_kit.check.network import find_show_conflicts

        self.problems = find_show_conflicts(self.network)

    def run(self, record: NetworkRecord | None = None) -> int:
        """Run the command for every show, then for the page; print all of it, and leave it to the record."""
        self._ask_consents()
        results = self._run_shows(self.command, self.arguments)
        results += self._run_page(results, self.arguments) if results else []
        exit_code = self._print_results(results)
        if record and self.has_page:
            record.save(results, self.network.title)
        return exit_code

    def repeat(self, results: Sequence[ShowResult]) -> int:
        """Print results of an earlier run as `run` does."""
        for result in results:
            self._print_output(result)
        return self._print_results(results)

    def publish_after_question(self) -> int:
        """Show the plans of all shows, ask once, and publish exactly these plans."""
        if not is_interactive():
            confirm_action("Publish?", "pass --yes, or preview with `podcast-kit plan --all`", yes=False)
        self._ask_consents()
        planned = self._run_shows("publish", self.arguments | {"dry_run": True})
        planned += self._run_page(planned, self.arguments | {"dry_run": True})
        with_plans = [result for result in planned if result.plan]
        if not with_plans:
            self.console.info("nothing to publish")
            return self._print_results(planned)
        self._print_table(planned)
        confirm_action(f"Publish {format_count(len(with_plans), 'show')}?", yes=False)
        with TemporaryFolder() as folder:
            for number, result in enumerate(with_plans):
                Path(folder, str(number)).write_bytes(result.plan)
            plans = {result.name: Path(folder, str(number)) for number, result in enumerate(with_plans)}
            results = self._run_shows("publish", self.arguments, plans)
            page = self._run_page([*results, *_unplanned(planned, plans)], self.arguments, plans)
        done = {result.name for result in (*results, *page)}
        kept = [result for result in planned if result.name not in done]
        return self._print_results([*results, *page, *kept])

    def act_after_question(self, question: str) -> int:
        """Show what would be done for all shows, ask once, and do it where there is something to do."""
        if not is_interactive():
            fix = f"pass --yes, or preview with `podcast-kit {self.command} --all --dry-run`"
            confirm_action(question.format("these shows"), fix, yes=False)
        self._ask_consents()
        preview = self.arguments | {"dry_run": True}
        previews = self._run_shows(self.command, preview)
        previews += self._run_page(previews, preview)
        names = {result.name for result in previews if result.has_changes}
        if not names:
            return self._print_results(previews)
        self._print_table(previews)
        confirm_action(question.format(format_count(len(names), "show")), yes=False)
        confirmed = self.arguments | {"yes": True}
        results = self._run_shows(self.command, confirmed, names=names)
        results += self._run_page(results, confirmed) if PAGE_NAME in names else []
        return self._print_results([*results, *(result for result in previews if result.name not in names)])

    def _run_shows(
        self,
        command: str,
        arguments: Mapping[str, Any],
        plans: Mapping[str, Path] | None = None,
        names: Collection[str] | None = None,
    ) -> list[ShowResult]:
        """Run a command for every show, or for those that have a plan; each is printed when it and those before end.

        With `names` only for these.
        """
        tasks = [
            self._make_task(show, command, arguments, plans)
            for show in self.shows
            if (plans is None or show.name in plans) and (names is None or show.name in names)
        ]
        self.shown_count = 0
        self._show_progress(len(tasks))

        def show_result(result: ShowResult) -> None:
            self.shown_count += 1
            self._print_output(result)
            self._show_progress(len(tasks))

        results = run_shows(tasks, self.jobs, show_result, self._print_event)
        self.console.clear_progress()
        return results

    def _make_task(
        self, show: NetworkShow, command: str, arguments: Mapping[str, Any], plans: Mapping[str, Path] | None
    ) -> ShowTask:
        filled = {key: _fill_name(value, show.name) for key, value in arguments.items()}
        if plans:
            filled["plan_path"] = plans[show.name]
        problems = (*show.problems, *self.problems.get(show.name, ()))
        return ShowTask(
            name=show.name,
            folder=self.network.folder if problems else show.folder,
            command=command,
            arguments=filled,
            as_json=self.console.as_json or filled.get("output_format") == "json",
            quiet=self.console.quiet,
            verbose=self.console.verbose,
            jobs=self.jobs_per_show,
            is_live=bool(filled.get("events")) and not self.console.as_json,
            is_listed=self.has_page and command != "check",
            problems=problems,
        )

    def _run_page(
        self, results: Sequence[ShowResult], arguments: Mapping[str, Any], plans: Mapping[str, Path] | None = None
    ) -> list[ShowResult]:
        """Run the command for the network's own page, if it has one."""
        if not self.has_page or (plans is not None and PAGE_NAME not in plans):
            return []
        listed, missing = self._list_shows(
            results, only_published=self.command == "publish" and not arguments["dry_run"]
        )
        if missing and self.command in {"plan", "publish"}:
            line = f"not {'planned' if self.command == 'plan' else 'published'}, for it needs {', '.join(missing)}"
            self.console.info(f"{PAGE_NAME}: {line}")
            return [ShowResult(name=PAGE_NAME, exit_code=int(ExitCode.FAILED), summary=line)]
        filled = {key: _fill_name(value, "network") for key, value in arguments.items()}
        task = ShowTask(
            name=PAGE_NAME,
            folder=self.network.folder,
            command=self.command,
            arguments=filled | ({"plan_path": plans[PAGE_NAME]} if plans else {}),
            as_json=self.console.as_json,
            quiet=self.console.quiet,
            verbose=self.console.verbose,
            is_live=bool(filled.get("events")) and not self.console.as_json,
            listed=tuple(listed),
            problems=tuple(self.problems.get("", ())),
        )
        return run_shows([task], 1, self._print_output, self._print_event)

    def _list_shows(self, results: Sequence[ShowResult], *, only_published: bool) -> tuple[list[ListedShow], list[str]]:
        """What the page says of each show, and the names of the shows of which that is not known."""
        if self.command in {"check", *STORE_COMMANDS}:  # what they do for the page does not depend on episodes
            return self._list_identities(), []
        by_name = {result.name: result.listed for result in results}
        others = [
            ShowTask(
                name=show.name,
                folder=show.folder,
                command="build",
                arguments=LISTING_ARGUMENTS,
                as_json=True,
                quiet=True,
                jobs=1,
                is_listed=True,
            )
            for show in self.network.shows
            if not by_name.get(show.name)
            and not show.problems
            and show.name not in self.problems
            and show.name not in by_name
        ]
        by_name |= {result.name: result.listed for result in run_shows(others, self.jobs)}
        names = [show.name for show in self.network.shows]
        listed = [replace(row, name=name) for name in names if (row := by_name.get(name))]
        if only_published:
            folders = {show.name: show.folder for show in self.network.shows}
            listed = [_without_unpublished(row, folders[row.name]) for row in listed]
        conflicting = {result.name for result in results if result.exit_code == ExitCode.CONFLICT}
        return listed, [name for name in names if not by_name.get(name) or name in conflicting]

    def _list_identities(self) -> list[ListedShow]:
        """What the network's feed says of each show, without building any."""
        from podcast_kit.source.network import read_identity

        identities = [read_identity(self.network, show) for show in self.network.shows if not show.problems]
        return [
            ListedShow(
                name=identity.name,
                title=identity.title,
                description="",
                author="",
                language="",
                url=identity.url,
                feed_url=identity.feed_url,
                guid=identity.feed_guid,
            )
            for identity in identities
            if identity and identity.feed_url
        ]

    def _ask_consents(self) -> None:
        """Ask for each show what it may do outside of its folder: the processes of the shows cannot ask."""
        if not is_interactive() or self.command not in {"publish", "plan", "status", "announce", *STORE_COMMANDS}:
            return
        from podcast_kit.source.project import load_settings

        target = {key: self.arguments[key] for key in ("to", "endpoint", "url", "allow_place") if key in self.arguments}
        for show in self.shows:
            try:
                project = load_settings(show.folder)
            except PodcastKitError:
                continue  # its own process reports that
            project = override_target(project, **{key: _fill_name(value, show.name) for key, value in target.items()})
            ask_place_consent(project)
            if self.command == "publish" and not self.arguments["dry_run"]:
                ask_purge_consent(self.console, project.show.publish, project.folder)

    def _show_progress(self, count: int) -> None:
        if self.shown_count < count:
            self.console.progress(Progress(self.command, "shows", self.shown_count, count))

    def _print_output(self, result: ShowResult) -> None:
        """Print what a show printed, each line after its name, unless a program reads it."""
        self.console.clear_progress()
        if self.console.as_json:
            return
        for is_stderr, text in result.output:
            if is_stderr or not self.is_machine_format:
                for line in text.splitlines():
                    is_command = line.startswith("::")  # of GitHub, which must begin the line
                    click.echo(line if is_command else f"{result.name}: {line}".rstrip(), err=is_stderr)
            elif self.arguments.get("events"):
                for line in text.splitlines():
                    self._print_event(result.name, line)
            elif self.arguments.get("output_format") != "gitlab":
                click.echo(text, nl=False)

    def _print_event(self, name: str, line: str) -> None:
        """Print an event of a show, while the show may still run."""
        self.console.raw(json.dumps({"show": name, **json.loads(line)}, ensure_ascii=False))
        sys.stdout.flush()

    def _print_results(self, results: Sequence[ShowResult]) -> int:
        """Print the summary of all shows, or the one document; returns the worst exit code."""
        exit_code = find_worst_exit([result.exit_code for result in results])
        if self.arguments.get("output_format") == "gitlab":
            rows = [row for result in results for row in json.loads(result.text(is_stderr=False) or "[]")]
            self.console.raw(json.dumps(rows, indent=2, ensure_ascii=False))
        if self.console.as_json:
            self.console.document(
                self.command,
                network=self.network.title or None,
                exit=exit_code,
                shows=[
                    {
                        "show": None if result.name == PAGE_NAME else result.name,
                        "exit": result.exit_code,
                        "summary": result.summary,
                        "document": _parse_document(result.text(is_stderr=False)),
                    }
                    for result in results
                ],
            )
        self._print_table(results)
        return exit_code

    def _print_table(self, results: Sequence[ShowResult]) -> None:
        """A line for each show: its name, the outcome, and the exit code where it is not 0."""
        if not results:
            self.console.info("no show was changed")
            return
        width = max(len(result.name) for result in results)
        failed_names = {result.name for result in results if result.exit_code not in {0, ExitCode.PENDING}}
        failed = len(failed_names - {PAGE_NAME})
        more = "; the network's page failed" if PAGE_NAME in failed_names else ""
        lines = [
            f"{'ok    ' if result.exit_code in {0, ExitCode.PENDING} else 'FAILED'}  {result.name:<{width}}  "
            f"{result.summary}{f'  (exit {result.exit_code})' if result.exit_code else ''}".rstrip()
            for result in results
        ]
        show_count = sum(result.name != PAGE_NAME for result in results)
        counts = f"{format_count(show_count, 'show')}, {f'{failed} failed' if failed else 'all ok'}{more}"
        for line in [*lines, counts]:
            self.console.info(line)


LISTING_ARGUMENTS: dict[str, Any] = {"at": None, "retag": (), "url": None, "allow_place": (), "jobs": None}
"""Those of the build of a show that is only listed on the network's page."""


def _unplanned(planned: Sequence[ShowResult], plans: Mapping[str, Path]) -> list[ShowResult]:
    """The results of shows that have nothing to publish."""
    return [result for result in planned if result.name not in plans]


def _without_unpublished(listed: ListedShow, folder: Path) -> ListedShow:
    """A show as it is live: only with the episodes that podcast.lock has."""
    from podcast_kit.source.lock import read_lock

    try:
        guids = {entry.guid for entry in read_lock(folder / LOCK_FILE)}
    except InvalidInput:
        guids = set()
    return replace(listed, episodes=tuple(episode for episode in listed.episodes if episode.guid in guids))


def _fill_name(value: Any, name: str) -> Any:  # noqa: ANN401  # an argument of a command
    """A path or text with the name of a show."""
    if isinstance(value, str) and NAME_PLACEHOLDER in value:
        return value.replace(NAME_PLACEHOLDER, name)
    if isinstance(value, Path) and NAME_PLACEHOLDER in str(value):
        return Path(str(value).replace(NAME_PLACEHOLDER, name.replace("/", "-")))
    return value


def _parse_document(text: str) -> object:
    """The JSON document that a show printed; None where it printed none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
