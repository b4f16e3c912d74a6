"""Parsers of transcripts in JSON, HTML and plain text."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from podcast_kit.limits import MAX_HTML_DEPTH
from podcast_kit.model import Cue
from podcast_kit.source.transcripts.service_json import is_namespace_json, name_speaker, read_segments
from podcast_kit.source.transcripts.vtt_srt import (
    TIMECODE_GROUP_COUNT,
    TIMECODE_PATTERN,
    ParsedCues,
    estimate_end_ms,
    following_starts,
    guess_frame_rate,
    is_speaker_name,
    split_speaker,
    strip_cue_markup,
    timecode_parts_to_ms,
    written_frames,
)
from podcast_kit.text.html_depth import is_nested_too_deep
from podcast_kit.text.timecode import MAX_TIMECODE_S, timecode_to_ms

_LEADING_TIMECODE = re.compile(
    r"[\[(]?(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?[\])]?[ \t]*(?:[-–—|][ \t]+)?", re.ASCII
)
_PARAGRAPH_BREAK = re.compile(
    r"\n[ \t]*\n|\n(?=[\[(]?\d{1,3}[:;]\d\d)|\n(?=[^\n]{1,60}[ \t]{2,8}\d{1,3}:\d\d(?::\d\d)?[ \t]{0,8}\n)", re.ASCII
)
_SPEAKER_HEADING = re.compile(
    r"(?P<speaker>[^\n]{1,60}?)(?P<sign>[ \t]*[(\[–—-][ \t]*|[ \t]+)"
    r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)[)\]]?:?",
    re.ASCII,
)
_TIME_RANGE = re.compile(rf"[\[(]?{TIMECODE_PATTERN}\s*(?:[-–—]|-+>)\s*{TIMECODE_PATTERN}[\])]?", re.ASCII)
RANGE_HEADING_LINES = 2
"""A range of times, and the name of the speaker; the words follow."""
_CUE_TIME = re.compile(rf"\s*(?:{TIMECODE_PATTERN}|(\d{{1,7}})(?:\.(\d{{1,9}}))?)\s*", re.ASCII)


def parse_json_transcript(text: str) -> ParsedCues:
    """The podcast namespace's segments; also what transcription programs and services write."""
    try:
        root: Any = json.loads(text)
    except json.JSONDecodeError as error:
        return ParsedCues(problems=[(error.lineno, f"is not JSON: {error.msg}", "check the line before it as well")])
    except (RecursionError, ValueError):
        return ParsedCues(problems=[(1, "is not JSON that can be read", "export the transcript again")])
    segments = read_segments(root)
    if segments is None:
        fix = 'write {"version": "1.0.0", "segments": [...]}'
        return ParsedCues(problems=[(1, "has no list of segments", fix)])
    cues: list[Cue] = []
    for number, segment in enumerate(segments, 1):
        start_ms, end_ms = cue_time_to_ms(segment.start), cue_time_to_ms(segment.end)
        if start_ms is None or not isinstance(segment.text, str):
            problem = (1, f"segment {number} has no startTime in seconds, or no body", "add both")
            return ParsedCues(cues, [problem])
        cues.append(
            Cue(
                start_ms=start_ms,
                end_ms=max(start_ms, end_ms or 0),
                text=strip_cue_markup(segment.text),
                speaker=strip_cue_markup(name_speaker(segment.speaker)),
            )
        )
    is_sorted = all(before.start_ms <= after.start_ms for before, after in pairwise(cues))
    has_lengths = all(cue.end_ms > cue.start_ms for cue in cues)
    is_standard = is_namespace_json(root) and is_sorted and has_lengths
    return ParsedCues(_fill_end_times(cues), is_standard=is_standard)


