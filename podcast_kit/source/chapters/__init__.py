"""Chapters as podcasters write them: timestamps in the notes, a list in the front matter, or a file."""

from __future__ import annotations

from podcast_kit.source.chapters.files import (
    CHAPTER_FORMATS,
    EpisodeChapters,
    guess_chapter_format,
    load_chapter_file,
    load_episode_chapters,
    parse_chapters,
)
from podcast_kit.source.chapters.front_matter import chapters_from_list
from podcast_kit.source.chapters.note_chapters import chapters_from_notes, find_chapter_list, shift_timestamps
from podcast_kit.source.chapters.timestamps import TimestampLine, parse_timestamps

__all__ = [
    "CHAPTER_FORMATS",
    "EpisodeChapters",
    "TimestampLine",
    "chapters_from_list",
    "chapters_from_notes",
    "find_chapter_list",
    "guess_chapter_format",
    "load_chapter_file",
    "load_episode_chapters",
    "parse_chapters",
    "parse_timestamps",
    "shift_timestamps",
]
