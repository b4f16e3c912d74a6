"""The text of the pages in the show's language: `templates/strings/CODE.toml`, which a show can override."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.site.templates import default_templates, templates_digest

FALLBACK_LANGUAGE = "en"
RIGHT_TO_LEFT_LANGUAGES = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}


@dataclass(frozen=True, slots=True)
class Translations:
    """The strings of one language, by key. Call it with a key and the values of the string's placeholders."""

    language: str
    strings: Mapping[str, str]
    timezone: ZoneInfo

    def __call__(self, key: str, **values: object) -> str:
        """The string of a key; with the value `n`, its singular (`KEY_one`) or plural (`KEY_many`)."""
        if "n" in values:
            key = f"{key}_one" if values["n"] == 1 else f"{key}_many"
        text = self.strings[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for HTML's `dir` attribute."""
        return "rtl" if self.language.lower().split("-")[0] in RIGHT_TO_LEFT_LANGUAGES else "ltr"

    def date(self, moment: date) -> str:
        """A date in the language's usual form; a datetime is converted to the show's time zone."""
        day = moment.astimezone(self.timezone) if isinstance(moment, datetime) else moment
        return self("date", day=day.day, month=self.strings["months"].split()[day.month - 1], year=day.year)

    def duration(self, seconds: float) -> str:
        """A duration in hours and minutes, or in seconds below one minute."""
        if 0 < seconds < 60:  # noqa: PLR2004 - a minute
            return self("seconds", count=round(seconds))
        hours, minutes = divmod(round(seconds / 60), 60)
        if hours and minutes:
            return self("hours_minutes", hours=hours, minutes=minutes)
        return self("hours", hours=hours) if hours else self("minutes", minutes=minutes)

    def role(self, role: str) -> str:
        """A person's role; roles without a translation are returned unchanged."""
        return self.strings.get(f"role_{role.lower().replace(' ', '_').replace('-', '_')}", role)

    def size(self, count: int) -> str:
        """A file size in decimal units (kB, MB, GB)."""
        bytes_unit, *units = self.strings["units"].split()
        for unit, scale in zip(reversed(units), (10**9, 10**6, 10**3), strict=True):
            if count >= scale:
                number = f"{count / scale:.1f}" if count < 10 * scale else f"{count / scale:.0f}"
                return f"{self.number(number)} {unit}"
        return f"{count} {bytes_unit}"

    def number(self, value: object) -> str:
        """A number with the language's decimal mark."""
        return str(value).replace(".", self.strings["decimal"])


def load_translations(language: str, timezone: str, folder: Path, digest: str = "") -> Translations:
    """Load a show's strings: its language over English, and its own `templates/strings/` over both.

    `digest` is `templates_digest(folder)`, if it is known already.
    Raises InvalidInput if a strings file of the show is invalid.
    """
    return _merge_translations(language, timezone, folder, digest or templates_digest(folder))


@cache
def all_translations(key: str) -> frozenset[str]:
    """The default strings of a key in every language."""
    tables = (_read_strings(path, path.parent) for path in (default_templates() / "strings").glob("*.toml"))
    return frozenset(table[key] for table in tables if key in table)


@lru_cache(maxsize=8)
def _merge_translations(language: str, timezone: str, folder: Path, _digest: str) -> Translations:
    strings: dict[str, str] = {}
    codes = dict.fromkeys((FALLBACK_LANGUAGE, language.lower().split("-")[0], language.lower()))
    for root in (default_templates(), folder / "templates"):
        for code in codes:
            strings |= _read_strings(root / "strings" / f"{code}.toml", folder)
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")  # loading podcast.yaml has reported it already
    return Translations(language, strings, zone)


def _read_strings(path: Path, folder: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    text = ""
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        cause, _, position = str(error).partition(" (at ")
        numbers = re.match(r"line (\d+), column (\d+)", position)
        last_line = text.count("\n") + 1 if position else 0
        location = SourceLocation(name, *map(int, numbers.groups())) if numbers else SourceLocation(name, last_line)
        fix = 'write lines such as key = "text"'
        raise InvalidInput([Problem(location, f"is not valid TOML: {cause}", fix, "template.words")]) from None
    lines = text.split("\n")
    problems = [
        Problem(_key_location(name, lines, key), f"{key!r} must be text", "put it in quotes", "template.words")
        for key, value in table.items()
        if not isinstance(value, str)
    ]
    if problems:
        raise InvalidInput(problems)
    return table


def _key_location(name: str, lines: list[str], key: str) -> SourceLocation:
    pattern = re.compile(rf"\s*[\[\"']*{re.escape(key)}\b")
    return SourceLocation(name, next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 0))
