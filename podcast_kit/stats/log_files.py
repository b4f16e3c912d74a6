"""Which logs are meant by the arguments of a command."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import PublishSettings
from podcast_kit.stats.log_sources import LogFile, LogSource
from podcast_kit.stats.remote_logs import is_remote_place, list_remote_logs

STDIN_ARGUMENT = "-"
NO_SETTINGS = PublishSettings(url="")


@dataclass(frozen=True, slots=True)
class StandardInput:
    """Lines that another program writes."""

    name: str = "stdin"
    version: str = ""

    def open_log(self) -> IO[bytes]:
        """What is read until the other program ends."""
        return cast("IO[bytes]", getattr(sys.stdin, "buffer", io.BytesIO()))


def find_logs(
    arguments: Iterable[str], publishing: PublishSettings = NO_SETTINGS, fetch_folder: Path = Path()
) -> list[LogSource]:
    """The logs of these arguments: files, folders with all that is below them, `-`, or addresses such as s3://bucket.

    A store is opened with the show's settings where it is of the same provider, and its logs are fetched into
    `fetch_folder` when they are read. Raises InvalidInput, and StoreAccessError or OperationError for a store.
    """
    sources: list[LogSource] = []
    problems: list[Problem] = []
    for argument in arguments:
        path = Path(argument)
        if argument == STDIN_ARGUMENT:
            sources.append(StandardInput())
        elif is_remote_place(argument):
            sources += list_remote_logs(argument, publishing, fetch_folder)
        elif path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_hidden(file, path)]
            sources += [_log_file(file) for file in files]
        elif path.exists():
            sources.append(_log_file(path))
        else:
            fix = "name a log file, a folder with logs, s3://bucket/prefix, or - for stdin"
            problems.append(Problem(SourceLocation(argument), "does not exist", fix, "file.missing"))
    if problems:
        raise InvalidInput(problems)
    return sources


def _log_file(path: Path) -> LogFile:
    status = path.stat()
    return LogFile(path, str(real_path(path)), f"{status.st_size}-{status.st_mtime_ns}")


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
