"""The types of values in a feed, and what is wrong with an invalid value."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from urllib.parse import urlsplit
from uuid import UUID

from podcast_kit.text.dates import parse_iso_date, parse_rfc2822


class ValueType(StrEnum):
    """A type of value; the enum's value is its name in messages."""

    TEXT = "text"
    LINE = "one line of text"
    FLAG = "true or false"
    YES_NO = "yes or no"
    YES = "Yes (leave the tag out for no)"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SECONDS = "a number of seconds"
    URL = "an http or https URL"
    URI = "a URI"
    MAIL = "an e-mail address"
    HOST = "a host name"
    RFC2822 = "a date such as Sun, 01 Mar 2026 09:00:00 +0000"
    ISO8601 = "a date such as 2026-03-01T09:00:00+00:00"
    UUID = "a UUID"
    MIME = "a MIME type such as audio/mpeg"
    LANGUAGE = "a language code such as en or pt-br"
    COUNTRY = "a two-letter country code such as DE"
    COUNTRIES = "two-letter country codes, most important first"
    GEO = "coordinates such as geo:52.52,13.40"
    OSM = "an OpenStreetMap id such as R62422"
    RRULE = "a recurrence such as FREQ=WEEKLY;BYDAY=MO"
    RATIO = "a ratio such as 16/9"
    SRCSET = "URLs with widths, such as https://a.example/a.jpg 600w"
    TIME = "a time such as 00:12:34.567"


_DECIMAL = r"-?\d{1,15}(?:\.\d{1,15})?"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FORMS = {
    ValueType.FLAG: r"true|false",
    ValueType.YES_NO: r"yes|no",
    ValueType.YES: r"Yes",
    ValueType.WHOLE: r"\d{1,15}",
    ValueType.NUMBER: _DECIMAL,
    ValueType.SECONDS: r"\d{1,15}(?:\.\d{1,15})?",
    ValueType.MAIL: r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]+",
    ValueType.HOST: rf"(?=.{{1,260}}$){_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?",
    ValueType.MIME: r"[A-Za-z0-9][\w.+-]*/[\w.+-]+(?:\s*;.*)?",
    ValueType.LANGUAGE: r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*",
    ValueType.COUNTRY: r"[A-Z]{2}",
    ValueType.COUNTRIES: r"[A-Za-z]{2}(?: [A-Za-z]{2})*",
    ValueType.GEO: rf"geo:{_DECIMAL},{_DECIMAL}(?:,{_DECIMAL})?(?:;[A-Za-z0-9-]+(?:=[^;\s]+)?)*",
    ValueType.OSM: r"[NWR]\d{1,20}(?:#\d{1,10})?",
    ValueType.RATIO: r"\d{1,6}(?:\.\d{1,6})?(?:\s*/\s*\d{1,6}(?:\.\d{1,6})?)?",
    ValueType.SRCSET: r"\S+(?:\s+\d{1,6}w)?(?:\s*,\s*\S+\s+\d{1,6}w)*",
    ValueType.TIME: r"(?:\d{1,3}:)?(?:\d{1,3}:)?\d{1,6}(?:\.\d{1,9})?",
}
_UNSAFE = re.compile(r'[\s<>"\\^`{|}]')
_RRULE_PARTS = {
    "FREQ": r"SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY",
    "UNTIL": r"\d{8}(?:T\d{6}Z?)?",
    "COUNT": r"[1-9]\d*",
    "INTERVAL": r"[1-9]\d*",
    "BYDAY": r"[+-]?\d{0,2}(?:MO|TU|WE|TH|FR|SA|SU)(?:,[+-]?\d{0,2}(?:MO|TU|WE|TH|FR|SA|SU))*",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
} | dict.fromkeys(
    ("BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"),
    r"[+-]?\d{1,3}(?:,[+-]?\d{1,3})*",
)
"""RFC 5545, 3.3.10."""


def find_value_error(value_type: ValueType, value: str) -> str:
    """What is wrong with a value of a feed, such as "is not a UUID"; empty for a valid value."""
    if value_type in _FORMS:
        if not _compile_form(value_type).fullmatch(value):
            return f"is not {value_type}"
        return _check_geo(value) if value_type is ValueType.GEO else ""
    check = _CHECKS.get(value_type)
    return check(value) if check else ""


@cache
def _compile_form(value_type: ValueType) -> re.Pattern[str]:
    return re.compile(_FORMS[value_type], re.ASCII)


def _check_geo(value: str) -> str:
    latitude, longitude = (abs(float(part)) for part in value[4:].partition(";")[0].split(",")[:2])
    max_latitude, max_longitude = 90, 180
    return "" if latitude <= max_latitude and longitude <= max_longitude else "is not a place on Earth (latitude first)"


def _check_uri(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        return f"is not {ValueType.URI}"
    has_address = parts.netloc or parts.path or parts.query  # a magnet link only has a query
    return "" if parts.scheme and has_address and not _UNSAFE.search(value) else f"is not {ValueType.URI}"


def _check_url(value: str) -> str:
    if _check_uri(value) or not value.isascii():
        return f"is not {ValueType.URL}"
    parts = urlsplit(value)
    return "" if parts.scheme.lower() in {"http", "https"} and parts.netloc else f"is not {ValueType.URL}"


def _check_uuid(value: str) -> str:
    try:
        return "" if str(UUID(value)) == value.lower() else f"is not {ValueType.UUID}"
    except ValueError:
        return f"is not {ValueType.UUID}"


def _check_rfc2822(value: str) -> str:
    return "" if parse_rfc2822(value) else f"is not {ValueType.RFC2822}"


def _check_iso8601(value: str) -> str:
    return "" if parse_iso_date(value) else f"is not {ValueType.ISO8601}"


def _check_rrule(value: str) -> str:
    parts = dict(part.partition("=")[::2] for part in value.upper().split(";"))
    are_valid = all(
        name in _RRULE_PARTS and re.fullmatch(_RRULE_PARTS[name], part, re.ASCII) for name, part in parts.items()
    )
    if are_valid and "FREQ" in parts and not {"COUNT", "UNTIL"} <= parts.keys():
        return ""
    return f"is not {ValueType.RRULE}"


def _check_line(value: str) -> str:
    return f"is not {ValueType.LINE}" if "\n" in value.strip() else ""


_CHECKS = {
    ValueType.LINE: _check_line,
    ValueType.URI: _check_uri,
    ValueType.URL: _check_url,
    ValueType.UUID: _check_uuid,
    ValueType.RFC2822: _check_rfc2822,
    ValueType.ISO8601: _check_iso8601,
    ValueType.RRULE: _check_rrule,
}
