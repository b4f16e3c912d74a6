"""Dates as feeds, web servers and file formats write them. Formatting never depends on the locale."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime

from podcast_kit.text.numbers import format_count

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_rfc2822(date: datetime) -> str:
    """The date in UTC as RSS has it; a date without an offset counts as UTC.

    >>> format_rfc2822(datetime(2026, 11, 9, 7, tzinfo=UTC))
    'Mon, 09 Nov 2026 07:00:00 +0000'
    """
    utc = assume_utc(date).astimezone(UTC)
    day, month = WEEKDAYS[utc.weekday()], MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc.hour:02}:{utc.minute:02}:{utc.second:02} +0000"


def parse_rfc2822(text: str) -> datetime | None:
    """An RFC 2822 date, read leniently; without an offset it is in UTC. None where the text is not a date.

    >>> parse_rfc2822("Mon, 09 Nov 2026 07:00:00 GMT")
    datetime.datetime(2026, 11, 9, 7, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return assume_utc(date) if has_time_zones(date) else None


def format_http_date(timestamp: float) -> str:
    """A POSIX timestamp as an HTTP header has it.

    >>> format_http_date(0)
    'Thu, 01 Jan 1970 00:00:00 GMT'
    """
    return formatdate(timestamp, usegmt=True)


def format_utc_iso(date: datetime) -> str:
    """The date in UTC as `2026-03-01T08:00:00+00:00` (ISO 8601).

    >>> format_utc_iso(datetime.fromisoformat("2026-03-01T09:00:00+01:00"))
    '2026-03-01T08:00:00+00:00'
    """
    return date.astimezone(UTC).isoformat()


def format_tag_date(date: datetime) -> str:
    """The date in UTC, to the second, as audio tags have it: `2026-03-01T08:00:00Z`.

    >>> format_tag_date(datetime.fromisoformat("2026-03-01T09:00:00.5+01:00"))
    '2026-03-01T08:00:00Z'
    """
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_basic_iso(date: datetime) -> str:
    """The date in UTC in ISO 8601's basic format, as AWS signatures have it: `20260301T080000Z`.

    >>> format_basic_iso(datetime(2026, 3, 1, 8, tzinfo=UTC))
    '20260301T080000Z'
    """
    return date.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def parse_iso_date(text: str) -> datetime | None:
    """An ISO 8601 date; without an offset it is in UTC. None where the text is not a date.

    >>> parse_iso_date("2026-03-01T09:00")
    datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return assume_utc(date) if has_time_zones(date) else None


def has_time_zones(date: datetime) -> bool:
    """Whether the date exists in every time zone: the first and the last year that Python knows do not.

    >>> [has_time_zones(datetime(year, 12, 31)) for year in (1, 2, 9998, 9999)]
    [False, True, True, False]
    """
    return MINYEAR < date.year < MAXYEAR


def assume_utc(date: datetime) -> datetime:
    """The date with UTC as its zone where it has none."""
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def format_age(age: timedelta) -> str:
    """How long ago something was, in the largest unit that fits; a clock that is behind counts as now.

    >>> [format_age(timedelta(seconds=seconds)) for seconds in (-5, 59, 180, 7200, 86400, 2e6)]
    ['just now', 'just now', '3 min ago', '2 h ago', '1 day ago', '23 days ago']
    """
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < MINUTES_PER_HOUR:
        return f"{minutes} min ago"
    hours = minutes // MINUTES_PER_HOUR
    return f"{hours} h ago" if hours < HOURS_PER_DAY else f"{format_count(hours // HOURS_PER_DAY, 'day')} ago"
