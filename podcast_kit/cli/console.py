"""What the command line prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli import ci_reports
from podcast_kit.errors import OperationError, PodcastKitError, Problem, Severity, SourceLocation

if TYPE_CHECKING:
    from podcast_kit.model import ListedShow, Progress

JSON_SCHEMA = 1
"""Version of every JSON document on stdout; keys are added, never renamed."""
LOG_INTERVAL_S = 10.0
"""Between lines of progress where stderr is not a terminal, as in CI."""
DEFAULT_TERMINAL_WIDTH = 80
AUDIO_STAGES = frozenset({"measure", "limit", "encode", "verify", "decode"})
"""Stages whose progress is counted in seconds of audio, and shown in percent."""
TERMINAL_CONTROLS = re.compile(
    r"\x1b(?!\[(?:0|1|31|32|33|36)m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
"""What text from a file could do to a terminal: move the cursor, set the title, hide text, show it in another order.

The colors of our own messages are allowed: they can neither hide text nor change it.
"""
LINE_BREAKS = re.compile(r"[ \t]*[\r\n\v\f\x85\u2028\u2029]+[ \t]*")
WORKFLOW_COMMANDS = re.compile(r"^(\s*)(?=::)|#(?=#\[)", re.MULTILINE)
"""What GitHub takes for a workflow command, such as one that ends masking: `::` at the start of a line, or `##[`."""
SEVERITY_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.HINT: "cyan"}


SECRET_ADDRESS = re.compile(r"((?:private|media)/)[a-z2-7]{32}(?![a-z2-7])")
"""The address of a private feed or of a file for members: letters and digits of a keyed digest."""


@dataclass(slots=True)
class Console:
    """The output of one command."""

    folder: Path | None = None
    """`-C DIR`; None for the working folder."""
    typed: frozenset[str] = frozenset()
    """Arguments of the command line; paths among them are relative to the working folder already."""
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    """Show every detail instead of a summary."""
    progress_len: int = 0
    """Characters of the progress line on the terminal, which must be cleared first; 0 where there is none."""
    last_wait_logged_at: float = -inf
    """When a line last said which host is slow."""
    jobs: int | None = None
    """How many episodes are built at once, where the command runs beside others; None if it decides itself."""
    is_of_network: bool = False
    """Whether the command is run for several shows, of which some may not need it."""
    is_listed: bool = False
    """Whether the network's page needs `listed_show`."""
    is_repeatable: bool = False
    """Whether the command would do and print the same, while no file changes, before `until`."""
    until: float | None = None
    """Seconds since 1970; None for ever."""
    summary: str = ""
    """The outcome in a line, for the table of several shows."""
    listed_show: ListedShow | None = None
    """What the network's page says of the show, once it is built."""
    listed_shows: tuple[ListedShow, ...] | None = None
    """The shows of the network, where the command is run for its own page instead of a show."""
    saved_plan: bytes = b""
    has_changes: bool = False
    """The plan of a dry run, to be carried out after a question; empty where there is nothing to publish."""
    masks: dict[str, str] = field(default_factory=dict)
    """Secret → what is shown instead of it."""
    mask_pattern: re.Pattern[str] | None = None
    shows_addresses: bool = False
    """Whether addresses of private feeds are shown: only where someone asks for them."""

    def hide(self, masks: Mapping[str, str]) -> None:
        """Show other text instead of these secrets from now on, in everything that is printed."""
        if masks:
            self.masks.update(masks)
            longest_first = sorted(self.masks, key=lambda secret: (-len(secret), secret))
            self.mask_pattern = re.compile("|".join(map(re.escape, longest_first)))

    def announce_masks(self, secrets: Iterable[str]) -> None:
        """Make GitHub mask these secrets in the rest of the job, whatever prints them."""
        if ci_reports.is_github_actions():
            for secret in secrets:
                click.echo(f"::add-mask::{secret}", err=True)

    def mask(self, text: str) -> str:
        """The text without secrets."""
        if self.mask_pattern:
            text = self.mask_pattern.sub(lambda match: self.masks[match[0]], text)
        return text if self.shows_addresses else SECRET_ADDRESS.sub(r"\1…", text)

    def printable(self, text: str) -> str:
        """The text for people: without secrets, and with � for each control character of a terminal."""
        text = self._without_controls(text)
        return WORKFLOW_COMMANDS.sub(r"\1�", text) if ci_reports.is_github_actions() else text

    def _without_controls(self, text: str) -> str:
        return self.mask(TERMINAL_CONTROLS.sub("�", text))

    def result(self, text: str = "") -> None:
        """Print what was asked for; nothing when a program asked for JSON."""
        self.clear_progress()
        if not self.as_json:
            self.raw(self.printable(text))

    def raw(self, text: str) -> None:
        """Print a line to stdout; raises OperationError where it cannot be written."""
        try:
            click.echo(self.mask(text))
        except BrokenPipeError:
            raise  # as of `| head`, which has read enough
        except OSError as error:
            from podcast_kit.io.atomic_write import write_error

            raise write_error(error, "stdout") from error

    def info(self, text: str) -> None:
        """Print a line for people, beside the result."""
        self.clear_progress()
        if not self.quiet:
            click.echo(self.printable(text), err=True)

    def summarize(self, text: str) -> None:
        """Print the outcome in a line, for people."""
        self.summary = text
        self.info(text)

    def document(self, command: str, problems: Iterable[Problem] = (), **content: Any) -> None:  # noqa: ANN401
        """Print the one JSON document of a command."""
        if self.as_json:
            self.clear_progress()
            rows = [_problem_to_json(problem) for problem in problems]
            body = {"schema": JSON_SCHEMA, "command": command, **content, "problems": rows}
            # GitHub would read ##[ as a command in a string, too; this is the same string in JSON.
            self.raw(json.dumps(body, indent=2, default=str, ensure_ascii=False).replace("##[", r"#\u0023["))

    def problems(self, problems: Iterable[Problem], *, as_result: bool = False) -> None:
        """Print each problem in a line, with its path relative to the working folder; on stderr unless `as_result`."""
        self.clear_progress()
        for problem in problems:
            if self.quiet and problem.severity is not Severity.ERROR:
                continue
            relative = self.with_relative_path(problem)
            if ci_reports.is_github_actions():
                click.echo(self._without_controls(ci_reports.format_annotation(relative)), err=not as_result)
                continue
            word = click.style(str(problem.severity), fg=SEVERITY_COLORS[problem.severity], bold=True)
            line = one_line(str(relative)).replace(f": {problem.severity}: ", f": {word}: ", 1)
            click.echo(self.printable(line), err=not as_result)

    def failure(self, command: str, error: PodcastKitError) -> None:
        """Print what went wrong, with every problem behind it."""
        self.clear_progress()
        with suppress(OperationError):  # what is printed below is still true
            self.document(command, error.problems, error=error.text, hint=error.fix)
        if error.problems:
            self.problems(error.problems)
            return
        if ci_reports.is_github_actions():
            annotation = ci_reports.format_error_annotation(command, error.text, error.fix)
            click.echo(self._without_controls(annotation), err=True)
            return
        text, fix = (self.printable(LINE_BREAKS.sub("\n  ", part)) for part in (error.text, error.fix))
        click.echo(f"{click.style('error', fg='red', bold=True)}: {text}", err=True)
        if fix:
            click.echo(f"  {fix}", err=True)

    def progress(self, progress: Progress) -> None:
        """Draw a progress line on a terminal, nothing anywhere else; what mastering did stays readable."""
        if progress.stage in {"mastered", "note"}:
            self.info(progress.subject)
            return
        if self.quiet or not sys.stderr.isatty():
            return
        count = ""
        if progress.total:
            is_of_audio = progress.stage in AUDIO_STAGES
            count = (
                f" {100 * progress.done // progress.total}%" if is_of_audio else f" {progress.done}/{progress.total}"
            )
        width = os.get_terminal_size(sys.stderr.fileno()).columns or DEFAULT_TERMINAL_WIDTH
        line = self.printable(one_line(f"{progress.stage}{count} {progress.subject}"))[: width - 1]
        click.echo("\r" + line.ljust(self.progress_len), err=True, nl=False)  # NO_COLOR removes escape sequences
        self.progress_len = len(line)

    def waiting_for(self, host: str) -> None:
        """Report that a host is slow to answer: on a terminal at once, elsewhere in a line now and then."""
        if sys.stderr.isatty():
            from podcast_kit.model import Progress

            self.progress(Progress("waiting for", host))
        elif time.monotonic() - self.last_wait_logged_at >= LOG_INTERVAL_S:
            self.last_wait_logged_at = time.monotonic()
            self.info(f"waiting for {host}")

    def clear_progress(self) -> None:
        """Remove the progress line."""
        if self.progress_len:
            click.echo("\r" + " " * self.progress_len + "\r", err=True, nl=False)
            self.progress_len = 0

    def relative_path(self, path: str) -> str:
        """A path of the show, relative to the working folder; a file that the command line names stays as it is."""
        if self.folder is None or not path or Path(path).is_absolute() or "://" in path:
            return path
        if path in self.typed and (Path(path).exists() or not (self.folder / path).exists()):
            return path
        return os.path.relpath(self.folder / path)

    def with_relative_path(self, problem: Problem) -> Problem:
        """A problem whose location is relative to the working folder."""
        location: SourceLocation = replace(problem.location, path=self.relative_path(problem.location.path))
        return replace(problem, location=location)


def list_typed(values: Iterable[object]) -> frozenset[str]:
    """Paths and words of the command line."""
    singles = itertools.chain.from_iterable(value if isinstance(value, tuple) else (value,) for value in values)
    return frozenset(str(value) for value in singles if isinstance(value, str | Path))


def one_line(text: str) -> str:
    """Text from a file in one line: its line breaks could make it look like lines of ours."""
    return LINE_BREAKS.sub(" ", text)


def _problem_to_json(problem: Problem) -> Mapping[str, Any]:
    location = asdict(problem.location)
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "file": location["path"],
        "line": location["line"] or None,
        "column": location["column"] or None,
        "message": problem.text,
        "fix": problem.fix,
    }
