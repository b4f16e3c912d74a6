"""Where an export is written: never over other files, and never among those that are published."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from podcast_kit.builder import BUILD_DIR, CACHE_DIR
from podcast_kit.errors import OperationError
from podcast_kit.exporter.model import ExportFormat
from podcast_kit.io import atomic_write
from podcast_kit.io.inside import real_path
from podcast_kit.model import Project
from podcast_kit.source.episode import slugify_title

SUFFIXES = {
    ExportFormat.RSS: ".rss.xml",
    ExportFormat.CASTOPOD: ".castopod.xml",
    ExportFormat.PODLOVE: "-podlove",
    ExportFormat.HUGO: "-hugo",
    ExportFormat.ZIP: ".podcast.zip",
}
"""What the default name of an export ends in; Podlove and Hugo get a folder."""
FOLDER_FORMATS = {ExportFormat.PODLOVE, ExportFormat.HUGO}
PART_TOKEN_BYTES = 8


def default_output_name(project: Project, export_format: ExportFormat) -> str:
    """The name of the file or folder without `--output`."""
    return f"{slugify_title(project.show.title)}{SUFFIXES[export_format]}"


def refuse_output(project: Project, output: Path, export_format: ExportFormat, *, force: bool) -> None:
    """Raise OperationError if something is there, or if it would be published or overwritten by a build."""
    target = real_path(output)
    for folder, reason in _forbidden_folders(project):
        if target == folder or target.is_relative_to(folder):
            raise OperationError(f"{output} is in {folder}, {reason}", "pass --output with another path")
    if target == real_path(project.folder) or real_path(project.folder).is_relative_to(target):
        raise OperationError(f"{output} is the show's own folder, or above it", "pass --output with another path")
    is_folder = export_format in FOLDER_FORMATS
    if output.is_symlink():
        raise OperationError(f"{output} is a link", "pass --output with the path that it leads to")
    if output.exists() and output.is_dir() != is_folder:
        kind = "a folder" if output.is_dir() else "a file"
        wanted_kind = "a folder" if is_folder else "a file"
        raise OperationError(
            f"{output} is {kind}; the format {export_format} is {wanted_kind}", "pass another --output"
        )
    if output.exists() and not force and not (is_folder and not any(output.iterdir())):
        raise OperationError(f"{output} already exists", "pass --force to replace it, or --output with another path")


def _forbidden_folders(project: Project) -> Iterator[tuple[Path, str]]:
    """Folders that an export must not be in, and why."""
    for folder in dict.fromkeys((project.folder, project.output_folder)):
        yield real_path(folder / BUILD_DIR), "which is published"
        yield real_path(folder / CACHE_DIR), "which a build may empty"
    to = project.show.publish.to
    if to and "://" not in to:
        yield real_path(project.folder / to), "which is public"


def write_output_file(output: Path, data: bytes) -> int:
    """Write a file, complete or not at all; returns its size. Raises OperationError."""
    atomic_write.write_atomic(output, data)
    return len(data)


def write_output_folder(output: Path, files: Mapping[str, bytes] | Mapping[str, bytes | Path]) -> int:
    """Write a folder of files by their paths, each from bytes or from a file; returns their size.

    A new folder appears when it is complete; in one that exists, files of these paths are replaced and others stay.
    Raises OperationError.
    """
    with _output_folder(output) as folder:
        return sum(_write_below(folder, path, content) for path, content in sorted(files.items()))


@contextmanager
def _output_folder(output: Path) -> Iterator[Path]:
    """The folder to write to: a temporary one beside it, which gets its name in the end, unless it exists."""
    if output.exists():
        yield output
        return
    part = output.with_name(f".{output.name[:100]}.{secrets.token_hex(PART_TOKEN_BYTES)}.part")
    try:
        part.mkdir(parents=True)
        yield part
        part.rename(output)
    except OSError as error:
        raise atomic_write.write_error(error, str(output)) from error
    finally:
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)


def _write_below(folder: Path, path: str, content: bytes | Path) -> int:
    if isinstance(content, bytes):
        atomic_write.write_inside(folder, path, content)
        return len(content)
    with atomic_write.atomic_path_inside(folder, path) as part:
        shutil.copyfile(content, part)
        return part.stat().st_size
