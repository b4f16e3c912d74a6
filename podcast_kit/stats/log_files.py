"""Which logs are meant by the arguments of a command."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.stats.ingest import LogFile, LogSource

STDIN_ARGUMENT = "-"


@dataclass(frozen=True, slots=True)
class StandardInput:
    """Lines that another program writes."""

    name: str = "stdin"
    version: str = ""

    def open_log(self) -> IO[bytes]:
        """What is read until the other program ends."""
        return cast("IO[bytes]", getattr(sys.stdin, "buffer", io.BytesIO()))


def find_logs(arguments: Iterable[str]) -> list[LogSource]:
    """The logs of these arguments: files, folders with all that is below them, or `-`. Raises InvalidInput."""
    sources: list[LogSource] = []
    problems: list[Problem] = []
    for argument in arguments:
        path = Path(argument)
        if argument == STDIN_ARGUMENT:
            sources.append(StandardInput())
        elif path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_hidden(file, path)]
            sources += [_log_file(file) for file in files]
        elif path.exists():
            sources.append(_log_file(path))
        else:
            fix = "name a log file, a folder with logs, or - for stdin"
            problems.append(Problem(SourceLocation(argument), "does not exist", fix, "file.missing"))
    if problems:
        raise InvalidInput(problems)
    return sources


def _log_file(path: Path) -> LogFile:
    status = path.stat()
    return LogFile(path, str(path.resolve()), f"{status.st_size}-{status.st_mtime_ns}")


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
