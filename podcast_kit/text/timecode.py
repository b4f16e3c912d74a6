"""Timecodes (`1:02:03.500`) to milliseconds and back, and lengths of time for people and machines.

Every function takes or returns whole milliseconds, unless its parameter is called `seconds`.
"""

from __future__ import annotations

import re

MAX_TIMECODE_S = 10**7
"""Upper bound for a timecode from a file, in seconds: about a third of a year, longer than any recording."""

_FULL_TIMECODE = re.compile(r"(\d{1,3}):([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,9}))?", re.ASCII)
_DURATION_PART = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_TIMECODE = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,2}):)?(\d{1,9})(?:[.,](\d{1,9}))?", re.ASCII)


def timecode_to_ms(hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None = None) -> int:
    """The milliseconds of a timecode's parts, as a pattern's groups give them; a missing part counts as 0.

    Digits of the fraction after the third are dropped.

    >>> timecode_to_ms("1", "02", "03", "5")
    3723500
    >>> timecode_to_ms(None, None, "80")
    80000
    """
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0")[:3].ljust(3, "0"))


def parse_timecode(text: str) -> int | None:
    """Milliseconds of `[[HH:]MM:]SS[.mmm]` (Normal Play Time, RFC 2326); None for any other text.

    >>> parse_timecode("1:02:03.5"), parse_timecode("12:34"), parse_timecode("80"), parse_timecode("soon")
    (3723500, 754000, 80000, None)
    """
    match = _TIMECODE.fullmatch(text.strip())
    if not match:
        return None
    milliseconds = timecode_to_ms(match[1], match[2], match[3], match[4])
    return milliseconds if milliseconds < MAX_TIMECODE_S * 1000 else None


def parse_full_timecode(text: str) -> int | None:
    """Milliseconds of `HH:MM:SS[.mmm]`, where hours are required; None for any other text.

    >>> parse_full_timecode("00:01:02.500"), parse_full_timecode("1:02")
    (62500, None)
    """
    match = _FULL_TIMECODE.fullmatch(text.strip())
    return timecode_to_ms(match[1], match[2], match[3], match[4]) if match else None


def format_timecode(milliseconds: int, *, fraction: bool = True, decimal_mark: str = ".") -> str:
    """`HH:MM:SS.mmm`, or `HH:MM:SS` with `fraction=False`; always with hours, as some apps read MM:SS as HH:MM.

    >>> format_timecode(3723500), format_timecode(3723500, decimal_mark=","), format_timecode(62999, fraction=False)
    ('01:02:03.500', '01:02:03,500', '00:01:02')
    """
    seconds, remainder = divmod(milliseconds, 1000)
    whole = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{whole}{decimal_mark}{remainder:03}" if fraction else whole


def format_short_timecode(milliseconds: int, *, hours: bool = True) -> str:
    """`H:MM:SS`, or `M:SS` for less than an hour; with `hours=False` always minutes and seconds. Cut to seconds.

    >>> format_short_timecode(7000), format_short_timecode(3723500), format_short_timecode(3723500, hours=False)
    ('0:07', '1:02:03', '62:03')
    """
    minutes, second = divmod(milliseconds // 1000, 60)
    hour, minute = divmod(minutes, 60) if hours else (0, minutes)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def format_timecode_like(sample: str, milliseconds: int) -> str:
    """A timecode with as many digits and decimals as `sample`; hours are added where it needs them.

    >>> format_timecode_like("05:00", 3723500), format_timecode_like("0:05:00.0", 3723500)
    ('1:02:03', '1:02:03.500')
    """
    whole, mark, _ = sample.replace(",", ".").partition(".")
    first, *others = whole.split(":")
    seconds, remainder = divmod(milliseconds, 1000)
    hour, second_of_hour = divmod(seconds, 3600)
    if len(others) > 1 or hour:
        width = len(first) if len(others) > 1 else 1
        text = f"{hour:0{width}}:{second_of_hour // 60:02}:{second_of_hour % 60:02}"
    else:
        text = f"{seconds // 60:0{len(first)}}:{seconds % 60:02}"
    return f"{text}.{remainder:03}" if mark else text


def format_filename_timecode(milliseconds: int) -> str:
    """A timecode that can be part of a file name: `1m20s`, `62m03.5s`.

    >>> format_filename_timecode(80000), format_filename_timecode(3723500)
    ('1m20s', '62m03.5s')
    """
    minutes, remainder = divmod(milliseconds, 60_000)
    seconds = f"{remainder / 1000:06.3f}".rstrip("0").rstrip(".")
    return f"{minutes}m{seconds}s"


def format_seconds(milliseconds: int) -> str:
    """Seconds with as many decimals as they need: `12`, `12.5`.

    >>> format_seconds(12000), format_seconds(12500), format_seconds(12034)
    ('12', '12.5', '12.034')
    """
    whole, remainder = divmod(milliseconds, 1000)
    return f"{whole}.{remainder:03}".rstrip("0") if remainder else str(whole)


def format_length(seconds: float) -> str:
    """A length for people: `42.0 s`, `12:34`, `1:02:03`.

    >>> format_length(42), format_length(754.9), format_length(3723)
    ('42.0 s', '12:34', '1:02:03')
    """
    minute_s = 60
    return f"{seconds:.1f} s" if seconds < minute_s else format_short_timecode(int(seconds) * 1000)


def format_iso_duration(seconds: float) -> str:
    """An ISO 8601 duration, rounded to seconds: `PT1H2M3S`.

    >>> format_iso_duration(3723.4), format_iso_duration(120), format_iso_duration(0)
    ('PT1H2M3S', 'PT2M', 'PT0S')
    """
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hour, "H"), (minute, "M"), (second, "S")) if count]
    return "PT" + ("".join(parts) or "0S")


def parse_duration(text: str) -> float | None:
    """Seconds of an `itunes:duration`: `1800`, `30:00` or `0:30:00`; None for any other text.

    >>> parse_duration("1800"), parse_duration("30:00"), parse_duration("0:30:00.5"), parse_duration("1 h")
    (1800.0, 1800.0, 1800.5, None)
    """
    parts = text.split(":")
    if len(parts) > len("HMS") or not all(_DURATION_PART.fullmatch(part) for part in parts):
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + float(part)
    return seconds
