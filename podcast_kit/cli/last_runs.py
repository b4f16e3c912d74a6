"""Finds out that a command would do what it did last time, before anything of the show is read or imported."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import podcast_kit
from podcast_kit.cli import ci_reports
from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.io.bound_folder import open_own_folder
from podcast_kit.io.file_stamps import (
    SourceStamps,
    list_outputs,
    stamp_outputs,
    stamp_program,
    stamp_sources,
    wait_for_clock,
)
from podcast_kit.io.last_run import (
    DAMAGES,
    LastRun,
    comparing_outputs,
    digest_outputs,
    read_document,
    read_last_run,
    write_document,
    write_last_run,
)
from podcast_kit.problem_codes import accept_recorded_codes

if TYPE_CHECKING:
    from podcast_kit.cli.console import Console
    from podcast_kit.model import Project

RecordedT = TypeVar("RecordedT")

BUILD_FOLDER, CACHE_FOLDER, SHOW_FILE = "build", ".podcast-kit", "podcast.yaml"
ENVIRONMENT = (
    *("CI", "SUDO_UID", "PODCAST_KIT_SAFE_DIRECTORY", "PODCAST_KIT_SUBSCRIBERS", "PODCAST_KIT_SUBSCRIBERS_KEY"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"),
)
"""The variables that a build or its checks depend on. Options can be variables, too; a command has their values."""
MAX_CLOCK_SKEW_NS = 1_000_000_000
"""Between this computer and the one that has the files: with more, it is not known which files are recent."""


@dataclass(frozen=True, slots=True)
class _BuildStamp:
    digest: str
    paths: bytes


class RunRecord(Generic[RecordedT]):
    """What the last run of a command found, where nothing has changed since; and what this one leaves to the next."""

    def __init__(
        self,
        console: Console,
        command: str,
        parse: Callable[[Any, Any], RecordedT],
        *,
        is_usual: bool,
        has_document: bool = False,
    ) -> None:
        """Unless `is_usual`, the options ask for something that is not recorded, and nothing is looked at.

        `parse` makes the result of what `save` was given. With `has_document` the document is needed, too.
        """
        self.result: RecordedT | None = None
        """Of the last run; None where it has to be found out again."""
        self._console = console
        self._command = command
        self._has_document = has_document
        self._started = datetime.now(UTC)
        self._program = ""
        self._sources: SourceStamps | None = None
        self._build: _BuildStamp | None = None
        self._last_run: LastRun | None = None
        needs_build = console.is_listed or console.listed_shows is not None
        is_possible = is_usual and os.name != "nt" and not needs_build and not ci_reports.is_github_actions()
        self._folder = _find_show(console.folder) if is_possible else None
        if self._folder:
            with suppress(OSError, *DAMAGES):
                self.result = self._look_back(self._folder, parse)

    def _look_back(self, folder: Path, parse: Callable[[Any, Any], RecordedT]) -> RecordedT | None:
        """Stamp what this run depends on; the recorded result if that is the same."""
        self._program = digest_program(folder)
        with ExitStack() as stack:
            own_folder = stack.enter_context(open_own_folder(folder / CACHE_FOLDER))
            last_run = read_last_run(own_folder) if own_folder else None
            row = last_run.results.get(self._command) if last_run and last_run.program == self._program else None
            has_unchanged_outputs = None
            if own_folder and last_run and row is not None:  # another process begins with them now
                comparison = comparing_outputs(own_folder, folder / BUILD_FOLDER, last_run.outputs)
                has_unchanged_outputs = stack.enter_context(comparison)
            self._sources = stamp_sources(folder, time.time_ns())
            if own_folder is None or last_run is None or self._sources is None:
                return None
            if not last_run.holds(self._program, self._sources, self._started.timestamp()):
                return None
            self._last_run = last_run
            if row is None or has_unchanged_outputs is None or not has_unchanged_outputs():
                return None
            document = read_document(own_folder, row["document"]) if self._has_document else []
            if document is None:
                return None
            result = parse(row["result"], document)
            self._console.folder = folder
            self._console.is_repeatable, self._console.until = True, last_run.until
            if last_run.sources.recent and not self._sources.recent:  # they are not recent any more
                write_last_run(own_folder, replace(last_run, sources=self._sources))
            return result

    def stamp_build(self, build_folder: Path, listing: Sequence[str] | None = None) -> None:
        """Stamp what a build has written, before another one can begin; `listing` has its keys, where they are known.

        What is added to the build later is not in the listing: its folder has changed.
        """
        if self._folder is None or self._sources is None or build_folder.is_symlink():
            return
        if build_folder != self._folder / BUILD_FOLDER:
            return
        with suppress(OSError), open_own_folder(self._folder / CACHE_FOLDER) as own_folder:
            if own_folder is None:
                return
            begun_ns = time.time_ns()
            clock = wait_for_clock(own_folder, time.sleep)
            is_skewed = not begun_ns - MAX_CLOCK_SKEW_NS < clock < time.time_ns() + MAX_CLOCK_SKEW_NS
            paths = list_outputs(build_folder) if listing is None else sorted(map(os.fsencode, listing))
            if is_skewed or paths is None:
                return
            joined_paths = b"\0".join(paths)
            stamps, newest = stamp_outputs(build_folder, joined_paths)
            if newest < clock:
                self._build = _BuildStamp(digest_outputs(stamps, joined_paths), joined_paths)

    def save(self, project: Project, result: object, document: object = None) -> None:
        """Leave a result to the next run, and the document that only some runs need, both as JSON.

        Secrets are masked, as they are where it is printed.
        """
        from podcast_kit.builder.schedule import find_next_date

        next_date = find_next_date(project, self._started)
        until = next_date.timestamp() if next_date else None
        self._console.is_repeatable, self._console.until = _is_repeatable(project), until
        if not (self._folder and self._sources and self._build and self._console.is_repeatable):
            return
        is_same = self._last_run is not None and self._last_run.outputs == self._build.digest
        results = dict(self._last_run.results) if self._last_run and is_same else {}
        data = self._console.mask(json.dumps(document)).encode() if self._has_document else b""
        kept_digest = results.get(self._command, {}).get("document", "")
        results[self._command] = {
            "result": json.loads(self._console.mask(json.dumps(result))),
            "document": hashlib.sha256(data).hexdigest() if self._has_document else kept_digest,
        }
        record = LastRun(
            program=self._program,
            sources=self._sources,
            since=self._started.timestamp(),
            until=until,
            outputs=self._build.digest,
            results=results,
        )
        with suppress(OSError), open_own_folder(self._folder / CACHE_FOLDER) as own_folder:
            if own_folder:  # without a record, the next run takes longer
                if self._has_document:
                    write_document(own_folder, data)
                write_last_run(own_folder, record, self._build.paths)


def _is_repeatable(project: Project) -> bool:
    """Whether the same files make the same build: not with recordings in object storage, which others change.

    Nor with a command that lists subscribers.
    """
    from podcast_kit.model import BucketFile

    return not project.show.private.subscribers.command and not any(
        isinstance(episode.audio, BucketFile) for episode in project.episodes
    )


def problems_to_rows(problems: Sequence[Problem]) -> list[list[Any]]:
    """Problems as JSON."""
    return [
        [
            *(problem.location.path, problem.location.line, problem.location.column),
            *(problem.text, problem.fix, problem.code, str(problem.severity)),
        ]
        for problem in problems
    ]


def problems_from_rows(rows: Sequence[Sequence[Any]]) -> list[Problem]:
    """The problems of `problems_to_rows`. Raises ValueError or TypeError for anything else."""
    accept_recorded_codes(str(code) for *_, code, _ in rows)
    return [
        Problem(SourceLocation(path, line, column), text, fix, code, Severity(severity))
        for path, line, column, text, fix, code, severity in rows
    ]


def parse_problems(rows: Any, _document: Any) -> list[Problem]:  # noqa: ANN401  # JSON
    """The problems of `problems_to_rows`, as the result of a command."""
    return problems_from_rows(rows)


def _find_show(start: Path | None) -> Path | None:
    """The folder of the show as commands find it; None where they would refuse it, or cannot write into it."""
    start = (start or Path()).absolute()
    if ".." in start.parts:
        return None
    folder = next((folder for folder in (start, *start.parents) if (folder / SHOW_FILE).is_file()), None)
    if folder is None or not start.is_dir():
        return None
    owners = {folder.stat().st_uid, (folder / SHOW_FILE).lstat().st_uid}
    if folder != start and owners != {os.geteuid()}:
        return None
    has_access = all(
        os.access(path if path.is_dir() else folder, os.W_OK | os.X_OK)
        for path in (folder / BUILD_FOLDER, folder / CACHE_FOLDER)
    )
    return folder if has_access else None


def digest_program(folder: Path, *more: object) -> str:
    """A digest of the program, of the user, of where the show is, and of the variables that a build depends on."""
    package = Path(podcast_kit.__file__).parent
    variables = [(name, os.environ.get(name)) for name in ENVIRONMENT]
    parts = [stamp_program(package), os.geteuid(), str(folder), os.path.realpath(folder), variables, *more]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
