"""Parsers of JSON chapters 1.2 and similar JSON, and of Podlove Simple Chapters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from podcast_kit.model import Chapter, LocalFile, RemoteUrl, Resource
from podcast_kit.source.chapters.text_formats import ReportProblem, collapse_spaces
from podcast_kit.source.paths import has_scheme
from podcast_kit.text.timecode import MAX_TIMECODE_S, parse_timecode

PSC_URI = "http://podlove.org/simple-chapters"


def start_to_ms(value: object) -> int | None:
    """Milliseconds of a number of seconds or a Normal Play Time (`SS.mmm`, `HH:MM:SS.mmm`); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return round(value * 1000) if math.isfinite(value) and 0 <= value < MAX_TIMECODE_S else None
    return parse_timecode(value) if isinstance(value, str) else None


def parse_json_chapters(text: str, report: ReportProblem) -> Iterator[Chapter]:
    """JSON chapters 1.2; also the lists that Podlove and Auphonic write, and `ffprobe -show_chapters`."""
    try:
        root: Any = json.loads(text)
    except json.JSONDecodeError as error:
        report(error.lineno, f"is not JSON: {error.msg}", "check the line before it as well")
        return
    except (RecursionError, ValueError):
        report(1, "is not JSON that can be read", "export the chapters again")
        return
    entries = root.get("chapters") if isinstance(root, dict) else root
    if not isinstance(entries, list):
        report(1, "has no list of chapters", 'write {"version": "1.2.0", "chapters": [...]}')
        return
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, dict):
            yield from _json_chapter(entry, number, report)
        else:
            report(1, f"chapter {number} is not an object", 'write {"startTime": 0, "title": "..."}')


def _json_chapter(entry: Mapping[str, Any], number: int, report: ReportProblem) -> Iterator[Chapter]:
    def first_of(*keys: str) -> object:
        return next((entry[key] for key in keys if key in entry), None)

    tags = entry.get("tags")
    start_ms = start_to_ms(first_of("startTime", "start_time", "start"))
    end_ms = start_to_ms(first_of("endTime", "end_time", "end"))
    if start_ms is None:
        report(1, f"chapter {number} has no startTime in seconds", "write a number of 0 or more")
        return
    title = first_of("title") or (tags.get("title") if isinstance(tags, dict) else None)
    yield Chapter(
        start_ms=start_ms,
        end_ms=end_ms if end_ms is not None and end_ms > start_ms else None,
        title=collapse_spaces(_stripped_text(title)),
        url=_stripped_text(first_of("url", "href")),
        image=_image_resource(_stripped_text(first_of("img", "image"))),
        toc=entry.get("toc") is not False,
    )


def _image_resource(written: str) -> Resource | None:
    """A picture as the file names it; a path is still relative to the file."""
    if not written:
        return None
    return RemoteUrl(written) if has_scheme(written) else LocalFile(written)


def _stripped_text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def parse_psc_chapters(text: str, report: ReportProblem) -> Iterator[Chapter]:
    """Podlove Simple Chapters, alone or inside a document; a document type is refused."""
    from xml.parsers import expat

    elements: list[tuple[int, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator="\n")

    def on_start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition("\n")[2] in {"chapter", "psc:chapter"}:
            elements.append((parser.CurrentLineNumber, attributes))

    def refuse_doctype(*_: object) -> None:
        raise _DocumentTypeError

    parser.StartElementHandler = on_start
    parser.StartDoctypeDeclHandler = refuse_doctype  # without it entities could grow without limit
    try:
        parser.Parse(_declare_psc_prefix(text).encode(), True)
    except expat.ExpatError as error:
        report(error.lineno, f"is not XML: {expat.ErrorString(error.code)}", "export the chapters again")
        return
    except _DocumentTypeError:
        report(1, "has a document type", "remove the line that begins with <!DOCTYPE")
        return
    for line, attributes in elements:
        start_ms = start_to_ms(attributes.get("start"))
        if start_ms is None:
            report(line, "the chapter has no start such as 00:12:34.000", 'write start="00:12:34"')
            continue
        yield Chapter(
            start_ms=start_ms,
            title=collapse_spaces(attributes.get("title", "")),
            url=attributes.get("href", "").strip(),
            image=_image_resource(attributes.get("image", "").strip()),
        )


class _DocumentTypeError(Exception):
    """The text has a document type, which can declare entities."""


def _declare_psc_prefix(text: str) -> str:
    """The text with the prefix psc declared if it is used without a declaration, as in a snippet of a feed."""
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if "xmlns:psc" not in body and "<psc:" in body:
        body = body.replace("<psc:chapters", f'<psc:chapters xmlns:psc="{PSC_URI}"', 1)
    return body.strip()
