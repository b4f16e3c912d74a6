"""Dates of feeds as programs really write them: RFC 2822 with odd zones, ISO 8601, SQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from podcast_kit.text.dates import has_time_zones, parse_rfc2822

_OFFSET = re.compile(r"\s*\(?(?:GMT|UTC?|Z)?\s*([+-])(\d{1,2})(?::?(\d{2}))?\)?(?:\s*\([^()]*\))?$", re.IGNORECASE)
_ZONE_NAME = re.compile(r"\s+\(?([A-Za-z]{1,5}|[A-Za-z]+/[A-Za-z_+-]+(?:/[A-Za-z_]+)?)\)?$")
_MAX_OFFSET_HOURS = 14
_MAX_TEXT_LEN = 100
_ZONE_HOURS = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "SAST": 2, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5,
    "AEST": 10, "ACDT": 10.5, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "EDT": -4, "EST": -5, "CDT": -5,
    "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8, "AKDT": -8, "AKST": -9, "HST": -10,
}  # fmt: skip
"""Hours ahead of UTC. Names that more than one country of podcasters uses (IST, AST) are not in it."""


def parse_feed_date(text: str) -> tuple[datetime | None, str]:
    """The date in a feed, and what had to be assumed, such as "has no time zone; UTC is assumed".

    The date is None where the text is not one. Offsets may be written as `+02:00` or `GMT+2`, and zones as `CEST` or
    `Europe/Vienna`.

    >>> parse_feed_date("Mon, 02 Nov 2026 10:00:00 GMT+2")[0].isoformat()
    '2026-11-02T10:00:00+02:00'
    >>> parse_feed_date("2026-11-02 10:00")[1]
    'has no time zone; UTC is assumed'
    """
    text = " ".join(text.split())[:_MAX_TEXT_LEN]
    if (date := _parse_iso(text)) and date.tzinfo:
        return date, ""
    if (offset := _OFFSET.search(text)) and (date := _parse_local_time(text[: offset.start()])):
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        if hours <= _MAX_OFFSET_HOURS and minutes < 60:  # noqa: PLR2004
            delta = timedelta(hours=hours, minutes=minutes)
            return date.replace(tzinfo=timezone(-delta if offset[1] == "-" else delta)), ""
    if (name := _ZONE_NAME.search(text)) and (date := _parse_local_time(text[: name.start()])):
        zone = find_time_zone(name[1])
        assumed = "" if zone else f"has the unknown time zone {name[1]!r}; UTC is assumed"
        return _fix_offset(date.replace(tzinfo=zone or UTC)), assumed
    if date := _parse_local_time(text):
        return date.replace(tzinfo=UTC), "has no time zone; UTC is assumed"
    return None, ""


def _parse_iso(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text) if re.match(r"\d{4}-\d", text) else None
    except ValueError:
        return None
    return date if date and has_time_zones(date) else None


def _parse_local_time(text: str) -> datetime | None:
    """The date and time in ISO 8601 or as RFC 2822 has it, without a zone; None for other texts."""
    if re.match(r"\d{4}-\d", text):
        return _parse_iso(text)
    date = parse_rfc2822(text) if re.search(r"\d:\d{2}$", text) else None
    return date.replace(tzinfo=None) if date else None


def find_time_zone(name: str) -> tzinfo | None:
    """The zone of a name such as `CEST` or `Europe/Vienna`; None for an unknown one."""
    if name.upper() in _ZONE_HOURS:
        return timezone(timedelta(hours=_ZONE_HOURS[name.upper()]))
    if "/" not in name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _fix_offset(date: datetime) -> datetime:
    """The date with its offset instead of the zone's rules."""
    return date.replace(tzinfo=timezone(date.utcoffset() or timedelta()))
