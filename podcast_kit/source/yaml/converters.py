"""What a piece of text under a key means: one small reader a kind, each raising Wrong with cause and mend."""

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

from podcast_kit.source.yaml.document import Wrong, nearest
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import timecode_to_ms

E = TypeVar("E", bound=StrEnum)
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d?-\d\d?)(?:[Tt ]+(?P<time>\d\d?:\d\d(?::\d\d(?:\.\d{1,6})?)?) *(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?"
)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]+\.[^\s@<>()\[\],;:\"\\]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?")
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,9}))?")


def text(raw: str) -> str:
    """Not blank; without the white space around it."""
    if not raw.strip():
        raise Wrong("must not be empty", "write a value or remove the line", "value.empty")
    return raw.strip()


def line(raw: str) -> str:
    """One line of text: breaks and runs of white space become single blanks."""
    return " ".join(text(raw).split())


def whole(least: int = 0) -> Callable[[str], int]:
    """A reader of whole numbers from `least` on."""

    def read(raw: str) -> int:
        number = parse_count(raw.strip())
        if number is None:
            raise Wrong(f"{shown(raw)} is not a whole number", "write it in digits", "value.number")
        if number < least:
            raise Wrong(f"{shown(raw)} is less than {least}", f"it begins at {least}", "value.number")
        return number

    return read


def decimal(raw: str) -> float:
    """A number such as -16 or 1.5."""
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", raw.strip(), re.ASCII):
        raise Wrong(f"{shown(raw)} is not a number", "write it in digits, such as -16 or 1.5", "value.number")
    return float(raw)


def flag(raw: str) -> bool:
    """True or false; yes and no are understood, since YAML's people write them."""
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if (found := known.get(raw.strip().lower())) is None:
        raise Wrong(f"{shown(raw)} is not true or false", "write true or false", "value.flag")
    return found


def choice(kind: type[E]) -> Callable[[str], E]:
    """A reader of the words of an enumeration."""

    def read(raw: str) -> E:
        try:
            return kind(raw.strip().lower())
        except ValueError:
            words = [member.value for member in kind]
            raise Wrong(f"{shown(raw)} is none of {', '.join(words)}", nearest(raw, words), "value.choice") from None

    return read


def zone(raw: str) -> str:
    """The name of a time zone of the IANA database."""
    name = text(raw)
    try:
        _zone(name)
    except (ValueError, OSError, LookupError):
        import zoneinfo

        hint = nearest(name, zoneinfo.available_timezones())
        raise Wrong(
            f"{shown(name)} is not a time zone", hint if "mean" in hint else "such as Europe/Berlin", "value.zone"
        ) from None
    return name


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def moment(raw: str, zone_name: str) -> tuple[datetime, str]:
    """A date with its offset, and a remark's code when the clocks were changed just then.

    Without an offset it is a time of day in the show's zone; without a time, midnight there.
    A time that the clocks show twice is the first of the two. A time that they skip is what a clock
    that was not put forward would show, so 02:30 is 03:30 (PEP 495, fold=0).
    """
    found = _MOMENT.fullmatch(raw.strip())
    sample = "write it as 2026-03-01 09:00, or with an offset as 2026-03-01T09:00:00+01:00"
    if not found:
        raise Wrong(f"{shown(raw)} is not a date", sample, "value.date")
    year, month, day = found["day"].split("-")
    hours, _, rest = (found["time"] or "00:00").partition(":")
    offset = (found["zone"] or "").upper()
    iso = f"{year}-{month:0>2}-{day:0>2}T{hours:0>2}:{rest}{offset}"
    try:
        when = datetime.fromisoformat(iso)
    except ValueError as error:
        raise Wrong(f"{shown(raw)} is not a date: {error}", sample, "value.date") from None
    first, last = 1970, 2199  # the edges of datetime overflow when zones are applied
    if not first <= when.year <= last:
        raise Wrong(f"the year {when.year} is not between {first} and {last}", sample, "value.date")
    if when.tzinfo is not None:
        return when, ""
    return _local(when, _zone(zone_name))


