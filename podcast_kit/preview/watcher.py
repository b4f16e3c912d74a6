"""Watch a show's folder for changes by polling modification times."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from podcast_kit.model import STATIC_DIR
from podcast_kit.source.static_files import PUBLISHED_DOTFILES

GENERATED_NAMES = {"build", "podcast.lock", "__pycache__", "node_modules"}
"""Files and folders in a show's folder that the podcaster does not write."""
TEMPORARY_SUFFIXES = ("~", ".swp", ".tmp", ".new", ".part", ".crdownload")

_FileStats = dict[str, tuple[int, int]]
"""mtime in ns and size of each file, by path."""


def watch(
    folder: Path, stop: threading.Event, *, interval_s: float = 0.2, ignored: str = ""
) -> Iterator[tuple[str, ...]]:
    """Yield the sorted paths of changed files after each change; ends when `stop` is set.

    `ignored` is a folder inside of `folder` that the show is published to. Files are compared every `interval_s`
    seconds, and a change is reported once files stop changing, because editors save in several steps.
    Every change after the call is reported, even if iteration starts later.
    """
    ignored_folder = folder / ignored if ignored else None
    return _watch_changes(folder, stop, interval_s, ignored_folder, _file_stats(folder, ignored_folder))


def _watch_changes(
    folder: Path, stop: threading.Event, interval_s: float, ignored: Path | None, before: _FileStats
) -> Iterator[tuple[str, ...]]:
    while not stop.wait(interval_s):
        current = _file_stats(folder, ignored)
        if current == before:
            continue
        while not stop.wait(interval_s / 2) and (later := _file_stats(folder, ignored)) != current:
            current = later
        if changed := {path for path, _ in before.items() ^ current.items()}:
            yield tuple(sorted(changed))
        before = current


def _file_stats(folder: Path, ignored: Path | None) -> _FileStats:
    """The stats of every source file. It runs several times a second, so it uses os.scandir rather than Path."""
    stats: _FileStats = {}
    pending, ignored_path = [("", str(folder))], str(ignored)
    while pending:
        prefix, path = pending.pop()
        try:
            entries = list(os.scandir(path))
        except OSError:
            continue  # removed in the meantime
        for entry in entries:
            name = entry.name
            is_hidden = name.startswith(".") and not (name in PUBLISHED_DOTFILES and prefix == f"{STATIC_DIR}/")
            if is_hidden or name in GENERATED_NAMES or name.endswith(TEMPORARY_SUFFIXES):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.path != ignored_path:
                        pending.append((f"{prefix}{name}/", entry.path))
                elif not entry.is_dir():
                    stat = entry.stat()
                    stats[prefix + name] = (stat.st_mtime_ns, stat.st_size)
            except OSError:
                continue
    return stats
