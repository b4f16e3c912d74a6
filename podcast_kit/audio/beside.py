"""A new file made beside its name, and renamed only when it is whole."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podcast_kit.errors import Failed


@contextmanager
def beside(destination: Path) -> Iterator[Path]:
    """A path to write to, which becomes `destination` when all went well and is removed when not.

    What a process that was killed left for the same destination is swept away first.
    """
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        sweep(destination)
        part = destination.with_name(f".{destination.name}.{os.getpid()}.part")
        try:
            yield part
            part.replace(destination)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(f"{destination}: cannot be written: {error.strerror or error}") from error


def sweep(destination: Path) -> None:
    """Remove the unfinished files of processes that are no more."""
    for left in destination.parent.glob(f".{glob.escape(destination.name)}.*.part"):
        owner = left.name.split(".")[-2]
        if owner.isdigit() and not _alive(int(owner)):
            with suppress(OSError):  # Windows keeps what another process has open
                left.unlink()


def _alive(pid: int) -> bool:
    if os.name == "nt":  # where a signal of 0 would end the process
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
