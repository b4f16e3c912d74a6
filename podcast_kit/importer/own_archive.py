"""The ZIP file that `export --format zip` writes, unpacked as a show again."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.importer.tools.source_folder import ZIP_MAGIC, unpack_zip
from podcast_kit.io.atomic_write import write_error
from podcast_kit.io.temp_folder import TemporaryFolder, sweep_temp_folders
from podcast_kit.model import SHOW_FILE

ARCHIVED_HIDDEN_NAMES = {".gitignore", ".gitattributes", ".github", ".gitlab-ci.yml", ".woodpecker"}
"""Of the names that begin with a dot, those that a show's archive has; others, such as .git, could run commands."""


def is_show_archive(source: str) -> bool:
    """Whether a path is a ZIP file with a show of podcast_kit at its top."""
    try:
        with Path(source).open("rb") as file:
            if file.read(len(ZIP_MAGIC)) != ZIP_MAGIC:
                return False
        with zipfile.ZipFile(source) as archive:
            return SHOW_FILE in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return False


def unpack_show_archive(source: str, folder: Path) -> int:
    """Unpack a show into a folder, which must be empty or new; returns the number of files.

    Raises OperationError, also for an archive that is damaged, leads out of the folder, or unpacks to too much.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep_temp_folders(folder)
        if any(folder.iterdir()):
            fix = "import into another folder, or delete what an interrupted import left"
            raise OperationError(f"{folder} is not empty", fix)
        with TemporaryFolder(folder) as temp:
            unpack_zip(Path(source), source, Path(temp), skipped_folders=())
            _remove_hidden(Path(temp))
            entries = sorted(Path(temp).iterdir(), key=lambda entry: entry.name == SHOW_FILE)  # podcast.yaml comes last
            for entry in entries:
                entry.rename(folder / entry.name)
    except OSError as error:
        raise write_error(error, str(folder)) from error
    return sum(path.is_file() for path in folder.rglob("*"))


def _remove_hidden(folder: Path) -> None:
    """Delete the hidden files and folders that no export writes."""
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if name.startswith(".") and name not in ARCHIVED_HIDDEN_NAMES:
                path = Path(parent, name)
                shutil.rmtree(path) if name in folders else path.unlink()
        folders[:] = [name for name in folders if not name.startswith(".") or name in ARCHIVED_HIDDEN_NAMES]
