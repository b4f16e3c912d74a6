"""Chapters as a JSON file for podcast:chapters, and as timestamps in the show notes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from podcast_kit.model import Chapter, RemoteUrl
from podcast_kit.text.indented_json import render_json
from podcast_kit.text.timecode import format_timecode
from podcast_kit.text.xml_clean import clean_xml_text

CHAPTERS_JSON_VERSION = "1.2.0"
MIN_TIMESTAMPS = 3
"""Apple and Spotify ignore fewer timestamps. The first must be 00:00:00."""


def render_chapters_json(chapters: Sequence[Chapter], *, title: str = "", show: str = "", author: str = "") -> bytes:
    """Render a JSON chapters 1.2.0 file (application/json+chapters), sorted by start time.

    Images that are local files are left out. Chapters with `toc` false only change the image.
    """
    ordered = sorted(chapters, key=lambda chapter: chapter.start_ms)
    header = {"version": CHAPTERS_JSON_VERSION, "title": title, "podcastName": show, "author": author}
    document: dict[str, Any] = {name: text for name, value in header.items() if (text := clean_xml_text(value))}
    document["chapters"] = [_chapter_object(chapter) for chapter in ordered]
    return (render_json(document, 2) + "\n").encode()


def _chapter_object(chapter: Chapter) -> dict[str, Any]:
    row: dict[str, Any] = {"startTime": _json_seconds(chapter.start_ms)}
    if chapter.end_ms is not None:
        row["endTime"] = _json_seconds(chapter.end_ms)
    if chapter.title:
        row["title"] = clean_xml_text(chapter.title)
    if isinstance(chapter.image, RemoteUrl):
        row["img"] = clean_xml_text(chapter.image.url)
    if chapter.url:
        row["url"] = clean_xml_text(chapter.url)
    if not chapter.toc:
        row["toc"] = False
    return row


def _json_seconds(milliseconds: int) -> int | float:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def render_chapter_timestamps(chapters: Sequence[Chapter]) -> str:
    """Render the chapters as feed HTML, a list of `(00:00:00) Title`; empty if apps would not accept it as chapters.

    Always HH:MM:SS, because some apps read MM:SS as HH:MM. Times are cut to whole seconds.
    """
    listed = sorted(
        (chapter for chapter in chapters if chapter.toc and chapter.title), key=lambda chapter: chapter.start_ms
    )
    if len(listed) < MIN_TIMESTAMPS or listed[0].start_ms >= 1000:  # noqa: PLR2004  # 1000 ms
        return ""
    lines = [
        f"<li>({format_timecode(chapter.start_ms, fraction=False)}) "
        f"{escape(clean_xml_text(chapter.title), quote=False)}</li>"
        for chapter in listed
    ]
    return f"<ul>{''.join(lines)}</ul>"
