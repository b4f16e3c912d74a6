"""Watch a show's folder for changes by polling modification times."""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.model import STATIC_DIR
from podcast_kit.source.static_files import PUBLISHED_DOTFILES

GENERATED_NAMES = {"build", "podcast.lock", "__pycache__", "node_modules"}
"""Files and folders in a show's folder that the podcaster does not write."""
TEMPORARY_SUFFIXES = ("~", ".swp", ".tmp", ".new", ".part", ".crdownload")
LOOKS_PER_INTERVAL = 5
"""How often the most recent files are looked at for each look at all of them."""
MAX_RECENT_PATHS = 32
SNAPSHOT_TIME_SHARE = 30
"""Looking at everything takes at most one part in this many of the time."""

_MISSING = 0, 0
_Stats = dict[str, tuple[int, int]]
"""mtime in ns and size by path."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The source files at one moment."""

    files: _Stats
    """By paths relative to the folder."""
    recent: _Stats
    """The files and folders that were changed last, by absolute paths: what is edited now is likely among them."""

    def is_outdated(self) -> bool:
        """Whether one of the recent files and folders has changed since."""
        return any(_find_stats(path) != stats for path, stats in self.recent.items())


def watch(
    folder: Path, stop: threading.Event, *, interval_s: float = 0.2, ignored: str = ""
) -> Iterator[tuple[str, ...]]:
    """Yield the sorted paths of changed files after each change; ends when `stop` is set.

    `ignored` is a folder inside of `folder` that the show is published to. All files are compared every `interval_s`
    seconds, or less often where that takes long, and those that were changed last more often. A change is reported
    once files stop changing, because editors save in several steps.
    Every change after the call is reported, even if iteration starts later.
    """
    ignored_folder = folder / ignored if ignored else None
    return _watch_changes(folder, stop, interval_s, ignored_folder, _take_snapshot(folder, ignored_folder))


def _watch_changes(
    folder: Path, stop: threading.Event, interval_s: float, ignored: Path | None, before: _Snapshot
) -> Iterator[tuple[str, ...]]:
    look_s = interval_s / LOOKS_PER_INTERVAL
    next_snapshot = 0.0
    while not stop.wait(look_s):
        started = time.monotonic()
        if started < next_snapshot and not before.is_outdated():
            continue
        current = _take_snapshot(folder, ignored)
        next_snapshot = started + max(interval_s, (time.monotonic() - started) * SNAPSHOT_TIME_SHARE)
        if current.files == before.files:
            before = current
            continue
        changed = _list_changes(before, current)
        while not stop.wait(look_s / 2) and not _is_settled(folder, current, changed):
            current = _take_snapshot(folder, ignored)
            changed = _list_changes(before, current)
        if changed:
            yield tuple(sorted(changed))
        before = current


def _list_changes(before: _Snapshot, current: _Snapshot) -> set[str]:
    return {path for path, _ in before.files.items() ^ current.files.items()}


def _is_settled(folder: Path, current: _Snapshot, changed: Iterable[str]) -> bool:
    """Whether what has changed is still as it is in the snapshot: an editor may save in several steps."""
    return not current.is_outdated() and all(
        _find_stats(f"{folder}/{path}") == current.files.get(path, _MISSING) for path in changed
    )


def _take_snapshot(folder: Path, ignored: Path | None) -> _Snapshot:
    """Every source file. It runs several times a second, so it uses os.scandir rather than Path."""
    files, folders, paths = _Stats(), _Stats(), dict[str, str]()
    pending, ignored_path = [("", str(folder))], str(ignored)
    while pending:
        prefix, path = pending.pop()
        folders[path] = _find_stats(path)
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
                    files[prefix + name] = (stat.st_mtime_ns, stat.st_size)
                    paths[prefix + name] = entry.path
            except OSError:
                continue
    recent = {paths[name]: files[name] for name in heapq.nlargest(MAX_RECENT_PATHS, files, key=files.__getitem__)}
    recent |= {path: folders[path] for path in heapq.nlargest(MAX_RECENT_PATHS, folders, key=folders.__getitem__)}
    return _Snapshot(files, recent)


def _find_stats(path: str) -> tuple[int, int]:
    try:
        stat = os.stat(path)  # noqa: PTH116  # many times a second
    except OSError:
        return _MISSING
    return stat.st_mtime_ns, stat.st_size
