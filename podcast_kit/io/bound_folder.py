"""Tells a folder that this user's podcast-kit made on this computer from one that came along with a show.

A folder that we make gets a random token, and the user's state folder remembers which folder (device and inode) the
token is for. A clone, an archive or a copy can have the folder, but not its place in the user's state folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from podcast_kit.io.consent import new_token, private_folder, read_private_record, write_private_record
from podcast_kit.io.pinned_folder import OpenFolder, PinnedFolder, random_name

OWNER_FILE = "owner.json"
RECORDS_FOLDER = "folders"
MAX_OWNER_BYTES = 4096


@contextmanager
def open_bound_folder(path: Path, on_moved: Callable[[str], None] = lambda _: None) -> Iterator[OpenFolder]:
    """Open a folder that only we write to, created if needed.

    Something else of this name (a link, or a folder that came along with a show) is not used: it is moved into the new
    folder, and `on_moved` receives a sentence for the user. Raises OSError.
    """
    with closing(PinnedFolder(path.parent, create=True)) as parent:
        aside = _move_foreign_aside(parent.root, path.name)
        with parent.root.below(path.name, create=True) as folder:
            if not _is_bound(folder):
                _bind(folder)
            if aside:
                name = random_name(".untrusted").removeprefix(".")
                folder.replace(parent.root, aside, name)
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


def _move_foreign_aside(parent: OpenFolder, name: str) -> str:
    """Rename what has the folder's name, unless it is ours or an empty folder; its new name, or an empty one."""
    status = parent.status(name)
    if status is None:
        return ""
    if stat.S_ISDIR(status.st_mode):
        with parent.below(name) as folder:
            if _is_bound(folder) or not folder.entries():
                return ""
    aside = random_name(".podcast-kit")
    parent.replace(parent, name, aside)
    return aside


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


def _bind(folder: OpenFolder) -> None:
    token = new_token()
    identity = _folder_identity(folder)
    folder.unlink(OWNER_FILE)
    with folder.create(OWNER_FILE, 0o600) as file:
        file.write(json.dumps({"token": token, **identity}).encode())
    if write_private_record(RECORDS_FOLDER, _record_name(token), {**identity, "path": str(folder.path)}):
        _forget_temporary_folders()


def _forget_temporary_folders() -> None:
    """Delete the records of temporary folders that no longer exist."""
    import tempfile

    records = private_folder(RECORDS_FOLDER)
    temporary = os.path.realpath(tempfile.gettempdir()) + os.sep
    for file in records.glob("*.json") if records else ():
        path = (read_private_record(RECORDS_FOLDER, file.name) or {}).get("path", "")
        if path.startswith(temporary) and not Path(path).exists():
            with suppress(OSError):
                file.unlink()


def _folder_identity(folder: OpenFolder) -> dict[str, str]:
    status = folder.path.stat() if folder.handle is None else os.fstat(folder.handle)
    return {"device": str(status.st_dev), "inode": str(status.st_ino)}


def _record_name(token: str) -> str:
    return f"{hashlib.sha256(token.encode()).hexdigest()[:32]}.json"
