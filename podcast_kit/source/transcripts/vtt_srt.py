"""Parsers of WebVTT and SubRip, as lenient as listeners' apps.

What can be understood is not a problem; what is not as apps expect it is repaired, with a line that says so.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from podcast_kit.model import Cue
from podcast_kit.text.numbers import format_count
from podcast_kit.text.timecode import timecode_to_ms

CueProblem = tuple[int, str, str]
"""Line, cause and fix."""
TIMECODE_PATTERN = r"(?:(\d{1,4})\s*[:;]\s*)?(\d{1,3})\s*[:;]\s*(\d{1,3})(?:\s*([.,:;])\s*(\d{1,9}))?"
TIMECODE_GROUP_COUNT = 5
FRAME_RATES = (24, 25, 30, 50, 60)
MAX_FRAME_DIGITS = 2
MAX_NAME_WORDS = 5
"""Of a speaker whose name is not in brackets."""
MIN_CUE_MS, READING_MS_PER_CHARACTER = 1000, 60
"""How long a cue lasts that has no end, at least, and as long as it takes to read it."""
MAX_ROLLING_GAP_MS, MAX_ROLLING_LINES = 500, 4
MIN_ROLLING_CUES, MIN_ROLLING_SHARE = 3, 0.4
"""Cues that repeat the end of the one before, from which a file without word times has rolling captions."""
_TIMING = re.compile(rf"\s*{TIMECODE_PATTERN}\s*-{{1,2}}\s*>\s*{TIMECODE_PATTERN}(?:\s.*)?", re.ASCII)
_VTT_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_WORD_TIME = re.compile(r"<\d[\d:.]*>")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,80})?[ \t]+([^<>]{0,200})>", re.IGNORECASE)
_TAGS = re.compile(r"</?(?:v|c|i|b|u|s|lang|ruby|rt|font|em|strong|span)(?:[.\s][^<>]*)?/?>|<\d[\d:.]*>", re.IGNORECASE)
_ASS_OVERRIDES = re.compile(r"\{\\[^{}]*\}")
_SPEAKER = re.compile(r"(?:>>\s*)?(?:\[([^\[\]:]{1,60})\]|([^:\[\]]{1,60}?))\s?:\s+(?=\S)")
_NAME_PARTICLES = frozenset(
    [
        "de",
        "da",
        "di",
        "del",
        "della",
        "der",
        "den",
        "des",
        "du",
        "la",
        "le",
        "van",
        "von",
        "zu",
        "of",
        "the",
        "and",
        "al",
        "bin",
        "y",
    ]
)


@dataclass(frozen=True, slots=True)
class ParsedCues:
    """What a parser made of a transcript."""

    cues: list[Cue] = field(default_factory=list)
    problems: list[CueProblem] = field(default_factory=list)
    """Why it cannot be used."""
    repairs: list[CueProblem] = field(default_factory=list)
    """What apps would not have understood as it is meant; the cues have it right."""
    is_standard: bool = True
    """False for a format of another program that apps do not read, although the cues can be used."""


@dataclass(frozen=True, slots=True)
class _RawCue:
    """A cue as it is in the file."""

    line: int
    start_ms: int
    end_ms: int
    text_lines: tuple[str, ...]

    @property
    def shown_lines(self) -> list[str]:
        """What is seen of it."""
        return [shown for line in self.text_lines if (shown := strip_cue_markup(line))]


def parse_vtt(text: str, *, keep_times: bool = False) -> ParsedCues:
    """WebVTT: voices become speakers; identifiers, notes, styles, regions and settings are dropped.

    Accepts a missing header, a comma before the milliseconds, and hours of any width. With `keep_times` the cues keep
    their order and times even if these are wrong, as chapters need it.
    """
    lines = text.split("\n")
    has_header = lines[0].lstrip("\ufeff \t").startswith("WEBVTT")
    parsed = _parse_timed_cues(lines, int(has_header), _split_voices, is_vtt=True, keep_times=keep_times)
    if not has_header and parsed.cues:
        parsed.repairs.insert(0, (1, "does not begin with WEBVTT", "write WEBVTT in the first line"))
    return parsed


def parse_srt(text: str) -> ParsedCues:
    """SubRip: numbers are optional, a dot is accepted for the comma, `,5` is half a second; `Name:` is a speaker."""
    return _parse_timed_cues(text.split("\n"), 0, _split_srt_speaker, is_vtt=False)


def guess_frame_rate(frames: Iterable[int]) -> int:
    """The lowest usual rate at which a second has these frames, which count from 0."""
    last_frame = max(frames, default=0)
    return next((rate for rate in FRAME_RATES if rate > last_frame), 100)


def written_frames(parts: Sequence[str | None]) -> int | None:
    """The frames of a timecode's parts, as in `00:00:01:12`; None where it has a fraction or none."""
    mark, digits = parts[3:TIMECODE_GROUP_COUNT]
    return int(digits) if mark in {":", ";"} and digits and len(digits) <= MAX_FRAME_DIGITS else None


