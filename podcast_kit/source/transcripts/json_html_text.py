"""Parsers of transcripts in JSON, HTML and plain text."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from podcast_kit.model import Cue
from podcast_kit.source.transcripts.vtt_srt import TIMECODE_PATTERN, ParsedCues, split_speaker, strip_cue_markup
from podcast_kit.text.timecode import MAX_TIMECODE_S, timecode_to_ms

_LEADING_TIMECODE = re.compile(
    r"[\[(]?(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?[\])]?[ \t]*(?:[-–—|][ \t]+)?", re.ASCII
)
_CUE_TIME = re.compile(rf"\s*(?:{TIMECODE_PATTERN}|(\d{{1,7}})(?:\.(\d{{1,9}}))?)\s*", re.ASCII)


def parse_json_transcript(text: str) -> ParsedCues:
    """The podcast namespace's segments; also what whisper and others write (`start`, `end`, `text`)."""
    try:
        root: Any = json.loads(text)
    except json.JSONDecodeError as error:
        return [], [(error.lineno, f"is not JSON: {error.msg}", "check the line before it as well")]
    except (RecursionError, ValueError):
        return [], [(1, "is not JSON that can be read", "export the transcript again")]
    segments = root.get("segments", root.get("cues")) if isinstance(root, dict) else root
    if not isinstance(segments, list):
        return [], [(1, "has no list of segments", 'write {"version": "1.0.0", "segments": [...]}')]
    cues: list[Cue] = []
    for number, entry in enumerate(segments, 1):
        segment = entry if isinstance(entry, dict) else {}
        start_ms = cue_time_to_ms(segment.get("startTime", segment.get("start")))
        end_ms = cue_time_to_ms(segment.get("endTime", segment.get("end")))
        body = segment.get("body", segment.get("text"))
        if start_ms is None or not isinstance(body, str):
            return cues, [(1, f"segment {number} has no startTime in seconds, or no body", "add both")]
        speaker = segment.get("speaker")
        cues.append(
            Cue(
                start_ms=start_ms,
                end_ms=max(start_ms, end_ms or 0),
                text=strip_cue_markup(body),
                speaker=strip_cue_markup(speaker) if isinstance(speaker, str) else "",
            )
        )
    return _fill_end_times(cues), []


def cue_time_to_ms(value: object) -> int | None:
    """Milliseconds of a number of seconds or a timecode; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 1000) if math.isfinite(value) and 0 <= value < MAX_TIMECODE_S else None
    match = _CUE_TIME.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    if match[5] is not None:
        return timecode_to_ms(None, None, match[5], match[6])
    return timecode_to_ms(match[1], match[2], match[3], match[4])


class _TranscriptHtmlParser(HTMLParser):
    """Collects cues from an HTML transcript."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.cues: list[Cue] = []
        self.part_tag, self.speaker, self.start_ms, self.hidden_depth = "", "", 0, 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        """Begin a part, which ends the one before."""
        self.hidden_depth += tag in {"script", "style", "head"}
        if tag in {"cite", "time", "p"}:
            self.finish_part()
            self.part_tag = tag

    def handle_endtag(self, tag: str) -> None:
        """End a part."""
        self.hidden_depth -= tag in {"script", "style", "head"} and self.hidden_depth > 0
        if tag == self.part_tag:
            self.finish_part()

    def handle_data(self, data: str) -> None:
        """Collect visible text."""
        if not self.hidden_depth:
            self.words.append(data)

    def finish_part(self) -> None:
        """Use the text collected since the last part as a speaker, a time or a cue."""
        text = " ".join("".join(self.words).split())
        tag, self.part_tag, self.words = self.part_tag, "", []
        if tag == "cite":
            self.speaker = text.rstrip(":").rstrip()
        elif tag == "time":
            self.start_ms = cue_time_to_ms(text) or self.start_ms
        elif tag == "p" and text:
            self.cues.append(Cue(start_ms=self.start_ms, end_ms=self.start_ms, text=text, speaker=self.speaker))


def parse_html_transcript(text: str) -> ParsedCues:
    """`<cite>` is the speaker, `<time>` the start, `<p>` the text; other elements are ignored."""
    parser = _TranscriptHtmlParser()
    parser.feed(text.replace("<![", "&lt;!["))  # HTMLParser fails an assertion on marked sections
    parser.close()
    parser.finish_part()
    return _fill_end_times(parser.cues), []


def parse_text_transcript(text: str) -> ParsedCues:
    """Plain text: each paragraph is a cue; it may begin with `Name: ` or `[00:12:34]`. Without times all are at 0."""
    cues: list[Cue] = []
    start_ms = 0
    for paragraph in re.split(r"\n[ \t]*\n|\n(?=[\[(]?\d{1,3}:\d\d)", text):
        words = " ".join(paragraph.split())
        if timed := _LEADING_TIMECODE.match(words):
            start_ms = max(start_ms, timecode_to_ms(timed[1], timed[2], timed[3], timed[4]))
            words = words[timed.end() :]
        speaker, words = split_speaker(words)
        if words:
            cues.append(Cue(start_ms=start_ms, end_ms=start_ms, text=words, speaker=speaker))
    return _fill_end_times(cues), []


def _fill_end_times(cues: list[Cue]) -> list[Cue]:
    """The cues, where one without an end ends when a later one begins."""
    filled: list[Cue] = []
    next_start_ms: int | None = None
    for cue in reversed(cues):
        has_no_end = cue.end_ms == cue.start_ms
        filled.append(replace(cue, end_ms=next_start_ms) if has_no_end and next_start_ms is not None else cue)
        if next_start_ms is None or cue.start_ms < next_start_ms:
            next_start_ms = cue.start_ms
    return filled[::-1]
