"""Parsers of WebVTT and SubRip, as lenient as listeners' apps.

A parser returns the cues and the problems, each as (line, cause, fix); what can be understood is not a problem.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

from podcast_kit.model import Cue
from podcast_kit.text.timecode import timecode_to_ms

CueProblem = tuple[int, str, str]
ParsedCues = tuple[list[Cue], list[CueProblem]]
TIMECODE_PATTERN = r"(?:(\d{1,4})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,3})(?:\s*[.,:]\s*(\d{1,9}))?"
MAX_NAME_WORDS = 5
"""Of a speaker whose name is not in brackets."""
_TIMING = re.compile(rf"\s*{TIMECODE_PATTERN}\s*-{{1,2}}\s*>\s*{TIMECODE_PATTERN}(?:\s.*)?", re.ASCII)
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


def parse_vtt(text: str) -> ParsedCues:
    """WebVTT: voices become speakers; identifiers, notes, styles, regions and settings are dropped.

    Accepts a missing header, a comma before the milliseconds, and hours of any width.
    """
    lines = text.split("\n")
    header = lines[0].lstrip("\ufeff \t") if lines else ""
    return _parse_timed_cues(lines, 1 if header.startswith("WEBVTT") else 0, _split_voices)


def parse_srt(text: str) -> ParsedCues:
    """SubRip: numbers are optional, a dot is accepted for the comma, `,5` is half a second; `Name:` is a speaker."""
    return _parse_timed_cues(text.split("\n"), 0, _split_srt_speaker)


def _parse_timed_cues(
    lines: Sequence[str], first: int, split_speeches: Callable[[str], list[tuple[str, str]]]
) -> ParsedCues:
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    index = first
    while index < len(lines):
        timing = _TIMING.fullmatch(lines[index]) if "->" in lines[index] else None
        if timing is None:
            if "-->" in lines[index] and not lines[index].startswith("NOTE"):
                problems.append((index + 1, "is not a pair of times", "write it as '00:00:01.000 --> 00:00:04.000'"))
            index += 1
            continue
        timing_index = index
        index += 1
        text_lines: list[str] = []
        while (
            index < len(lines)
            and lines[index].strip()
            and not ("->" in lines[index] and _TIMING.fullmatch(lines[index]))
        ):
            text_lines.append(lines[index])
            index += 1
        if index < len(lines) and lines[index].strip() and text_lines and text_lines[-1].strip().isdigit():
            text_lines.pop()  # the number of the next cue, where the blank line before it is missing
        start_ms, end_ms = timecode_to_ms(*timing.groups()[:4]), timecode_to_ms(*timing.groups()[4:])
        if end_ms < start_ms:
            problems.append((timing_index + 1, "the cue ends before it begins", "correct its times"))
            continue
        cues += [
            Cue(start_ms=start_ms, end_ms=end_ms, text=text, speaker=speaker)
            for speaker, text in split_speeches("\n".join(text_lines))
        ]
    return cues, problems


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
    if match[1] or (0 < len(speaker.split()) <= MAX_NAME_WORDS and all(map(_is_name_word, speaker.split()))):
        return speaker, text[match.end() :]
    return "", text


def _is_name_word(word: str) -> bool:
    """Whether a word can be part of a name; any word can in scripts without capitals."""
    letters = word.lstrip("(\"'‘“-")
    return word in _NAME_PARTICLES or (letters[:1].isalnum() and not letters[0].islower())


def strip_cue_markup(text: str) -> str:
    """A cue's text without markup, on one line."""
    return " ".join(html.unescape(_TAGS.sub("", text)).split())