def timecode_parts_to_ms(parts: Sequence[str | None], frame_rate: int) -> int:
    """The milliseconds of a timecode's parts, which may end in frames."""
    frames = written_frames(parts)
    if frames is None:
        return timecode_to_ms(parts[0], parts[1], parts[2], parts[4])
    return timecode_to_ms(parts[0], parts[1], parts[2]) + round(frames * 1000 / frame_rate)


def _parse_timed_cues(
    lines: Sequence[str],
    first: int,
    split_speeches: Callable[[str], list[tuple[str, str]]],
    *,
    is_vtt: bool,
    keep_times: bool = False,
) -> ParsedCues:
    parsed = ParsedCues()
    timings = [
        (index, match)
        for index, line in enumerate(lines[first:], first)
        if "->" in line and (match := _TIMING.fullmatch(line))
    ]
    starts = [index for index, _ in timings]
    _report_bad_timings(lines[first : starts[0] if starts else None], first, parsed)
    frame_rate = _read_frame_rate([match.groups() for _, match in timings], starts, parsed)
    raw_cues: list[_RawCue] = []
    for (index, match), next_index in zip(timings, [*starts, len(lines)][1:], strict=True):
        has_next = next_index < len(lines)
        text_lines = _cue_text_lines(lines[index + 1 : next_index], index + 1, parsed, is_vtt=is_vtt, has_next=has_next)
        parts = match.groups()
        start_ms, end_ms = (
            timecode_parts_to_ms(part, frame_rate)
            for part in (parts[:TIMECODE_GROUP_COUNT], parts[TIMECODE_GROUP_COUNT:])
        )
        if end_ms < start_ms:
            parsed.problems.append((index + 1, "the cue ends before it begins", "correct its times"))
            continue
        raw_cues.append(_RawCue(index + 1, start_ms, end_ms, tuple(text_lines)))
    if not keep_times:
        raw_cues = _sort_cues(raw_cues, parsed)
        raw_cues = _join_rolling_cues(raw_cues, parsed)
        raw_cues = list(_with_lengths(raw_cues, parsed))
    for cue in raw_cues:
        parsed.cues.extend(
            Cue(start_ms=cue.start_ms, end_ms=cue.end_ms, text=text, speaker=speaker)
            for speaker, text in split_speeches("\n".join(cue.text_lines))
        )
    return parsed


def _report_bad_timings(lines: Sequence[str], first: int, parsed: ParsedCues) -> None:
    for index, line in enumerate(lines, first):
        if "-->" in line and not line.startswith("NOTE"):
            fix = "write it as '00:00:01.000 --> 00:00:04.000'"
            parsed.problems.append((index + 1, "is not a pair of times", fix))


def _read_frame_rate(timings: Sequence[tuple[str | None, ...]], starts: Sequence[int], parsed: ParsedCues) -> int:
    """The frames of a second, where the times end in frames."""
    timecodes = [part for parts in timings for part in (parts[:TIMECODE_GROUP_COUNT], parts[TIMECODE_GROUP_COUNT:])]
    frames = [count for part in timecodes if (count := written_frames(part)) is not None]
    frame_rate = guess_frame_rate(frames)
    if frames:
        text = f"the times end in frames; read as {frame_rate} frames per second"
        parsed.repairs.append((starts[0] + 1, text, "export the transcript with milliseconds"))
    return frame_rate


def _cue_text_lines(body: Sequence[str], first: int, parsed: ParsedCues, *, is_vtt: bool, has_next: bool) -> list[str]:
    """The text between a cue's times and those of the next, without the next one's identifier.

    In SubRip a blank line may be inside a cue. In WebVTT an empty line ends it, and apps would drop what follows.
    """
    body = list(body)
    if has_next and body and body[-1].strip():
        is_id = body[-1].strip().isdigit() and len(body) > 1
        if is_vtt and len(body) > 1 and not body[-2].strip():
            is_id = True
        if is_id:
            body.pop()
    text_lines: list[str] = []
    is_after_blank, is_skipped = False, False
    for number, line in enumerate(body):
        if not line.strip():
            is_skipped = is_skipped and bool(line)
            is_after_blank = is_after_blank or not is_vtt or not line
            continue
        if is_after_blank and not is_skipped and "-->" in line and not line.startswith("NOTE"):
            _report_bad_timings([line], first + number, parsed)
            break
        if is_vtt and is_after_blank and not body[number - 1].strip() and _VTT_BLOCK.match(line):
            is_skipped = True
        if is_skipped:
            continue
        if is_after_blank and text_lines:
            kind = "an empty" if is_vtt else "a blank"
            fix = "remove the empty line"
            parsed.repairs.append((first + number, f"{kind} line is inside a cue; apps drop the words after it", fix))
            is_after_blank = False
        text_lines.append(line)
    return text_lines


def _sort_cues(cues: list[_RawCue], parsed: ParsedCues) -> list[_RawCue]:
    ordered = sorted(cues, key=lambda cue: cue.start_ms)
    moved = next((cue for cue, other in zip(cues, ordered, strict=True) if cue is not other), None)
    if moved:
        parsed.repairs.append((moved.line, "the cues are not in order of time", "sort them"))
    return ordered


