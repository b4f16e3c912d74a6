"""Lists of subscribers as CSV: exports of Patreon, Ghost, Stripe and Memberful by their headers, others by `columns:`.

A list that a command prints is kept in a file that git ignores; a build reads only that file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io.atomic_write import write_inside
from podcast_kit.io.inside import OutsideFolderError, read_inside
from podcast_kit.model import PrivateSettings, SubscriberSource
from podcast_kit.source.private_settings import ALL_MEMBERS, SUBSCRIBER_COLUMNS, find_tier
from podcast_kit.source.subscribers import (
    FETCHED_LIST,
    INVALID_NAME,
    UNKNOWN_TIER,
    Subscribers,
    ignore_in_git,
    is_key_missing,
    is_valid_name,
    normalize_name,
    read_subscribers,
)
from podcast_kit.source.yaml import InvalidValue, decode_source

MAX_SUBSCRIBER_LIST_BYTES = 50_000_000
"""A hundred thousand rows of Patreon's export."""
MAX_SUBSCRIBERS = 200_000
MAX_LIST_PROBLEMS = 20
MAX_CELL_CHARS = 131_072
ACTIVE_WORDS = ("active", "active patron", "trialing", "paid", "yes", "true", "1")
"""What a column of the status says of those who have a feed, without `active:`."""
COLUMN_CODE = "list.column"


@dataclass(frozen=True, slots=True)
class ListFormat:
    """The export of a service, recognized by columns that its header has."""

    service: str
    headers: tuple[str, ...]
    """In lower case; all of them are there."""
    columns: Mapping[str, str]
    active: tuple[str, ...] = ()
    paid_columns: tuple[str, ...] = ()
    """A value in one of these says that the person pays; empty where the status shows who is active."""
    ended_column: str = ""
    """Someone with a value in it has left."""


LIST_FORMATS = (
    ListFormat(
        "Patreon",
        ("name", "email", "patron status", "tier"),
        {"name": "email", "tier": "tier", "status": "patron status"},
        ("active patron",),
    ),
    ListFormat(
        "Ghost",
        ("id", "email", "subscribed_to_emails", "complimentary_plan"),
        {"name": "email", "tier": "tiers"},
        paid_columns=("tiers", "complimentary_plan"),
        ended_column="deleted_at",
    ),
    ListFormat(
        "Stripe subscriptions",
        ("id", "customer id", "customer email", "plan", "status"),
        {"name": "customer email", "status": "status"},
        ("active", "trialing", "past_due"),
    ),
    ListFormat(
        "Stripe customers",
        ("id", "email", "plan", "status"),
        {"name": "email", "status": "status"},
        ("active", "trialing", "past_due"),
    ),
    ListFormat(
        "Memberful",
        ("full name", "email", "plan", "active"),
        {"name": "email", "tier": "plan", "status": "active"},
        ("yes", "true", "active"),
    ),
)


@dataclass(slots=True)
class _ListReader:
    """Reads the rows of one list, and collects what is wrong with them."""

    path: str
    tiers: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)
    first_lines: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    tier_by_name: dict[str, str] = field(default_factory=dict)

    def report(self, line: int, text: str, fix: str, code: str) -> None:
        self.problems.append(Problem(SourceLocation(self.path, line, 1), text, fix, code))
        if len(self.problems) >= MAX_LIST_PROBLEMS:
            raise InvalidInput(self.problems)

    def add_row(self, line: int, name: str, tier: str) -> None:
        """Add an active member; the same person twice, in two tiers, has the higher one."""
        if not name:
            self.report(line, "has no name", "remove the row, or choose another column under columns:", COLUMN_CODE)
            return
        if not is_valid_name(name):
            self.report(line, INVALID_NAME, "shorten or retype it", "value.long")
            return
        identity = normalize_name(name)
        if identity not in self.first_lines:
            self.first_lines[identity] = line
            self.names.append(name)
            self.tier_by_name[identity] = tier
        elif tier in self.tiers and self.tiers.index(tier) > self.tiers.index(self.tier_by_name[identity]):
            self.tier_by_name[identity] = tier
        if len(self.names) > MAX_SUBSCRIBERS:
            text = f"has more than {MAX_SUBSCRIBERS:,} subscribers"
            raise InvalidInput([Problem(SourceLocation(self.path, line, 1), text, "split the show", "value.long")])


def load_subscribers(folder: Path, settings: PrivateSettings) -> Subscribers:
    """A show's subscribers with their tiers, from wherever podcast.yaml says; empty without a list.

    Raises InvalidInput with every problem of the list, OperationError where it cannot be read.
    """
    source = settings.subscribers
    if not source:
        return read_subscribers(folder, settings.tiers)
    path = source.file or FETCHED_LIST
    try:
        data = read_inside(folder, path, MAX_SUBSCRIBER_LIST_BYTES)
    except FileNotFoundError:
        if source.command:
            return Subscribers()
        text, fix = f"{path} not found", "export the list of members to it"
        raise InvalidInput([Problem(SourceLocation(path), text, fix, "file.missing")]) from None
    except OutsideFolderError as error:
        raise InvalidInput(
            [Problem(SourceLocation(path), str(error.strerror), "replace it by a file", "path.outside")]
        ) from None
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_subscriber_list(data, source, settings.tiers, path)