def cue_time_to_ms(value: object) -> int | None:
    """Milliseconds of a number of seconds or a timecode; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 1000) if math.isfinite(value) and 0 <= value < MAX_TIMECODE_S else None
    match = _CUE_TIME.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    *timecode, seconds, fraction = match.groups()
    if seconds is not None:
        return timecode_to_ms(None, None, seconds, fraction)
    return timecode_parts_to_ms(timecode, guess_frame_rate([written_frames(timecode) or 0]))


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
    if is_nested_too_deep(text):
        problem = f"more than {MAX_HTML_DEPTH} elements are open at the same time"
        return ParsedCues([], [(1, problem, "close each element, or export the transcript as WebVTT")])
    from podcast_kit.source.notes.sanitize import clean_transcript_html

    parser = _TranscriptHtmlParser()
    # Sanitized HTML has only whole tags, which HTMLParser reads in linear time; a marked section is text.
    parser.feed(clean_transcript_html(text.replace("<![", "&lt;![")))
    parser.close()
    parser.finish_part()
    return ParsedCues(_fill_end_times(parser.cues) if any(cue.start_ms for cue in parser.cues) else parser.cues)


def parse_text_transcript(text: str) -> ParsedCues:
    """Plain text: each paragraph is a cue. Without times all are at 0.

    A paragraph may begin with `Name: ` or `[00:12:34]`, or have a line above its words with a name and a time, as Otter
    writes it (`Ann Lee  0:12`), or with a range of times and then one with a name, as Premiere does. Further paragraphs
    have the speaker of such a line, too.
    """
    paragraphs = [
        [line.strip() for line in paragraph.split("\n") if line.strip()] for paragraph in _PARAGRAPH_BREAK.split(text)
    ]
    ranges = [match for lines in paragraphs if lines and (match := _TIME_RANGE.fullmatch(lines[0]))]
    frame_rate = guess_frame_rate(written_frames(match.groups()[:TIMECODE_GROUP_COUNT]) or 0 for match in ranges)
    cues: list[Cue] = []
    start_ms, end_ms, heading_speaker = 0, 0, ""
    for lines in filter(None, paragraphs):
        if heading := _read_heading(lines, frame_rate):
            heading_speaker, start_ms, end_ms = heading.speaker, max(start_ms, heading.start_ms), heading.end_ms
        words = " ".join(" ".join(lines[heading.line_count if heading else 0 :]).split())
        if timed := _LEADING_TIMECODE.match(words):
            start_ms = max(start_ms, timecode_to_ms(timed[1], timed[2], timed[3], timed[4]))
            words = words[timed.end() :]
        speaker, words = split_speaker(words)
        if words:
            end = max(start_ms, end_ms)
            cues.append(Cue(start_ms=start_ms, end_ms=end, text=words, speaker=speaker or heading_speaker))
    return ParsedCues(_fill_end_times(cues) if start_ms else cues)


@dataclass(frozen=True, slots=True)
class _Heading:
    """The lines above the words of a paragraph."""

    line_count: int
    speaker: str
    start_ms: int
    end_ms: int = 0


def _read_heading(lines: list[str], frame_rate: int) -> _Heading | None:
    if timed := _TIME_RANGE.fullmatch(lines[0]):
        start_ms, end_ms = (
            timecode_parts_to_ms(parts, frame_rate)
            for parts in (timed.groups()[:TIMECODE_GROUP_COUNT], timed.groups()[TIMECODE_GROUP_COUNT:])
        )
        has_speaker = len(lines) > RANGE_HEADING_LINES
        line_count = RANGE_HEADING_LINES if has_speaker else 1
        return _Heading(line_count, lines[1] if has_speaker else "", start_ms, end_ms)
    match = _SPEAKER_HEADING.fullmatch(lines[0]) if len(lines) > 1 else None
    if not match:
        return None
    is_set_apart = match["sign"] == "\t" or len(match["sign"]) > 1 or match["sign"] in {"(", "["}
    if not is_set_apart and not is_speaker_name(match["speaker"]):
        return None
    return _Heading(1, match["speaker"].strip("[]"), timecode_to_ms(match["hours"], match["minutes"], match["seconds"]))


def _fill_end_times(cues: list[Cue]) -> list[Cue]:
    """The cues, where one without an end ends when a later one begins; the last when it has been read."""
    limits = following_starts([cue.start_ms for cue in cues])
    ends = [
        limit if limit is not None else estimate_end_ms(cue.start_ms, cue.text, None)
        for cue, limit in zip(cues, limits, strict=True)
    ]
    return [
        replace(cue, end_ms=end) if cue.end_ms == cue.start_ms else cue for cue, end in zip(cues, ends, strict=True)
    ]
