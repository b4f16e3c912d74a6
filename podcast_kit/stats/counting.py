"""The counting rules, and the SQL that carries them out: one text, which every engine runs."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

_SECTION = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
DEFAULT_MAX_DOWNLOADS_PER_ADDRESS = 1_000
"""A day; more of them are not a listener's. An episode that is downloaded by two apps counts as two."""


class Window(StrEnum):
    """How long further requests of a listener belong to the same download; the value is what is typed and shown."""

    CALENDAR = "calendar"
    """A day in UTC."""
    FIRST_TOUCH = "first-touch"
    """24 hours from the first request."""
    LAST_TOUCH = "last-touch"
    """24 hours from the last request."""


@dataclass(frozen=True, slots=True)
class CountingRules:
    """What may be chosen within the guideline, all of which a report names."""

    window: Window = Window.CALENDAR
    max_downloads_per_address: int = DEFAULT_MAX_DOWNLOADS_PER_ADDRESS


@cache
def counting_statements() -> dict[str, str]:
    """Name → query of every section of counting.sql, without comments."""
    text = resources.files("podcast_kit.stats").joinpath("counting.sql").read_text("utf-8")
    parts = _SECTION.split(text)[1:]
    return {
        name: "\n".join(line for line in body.strip().splitlines() if not line.startswith("--"))
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def counting_digest() -> str:
    """Changes when the SQL does."""
    return hashlib.sha256(json.dumps(counting_statements(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CountingStep:
    """A table of the counting: its name and query, and whether its rows are worth keeping."""

    name: str
    query: str
    is_view: bool
    """Read once or twice by what follows, and as large as the log: computed when it is read."""


def counting_steps(rules: CountingRules) -> list[CountingStep]:
    """The tables of the counting, in the order in which they need each other."""
    statements = counting_statements()
    steps = [CountingStep("classified", statements["classified"], is_view=True)]
    if rules.window is Window.FIRST_TOUCH:
        names = ("first_requests", "window_starts")
        steps += [CountingStep(name, statements[name], is_view=False) for name in names]
    windowed = statements[f"window_{rules.window.replace('-', '_')}"]
    steps.append(CountingStep("windowed", windowed, is_view=rules.window is Window.CALENDAR))
    tables = ("visits", "open_visits", "open_requests", "open_files", "covered", "completed", "consumers")
    for name in (*tables, "excess_groups", "excess_addresses", "accepted"):
        query = bind_parameters(statements[name], rules)
        steps.append(CountingStep(name, query, is_view=name in {"consumers", "accepted"}))
    return steps


def bind_parameters(query: str, rules: CountingRules) -> str:
    """A query with the numbers of the rules in it."""
    values = {"max_downloads_per_address": int(rules.max_downloads_per_address)}
    return _PARAMETER.sub(lambda match: str(values[match[1]]), query)
