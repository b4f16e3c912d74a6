"""An episode's one list of chapters: where it is written, and the pictures that go with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit import images
from podcast_kit.errors import Problem
from podcast_kit.model import Chapter, Cover, Episode, Image
from podcast_kit.source.chapters import files as chapter_files

SIDE = 800
"""Pixels a side of a chapter's picture inside the audio."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The chapters as the author gave them, and what was wrong with them."""

    chapters: tuple[Chapter, ...] = ()
    problems: tuple[Problem, ...] = ()


def of(folder: Path, episode: Episode, seconds: float, carried: tuple[Chapter, ...] = (), shift: float = 0.0) -> Marks:
    """The chapters of an episode of that length, each with its end; none where there are none.

    `carried` are those of the recording itself: they count where the author wrote none. All come `shift` seconds later
    than they are written, where mastering joined an intro or took silence off.
    """
    found, problems = chapter_files.of(folder, episode, seconds)
    if not found and not problems and episode.chapters == "auto":
        found = carried
    return Marks(_ended(_shifted(found, round(shift * 1000)), seconds), problems)


def _shifted(chapters: tuple[Chapter, ...], by: int) -> tuple[Chapter, ...]:
    """Each later by so many milliseconds; the first still begins with the episode."""
    if not by or not chapters:
        return chapters
    moved = [
        replace(one, start_ms=max(0, one.start_ms + by), end_ms=one.end_ms and max(1, one.end_ms + by))
        for one in chapters
    ]
    return (replace(moved[0], start_ms=0) if chapters[0].start_ms == 0 else moved[0], *moved[1:])


def _ended(chapters: tuple[Chapter, ...], seconds: float) -> tuple[Chapter, ...]:
    """Each ends where the next begins, the last with the episode."""
    ends = [chapter.start_ms for chapter in chapters[1:]] + [round(seconds * 1000)][: len(chapters)]
    return tuple(
        replace(chapter, end_ms=chapter.end_ms or end) if end > chapter.start_ms else chapter
        for chapter, end in zip(chapters, ends, strict=True)
    )


def embedded(chapters: tuple[Chapter, ...], folder: Path) -> tuple[tuple[str, Cover], ...]:
    """The local pictures of chapters as they go into the audio; an address stays an address."""
    names = dict.fromkeys(chapter.image for chapter in chapters if chapter.image and "://" not in chapter.image)
    return tuple((name, images.cover(folder / name, SIDE)) for name in names)


def addressed(chapters: tuple[Chapter, ...], art: dict[str, Image]) -> tuple[Chapter, ...]:
    """The same chapters, with the address of each published picture in the place of its path."""
    return tuple(
        replace(chapter, image=art[chapter.image].url) if chapter.image in art else chapter for chapter in chapters
    )
