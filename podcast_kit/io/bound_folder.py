"""Tells a folder that this user's podcast-kit made on this computer from one that came along with a show.

A folder that we make gets a random token, and the user's state folder remembers which folder (device and inode) the
token is for. A clone, an archive or a copy can have the folder, but not its place in the user's state folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from podcast_kit.io.consent import (
    delete_private_record,
    new_token,
    private_folder,
    read_private_record,
    write_private_record,
)
from podcast_kit.io.pinned_folder import OpenFolder, PinnedFolder, random_name

OWNER_FILE = "owner.json"
RECORDS_FOLDER = "folders"
MAX_OWNER_BYTES = 4096
MAX_PLACE_ATTEMPTS = 100
"""How often we try to open or make the folder while other processes change what has its name."""
SECONDS_TO_PLACE = 600
"""How long another process can take to give a new folder its name."""


@contextmanager
def open_bound_folder(path: Path, on_moved: Callable[[str], None] = lambda _: None) -> Iterator[OpenFolder]:
    """Open a folder that only we write to, created if needed.

    Something else of this name (a link, or a folder that came along with a show) is not used: it is moved into the new
    folder, and `on_moved` receives a sentence for the user. Raises OSError.
    """
    with ExitStack() as opened:
        parent = opened.enter_context(closing(PinnedFolder(path.parent, create=True))).root
        folder, aside = _open_or_place(parent, path.name)
        opened.callback(folder.close)
        if aside:
            name = random_name(".untrusted").removeprefix(".")
            folder.replace(parent, aside, name)
            on_moved(
                f"{path.name}/ was not made by podcast-kit on this computer, so it is not used and everything is "
                f"worked out again; delete {path.name}/{name} if you do not need it"
            )
        yield folder


@contextmanager
def open_own_folder(path: Path) -> Iterator[OpenFolder | None]:
    """Open a folder that `open_bound_folder` made, and change nothing; None where there is no such folder."""
    with ExitStack() as opened:
        own_folder = None
        with suppress(OSError):
            parent = opened.enter_context(closing(PinnedFolder(path.parent)))
            own_folder = opened.enter_context(parent.root.below(path.name))
        yield own_folder if own_folder and _is_bound(own_folder) else None


def _open_or_place(parent: OpenFolder, name: str) -> tuple[OpenFolder, str]:
    """Open our folder, made if needed; with it the new name of what was in its place, or an empty one.

    Other processes do the same at the same time, so the folder gets its name when it is bound, and the first one stays.
    """
    aside = ""
    for _ in range(MAX_PLACE_ATTEMPTS):
        folder = _open_bound(parent, name)
        if folder is None:
            folder = _bind_mount_point(parent, name)
        if folder is None:
            aside = _move_foreign_aside(parent, name) or aside
            folder = _place_new(parent, name)
        if folder is not None:
            return folder, aside
    raise FileExistsError(errno.EEXIST, "other programs keep putting something here", str(parent.path / name))


def _open_bound(parent: OpenFolder, name: str) -> OpenFolder | None:
    """Open our folder; None where it is not there, or not ours."""
    folder = _open_if_folder(parent, name)
    if folder is None or _is_bound(folder):
        return folder
    folder.close()
    return None


def _bind_mount_point(parent: OpenFolder, name: str) -> OpenFolder | None:
    """Use an empty folder that the system does not let us replace; None where there is none."""
    folder = _open_if_folder(parent, name)
    if folder is None:
        return None
    with ExitStack() as opened:
        opened.callback(folder.close)
        if not folder.entries() and not parent.remove_folder(name):
            with suppress(FileExistsError):  # another process was faster
                _bind(folder, folder.path)
                opened.pop_all()
                return folder
    return None


def _open_if_folder(parent: OpenFolder, name: str) -> OpenFolder | None:
    """Open a folder; None where there is none, or something else."""
    status = parent.status(name)
    if status is None or not stat.S_ISDIR(status.st_mode):
        return None
    with suppress(FileNotFoundError):  # gone in the meantime
        return parent.open_below(name)
    return None


def _move_foreign_aside(parent: OpenFolder, name: str) -> str:
    """Rename what has the folder's name, unless that is an empty folder; its new name, or an empty one."""
    if parent.status(name) is None or parent.remove_folder(name):
        return ""
    aside = random_name(".podcast-kit")
    try:
        parent.replace(parent, name, aside)
    except FileNotFoundError:  # another process was faster
        return ""
    folder = _open_bound(parent, aside)
    if folder is None:
        return aside
    with closing(folder), suppress(OSError):  # another process has put ours there in the meantime
        parent.replace(parent, aside, name)
        return ""
    return aside


def _place_new(parent: OpenFolder, name: str) -> OpenFolder | None:
    """Make a folder that is bound, and give it its name; None where another process was faster."""
    new_name = random_name(".podcast-kit")
    folder = parent.open_below(new_name, create=True)
    record = ""
    try:
        record = _bind(folder, parent.path / name)
        parent.replace(parent, new_name, name)
    except BaseException as error:
        folder.unlink(OWNER_FILE)
        folder.close()
        parent.remove_folder(new_name)
        delete_private_record(RECORDS_FOLDER, record)
        if parent.status(name) is not None and isinstance(error, OSError):
            return None
        raise
    return OpenFolder(parent.path / name, folder.handle)


def _is_bound(folder: OpenFolder) -> bool:
    """Whether the folder has a token that was given to it, and to no other folder."""
    try:
        with folder.open(OWNER_FILE) as file:
            owner = json.loads(file.read(MAX_OWNER_BYTES))
        token = str(owner["token"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False
    identity = _folder_identity(folder)
    if private_folder(RECORDS_FOLDER) is None:  # nowhere to remember it: a copy still has another inode
        return bool(owner == {"token": token, **identity})
    record = read_private_record(RECORDS_FOLDER, _record_name(token))
    return record is not None and {key: record.get(key) for key in identity} == identity


def _bind(folder: OpenFolder, path: Path) -> str:
    """Give a new folder a token that stays its own at its final path; the name of the record of it."""
    token = new_token()
    identity = _folder_identity(folder)
    with folder.create(OWNER_FILE, 0o600) as file:
        file.write(json.dumps({"token": token, **identity}).encode())
    record = _record_name(token)
    if write_private_record(RECORDS_FOLDER, record, {**identity, "path": str(path)}):
        _forget_temporary_folders(record)
    return record


def _forget_temporary_folders(new_record: str) -> None:
    """Delete the records of temporary folders that no longer exist, and were not made just before a new record."""
    import tempfile

    records = private_folder(RECORDS_FOLDER)
    temporary = os.path.realpath(tempfile.gettempdir()) + os.sep
    with suppress(OSError):
        youngest = (records / new_record).stat().st_mtime - SECONDS_TO_PLACE if records else 0
        for file in records.glob("*.json") if records else ():
            path = (read_private_record(RECORDS_FOLDER, file.name) or {}).get("path", "")
            if path.startswith(temporary) and not Path(path).exists() and file.stat().st_mtime < youngest:
                file.unlink()


def _folder_identity(folder: OpenFolder) -> dict[str, str]:
    status = folder.path.stat() if folder.handle is None else os.fstat(folder.handle)
    return {"device": str(status.st_dev), "inode": str(status.st_ino)}


def _record_name(token: str) -> str:
    return f"{hashlib.sha256(token.encode()).hexdigest()[:32]}.json"