def parse_subscriber_list(data: bytes, source: SubscriberSource, tiers: tuple[str, ...], path: str) -> Subscribers:
    """The active members in a CSV list; raises InvalidInput with every problem."""
    if len(data) > MAX_SUBSCRIBER_LIST_BYTES:
        text = f"is larger than {MAX_SUBSCRIBER_LIST_BYTES // 10**6} MB"
        raise InvalidInput([Problem(SourceLocation(path), text, "export only the columns that are used", "value.long")])
    text = decode_source(data, path, MAX_SUBSCRIBER_LIST_BYTES)
    if "\0" in text:
        problem = Problem(SourceLocation(path), "is not text", "export it as CSV in UTF-8", "file.encoding")
        raise InvalidInput([problem])
    rows = csv.reader(io.StringIO(text), delimiter=_find_delimiter(text))
    reader = _ListReader(path, tiers or (ALL_MEMBERS,))
    line = 1
    try:
        header = [" ".join(cell.split()) for cell in next(rows, [])]
        if not header:
            return Subscribers()
        columns = _find_columns(header, source, path)
        for row in rows:
            line = rows.line_num
            if any(cell.strip() for cell in row):
                _read_row(reader, line, row, columns)
    except csv.Error as error:
        fix = "export the list again, or remove the line"
        raise InvalidInput(
            [Problem(SourceLocation(path, line, 1), f"is not CSV: {error}", fix, "value.form")]
        ) from None
    if reader.problems:
        raise InvalidInput(reader.problems)
    return Subscribers(tuple(reader.names), tiers=reader.tier_by_name)


def store_fetched_list(folder: Path, data: bytes) -> None:
    """Keep what a command printed, for builds; only the user can read it, and git ignores it."""
    ignore_in_git(folder, f"/{FETCHED_LIST}")
    if not (folder / FETCHED_LIST).is_file() or read_inside(folder, FETCHED_LIST, MAX_SUBSCRIBER_LIST_BYTES) != data:
        write_inside(folder, FETCHED_LIST, data, 0o600)


def lacks_subscribers_key(folder: Path, settings: PrivateSettings) -> bool:
    """Whether there are private feeds, and no key, as in a check of a pull request from a fork."""
    return is_key_missing(folder) and bool(load_subscribers(folder, settings))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The indexes of the columns that are used, and who counts as active."""

    name: int
    tier: int | None = None
    status: int | None = None
    active: frozenset[str] = frozenset()
    paid: tuple[int, ...] = ()
    ended: int | None = None


def _find_delimiter(text: str) -> str:
    """The character between the cells of the header: spreadsheets in some countries write a semicolon or a tab."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _find_columns(header: Sequence[str], source: SubscriberSource, path: str) -> _Columns:
    by_header = {name.casefold(): index for index, name in reversed(list(enumerate(header)))}
    service = next((row for row in LIST_FORMATS if all(name in by_header for name in row.headers)), None)
    names: dict[str, str] = dict(service.columns) if service and not source.columns else {}
    names |= {column: name.casefold() for column, name in source.columns.items()}
    if "name" not in names:
        names |= {column: column for column in SUBSCRIBER_COLUMNS if column in by_header}
        names.setdefault("name", next((name for name in ("email", "e-mail", "name") if name in by_header), "name"))
    location = SourceLocation(path, 1, 1)
    missing = {
        column: name for column, name in names.items() if name not in by_header and not _is_optional(column, service)
    }
    if missing:
        # The first line is not shown: in a list without headers it has a person.
        fix = "set private: subscribers: columns: to headers in the first line of the list"
        raise InvalidInput(
            Problem(location, f"has no column {name!r} for the {column}", fix, COLUMN_CODE)
            for column, name in missing.items()
        )
    is_known = service is not None and not source.columns
    return _Columns(
        name=by_header[names["name"]],
        tier=by_header.get(names.get("tier", "")),
        status=by_header.get(names.get("status", "")),
        active=frozenset(source.active or (service.active if service and is_known else ()) or ACTIVE_WORDS),
        paid=_indexes(service.paid_columns, by_header) if service and is_known else (),
        ended=by_header.get(service.ended_column) if service and is_known else None,
    )


def _is_optional(column: str, service: ListFormat | None) -> bool:
    """Whether a list may lack a column: an older export of Ghost has no tiers."""
    return service is not None and column == "tier"


def _indexes(names: Iterable[str], by_header: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(by_header[name] for name in names if name in by_header)


def _read_row(reader: _ListReader, line: int, row: Sequence[str], columns: _Columns) -> None:
    def cell(index: int | None) -> str:
        return " ".join(row[index].split()) if index is not None and index < len(row) else ""

    if columns.status is not None and cell(columns.status).casefold() not in columns.active:
        return
    if columns.paid and not any(cell(index).casefold() not in {"", "false", "0", "no"} for index in columns.paid):
        return
    if columns.ended is not None and cell(columns.ended):
        return
    reader.add_row(line, cell(columns.name), _tier_of_row(reader, line, cell(columns.tier)))


def _tier_of_row(reader: _ListReader, line: int, written: str) -> str:
    """The highest tier that a row names; the lowest one where it names none."""
    tiers = reader.tiers
    if tiers == (ALL_MEMBERS,) or not written:
        return tiers[0]
    names = [written] if written.casefold() in map(str.casefold, tiers) else written.split(",")
    chosen: list[int] = []
    for name in names:
        try:
            chosen.append(tiers.index(find_tier(name, tiers)))
        except InvalidValue as error:
            reader.report(line, UNKNOWN_TIER, error.fix, error.code)
    return tiers[max(chosen, default=0)]
