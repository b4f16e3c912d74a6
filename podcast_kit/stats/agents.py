"""Which app, device or bot sent a request: user agents matched against the list of the Open Podcast Analytics
Working Group (opawg/user-agents-v2), which is shipped with this package under its MIT license.

The list is four tables in the order in which they are tried (bots, apps, libraries, browsers), where the first pattern
that matches decides, and two of their own: devices, and referrers of players on web pages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from podcast_kit.errors import InvalidInput, Problem, SourceLocation

AGENT_TABLES = ("bots", "apps", "libraries", "browsers")
"""In the order in which they are tried."""
TABLES = (*AGENT_TABLES, "devices", "referrers")
KIND_OF_TABLE = {"bots": "bot", "apps": "app", "libraries": "library", "browsers": "browser"}
MAX_LIST_BYTES = 20_000_000
MAX_PATTERN_CHARS = 4_000
MAX_AGENT_CHARS = 4_000
"""Of a user agent that is matched; the rest of a longer one is ignored."""
WATCH_APP = "atc/"
WATCH_SYSTEM = "watchOS"
WATCH_WITHOUT_NAME = "(null)/(null) watchOS"
_LIST_FIX = "pass user-agents.json, or a folder with the list's src/*.json"


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One row of a table of the list."""

    name: str
    pattern: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class AgentMatch:
    """What a user agent is."""

    agent: str
    kind: str
    """bot, app, library or browser; empty where no pattern matches."""
    name: str
    """Name of the app, bot, library or browser; empty where it is unknown."""
    device: str = ""
    device_category: str = ""
    is_bot: bool = False
    """A bot, or a library that only programs use."""
    is_watch: bool = False
    """A copy of a download for a paired watch, which the guideline leaves out."""


@dataclass(frozen=True, slots=True)
class ReferrerMatch:
    """What a referrer is."""

    referrer: str
    name: str
    category: str


@dataclass(frozen=True)
class AgentLists:
    """The tables of the list, and where they come from."""

    tables: dict[str, tuple[AgentEntry, ...]]
    commit: str
    date: str
    """Of the commit, as YYYY-MM-DD."""
    digest: str
    """The sha256 (hex) of all patterns and names; verdicts are remembered together with it."""

    @cached_property
    def _agent_patterns(self) -> _PatternSet:
        return _PatternSet([entry for table in AGENT_TABLES for entry in self.tables[table]])

    @cached_property
    def _device_patterns(self) -> _PatternSet:
        return _PatternSet(self.tables["devices"])

    @cached_property
    def _referrer_patterns(self) -> _PatternSet:
        return _PatternSet(self.tables["referrers"])

    @cached_property
    def _kinds(self) -> list[str]:
        return [KIND_OF_TABLE[table] for table in AGENT_TABLES for _ in self.tables[table]]

    def match_agent(self, agent: str) -> AgentMatch:
        """What this user agent is; only its first 4,000 characters count."""
        text = agent[:MAX_AGENT_CHARS]
        number = self._agent_patterns.first_match(text)
        device = self._device_patterns.entry(text)
        kind = name = category = ""
        if number is not None:
            entry = self._agent_patterns.entries[number]
            kind, name, category = self._kinds[number], entry.name, entry.category
        return AgentMatch(
            agent=agent,
            kind=kind,
            name=name,
            device=device.name if device else "",
            device_category=device.category if device else "",
            is_bot=kind == "bot" or category == "bot",
            is_watch=is_watch_agent(agent),
        )

    def match_agents(self, agents: Iterable[str]) -> Iterator[AgentMatch]:
        """What each of these user agents is."""
        return map(self.match_agent, agents)

    def match_referrer(self, referrer: str) -> ReferrerMatch:
        """The player or host of the page that a request came from; empty names where it is unknown."""
        entry = self._referrer_patterns.entry(referrer[:MAX_AGENT_CHARS])
        return ReferrerMatch(referrer, entry.name if entry else "", entry.category if entry else "")


