"""The words on the pages, in the show's language: one file a language, and the show may say any of them otherwise."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.site.templates import default_templates, templates_digest

FALLBACK = "en"
LEFTWARD = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
"""Languages written from right to left."""


@dataclass(frozen=True, slots=True)
class Translations:
    """The words of one language; called with a key, it fills in what the sentence leaves open."""

    language: str
    words: Mapping[str, str]
    zone: ZoneInfo

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key; with `n`, those for one or for many."""
        if "n" in values:
            key = f"{key}_one" if values["n"] == 1 else f"{key}_many"
        text = self.words[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as HTML says it."""
        return "rtl" if self.language.lower().split("-")[0] in LEFTWARD else "ltr"

    def date(self, moment: date) -> str:
        """A day as people write it; that of a moment is the day in the show's time zone."""
        day = moment.astimezone(self.zone) if isinstance(moment, datetime) else moment
        return self("date", day=day.day, month=self.words["months"].split()[day.month - 1], year=day.year)

    def duration(self, seconds: float) -> str:
        """A length to the minute, to the second below one."""
        if 0 < seconds < 60:  # noqa: PLR2004 - a minute
            return self("seconds", count=round(seconds))
        hours, minutes = divmod(round(seconds / 60), 60)
        if hours and minutes:
            return self("hours_minutes", hours=hours, minutes=minutes)
        return self("hours", hours=hours) if hours else self("minutes", minutes=minutes)

    def role(self, role: str) -> str:
        """What somebody does in an episode; roles that we have no word for stay as they were written."""
        return self.words.get(f"role_{role.lower().replace(' ', '_').replace('-', '_')}", role)

    def size(self, count: int) -> str:
        """Bytes in the unit that a download is thought of in (decimal)."""
        small, *units = self.words["units"].split()
        for unit, scale in zip(reversed(units), (10**9, 10**6, 10**3), strict=True):
            if count >= scale:
                number = f"{count / scale:.1f}" if count < 10 * scale else f"{count / scale:.0f}"
                return f"{self.number(number)} {unit}"
        return f"{count} {small}"

    def number(self, said: object) -> str:
        """A number with the decimal mark of the language."""
        return str(said).replace(".", self.words["decimal"])


def load_translations(language: str, timezone: str, folder: Path, digest: str = "") -> Translations:
    """The words for a show: its language over English, and its own `templates/strings/` over both.

    `digest` is that of the templates, for who knows it already.
    Raises InvalidInput where one of the show's own files of words cannot be read.
    """
    return _words(language, timezone, folder, digest or templates_digest(folder))


@cache
def all_translations(key: str) -> frozenset[str]:
    """What our own words of a key are, in every language that we have."""
    tables = (_read(path, path.parent) for path in (default_templates() / "strings").glob("*.toml"))
    return frozenset(table[key] for table in tables if key in table)


@lru_cache(maxsize=8)
def _words(language: str, timezone: str, folder: Path, _digest: str) -> Translations:
    found: dict[str, str] = {}
    codes = dict.fromkeys((FALLBACK, language.lower().split("-")[0], language.lower()))
    for root in (default_templates(), folder / "templates"):
        for code in codes:
            found |= _read(root / "strings" / f"{code}.toml", folder)
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")  # the reader has said so already
    return Translations(language, found, zone)


def _read(path: Path, folder: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    text = ""
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        cause, _, where = str(error).partition(" (at ")
        found = re.match(r"line (\d+), column (\d+)", where)
        last = text.count("\n") + 1 if where else 0
        place = SourceLocation(name, int(found[1]), int(found[2])) if found else SourceLocation(name, last)
        raise InvalidInput([Problem(place, f"is not valid TOML: {cause}", "write lines such as key = \"text\"", "template.words")]) from None
    lines = text.split("\n")
    wrong = [key for key, value in table.items() if not isinstance(value, str)]
    if wrong:
        raise InvalidInput(
            [Problem(_at(name, lines, key), f"{key!r} must be text", "put it in quotes", "template.words") for key in wrong]
        )
    return table


def _at(name: str, lines: list[str], key: str) -> SourceLocation:
    """Where a key is written."""
    found = (number for number, line in enumerate(lines, 1) if re.match(rf"\s*[\[\"']*{re.escape(key)}\b", line))
    return SourceLocation(name, next(found, 0))
