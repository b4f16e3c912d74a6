"""Cues of WebVTT and SubRip, read as leniently as listeners' apps do.

A parser gives the cues and the faults that it met, each as (line, cause, mend); what can be understood is no fault.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence

from podcast_kit.model import Cue
from podcast_kit.text.timecode import timecode_to_ms

Fault = tuple[int, str, str]
Found = tuple[list[Cue], list[Fault]]
STAMP = r"(?:(\d{1,4})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,3})(?:\s*[.,:]\s*(\d{1,9}))?"
_TIMING = re.compile(rf"\s*{STAMP}\s*-{{1,2}}\s*>\s*{STAMP}(?:\s.*)?", re.ASCII)
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,80})?[ \t]+([^<>]{0,200})>", re.IGNORECASE)
_TAGS = re.compile(r"</?(?:v|c|i|b|u|s|lang|ruby|rt|font|em|strong|span)(?:[.\s][^<>]*)?/?>|<\d[\d:.]*>", re.IGNORECASE)
_ASS = re.compile(r"\{\\[^{}]*\}")
_SPEAKER = re.compile(r"(?:>>\s*)?(?:\[([^\[\]:]{1,60})\]|([^:\[\]]{1,60}?))\s?:\s+(?=\S)")
_PARTICLES = frozenset(
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
_WORDS = 5


def vtt(text: str) -> Found:
    """WebVTT: voices become speakers, identifiers, notes, styles, regions and settings are dropped.

    Read although it is wrong: a missing head, a comma before the milliseconds, hours of any width.
    """
    lines = text.split("\n")
    head = lines[0].lstrip("\ufeff \t") if lines else ""
    return _cues(lines, 1 if head.startswith("WEBVTT") else 0, _vtt_cue)


def srt(text: str) -> Found:
    """SubRip: numbers may be missing, a dot may stand for the comma, `,5` is half a second; `Name:` is a speaker."""
    return _cues(text.split("\n"), 0, _srt_cue)


def _cues(lines: Sequence[str], first: int, understand: Callable[[str], list[tuple[str, str]]]) -> Found:
    found: list[Cue] = []
    faults: list[Fault] = []
    at = first
    while at < len(lines):
        timing = _TIMING.fullmatch(lines[at]) if "->" in lines[at] else None
        if timing is None:
            if "-->" in lines[at] and not lines[at].startswith("NOTE"):
                faults.append((at + 1, "is not a pair of times", "write it as '00:00:01.000 --> 00:00:04.000'"))
            at += 1
            continue
        began = at
        at += 1
        said: list[str] = []
        while at < len(lines) and lines[at].strip() and not ("->" in lines[at] and _TIMING.fullmatch(lines[at])):
            said.append(lines[at])
            at += 1
        if at < len(lines) and lines[at].strip() and said and said[-1].strip().isdigit():
            said.pop()  # the next cue's number, where no blank line stands between
        start, end = timecode_to_ms(*timing.groups()[:4]), timecode_to_ms(*timing.groups()[4:])
        if end < start:
            faults.append((began + 1, "the cue ends before it begins", "correct its times"))
            continue
        found += [
            Cue(start_ms=start, end_ms=end, text=words, speaker=who) for who, words in understand("\n".join(said))
        ]
    return found, faults


def _vtt_cue(text: str) -> list[tuple[str, str]]:
    """A cue's speeches: WebVTT lets several voices share one cue."""
    parts = _VOICE.split(text)
    spoken = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    found = [(plain(who), plain(words)) for who, words in spoken]
    return [(who, words) for who, words in found if words] or [("", "")][: not text.strip()]


def _srt_cue(text: str) -> list[tuple[str, str]]:
    return [named(plain(_ASS.sub("", text)))]


def named(words: str) -> tuple[str, str]:
    """The speaker that a text begins with, as `Name: ` or `[name]: `, and the rest; no speaker where none is named.

    A bare name is up to five words with capitals, so that "here is the thing: ..." names nobody.
    """
    found = _SPEAKER.match(words)
    if not found:
        return "", words
    who = (found[1] or found[2]).strip()
    if found[1] or (0 < len(who.split()) <= _WORDS and all(map(_is_name, who.split()))):
        return who, words[found.end() :]
    return "", words


def _is_name(word: str) -> bool:
    """Whether a word could be part of a name; in scripts without capitals any can."""
    letters = word.lstrip("(\"'‘“-")
    return word in _PARTICLES or (letters[:1].isalnum() and not letters[0].islower())


def plain(text: str) -> str:
    """A cue's text without markup, on one line."""
    return " ".join(html.unescape(_TAGS.sub("", text)).split())
