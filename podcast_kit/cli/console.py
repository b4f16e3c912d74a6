"""What the command line shows: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import click

from podcast_kit.cli import report
from podcast_kit.errors import OperationError, SourceLocation, PodcastKitError, Problem, Severity
from podcast_kit.io import atomic_write
from podcast_kit.model import Progress

SCHEMA = 1
"""Version of every JSON document on stdout; keys are added, never renamed."""
LINES = 10.0
"""Seconds between lines of progress where nobody watches, as in CI."""
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.HINT: "cyan"}


@dataclass(slots=True)
class Console:
    """One command's voice."""

    folder: Path | None = None
    """`-C DIR`; None for the working folder."""
    as_json: bool = False
    quiet: bool = False
    drawn: bool = False
    """A progress line stands on the terminal and wants clearing."""
    waited: float = -inf
    """When a line last said who is waited for."""

    def say(self, text: str = "") -> None:
        """The thing that was asked for; silent when a program asked for JSON."""
        self.clear()
        if not self.as_json:
            self.give(text)

    def give(self, text: str) -> None:
        """A line for whoever reads stdout; raises Failed where it cannot be written."""
        try:
            click.echo(text)
        except BrokenPipeError:
            raise  # as of `| head`, which has read enough
        except OSError as error:
            raise atomic_write.unwritten(error, "stdout") from error

    def note(self, text: str) -> None:
        """For people, beside the result."""
        self.clear()
        if not self.quiet:
            click.echo(text, err=True)

    def document(self, command: str, problems: Iterable[Problem] = (), **content: Any) -> None:  # noqa: ANN401
        """The one JSON document of a command."""
        if self.as_json:
            self.clear()
            body = {"schema": SCHEMA, "command": command, **content, "problems": [_plain(one) for one in problems]}
            self.give(json.dumps(body, indent=2, default=str, ensure_ascii=False))

    def problems(self, problems: Iterable[Problem]) -> None:
        """One line a fault on stderr, with the path as it is seen from here."""
        self.clear()
        for problem in problems:
            if self.quiet and problem.severity is not Severity.ERROR:
                continue
            seen = replace(problem, location=replace(problem.location, path=self.seen(problem.location.path)))
            if report.annotating():
                click.echo(report.github(seen), err=True)
                continue
            word = click.style(str(problem.severity), fg=COLOURS[problem.severity], bold=True)
            click.echo(str(seen).replace(f": {problem.severity}: ", f": {word}: ", 1), err=True)

    def failure(self, command: str, error: PodcastKitError) -> None:
        """What went wrong, every fault of it."""
        self.clear()
        with suppress(OperationError):  # what is said below is no less true
            self.document(command, error.problems, error=error.text, hint=error.fix)
        if error.problems:
            self.problems(error.problems)
            return
        if report.annotating():
            click.echo(report.github(Problem(SourceLocation(""), error.text, error.fix, f"podcast-kit {command}")), err=True)
            return
        click.echo(f"{click.style('error', fg='red', bold=True)}: {error.text}", err=True)
        if error.fix:
            click.echo(f"  {error.fix}", err=True)

    def step(self, step: Progress) -> None:
        """Draw progress on a terminal, silent anywhere else; what was done to a recording stays to be read."""
        if step.stage == "mastered":
            self.note(step.subject)
            return
        if self.quiet or not sys.stderr.isatty():
            return
        count = f" {step.done}/{step.total}" if step.total else ""
        line = f"{step.stage}{count} {step.subject}"
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # some do not know their own
        click.echo("\r\x1b[K" + line[: width - 1], err=True, nl=False)
        self.drawn = True

    def waiting(self, host: str) -> None:
        """Somebody is long in answering: on a terminal at once, elsewhere in a line now and then."""
        if sys.stderr.isatty():
            self.step(Progress("waiting for", host))
        elif time.monotonic() - self.waited >= LINES:
            self.waited = time.monotonic()
            self.note(f"waiting for {host}")

    def clear(self) -> None:
        """Take the progress line away."""
        if self.drawn:
            click.echo("\r\x1b[K", err=True, nl=False)
            self.drawn = False

    def seen(self, path: str) -> str:
        """A path of the show as it is reached from the working folder."""
        if self.folder is None or not path or Path(path).is_absolute() or "://" in path:
            return path
        return os.path.relpath(self.folder / path)


def _plain(problem: Problem) -> Mapping[str, Any]:
    place = asdict(problem.location)
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "file": place["path"],
        "line": place["line"] or None,
        "column": place["column"] or None,
        "message": problem.text,
        "fix": problem.fix,
    }
