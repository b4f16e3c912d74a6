"""Transcripts of programs and of people: JSON, HTML, plain text."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from podcast_kit.model import Cue
from podcast_kit.source.transcripts.vtt_srt import STAMP, Found, named, plain
from podcast_kit.text.timecode import MAX_TIMECODE_S, timecode_to_ms

_LEADING_TIME = re.compile(
    r"[\[(]?(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?[\])]?[ \t]*(?:[-–—|][ \t]+)?", re.ASCII
)


def from_json(text: str) -> Found:
    """The namespace's segments; also what whisper and others write (`start`, `end`, `text`, seconds or times)."""
    try:
        root: Any = json.loads(text)
    except json.JSONDecodeError as error:
        return [], [(error.lineno, f"is not JSON: {error.msg}", "look at the line before, too")]
    except (RecursionError, ValueError):
        return [], [(1, "is not JSON that can be read", "make it anew")]
    segments = root.get("segments", root.get("cues")) if isinstance(root, dict) else root
    if not isinstance(segments, list):
        return [], [(1, "has no list of segments", 'write {"version": "1.0.0", "segments": [...]}')]
    found: list[Cue] = []
    for number, one in enumerate(segments, 1):
        known = one if isinstance(one, dict) else {}
        start, end = (
            seconds(known.get(key, known.get(short))) for key, short in (("startTime", "start"), ("endTime", "end"))
        )
        words = known.get("body", known.get("text"))
        if start is None or not isinstance(words, str):
            return found, [(1, f"segment {number} has no startTime in seconds, or no body", "write both")]
        who = known.get("speaker")
        said = {"text": plain(words), "speaker": plain(who) if isinstance(who, str) else ""}
        found.append(Cue(start_ms=start, end_ms=max(start, end or 0), **said))
    return _closed(found), []


def seconds(value: object) -> int | None:
    """Seconds, or a time in text, in milliseconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 1000) if math.isfinite(value) and 0 <= value < MAX_TIMECODE_S else None
    found = (
        re.fullmatch(rf"\s*(?:{STAMP}|(\d{{1,7}})(?:\.(\d{{1,9}}))?)\s*", value, re.ASCII)
        if isinstance(value, str)
        else None
    )
    if not found:
        return None
    if found[5] is not None:
        return timecode_to_ms(None, None, found[5], found[6])
    return timecode_to_ms(found[1], found[2], found[3], found[4])


class _Page(HTMLParser):
    """Gathers cues from an HTML transcript."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.cues: list[Cue] = []
        self.kind, self.who, self.start, self.hidden = "", "", 0, 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        """A part begins, and with it the one before ends."""
        self.hidden += tag in {"script", "style", "head"}
        if tag in {"cite", "time", "p"}:
            self.part()
            self.kind = tag

    def handle_endtag(self, tag: str) -> None:
        """A part ends."""
        self.hidden -= tag in {"script", "style", "head"} and self.hidden > 0
        if tag == self.kind:
            self.part()

    def handle_data(self, data: str) -> None:
        """Words, unless nobody sees them."""
        if not self.hidden:
            self.words.append(data)

    def part(self) -> None:
        """What was gathered since the last part."""
        said = " ".join("".join(self.words).split())
        kind, self.kind, self.words = self.kind, "", []
        if kind == "cite":
            self.who = said.rstrip(":").rstrip()
        elif kind == "time":
            self.start = seconds(said) or self.start
        elif kind == "p" and said:
            self.cues.append(Cue(start_ms=self.start, end_ms=self.start, text=said, speaker=self.who))


def from_html(text: str) -> Found:
    """`<cite>` names the speaker, `<time>` the start, `<p>` holds what is said; other elements are passed over."""
    page = _Page()
    page.feed(text.replace("<![", "&lt;!["))  # a marked section, which the parser only asserts about
    page.close()
    page.part()
    return _closed(page.cues), []


def from_text(text: str) -> Found:
    """Plain text: a paragraph a cue, with `Name: ` and `[00:12:34]` understood; without times all are at 0."""
    found: list[Cue] = []
    start = 0
    for paragraph in re.split(r"\n[ \t]*\n|\n(?=[\[(]?\d{1,3}:\d\d)", text):
        words = " ".join(paragraph.split())
        if timed := _LEADING_TIME.match(words):
            start = max(start, timecode_to_ms(timed[1], timed[2], timed[3], timed[4]))
            words = words[timed.end() :]
        who, words = named(words)
        if words:
            found.append(Cue(start_ms=start, end_ms=start, text=words, speaker=who))
    return _closed(found), []


def _closed(cues: list[Cue]) -> list[Cue]:
    """A cue without an end ends where a later one begins."""
    closed: list[Cue] = []
    later: int | None = None
    for cue in reversed(cues):
        closed.append(replace(cue, end_ms=later) if cue.end_ms == cue.start_ms and later is not None else cue)
        if later is None or cue.start_ms < later:
            later = cue.start_ms
    return closed[::-1]
