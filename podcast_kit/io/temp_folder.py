"""Temporary folders that do not outlive their process: what a killed one left is removed by the next that needs one."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, where nothing tells whether a folder is still used
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

TEMP_FOLDER_PREFIX = "podcast-kit-tmp-"
_MAX_ATTEMPTS = 10
_swept_places: set[Path] = set()
"""By this process."""


class TemporaryFolder(tempfile.TemporaryDirectory[str]):
    """A folder that is deleted at the end of its `with` block, or else with this object.

    The system unlocks it when this process ends, however it ends; a folder without a lock belongs to no one any more.
    """

    _handle: int | None = None

    def __init__(self, place: Path | None = None, *, ignore_cleanup_errors: bool = False) -> None:
        """`place` is the folder that it is made in, by default that of the system."""
        place = place or Path(tempfile.gettempdir())
        if place not in _swept_places:
            _swept_places.add(place)
            sweep_temp_folders(place)
        for _ in range(_MAX_ATTEMPTS):
            super().__init__(prefix=TEMP_FOLDER_PREFIX, dir=place, ignore_cleanup_errors=ignore_cleanup_errors)
            try:
                self._handle = _lock_folder(self.name) if HAS_LOCKS else None
            except (BlockingIOError, FileNotFoundError):
                # Another process took it for one that was left, in the moment before it was locked.
                with suppress(OSError):
                    self.cleanup()
                continue
            except OSError:  # the file system has no locks: then no other process can lock the folder either
                pass
            return
        raise FileExistsError(f"{place}: no temporary folder can be locked")

    def cleanup(self) -> None:
        """Delete the folder, then unlock it."""
        try:
            super().cleanup()
        finally:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


def sweep_temp_folders(place: Path) -> None:
    """Delete the temporary folders of this user whose process has ended; others are left alone."""
    if not HAS_LOCKS:
        return
    with suppress(OSError), os.scandir(place) as entries:
        for name in [entry.name for entry in entries if entry.name.startswith(TEMP_FOLDER_PREFIX)]:
            path = place / name
            with suppress(OSError):
                _delete_unlocked(path)


def _delete_unlocked(path: Path) -> None:
    handle = _lock_folder(str(path))
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)


def _lock_folder(path: str) -> int:
    """An open descriptor that locks the folder.

    Raises BlockingIOError if another process has locked it, FileNotFoundError if it is gone, and OSError for a link or
    where the file system has no locks.
    """
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        named = os.lstat(path)
    except BaseException:
        os.close(handle)
        raise
    if os.path.samestat(os.fstat(handle), named):
        return handle
    os.close(handle)
    raise FileNotFoundError(path)
