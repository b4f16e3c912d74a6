"""Finds out that a command for all shows of a network would do what it did last time, before any show is read.

Only a run that changed nothing is recorded, with what it printed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.cli import ci_reports
from podcast_kit.cli.last_runs import digest_program
from podcast_kit.cli.show_runs import ShowResult
from podcast_kit.io.bound_folder import open_own_folder
from podcast_kit.io.file_stamps import TICK_NS, list_outputs, stamp_network, stamp_outputs
from podcast_kit.io.last_run import (
    DAMAGES,
    LastRun,
    digest_outputs,
    has_unchanged_outputs,
    read_last_run,
    write_last_run,
)

if TYPE_CHECKING:
    from podcast_kit.cli.console import Console

CACHE_FOLDER, NETWORK_FILE = ".podcast-kit", "shows.yaml"
RECORDED_COMMANDS = ("build", "check")
USUAL_ARGUMENTS = frozenset({"jobs", "newest"})
"""Arguments that change nothing of what is recorded."""
TERMINAL_VARIABLES = ("NO_COLOR", "FORCE_COLOR")


class NetworkRecord:
    """What the last run for a network printed, where nothing has changed since; and what this one leaves behind."""

    def __init__(self, console: Console, command: str, arguments: Mapping[str, Any]) -> None:
        self.results: list[ShowResult] | None = None
        """Of the last run; None where the command has to be run again."""
        self.title = ""
        self._command = command
        self._started_ns = time.time_ns()
        folder = (console.folder or Path()).absolute()
        is_usual = not any(value for name, value in arguments.items() if name not in USUAL_ARGUMENTS)
        is_possible = (
            command in RECORDED_COMMANDS
            and is_usual
            and os.name != "nt"
            and not ci_reports.is_github_actions()
            and not ci_reports.is_pull_request()
            and ".." not in folder.parts
            and (folder / NETWORK_FILE).is_file()
        )
        self._folder = folder if is_possible else None
        if self._folder is None:
            return
        terminal = [os.environ.get(name) for name in TERMINAL_VARIABLES]
        output = (console.as_json, console.quiet, console.verbose, str(console.folder), Path.cwd(), terminal)
        self._program = digest_program(folder, command, output)
        self._stamps = stamp_network(folder, self._started_ns)
        with suppress(OSError, *DAMAGES):
            self._look_back(folder)

    def _look_back(self, folder: Path) -> None:
        with open_own_folder(folder / CACHE_FOLDER) as own_folder:
            last_run = read_last_run(own_folder) if own_folder else None
            if own_folder is None or last_run is None or self._stamps is None:
                return
            now = self._started_ns / 1e9
            if not last_run.holds(self._program, self._stamps[0], now) or not has_unchanged_outputs(
                own_folder, folder, last_run.outputs
            ):
                return
            row = last_run.results[self._command]
            results = [_result_from_json(result) for result in row["shows"]]
            self.title, self.results = str(row["title"]), results

    def save(self, results: Sequence[ShowResult], title: str) -> None:
        """Leave results to the next run, if this one has changed nothing."""
        if self._folder is None or self._stamps is None or not all(map(self._is_recorded, results)):
            return
        sources, build_folders = self._stamps
        paths: list[bytes] = []
        for build_folder in filter(Path.is_dir, build_folders):
            names = list_outputs(build_folder)
            if names is None:
                return
            prefix = os.fsencode(build_folder.relative_to(os.path.realpath(self._folder)))
            paths += [prefix + b"/" + name for name in names]
        if not paths:
            return
        joined_paths = b"\0".join(paths)
        stamps, newest = stamp_outputs(self._folder, joined_paths)
        if newest >= self._started_ns - TICK_NS:  # another run may have written it from other sources
            return
        record = LastRun(
            program=self._program,
            sources=sources,
            since=self._started_ns / 1e9,
            until=min((result.until for result in results if result.until), default=None),
            outputs=digest_outputs(stamps, joined_paths),
            results={self._command: {"title": title, "shows": [_result_to_json(result) for result in results]}},
        )
        with suppress(OSError), open_own_folder(self._folder / CACHE_FOLDER) as own_folder:
            if own_folder:  # the network's page has one
                write_last_run(own_folder, record, joined_paths)

    def _is_recorded(self, result: ShowResult) -> bool:
        is_done = result.exit_code == 0 and result.is_repeatable
        return is_done and (self._command == "check" or result.summary.endswith("nothing changed"))


def _result_to_json(result: ShowResult) -> dict[str, Any]:
    return {"name": result.name, "exit": result.exit_code, "summary": result.summary, "output": result.output}


def _result_from_json(row: Any) -> ShowResult:  # noqa: ANN401  # JSON
    """The result of `_result_to_json`. Raises ValueError, TypeError or KeyError for anything else."""
    return ShowResult(
        name=str(row["name"]),
        exit_code=int(row["exit"]),
        summary=str(row["summary"]),
        output=tuple((bool(is_stderr), str(text)) for is_stderr, text in row["output"]),
    )
