"""The text of the pages in the show's language: `templates/strings/CODE.toml`, which a show can override."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.limits import MAX_STRINGS_BYTES, MAX_TEMPLATE_VALUE_LEN
from podcast_kit.site.templates import default_templates, templates_digest

FALLBACK_LANGUAGE = "en"
WORDS_OF_KEYS = {"months": 12, "units": 4}
"""How many words the strings have that are lists of words."""
MAX_STRING_LEN = 2_000
MAX_KEPT_DATES = 20_000
RIGHT_TO_LEFT_LANGUAGES = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}


@dataclass(frozen=True, slots=True)
class Translations:
    """The strings of one language, by key. Call it with a key and the values of the string's placeholders."""

    language: str
    strings: Mapping[str, str]
    timezone: ZoneInfo
    _dates: dict[date, str] = field(default_factory=dict, compare=False, repr=False)
    """What `date` returned: those of all episodes are in several lists, and in each build of a preview."""

    def __call__(self, key: str, **values: object) -> str:
        """The string of a key; with the value `n`, its singular (`KEY_one`) or plural (`KEY_many`)."""
        if "n" in values:
            key = f"{key}_one" if values["n"] == 1 else f"{key}_many"
        text = self.strings[key]
        for name, value in values.items():
            placeholder, inserted = "{" + name + "}", str(value)
            if len(text) + text.count(placeholder) * len(inserted) > MAX_TEMPLATE_VALUE_LEN:
                raise ValueError(f"the string {key!r} has more than {MAX_TEMPLATE_VALUE_LEN:,} characters")
            text = text.replace(placeholder, inserted)
        return text

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for HTML's `dir` attribute."""
        return "rtl" if self.language.lower().split("-")[0] in RIGHT_TO_LEFT_LANGUAGES else "ltr"

    def date(self, moment: date) -> str:
        """A date in the language's usual form; a datetime is converted to the show's time zone."""
        text = self._dates.get(moment)
        if text is None:
            day = moment.astimezone(self.timezone) if isinstance(moment, datetime) else moment
            text = self("date", day=day.day, month=self.strings["months"].split()[day.month - 1], year=day.year)
            if len(self._dates) < MAX_KEPT_DATES:
                self._dates[moment] = text
        return text

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


def load_translations(
    language: str, timezone: str, folder: Path, digest: str = "", shared: Path | None = None
) -> Translations:
    """Load a show's strings: its language over English, and `templates/strings/` of its network and its own over both.

    `digest` is `templates_digest(folder, shared)`, if it is known already. `shared` is the folder of its network.
    Raises InvalidInput if a strings file of the show is invalid.
    """
    return _merge_translations(language, timezone, folder, digest or templates_digest(folder, shared), shared)


@cache
def all_translations(key: str) -> frozenset[str]:
    """The default strings of a key in every language."""
    tables = (_read_strings(path, path.parent) for path in (default_templates() / "strings").glob("*.toml"))
    return frozenset(table[key] for table in tables if key in table)


@lru_cache(maxsize=8)
def _merge_translations(language: str, timezone: str, folder: Path, _digest: str, shared: Path | None) -> Translations:
    strings: dict[str, str] = {}
    codes = dict.fromkeys((FALLBACK_LANGUAGE, language.lower().split("-")[0], language.lower()))
    own = [root / "templates" for root in (shared, folder) if root]
    for root in (default_templates(), *own):
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
    name = os.path.relpath(path, folder).replace(os.sep, "/")
    if path.stat().st_size > MAX_STRINGS_BYTES:
        text = f"is larger than {MAX_STRINGS_BYTES:,} bytes"
        raise InvalidInput([Problem(SourceLocation(name), text, "is it the right file?", "file.long")])
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
    except RecursionError:
        fix = 'write lines such as key = "text"'
        raise InvalidInput([Problem(SourceLocation(name), "is nested too deeply", fix, "template.words")]) from None
    reasons = {key: _reason_unusable(key, value) for key, value in table.items()}
    problems = [
        Problem(location, f"{key!r} {reasons[key][0]}", reasons[key][1], "template.words")
        for key, location in _locate_keys(name, text.split("\n"), [key for key in table if reasons[key][0]]).items()
    ]
    if problems:
        raise InvalidInput(problems)
    return table


def _reason_unusable(key: str, value: object) -> tuple[str, str]:
    """What is wrong with a string, and how to fix it; two empty texts if nothing is."""
    if not isinstance(value, str):
        return "must be text", "put it in quotes"
    if len(value) > MAX_STRING_LEN:
        return f"is longer than {MAX_STRING_LEN:,} characters", "shorten it"
    count = WORDS_OF_KEYS.get(key, 0)
    if count and len(value.split()) != count:
        return f"must have {count} words", "separate them by spaces, as the default does"
    return "", ""


def _locate_keys(name: str, lines: list[str], keys: Collection[str]) -> dict[str, SourceLocation]:
    """Where keys are in a file; line 0 for those that are written in another way."""
    first_lines = dict.fromkeys(keys, 0)
    for number, line in enumerate(lines, 1):
        key = re.match(r"\s*[\[\"']*([\w-]*)", line)
        if key and first_lines.get(key[1]) == 0:
            first_lines[key[1]] = number
    return {key: SourceLocation(name, number) for key, number in first_lines.items()}
