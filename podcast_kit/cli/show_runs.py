"""Runs a command for several shows, each as if it was alone, on a pool of processes.

A show's output is captured in its process and printed as a block, so that the lines of shows never mix; only events
for programs are passed on at once.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.console import Console, list_typed
from podcast_kit.cli.live_lines import MAX_ATOMIC_WRITE, LiveLines, LiveStream
from podcast_kit.errors import ExitCode, PodcastKitError, Problem
from podcast_kit.io.worker_processes import blocked_interrupts

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

    from podcast_kit.model import ListedShow

USAGE_EXIT = 2
MAX_RUNS_OF_A_TASK = 2
"""How often a show is started whose process ended, for other processes may have taken it along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTask:
    """A command for one show, as a value that another process can take."""

    name: str
    """Of the show in the network."""
    folder: Path
    command: str
    arguments: Mapping[str, Any]
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    jobs: int = 1
    """How many of its episodes are built at once."""
    is_live: bool = False
    """Whether the lines on stdout are passed on while the command runs."""
    is_listed: bool = False
    """Whether the network's page needs what the show lists there."""
    listed: tuple[ListedShow, ...] | None = None
    """For the network's own page: its shows as they were built. None for a show."""
    problems: tuple[Problem, ...] = ()
    """Why the show cannot be used; its command is then not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowResult:
    """What a command did for one show."""

    name: str
    exit_code: int
    output: tuple[tuple[bool, str], ...] = ()
    """What it printed, in order: whether to stderr, and the text."""
    summary: str = ""
    """The outcome in a line."""
    is_repeatable: bool = False
    """Whether it would do and print the same, while no file changes, before `until`."""
    until: float | None = None
    """Seconds since 1970; None for ever."""
    listed: ListedShow | None = None
    plan: bytes = b""
    """The saved plan of a dry run; empty if there is nothing to publish."""
    has_changes: bool = False
    """Whether a dry run of another command found something to do."""

    def text(self, *, is_stderr: bool) -> str:
        """What it printed to one of the two streams."""
        return "".join(text for of_stderr, text in self.output if of_stderr is is_stderr)


class _CapturedStream(io.TextIOBase):
    """One of the two streams of a command, written to a list that both share."""

    encoding = "utf-8"

    def __init__(self, output: list[tuple[bool, str]], *, is_stderr: bool) -> None:
        super().__init__()
        self._output = output
        self._is_stderr = is_stderr

    def write(self, text: str) -> int:
        """Keep the text; raises TypeError for bytes, by which Click knows a stream of text."""
        if not isinstance(text, str):
            raise TypeError("a stream of text")
        if self._output and self._output[-1][0] is self._is_stderr:
            self._output[-1] = (self._is_stderr, self._output[-1][1] + text)
        else:
            self._output.append((self._is_stderr, text))
        return len(text)

    def writable(self) -> bool:
        """As a stream of a terminal."""
        return True


def run_task(task: ShowTask) -> ShowResult:
    """Run the command of a task in this process, with its output captured."""
    from podcast_kit.cli.app import COMMAND_FUNCTIONS, cli

    output: list[tuple[bool, str]] = []
    console = Console(
        folder=task.folder,
        typed=list_typed(task.arguments.values()),
        as_json=task.as_json,
        quiet=task.quiet,
        verbose=task.verbose,
        is_of_network=True,
        jobs=task.jobs,
        is_listed=task.is_listed,
        listed_shows=task.listed,
    )
    captured, errors = _CapturedStream(output, is_stderr=False), _CapturedStream(output, is_stderr=True)
    live = LiveStream(_LIVE_SENDERS[-1], task.name, captured) if task.is_live and _LIVE_SENDERS else None
    with redirect_stdout(live or captured), redirect_stderr(errors):
        if task.problems:
            from podcast_kit.errors import InvalidInput

            console.failure(task.command, InvalidInput(task.problems))
            exit_code = int(ExitCode.FAILED)
        else:
            command = cli.commands[task.command]
            exit_code = _call_command(console, command, COMMAND_FUNCTIONS[task.command], task.arguments)
    if live:
        live.finish()
    return ShowResult(
        name=task.name,
        exit_code=exit_code,
        output=tuple(output),
        summary=console.mask(console.summary),
        is_repeatable=console.is_repeatable,
        until=console.until,
        listed=console.listed_show,
        plan=console.saved_plan,
        has_changes=console.has_changes,
    )


def _call_command(
    console: Console, command: click.Command, function: Callable[..., Any], arguments: Mapping[str, Any]
) -> int:
    """The exit code of a command, which prints its errors as it does alone."""
    with click.Context(command, info_name=command.name) as context:
        context.color = False if os.environ.get("NO_COLOR") else None
        try:
            function(console, **arguments)
        except click.exceptions.Exit as ended:
            return ended.exit_code
        except PodcastKitError as error:
            console.failure(command.name or "", error)
            console.summary = error.text
            return int(error.exit_code)
        except click.UsageError as error:
            click.echo(f"error: {error.format_message()}", err=True)
            console.summary = error.format_message()
            return USAGE_EXIT
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            console.summary = "interrupted"
            return int(ExitCode.INTERRUPTED)
        except Exception as error:  # noqa: BLE001  # a bug, which must not stop the other shows
            click.echo(console.mask(traceback.format_exc()), err=True)
            console.summary = f"failed: {type(error).__name__}"
            return int(ExitCode.FAILED)
    return 0


def run_tasks(
    tasks: Sequence[ShowTask],
    executor: Executor,
    on_result: Callable[[ShowResult], None] = lambda _: None,
    on_submitted: Callable[[], None] = lambda: None,
) -> list[ShowResult]:
    """Run tasks on an executor; `on_result` gets each result, in the order of the tasks.

    `on_submitted` is called when the processes of the executor have been started.

    Where the executor breaks, as when a process is killed, what it has not finished is in the results without output
    and with `RESTART_EXIT`: `run_shows` starts it again.
    """
    with blocked_interrupts():  # where processes are forked, that happens here
        futures = [executor.submit(run_task, task) for task in tasks]
    on_submitted()
    results: list[ShowResult] = []
    try:
        for task, future in zip(tasks, futures, strict=True):
            result = _wait_for_result(task, future)
            results.append(result)
            if result.exit_code != RESTART_EXIT:
                on_result(result)
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    return results


RESTART_EXIT = -1
"""The exit code of a task whose process ended before it was finished."""


def _wait_for_result(task: ShowTask, future: Future[ShowResult]) -> ShowResult:
    try:
        return future.result()
    except BrokenProcessPool:
        return ShowResult(name=task.name, exit_code=RESTART_EXIT)


def run_shows(
    tasks: Sequence[ShowTask],
    jobs: int,
    on_result: Callable[[ShowResult], None] = lambda _: None,
    on_line: Callable[[str, str], None] = lambda _name, _line: None,
) -> list[ShowResult]:
    """Run tasks on up to `jobs` processes, and start those again whose process was killed; in the order of the tasks.

    A task whose process ends twice has failed. `on_line` gets the name and each line of live tasks, from a thread.
    """
    if not tasks:
        return []
    live_lines = LiveLines(on_line) if MAX_ATOMIC_WRITE and any(task.is_live for task in tasks) else None
    try:
        return _run_in_pools(tasks, jobs, on_result, live_lines)
    finally:
        if live_lines:
            live_lines.close()


def _run_in_pools(
    tasks: Sequence[ShowTask], jobs: int, on_result: Callable[[ShowResult], None], live_lines: LiveLines | None
) -> list[ShowResult]:
    sender = live_lines.sender if live_lines else None
    with _open_pool(min(jobs, len(tasks)), sender) as executor:
        results = run_tasks(tasks, executor, on_result, live_lines.start if live_lines else lambda: None)
    for index, task in enumerate(tasks):
        if results[index].exit_code == RESTART_EXIT:
            with _open_pool(1, sender) as executor:  # alone, so that it is clear whose process ends
                [result] = run_tasks([task], executor)
            if result.exit_code == RESTART_EXIT:
                text = "error: its process ended before it was finished, twice\n"
                result = replace(
                    result, exit_code=int(ExitCode.FAILED), output=((True, text),), summary="its process was killed"
                )
            results[index] = result
            on_result(result)
    return results


@contextmanager
def _open_pool(jobs: int, sender: Connection | None) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes, which end when this process does, however it does; live lines go to `sender`."""
    executor = ProcessPoolExecutor(jobs, mp_context=_choose_context(), initializer=_begin_process, initargs=(sender,))
    try:
        yield executor
    except BaseException:  # such as Ctrl-C, which only reaches this process where it has no terminal
        executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()  # a publish may be killed at any time; one that is asked to end could wait for others
        raise
    executor.shutdown(wait=True)


def _choose_context() -> BaseContext:
    """How processes are started: as copies of this one where that is safe, for they need to import nothing then."""
    return multiprocessing.get_context("fork" if is_fork_safe() else "spawn")


def is_fork_safe() -> bool:
    """Whether a copy of this process can go on: no other thread can hold a lock that it would wait for."""
    return sys.platform == "linux" and threading.active_count() == 1


_LIVE_SENDERS: list[Connection] = []
"""In a process for shows: where its live lines go; empty without live shows."""


def _begin_process(sender: Connection | None) -> None:
    if sender:
        _LIVE_SENDERS.append(sender)
    _follow_parent()


def _follow_parent() -> None:
    """End this process when the one that started it has ended: it would wait for work forever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_for_end() -> None:
        connection.wait([parent.sentinel])
        os._exit(int(ExitCode.FAILED))

    threading.Thread(target=wait_for_end, daemon=True).start()
