"""Dates as people type them: `2026-12-24 18:00`, `tomorrow`, `next thursday 8:00`, `in 3 days`, `24 Dec 18:00`."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta

DATE_EXAMPLES = "2026-12-24 18:00, tomorrow, next thursday 8:00, in 3 days or 24 Dec"
_CLOCK = re.compile(
    r"(?:^|[ ,]+|at +)(?P<hour>[01]?\d|2[0-3])(?:[:.h](?P<minute>[0-5]\d))?(?::(?P<second>[0-5]\d))?"
    r" *(?P<half>[ap]\.?m\.?)?$"
)
_IN = re.compile(r"in +(?P<count>\d{1,3}|an?|one) +(?P<unit>hour|day|week|month)s?")
_DAY_MONTH = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)? *(?P<month>[a-z]{3,9})\.?,?(?: +(?P<year>\d{4}))?")
_MONTH_DAY = re.compile(r"(?P<month>[a-z]{3,9})\.? +(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? +(?P<year>\d{4}))?")
_NAMED_DAYS = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "day after tomorrow": 2,
    "the day after tomorrow": 2,
}
_FULL_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FULL_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_MIN_NAME_LEN = 3
_NOON = 12


def parse_typed_date(text: str, now: datetime, at: time) -> datetime | None:
    """The date that a person means by some text, read at `now`; None where it is not a date.

    ISO 8601 dates keep their offset; all others have the time zone of `now`, and the time `at` unless they have one.
    A weekday is the next one after today, and a day without a year the next one. Days written in numbers alone, such
    as 3.4.2026, are not read: half of the world reads them the other way round.

    >>> parse_typed_date("next thursday 8:00", datetime(2026, 11, 28, 13), time(9))
    datetime.datetime(2026, 12, 3, 8, 0)
    """
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        words = " ".join(text.lower().split())
    if words == "now":
        return now.replace(second=0, microsecond=0)
    if (match := _IN.fullmatch(words)) and match["unit"] == "hour":
        return (now + timedelta(hours=_count(match))).replace(second=0, microsecond=0)
    clock = _CLOCK.search(words)
    for end, moment in ((clock.start(), _clock_time(clock)) if clock else (0, None), (len(words), at)):
        day = _parse_day(words[:end].strip(" ,").removesuffix(" at"), now.date()) if moment else None
        if day and moment:
            return datetime.combine(day, moment, now.tzinfo)
    return None


def _clock_time(match: re.Match[str]) -> time | None:
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if match["half"].startswith("p") else 0)
    elif match["minute"] is None:
        return None  # `24 Dec` has a number, too
    return time(hour, int(match["minute"] or 0), int(match["second"] or 0))


def _parse_day(words: str, today: date) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        pass
    if words in _NAMED_DAYS:
        return today + timedelta(days=_NAMED_DAYS[words])
    if words in {"next week", "in a week"}:
        return today + timedelta(weeks=1)
    if match := _IN.fullmatch(words):
        count = _count(match)
        return (
            _add_months(today, count)
            if match["unit"] == "month"
            else today + timedelta(days=count * (7 if match["unit"] == "week" else 1))
        )
    name = re.sub(r"^(?:next|this|on|coming) +", "", words)
    for index, weekday in enumerate(_FULL_WEEKDAYS):
        if weekday.startswith(name) and len(name) >= _MIN_NAME_LEN:
            return today + timedelta(days=(index - today.weekday() - 1) % 7 + 1)
    return _parse_named_month(words, today)


def _parse_named_month(words: str, today: date) -> date | None:
    match = _DAY_MONTH.fullmatch(words) or _MONTH_DAY.fullmatch(words)
    if not match:
        return None
    month = next((number for number, name in enumerate(_FULL_MONTHS, 1) if name.startswith(match["month"])), 0)
    if not month:
        return None
    for year in [int(match["year"])] if match["year"] else range(today.year, today.year + 5):
        try:
            day = date(year, month, int(match["day"]))
        except ValueError:  # such as 29 Feb
            continue
        if match["year"] or day >= today:
            return day
    return None


def _count(match: re.Match[str]) -> int:
    return int(match["count"]) if match["count"].isdigit() else 1


def _add_months(day: date, count: int) -> date:
    years, month = divmod(day.month - 1 + count, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
