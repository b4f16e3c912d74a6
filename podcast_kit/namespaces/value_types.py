"""What a value in a feed can be, and what is wrong with one that is not."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from podcast_kit.text.dates import parse_iso_date, parse_rfc2822


class Kind(StrEnum):
    """A kind of value; the value is what a message calls it."""

    TEXT = "text"
    LINE = "one line of text"
    FLAG = "true or false"
    YES_NO = "yes or no"
    YES = "Yes, or nothing at all"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SECONDS = "seconds"
    URL = "an https address"
    URI = "an address"
    MAIL = "an e-mail address"
    HOST = "the name of a server"
    RFC2822 = "a date as in Sun, 01 Mar 2026 09:00:00 +0000"
    ISO8601 = "a date as in 2026-03-01T09:00:00+00:00"
    UUID = "a UUID"
    MIME = "a type such as audio/mpeg"
    LANGUAGE = "a language such as en or pt-br"
    COUNTRY = "a country's two capital letters"
    COUNTRIES = "countries' two letters, in order of weight"
    GEO = "coordinates such as geo:52.52,13.40"
    OSM = "an OpenStreetMap id such as R62422"
    RRULE = "a recurrence such as FREQ=WEEKLY;BYDAY=MO"
    RATIO = "a ratio such as 16/9"
    SRCSET = "addresses with widths, such as https://a.example/a.jpg 600w"
    TIME = "a time such as 00:12:34.567"


_DECIMAL = r"-?\d{1,15}(?:\.\d{1,15})?"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FORMS = {
    Kind.FLAG: r"true|false",
    Kind.YES_NO: r"yes|no",
    Kind.YES: r"Yes",
    Kind.WHOLE: r"\d{1,15}",
    Kind.NUMBER: _DECIMAL,
    Kind.SECONDS: r"\d{1,15}(?:\.\d{1,15})?",
    Kind.MAIL: r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]+",
    Kind.HOST: rf"(?=.{{1,260}}$){_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?",
    Kind.MIME: r"[A-Za-z0-9][\w.+-]*/[\w.+-]+(?:\s*;.*)?",
    Kind.LANGUAGE: r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*",
    Kind.COUNTRY: r"[A-Z]{2}",
    Kind.COUNTRIES: r"[A-Za-z]{2}(?: [A-Za-z]{2})*",
    Kind.GEO: rf"geo:{_DECIMAL},{_DECIMAL}(?:,{_DECIMAL})?(?:;[A-Za-z0-9-]+(?:=[^;\s]+)?)*",
    Kind.OSM: r"[NWR]\d{1,20}(?:#\d{1,10})?",
    Kind.RATIO: r"\d{1,6}(?:\.\d{1,6})?(?:\s*/\s*\d{1,6}(?:\.\d{1,6})?)?",
    Kind.SRCSET: r"\S+(?:\s+\d{1,6}w)?(?:\s*,\s*\S+\s+\d{1,6}w)*",
    Kind.TIME: r"(?:\d{1,3}:)?(?:\d{1,3}:)?\d{1,6}(?:\.\d{1,9})?",
}
_PATTERNS = {kind: re.compile(form, re.ASCII) for kind, form in _FORMS.items()}
_UNSAFE = re.compile(r'[\s<>"\\^`{|}]')
_PARTS = {
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


def fault(kind: Kind, value: str) -> str:
    """What is wrong with a value of a feed, in words; empty when nothing is."""
    if kind in _PATTERNS:
        if not _PATTERNS[kind].fullmatch(value):
            return f"is not {kind}"
        return _geo(value) if kind is Kind.GEO else ""
    reader = _READERS.get(kind)
    return reader(value) if reader else ""


def _geo(value: str) -> str:
    latitude, longitude = (abs(float(part)) for part in value[4:].partition(";")[0].split(",")[:2])
    most_north, most_east = 90, 180
    return "" if latitude <= most_north and longitude <= most_east else "is not a place on Earth (latitude first)"


def _uri(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        return f"is not {Kind.URI}"
    return "" if parts.scheme and (parts.netloc or parts.path) and not _UNSAFE.search(value) else f"is not {Kind.URI}"


def _url(value: str) -> str:
    if _uri(value) or not value.isascii():
        return f"is not {Kind.URL}"
    parts = urlsplit(value)
    return "" if parts.scheme.lower() in {"http", "https"} and parts.netloc else f"is not {Kind.URL}"


def _uuid(value: str) -> str:
    try:
        return "" if str(UUID(value)) == value.lower() else f"is not {Kind.UUID}"
    except ValueError:
        return f"is not {Kind.UUID}"


def _rfc2822(value: str) -> str:
    return "" if parse_rfc2822(value) else f"is not {Kind.RFC2822}"


def _iso8601(value: str) -> str:
    return "" if parse_iso_date(value) else f"is not {Kind.ISO8601}"


def _rrule(value: str) -> str:
    parts = dict(part.partition("=")[::2] for part in value.upper().split(";"))
    right = all(name in _PARTS and re.fullmatch(_PARTS[name], said, re.ASCII) for name, said in parts.items())
    if right and "FREQ" in parts and not {"COUNT", "UNTIL"} <= parts.keys():
        return ""
    return f"is not {Kind.RRULE}"


def _line(value: str) -> str:
    return f"is not {Kind.LINE}" if "\n" in value.strip() else ""


_READERS = {
    Kind.LINE: _line,
    Kind.URI: _uri,
    Kind.URL: _url,
    Kind.UUID: _uuid,
    Kind.RFC2822: _rfc2822,
    Kind.ISO8601: _iso8601,
    Kind.RRULE: _rrule,
}
