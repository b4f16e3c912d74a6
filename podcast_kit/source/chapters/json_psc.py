"""Chapters in the formats of programs: JSON chapters 1.2 and its kin, Podlove Simple Chapters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from podcast_kit.model import Chapter, LocalFile, RemoteUrl, Resource
from podcast_kit.source.paths import has_scheme
from podcast_kit.source.chapters.text_formats import Report, listed, one_line
from podcast_kit.text.timecode import MAX_TIMECODE_S, format_timecode, parse_timecode

PSC = "http://podlove.org/simple-chapters"


def milliseconds(value: object) -> int | None:
    """Seconds as a number, or a time as Normal Play Time (`SS.mmm`, `HH:MM:SS.mmm`); None for neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return round(value * 1000) if math.isfinite(value) and 0 <= value < MAX_TIMECODE_S else None
    return parse_timecode(value) if isinstance(value, str) else None


def from_json(text: str, report: Report) -> Iterator[Chapter]:
    """JSON chapters 1.2; also the lists that Podlove and Auphonic write, and `ffprobe -show_chapters`."""
    try:
        root: Any = json.loads(text)
    except json.JSONDecodeError as error:
        report(error.lineno, f"is not JSON: {error.msg}", "look at the line before, too")
        return
    except (RecursionError, ValueError):
        report(1, "is not JSON that can be read", "write it anew")
        return
    found = root.get("chapters") if isinstance(root, dict) else root
    if not isinstance(found, list):
        report(1, "has no list of chapters", 'write {"version": "1.2.0", "chapters": [...]}')
        return
    for number, one in enumerate(found, 1):
        if isinstance(one, dict):
            yield from _chapter(one, number, report)
        else:
            report(1, f"chapter {number} is no object", 'write {"startTime": 0, "title": "..."}')


def _chapter(one: Mapping[str, Any], number: int, report: Report) -> Iterator[Chapter]:
    def first(*keys: str) -> object:
        return next((one[key] for key in keys if key in one), None)

    tags = one.get("tags")
    start = milliseconds(first("startTime", "start_time", "start"))
    end = milliseconds(first("endTime", "end_time", "end"))
    if start is None:
        report(1, f"chapter {number} has no startTime in seconds", "write a number of 0 or more")
        return
    title = first("title") or (tags.get("title") if isinstance(tags, dict) else None)
    yield Chapter(
        start_ms=start,
        end_ms=end if end is not None and end > start else None,
        title=one_line(_text(title)),
        url=_text(first("url", "href")),
        image=image_resource(_text(first("img", "image"))),
        toc=one.get("toc") is not False,
    )


def image_resource(written: str) -> Resource | None:
    """A picture as the file names it; a path is not resolved yet."""
    if not written:
        return None
    return RemoteUrl(written) if has_scheme(written) else LocalFile(written)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def psc(text: str, report: Report) -> Iterator[Chapter]:
    """Podlove Simple Chapters, alone or somewhere inside a document; a document type is refused."""
    from xml.parsers import expat

    found: list[tuple[int, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator="\n")

    def began(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition("\n")[2] in {"chapter", "psc:chapter"}:
            found.append((parser.CurrentLineNumber, attributes))

    def refuse(*_: object) -> None:
        raise _DocumentTypeError

    parser.StartElementHandler = began
    parser.StartDoctypeDeclHandler = refuse  # no entities, so none that grow
    try:
        parser.Parse(_declared(text).encode(), True)
    except expat.ExpatError as error:
        report(error.lineno, f"is not XML: {expat.ErrorString(error.code)}", "export the chapters again")
        return
    except _DocumentTypeError:
        report(1, "holds a document type", "remove the line that begins with <!DOCTYPE")
        return
    for line, known in found:
        start = milliseconds(known.get("start"))
        if start is None:
            report(line, "the chapter has no start such as 00:12:34.000", 'write start="00:12:34"')
            continue
        title, url = one_line(known.get("title", "")), known.get("href", "").strip()
        yield Chapter(start_ms=start, title=title, url=url, image=image_resource(known.get("image", "").strip()))


class _DocumentTypeError(Exception):
    """A document type, which is where entities that grow are declared."""


def _declared(text: str) -> str:
    """The text with the prefix psc bound where it is used and nobody bound it, as in a snippet of a feed."""
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if "xmlns:psc" not in body and "<psc:" in body:
        body = body.replace("<psc:chapters", f'<psc:chapters xmlns:psc="{PSC}"', 1)
    return body.strip()


def write_psc(chapters: Sequence[Chapter]) -> str:
    """A `psc:chapters` element with the listed chapters."""
    lines = [f'<psc:chapters version="1.2" xmlns:psc="{PSC}">\n']
    for one in listed(chapters):
        known = (("title", one_line(one.title)), ("href", one.url), ("image", str(one.image or "")))
        more = "".join(f' {key}="{escape(value)}"' for key, value in known if value)
        lines.append(f'  <psc:chapter start="{format_timecode(one.start_ms)}"{more}/>\n')
    return "".join([*lines, "</psc:chapters>\n"])
