"""`chapters:` in the front matter: a list of chapters."""

from __future__ import annotations

from collections.abc import Iterable

from podcast_kit.model import Chapter
from podcast_kit.source.chapters.timestamps import parse_timestamp_line
from podcast_kit.source.paths import IMAGE_SUFFIXES, ShowFolder
from podcast_kit.source.yaml import InvalidValue, Table, Value, converters
from podcast_kit.text.timecode import format_timecode


def chapters_from_list(table: Table, items: Iterable[Value], folder: ShowFolder) -> tuple[Chapter, ...]:
    """The chapters in a list whose items have keys `start`, `title`, `end`, `url`, `image`, `toc`, or are lines
    `00:12:34 Title`.

    Starts must ascend. Problems are reported to the table.
    """
    chapters: list[Chapter] = []
    for item in items:
        if isinstance(item.content, str):
            chapter = table.converted(item, _to_chapter, None, "chapters")
        else:
            inner = table.nested(item, "this chapter")
            chapter = _chapter_from_table(inner, folder) if inner else None
        if chapter and chapters and chapter.start_ms <= chapters[-1].start_ms:
            start, start_before = (
                format_timecode(start_ms, fraction=False) for start_ms in (chapter.start_ms, chapters[-1].start_ms)
            )
            text = f"chapter at {start} is not after the one at {start_before}"
            table.error(item.location, text, "sort the chapters by time", "value.order")
        elif chapter:
            chapters.append(chapter)
    return tuple(chapters)


def _chapter_from_table(table: Table, folder: ShowFolder) -> Chapter | None:
    start_ms = table.required("start", converters.to_milliseconds, None, other_names=("startTime",))
    chapter = Chapter(
        start_ms=start_ms or 0,
        title=table.optional("title", converters.to_line, ""),
        end_ms=table.optional("end", converters.to_milliseconds, None, other_names=("endTime",)),
        url=table.optional("url", converters.to_url, "", other_names=("href",)),
        image=table.optional("image", folder.resource_converter(IMAGE_SUFFIXES), None, other_names=("img",)),
        toc=table.optional("toc", converters.to_flag, default=True),
    )
    if chapter.toc and "title" not in table.entries:
        table.report_missing("title")
    if chapter.end_ms is not None and start_ms is not None and chapter.end_ms <= start_ms:
        table.error(table.locations["end"], "end: is not after start", "correct it or leave it out", "value.order")
    table.finish()
    return None if start_ms is None else chapter


def _to_chapter(raw: str) -> Chapter:
    timestamp = parse_timestamp_line(" ".join(raw.split()))
    if not timestamp:
        text = f"{converters.quote_value(raw)} is not a time and a title"
        raise InvalidValue(text, "write it as '0:12:34 Title'", "value.time")
    return timestamp.to_chapter()