class _PatternSet:
    """Patterns that are matched all at once, in time that is linear in the text."""

    def __init__(self, entries: Iterable[AgentEntry]) -> None:
        import re2

        self.entries = tuple(entries)
        self._set = re2.Set.SearchSet()
        for entry in self.entries:
            self._set.Add(entry.pattern)
        self._set.Compile()

    def first_match(self, text: str) -> int | None:
        """The number of the first entry whose pattern is found in the text."""
        numbers = self._set.Match(text.encode("utf-8", "replace"))
        return min(numbers) if numbers else None

    def entry(self, text: str) -> AgentEntry | None:
        """The first entry whose pattern is found in the text."""
        number = self.first_match(text)
        return None if number is None else self.entries[number]


def is_watch_agent(agent: str) -> bool:
    """Whether a user agent is of the copy of a download that a paired watch makes."""
    return (agent.startswith(WATCH_APP) and WATCH_SYSTEM in agent) or WATCH_WITHOUT_NAME in agent


def load_agent_lists(path: Path | None = None) -> AgentLists:
    """The list in a file or folder, or the one that is shipped with the package. Raises InvalidInput."""
    if path is None:
        data = resources.files("podcast_kit.stats").joinpath("agent_lists", "user-agents.json").read_bytes()
        return parse_agent_lists(data, "user-agents.json")
    if not path.is_dir():
        return parse_agent_lists(_read_list(path), str(path))
    folder = path / "src" if (path / "src").is_dir() else path
    documents: dict[str, Any] = {}
    for table in TABLES:
        file = folder / f"{table}.json"
        document = _parse_json(_read_list(file), str(file))
        documents[table] = document.get("entries") if isinstance(document, dict) else document
    return parse_agent_lists(json.dumps(documents).encode(), str(folder))


def parse_agent_lists(data: bytes, path: str) -> AgentLists:
    """The list in a file's bytes; raises InvalidInput with every entry that is wrong."""
    document = _parse_json(data, path)
    if not isinstance(document, dict):
        raise InvalidInput([_list_problem(path, "is not a list of user agents")])
    problems: list[Problem] = []
    tables = {table: tuple(_parse_entries(document.get(table), table, path, problems)) for table in TABLES}
    if problems:
        raise InvalidInput(problems)
    rows = [[table, *(entry.name, entry.pattern, entry.category)] for table in TABLES for entry in tables[table]]
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    commit, date = (str(document.get(key) or "")[:40] for key in ("commit", "date"))
    return AgentLists(tables, commit, date, digest)


def render_agent_lists(lists: AgentLists) -> bytes:
    """The bytes of a file that `parse_agent_lists` reads."""
    tables = {
        table: [
            {"name": entry.name, "pattern": entry.pattern, **({"category": entry.category} if entry.category else {})}
            for entry in lists.tables[table]
        ]
        for table in TABLES
    }
    document = {"commit": lists.commit, "date": lists.date, **tables}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _parse_entries(rows: Any, table: str, path: str, problems: list[Problem]) -> Iterator[AgentEntry]:  # noqa: ANN401
    """The entries of a table; what is wrong with them is added to `problems`."""
    if not isinstance(rows, list) or not rows:
        problems.append(_list_problem(path, f"has no table {table!r}"))
        return
    for number, row in enumerate(rows, 1):
        values = [row.get(key, "") if isinstance(row, dict) else "" for key in ("name", "pattern", "category")]
        name, pattern, category = (value if isinstance(value, str) else "" for value in values)
        if not name or not pattern:
            problems.append(_list_problem(path, f"entry {number} of {table!r} has no name or no pattern"))
        elif reason := _pattern_error(pattern):
            problems.append(_list_problem(path, f"pattern {number} of {table!r} cannot be used: {reason}"))
        else:
            yield AgentEntry(name, pattern, category)


def _pattern_error(pattern: str) -> str:
    """Why a pattern cannot be used; empty if it can."""
    import re2

    if len(pattern) > MAX_PATTERN_CHARS:
        return f"is longer than {MAX_PATTERN_CHARS} characters"
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error as error:
        reason = error.args[0]
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return ""


def _read_list(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise InvalidInput([_list_problem(str(path), error.strerror or "cannot be read")]) from error
    if len(data) > MAX_LIST_BYTES:
        raise InvalidInput([_list_problem(str(path), "is larger than 20 MB")])
    return data


def _parse_json(data: bytes, path: str) -> Any:  # noqa: ANN401  # what a stranger wrote
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidInput([_list_problem(path, "is not JSON")]) from None


def _list_problem(path: str, text: str) -> Problem:
    return Problem(SourceLocation(path), text, _LIST_FIX, "stats.agents")
