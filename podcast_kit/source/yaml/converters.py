"""Converters from the text of a value to what its key needs; each raises InvalidValue with the fix."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from podcast_kit.source.yaml.document import InvalidValue, suggest_name
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import timecode_to_ms

EnumT = TypeVar("EnumT", bound=StrEnum)
MAX_QUOTED_LEN = 60
"""Characters of a value that a message quotes."""
MIN_DATE_YEAR, MAX_DATE_YEAR = 1970, 2199
"""Near the limits of datetime, applying a time zone overflows."""
_DATE = re.compile(
    r"(?P<day>\d{4}-\d\d?-\d\d?)(?:[Tt ]+(?P<time>\d\d?:\d\d(?::\d\d(?:\.\d{1,6})?)?) *(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?"
)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]+\.[^\s@<>()\[\],;:\"\\]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?")
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,9}))?")


def to_text(raw: str) -> str:
    """Text that is not blank, without surrounding white space."""
    if not raw.strip():
        raise InvalidValue("must not be empty", "write a value or remove the line", "value.empty")
    return raw.strip()


def to_line(raw: str) -> str:
    """One line of text: line breaks and runs of white space become single spaces."""
    return " ".join(to_text(raw).split())


def whole_number_from(least: int = 0) -> Callable[[str], int]:
    """A converter to whole numbers that are not less than `least`."""

    def convert(raw: str) -> int:
        number = parse_count(raw.strip())
        if number is None:
            raise InvalidValue(f"{quote_value(raw)} is not a whole number", "write it in digits", "value.number")
        if number < least:
            raise InvalidValue(f"{quote_value(raw)} is less than {least}", f"use {least} or more", "value.number")
        return number

    return convert


def to_decimal(raw: str) -> float:
    """A number such as -16 or 1.5."""
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", raw.strip(), re.ASCII):
        raise InvalidValue(
            f"{quote_value(raw)} is not a number", "write it in digits, such as -16 or 1.5", "value.number"
        )
    return float(raw)


def to_flag(raw: str) -> bool:
    """True or false; yes, no, on and off are accepted, as YAML users write them."""
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    flag = words.get(raw.strip().lower())
    if flag is None:
        raise InvalidValue(f"{quote_value(raw)} is not true or false", "use true or false", "value.flag")
    return flag


def choice_of(enumeration: type[EnumT]) -> Callable[[str], EnumT]:
    """A converter to the members of an enumeration."""

    def convert(raw: str) -> EnumT:
        try:
            return enumeration(raw.strip().lower())
        except ValueError:
            words = [member.value for member in enumeration]
            text = f"{quote_value(raw)} is not one of {', '.join(words)}"
            raise InvalidValue(text, suggest_name(raw, words), "value.choice") from None

    return convert


def to_time_zone(raw: str) -> str:
    """The name of a time zone in the IANA database."""
    name = to_text(raw)
    try:
        _load_time_zone(name)
    except (ValueError, OSError, LookupError):
        import zoneinfo

        fix = suggest_name(name, zoneinfo.available_timezones())
        fix = fix if fix.startswith("did you mean") else "use a name such as Europe/Berlin"
        raise InvalidValue(f"{quote_value(name)} is not a time zone", fix, "value.zone") from None
    return name


@lru_cache(maxsize=64)
def _load_time_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def to_datetime(raw: str, time_zone: str) -> tuple[datetime, str]:
    """A date with its offset, and a problem code where the clocks change at that time (else empty).

    Without an offset it is local time in the time zone; without a time it is midnight there. A time that the clocks
    show twice is the first of the two. A time that they skip is what a clock shows that was not put forward, so 02:30
    becomes 03:30 (PEP 495, fold=0).
    """
    match = _DATE.fullmatch(raw.strip())
    fix = "write it as 2026-03-01 09:00, or with an offset as 2026-03-01T09:00:00+01:00"
    if not match:
        raise InvalidValue(f"{quote_value(raw)} is not a date", fix, "value.date")
    year, month, day = match["day"].split("-")
    hours, _, minutes = (match["time"] or "00:00").partition(":")
    offset = (match["zone"] or "").upper()
    iso = f"{year}-{month:0>2}-{day:0>2}T{hours:0>2}:{minutes}{offset}"
    try:
        date = datetime.fromisoformat(iso)
    except ValueError as error:
        raise InvalidValue(f"{quote_value(raw)} is not a date: {error}", fix, "value.date") from None
    if not MIN_DATE_YEAR <= date.year <= MAX_DATE_YEAR:
        raise InvalidValue(
            f"the year {date.year} is not between {MIN_DATE_YEAR} and {MAX_DATE_YEAR}", fix, "value.date"
        )
    if date.tzinfo is not None:
        return date, ""
    return _localize(date, _load_time_zone(time_zone))


def _localize(date: datetime, time_zone: ZoneInfo) -> tuple[datetime, str]:
    first, second = (date.replace(tzinfo=time_zone, fold=fold) for fold in (0, 1))
    actual = first.astimezone(UTC).astimezone(time_zone)
    code = ""
    if first.utcoffset() != second.utcoffset():
        code = "value.date.twice" if actual.replace(tzinfo=None) == date else "value.date.gap"
    offset = actual.utcoffset() or timedelta()
    return actual.replace(tzinfo=timezone(offset), fold=0), code


def to_url(raw: str) -> str:
    """An absolute http or https URL; characters outside ASCII are percent-encoded."""
    return _checked_url(raw, ("http", "https"))


def to_https_url(raw: str) -> str:
    """An absolute https URL."""
    return _checked_url(raw, ("https",))


def _checked_url(raw: str, schemes: tuple[str, ...]) -> str:
    url = to_text(raw)
    fix = f"write the whole URL, such as {schemes[-1]}://example.com/"
    if re.search(r"[\s<>\"\\^`{|}]", url):
        text = f"{quote_value(raw)} has a character that a URL cannot have"
        raise InvalidValue(text, "percent-encode it: %20 for a space", "value.url")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        raise InvalidValue(f"{quote_value(raw)} is not a URL", fix, "value.url") from None
    if parts.scheme.lower() not in schemes or not ascii_host:
        raise InvalidValue(f"{quote_value(raw)} is not an {' or '.join(schemes)} URL", fix, "value.url")
    if parts.username is not None or parts.password is not None:
        raise InvalidValue("the URL has a user name or password", "remove everything before the '@'", "key.secret")
    netloc = parts.netloc if host.isascii() else parts.netloc.lower().replace(host, ascii_host)
    safe = "/%-._~!$&'()*+,;=:@?[]"
    return urlunsplit(
        (parts.scheme.lower(), netloc, quote(parts.path, safe), quote(parts.query, safe), quote(parts.fragment, safe))
    )


def to_base_url(raw: str) -> str:
    """The URL that a show is published under; ends in a slash, has no query and no fragment."""
    url = to_url(raw)
    if "?" in url or "#" in url:
        raise InvalidValue(f"{quote_value(raw)} has a '?' or '#'", "write only the URL of the folder", "value.url")
    return url.rstrip("/") + "/"


def to_email(raw: str) -> str:
    """An e-mail address."""
    address = to_text(raw)[:300]  # no address is longer
    if not _EMAIL.fullmatch(address):
        raise InvalidValue(
            f"{quote_value(raw)} is not an e-mail address", "write it as name@example.com", "value.email"
        )
    return address


def to_language(raw: str) -> str:
    """An ISO 639 code, optionally with a region, such as `en` or `pt-BR` (RSS 2.0, Apple)."""
    language = to_text(raw).replace("_", "-")
    if not _LANGUAGE.fullmatch(language):
        raise InvalidValue(
            f"{quote_value(raw)} is not a language code", "use a code such as en or de-AT", "ch.language"
        )
    return language


def to_uuid(raw: str) -> str:
    """A UUID in its usual form."""
    try:
        return str(UUID(to_text(raw)))
    except ValueError:
        raise InvalidValue(
            f"{quote_value(raw)} is not a UUID", "remove the line; 'init' writes one", "value.guid"
        ) from None


def to_milliseconds(raw: str) -> int:
    """A time in an episode, `[H:]MM:SS[.mmm]` or seconds, in milliseconds."""
    match = _TIME.fullmatch(raw.strip())
    if not match or not raw.isascii():
        raise InvalidValue(f"{quote_value(raw)} is not a time", "write it as 12:34 or 1:02:03.500", "value.time")
    hours, minutes, seconds, fraction = match.groups()
    sixty = 60
    if (minutes and int(seconds) >= sixty) or (hours and int(minutes) >= sixty):
        text = f"{quote_value(raw)} is not a time: minutes and seconds go up to 59"
        raise InvalidValue(text, "write it as 1:02:03", "value.time")
    return timecode_to_ms(hours, minutes, seconds, fraction)


def quote_value(raw: str) -> str:
    """A value as a message quotes it: short, on one line."""
    line = " ".join(raw.split())
    return repr(line if len(line) <= MAX_QUOTED_LEN else line[: MAX_QUOTED_LEN - 1] + "…")