def _local(when: datetime, where: ZoneInfo) -> tuple[datetime, str]:
    early, late = (when.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    true = early.astimezone(UTC).astimezone(where)
    remark = ""
    if early.utcoffset() != late.utcoffset():
        remark = "value.date.twice" if true.replace(tzinfo=None) == when else "value.date.gap"
    offset = true.utcoffset() or timedelta()
    return true.replace(tzinfo=timezone(offset), fold=0), remark


def url(raw: str) -> str:
    """An absolute http or https address, with what is not ASCII percent-encoded."""
    return _address(raw, ("http", "https"))


def https(raw: str) -> str:
    """An absolute https address."""
    return _address(raw, ("https",))


def _address(raw: str, schemes: tuple[str, ...]) -> str:
    plain = text(raw)
    wanted = f"write it whole, such as {schemes[-1]}://example.com/"
    if re.search(r"[\s<>\"\\^`{|}]", plain):
        raise Wrong(
            f"{shown(raw)} holds a character that cannot be in an address", "write it as %20 and so on", "value.url"
        )
    try:
        parts = urlsplit(plain)
        host, _port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        raise Wrong(f"{shown(raw)} is not an address", wanted, "value.url") from None
    if parts.scheme.lower() not in schemes or not ascii_host:
        raise Wrong(f"{shown(raw)} is not an {' or '.join(schemes)} address", wanted, "value.url")
    if parts.username is not None or parts.password is not None:
        raise Wrong("an address with a user name or password", "remove what stands before the '@'", "key.secret")
    netloc = parts.netloc if host.isascii() else parts.netloc.lower().replace(host, ascii_host)
    safe = "/%-._~!$&'()*+,;=:@?[]"
    return urlunsplit(
        (parts.scheme.lower(), netloc, quote(parts.path, safe), quote(parts.query, safe), quote(parts.fragment, safe))
    )


def base_url(raw: str) -> str:
    """The address that a show is published below; ends in a slash, has no query and no fragment."""
    plain = url(raw)
    if "?" in plain or "#" in plain:
        raise Wrong(f"{shown(raw)} has a '?' or '#'", "write only the folder's address", "value.url")
    return plain.rstrip("/") + "/"


def email(raw: str) -> str:
    """An e-mail address."""
    plain = text(raw)[:300]  # no address is longer
    if not _EMAIL.fullmatch(plain):
        raise Wrong(f"{shown(raw)} is not an e-mail address", "write it as name@example.com", "value.email")
    return plain


def language(raw: str) -> str:
    """An ISO 639 code with a region or none, such as `en` or `pt-BR` (RSS 2.0, Apple)."""
    plain = text(raw).replace("_", "-")
    if not _LANGUAGE.fullmatch(plain):
        raise Wrong(f"{shown(raw)} is not a language code", "write two letters, such as en or de-AT", "ch.language")
    return plain


def uuid(raw: str) -> str:
    """A UUID, in its usual form."""
    try:
        return str(UUID(text(raw)))
    except ValueError:
        raise Wrong(f"{shown(raw)} is not a UUID", "remove the line; 'init' writes one", "value.guid") from None


def clock(raw: str) -> int:
    """A time in an episode, `[H:]MM:SS[.mmm]` or seconds, in milliseconds."""
    found = _TIME.fullmatch(raw.strip())
    if not found or not raw.isascii():
        raise Wrong(f"{shown(raw)} is not a time", "write it as 12:34 or 1:02:03.500", "value.time")
    hours, minutes, seconds, fraction = found.groups()
    sixty = 60
    if (minutes and int(seconds) >= sixty) or (hours and int(minutes) >= sixty):
        raise Wrong(f"{shown(raw)} is not a time: minutes and seconds end at 59", "as 1:02:03", "value.time")
    return timecode_to_ms(hours, minutes, seconds, fraction)


def shown(raw: str) -> str:
    """A value as a message quotes it: short, on one line."""
    longest = 60
    plain = " ".join(raw.split())
    return repr(plain if len(plain) <= longest else plain[: longest - 1] + "…")
