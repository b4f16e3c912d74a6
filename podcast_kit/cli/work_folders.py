"""Where a command writes builds and caches when it must not, or cannot, write into the show's folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from podcast_kit.io.inside import real_path
from podcast_kit.io.temp_folder import TemporaryFolder

WORK_FOLDER_MODE = 0o700


def find_work_folder(folder: Path) -> Path | None:
    """A folder among the user's caches for a show that is read-only, such as on a mounted disk; else None.

    It is the same for each run, so that only the first one takes long.
    """
    if _is_writable(folder):
        return None
    name = hashlib.sha256(str(real_path(folder)).encode()).hexdigest()[:16]
    caches = os.environ.get("XDG_CACHE_HOME") or click.get_app_dir("podcast-kit", force_posix=True)
    work_folder = Path(caches, "podcast-kit" if os.environ.get("XDG_CACHE_HOME") else "cache", "shows", name)
    work_folder.mkdir(parents=True, exist_ok=True, mode=WORK_FOLDER_MODE)
    return work_folder


@contextmanager
def temporary_work_folder() -> Iterator[Path]:
    """A folder of its own for one command, with nothing from earlier runs or from the show."""
    with TemporaryFolder(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _is_writable(folder: Path) -> bool:
    """Whether builds and caches can be written into a show's folder."""
    for name in ("build", ".podcast-kit"):
        path = folder / name
        if not os.access(path if path.is_dir() else folder, os.W_OK | os.X_OK):
            return False
    return True