def _join_rolling_cues(cues: list[_RawCue], parsed: ParsedCues) -> list[_RawCue]:
    """The cues, each line once, where they roll as YouTube's: every cue repeats what the one before has shown."""
    shown = [cue.shown_lines for cue in cues]
    repeated = [0][: len(cues)] + [
        _overlap_len(shown[index - 1], shown[index])
        if cues[index].start_ms - cues[index - 1].end_ms <= MAX_ROLLING_GAP_MS
        else 0
        for index in range(1, len(cues))
    ]
    rolling = sum(0 < overlap < len(lines) for overlap, lines in zip(repeated, shown, strict=True))
    has_word_times = any(_WORD_TIME.search(line) for cue in cues for line in cue.text_lines)
    if rolling < (1 if has_word_times else max(MIN_ROLLING_CUES, MIN_ROLLING_SHARE * len(cues))):
        return cues
    joined: list[_RawCue] = []
    for cue, overlap in zip(cues, repeated, strict=True):
        lines = [line for line in cue.text_lines if strip_cue_markup(line)][overlap:]
        if lines or not overlap:
            joined.append(replace(cue, text_lines=tuple(lines)))
        else:
            joined[-1] = replace(joined[-1], end_ms=max(joined[-1].end_ms, cue.end_ms))
    first = next(cue for cue, overlap in zip(cues, repeated, strict=True) if overlap)
    count = format_count(sum(map(bool, repeated)), "cue")
    text = f"the captions roll: {count} repeat the one before; each line is published once"
    parsed.repairs.append((first.line, text, "export them without rolling, or leave it as it is"))
    return joined


def _overlap_len(before: Sequence[str], after: Sequence[str]) -> int:
    """How many lines at the end of one cue begin the next."""
    longest = min(len(before), len(after), MAX_ROLLING_LINES)
    return next((size for size in range(longest, 0, -1) if list(before[-size:]) == list(after[:size])), 0)


def _with_lengths(cues: Sequence[_RawCue], parsed: ParsedCues) -> Iterator[_RawCue]:
    """The cues, where one of no length lasts as long as it takes to read it, or until the next."""
    empty = [cue for cue in cues if cue.end_ms == cue.start_ms]
    if empty:
        text = f"{format_count(len(empty), 'cue')} without length, as Whisper writes them; given one"
        parsed.repairs.append((empty[0].line, text, "let each cue end after it begins"))
    limits = following_starts([cue.start_ms for cue in cues])
    for cue, limit in zip(cues, limits, strict=True):
        end_ms = cue.end_ms
        if end_ms == cue.start_ms:
            end_ms = estimate_end_ms(cue.start_ms, " ".join(cue.shown_lines), limit)
        yield replace(cue, end_ms=end_ms)


def following_starts(starts: Sequence[int]) -> list[int | None]:
    """For each start the first further down the list that is later; None where there is none."""
    limits: list[int | None] = []
    later: list[int] = []  # ascending from the end
    for start in reversed(starts):
        while later and later[-1] <= start:
            later.pop()
        limits.append(later[-1] if later else None)
        later.append(start)
    return limits[::-1]


def estimate_end_ms(start_ms: int, text: str, next_start_ms: int | None) -> int:
    """Where a cue without an end ends: when it has been read, at the latest when a later one begins."""
    end_ms = start_ms + max(MIN_CUE_MS, READING_MS_PER_CHARACTER * len(text))
    return end_ms if next_start_ms is None else min(end_ms, next_start_ms)


def _split_voices(text: str) -> list[tuple[str, str]]:
    """A WebVTT cue's speakers and what each says: several voices can share one cue."""
    parts = _VOICE.split(text)
    voices = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    speeches = [(strip_cue_markup(speaker), strip_cue_markup(words)) for speaker, words in voices]
    return [(speaker, words) for speaker, words in speeches if words] or [("", "")][: not text.strip()]


def _split_srt_speaker(text: str) -> list[tuple[str, str]]:
    return [split_speaker(strip_cue_markup(_ASS_OVERRIDES.sub("", text)))]


def split_speaker(text: str) -> tuple[str, str]:
    """The speaker that a text begins with, as `Name: ` or `[name]: ` (or an empty string), and the text after it.

    A name without brackets is up to five capitalised words, so "here is the thing: ..." has no speaker.
    """
    match = _SPEAKER.match(text)
    if not match:
        return "", text
    speaker = (match[1] or match[2]).strip()
    return (speaker, text[match.end() :]) if match[1] or is_speaker_name(speaker) else ("", text)


def is_speaker_name(text: str) -> bool:
    """Whether a text can be a name: up to five capitalised words."""
    return 0 < len(text.split()) <= MAX_NAME_WORDS and all(map(_is_name_word, text.split()))


def _is_name_word(word: str) -> bool:
    """Whether a word can be part of a name; any word can in scripts without capitals."""
    letters = word.lstrip("(\"'‘“-")
    return word in _NAME_PARTICLES or (letters[:1].isalnum() and not letters[0].islower())


def strip_cue_markup(text: str) -> str:
    """A cue's text without markup, on one line."""
    return " ".join(html.unescape(_TAGS.sub("", text)).split())
