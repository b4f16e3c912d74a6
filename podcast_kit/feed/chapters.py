"""One list of chapters in its other forms: the JSON file that podcast:chapters points to, and timestamps in notes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from podcast_kit.model import Chapter, RemoteUrl
from podcast_kit.text.timecode import format_timecode
from podcast_kit.text.xml_clean import clean_xml_text

VERSION = "1.2.0"
LEAST = 3
"""Fewer timestamps are no chapters at Apple and Spotify, and the first must be 00:00:00."""


def chapters_json(chapters: Sequence[Chapter], *, title: str = "", show: str = "", author: str = "") -> bytes:
    """The bytes of a JSON chapters 1.2.0 file (application/json+chapters), in ascending order of time.

    Pictures and links are addresses; a picture that is still a path is left out. Marks that are not listed
    (`toc` false) change the picture in silence.
    """
    ordered = sorted(chapters, key=lambda chapter: chapter.start_ms)
    said = {"version": VERSION, "title": clean_xml_text(title), "podcastName": clean_xml_text(show), "author": clean_xml_text(author)}
    whole: dict[str, Any] = {name: value for name, value in said.items() if value}
    whole["chapters"] = [_chapter(chapter) for chapter in ordered]
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def _chapter(chapter: Chapter) -> dict[str, Any]:
    made: dict[str, Any] = {"startTime": _seconds(chapter.start_ms)}
    if chapter.end_ms is not None:
        made["endTime"] = _seconds(chapter.end_ms)
    if chapter.title:
        made["title"] = clean_xml_text(chapter.title)
    if isinstance(chapter.image, RemoteUrl):
        made["img"] = clean_xml_text(chapter.image.url)
    if chapter.url:
        made["url"] = clean_xml_text(chapter.url)
    if not chapter.toc:
        made["toc"] = False
    return made


def _seconds(milliseconds: int) -> int | float:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def timestamps(chapters: Sequence[Chapter]) -> str:
    """The chapters as feed HTML, `(00:00:00) Title` in a list; empty where apps would not take them for chapters.

    Always HH:MM:SS: some apps read MM:SS as HH:MM when every mark would fit. Times are cut to whole seconds.
    """
    listed = sorted((chapter for chapter in chapters if chapter.toc and chapter.title), key=lambda one: one.start_ms)
    if len(listed) < LEAST or listed[0].start_ms >= 1000:  # noqa: PLR2004  # a thousand milliseconds
        return ""
    lines = [
        f"<li>({format_timecode(one.start_ms, fraction=False)}) {escape(clean_xml_text(one.title), quote=False)}</li>" for one in listed
    ]
    return f"<ul>{''.join(lines)}</ul>"
