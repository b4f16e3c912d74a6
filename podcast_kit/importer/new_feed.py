"""The feed that an imported show gives, to compare with the old one; a long show is built in parts, to save memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from podcast_kit import builder, feed
from podcast_kit.errors import InvalidInput
from podcast_kit.io.atomic_write import write_error
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import FeedDocument, Node, Progress, Project
from podcast_kit.source import project
from podcast_kit.text.compact_texts import move_texts

EPISODES_PER_BUILD = 1_000


def build_new_feed(
    folder: Path, now: datetime, on_progress: Callable[[Progress], None] = lambda _: None
) -> FeedDocument:
    """The feed that the show in a folder gives at `now`; its items are on disk. Raises InvalidInput, OperationError."""
    items: StoredValues[Node] = StoredValues()
    show = project.load_project(folder)
    try:
        for episode in show.episodes:
            move_texts((episode,), items.texts)
    except OSError as error:
        raise write_error(error, tempfile.gettempdir()) from error
    try:
        for part, report in _split_show(show, on_progress):
            document = feed.parse_feed(_build_feed_file(part, now, report), "feed.xml", items)
    except InvalidInput:
        if len(show.episodes) <= EPISODES_PER_BUILD:
            raise
        items.clear()  # one build reports the problems of all parts
        document = feed.parse_feed(_build_feed_file(show, now, on_progress), "feed.xml", items)
    return document


def _split_show(
    show: Project, on_progress: Callable[[Progress], None]
) -> Iterator[tuple[Project, Callable[[Progress], None]]]:
    """The show with some of its episodes at a time, and what reports the progress of that part."""
    total = len(show.episodes)
    for start in range(0, max(total, 1), EPISODES_PER_BUILD):
        episodes = show.episodes[start : start + EPISODES_PER_BUILD]
        guids = {episode.guid for episode in episodes}
        part = replace(show, episodes=episodes, lock=tuple(entry for entry in show.lock if entry.guid in guids))
        yield part, _PartProgress(start, total, on_progress)


class _PartProgress:
    """Reports the episodes of a part as those of the whole show."""

    def __init__(self, start: int, total: int, on_progress: Callable[[Progress], None]) -> None:
        self.start = start
        self.total = total
        self.on_progress = on_progress

    def __call__(self, progress: Progress) -> None:
        """Report one step."""
        if progress.stage == "episode" and progress.total:
            progress = replace(progress, done=self.start + progress.done, total=self.total)
        self.on_progress(progress)


def _build_feed_file(show: Project, now: datetime, on_progress: Callable[[Progress], None]) -> bytes:
    with TemporaryFolder() as temp:
        build = builder.build(show, now=now, folder=Path(temp, "build"), feeds_only=True, on_progress=on_progress)
        return (build.folder / build.project.show.feed.path).read_bytes()
