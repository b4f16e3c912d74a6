"""What is said when the disk of a build is full or read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write
from podcast_kit.io.pinned_folder import readable_path


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn a full or read-only disk into an OperationError with a fix; what was complete before still is.

    It names the file, or `folder` where the system does not say which one could not be written.
    """
    try:
        yield
    except OSError as error:
        path = readable_path(str(error.filename)) if error.filename else folder
        raise OperationError(f"{path}: {error.strerror or error}", atomic_write.suggest_disk_fix(error)) from error
