"""What of the store state grows with the show, as tables, and a snapshot of it: a compressed object of its own.

A small show has all of it in the state. Beyond that, the state names a snapshot by its sha256, and has only what
changed since. A snapshot never changes, and no two publishes write the same one: it has a token of its own. So a
snapshot that no state names is never named again, and `prune` may delete it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from podcast_kit.limits import MAX_SNAPSHOT_BYTES
from podcast_kit.model import RemoteObject
from podcast_kit.model.lineage import SourceParts
from podcast_kit.stores.lineage import sources_from_json, sources_to_json

SNAPSHOTS_PREFIX = ".podcast-kit/snapshots/"
SNAPSHOT_SUFFIX = ".json.gz"
SNAPSHOT_SCHEMA = 1
MAX_INLINE_BYTES = 256_000
"""Of the tables of a show of 200 episodes. If they are larger, or if more than this has changed since the last
snapshot, a new one is written."""
_MIN_ROW_BYTES = 40
_SHA256 = re.compile("[0-9a-f]{64}")
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What the state has for each file, episode and kept feed, as anyone may read it: without secret keys."""

    objects: Mapping[str, RemoteObject] = field(default_factory=dict)
    retired: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, str] = field(default_factory=dict)
    """Key → when it was replaced; empty if unknown. Oldest first."""
    slugs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: Mapping[str, SourceParts] = field(default_factory=dict)
    indexed: Mapping[str, str] = field(default_factory=dict)


TABLE_NAMES = tuple(table.name for table in fields(Tables))
DroppedRows = Mapping[str, frozenset[str]]
"""Table → the keys of rows that a snapshot has, and the state no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot that the state names."""

    sha256: str
    """Of the object."""
    tables: Tables | None = field(default=None, repr=False)
    """What it has; None if it was not read."""
    changes: Tables = field(default=Tables(), repr=False)
    """While it was not read: the rows that the state has in addition, or instead."""
    dropped: DroppedRows = field(default_factory=dict, repr=False)
    """While it was not read: the rows of it that do not count any more."""
    contents: str = ""
    """While it was not read: what `digest_contents` returned for the files that the state has."""
    sources: str = ""
    """While it was not read: what `digest_sources` returned for the sources that the state has."""

    @property
    def key(self) -> str:
        """The key of the object."""
        return f"{SNAPSHOTS_PREFIX}{self.sha256}{SNAPSHOT_SUFFIX}"


def list_changes(old: Tables, new: Tables) -> tuple[Tables, DroppedRows]:
    """The rows that are new or differ, and those that are gone: `apply_changes` makes `new` from `old` with them."""
    changes: dict[str, Mapping[str, Any]] = {}
    dropped: dict[str, frozenset[str]] = {}
    for name in TABLE_NAMES:
        old_rows: Mapping[str, Any] = getattr(old, name)
        new_rows: Mapping[str, Any] = getattr(new, name)
        changes[name] = {key: row for key, row in new_rows.items() if key not in old_rows or old_rows[key] != row}
        if gone := frozenset(old_rows.keys() - new_rows.keys()):
            dropped[name] = gone
    if list(_merge(old.feeds, changes["feeds"], dropped.get("feeds", ()))) != list(new.feeds):  # their order counts
        changes["feeds"] = new.feeds
    return Tables(**changes), dropped


def apply_changes(old: Tables, changes: Tables, dropped: DroppedRows) -> Tables:
    """The tables with these changes."""
    return Tables(
        **{name: _merge(getattr(old, name), getattr(changes, name), dropped.get(name, ())) for name in TABLE_NAMES}
    )


def _merge(old: Mapping[str, Any], changes: Mapping[str, Any], dropped: Iterable[str]) -> dict[str, Any]:
    gone = {*dropped, *changes}
    return {**{key: row for key, row in old.items() if key not in gone}, **changes}


def render_tables(head: Mapping[str, object], tables: Tables) -> bytes:
    """Render a JSON document: what `head` has, and the tables. One line per object, each set of headers once."""
    header_sets = sorted({remote.headers for remote in tables.objects.values()})
    header_index = {headers: index for index, headers in enumerate(header_sets)}
    rows = (
        (key, [remote.size, remote.sha256, remote.etag, header_index[remote.headers]])
        for key, remote in sorted(tables.objects.items())
    )
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(row, separators=(',', ':'))}" for key, row in rows)
    document = {
        **head,
        "headers": [dict(headers) for headers in header_sets],
        "retired": dict(sorted(tables.retired.items())),
        "feeds": list(tables.feeds),
        "feed_dates": {key: at for key, at in tables.feeds.items() if at},
        **({"indexed": dict(sorted(tables.indexed.items()))} if tables.indexed else {}),
        **({"slugs": {guid: list(slugs) for guid, slugs in sorted(tables.slugs.items())}} if tables.slugs else {}),
        **({"sources": sources_to_json(tables.sources)} if tables.sources else {}),
    }
    return f'{json.dumps(document)[:-1]}, "objects": {{\n{lines}\n}}}}\n'.encode()


def tables_from_json(data: Mapping[str, Any]) -> Tables:
    """The tables of a document. Raises ValueError, KeyError, TypeError, AttributeError or IndexError."""
    header_sets = [
        tuple(sorted((str(name), str(value)) for name, value in headers.items())) for headers in data["headers"]
    ]
    dates = {str(key): datetime.fromisoformat(at).isoformat() for key, at in data.get("feed_dates", {}).items()}
    return Tables(
        objects={
            str(key): RemoteObject(
                key=str(key), size=int(size), sha256=str(sha256), etag=str(etag), headers=header_sets[index]
            )
            for key, (size, sha256, etag, index) in data["objects"].items()
        },
        retired={str(key): date.fromisoformat(since).isoformat() for key, since in data["retired"].items()},
        feeds={key: dates.get(key, "") for key in map(str, data["feeds"])},
        slugs={str(guid): tuple(map(str, slugs)) for guid, slugs in data.get("slugs", {}).items()},
        sources=sources_from_json(data.get("sources", {})),
        indexed={str(key): str(report) for key, report in data.get("indexed", {}).items()},
    )


def renew_snapshot(snapshot: Snapshot | None, tables: Tables, token: str) -> tuple[Snapshot | None, bytes]:
    """The snapshot to write a state with these tables with, and its bytes if it is a new one.

    None if the tables are so small that they are all in the state. `snapshot` is the one that the state had, read.
    """
    if len(tables.objects) * _MIN_ROW_BYTES <= MAX_INLINE_BYTES and _measure(tables) <= MAX_INLINE_BYTES:
        return None, b""
    if snapshot and snapshot.tables is not None:
        changes, dropped = list_changes(snapshot.tables, tables)
        dropped_bytes = len(json.dumps(dropped_to_json(dropped)))
        if _measure(changes) + dropped_bytes <= MAX_INLINE_BYTES:
            return snapshot, b""
    document = render_tables({"schema": SNAPSHOT_SCHEMA, "token": token}, tables)
    if len(document) > MAX_SNAPSHOT_BYTES:  # no one would read it
        return None, b""
    content = _compress(document)
    return Snapshot(sha256=hashlib.sha256(content).hexdigest(), tables=tables), content


def _measure(tables: Tables) -> int:
    return len(render_tables({}, tables))


def parse_snapshot(content: bytes, sha256: str) -> Tables | None:
    """What a snapshot has; None if it is not the one with this digest, damaged, too large, or of a newer version."""
    if hashlib.sha256(content).hexdigest() != sha256:
        return None
    try:
        document = _decompress(content)
        if document is None:
            return None
        data = json.loads(document)
        return tables_from_json(data) if data["schema"] == SNAPSHOT_SCHEMA else None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def snapshot_to_json(snapshot: Snapshot, tables: Tables, dropped: DroppedRows) -> dict[str, object]:
    """How the state names a snapshot: `tables` are all that it has, `dropped` the rows that it no longer has."""
    return {
        "sha256": snapshot.sha256,
        "contents": digest_contents(remote for key, remote in tables.objects.items() if key not in tables.retired),
        "sources": digest_sources(tables.sources),
        "dropped": dropped_to_json(dropped),
    }


def snapshot_from_json(data: Mapping[str, Any], changes: Tables) -> Snapshot:
    """A snapshot that a state names. Raises ValueError, KeyError, TypeError or AttributeError."""
    sha256 = str(data["sha256"])
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is not a sha256")
    return Snapshot(
        sha256=sha256,
        changes=changes,
        dropped={str(name): frozenset(map(str, keys)) for name, keys in data["dropped"].items()},
        contents=str(data["contents"]),
        sources=str(data["sources"]),
    )


def dropped_to_json(dropped: DroppedRows) -> dict[str, list[str]]:
    """Dropped rows as the state has them."""
    return {name: sorted(keys) for name, keys in sorted(dropped.items())}


def digest_contents(objects: Iterable[RemoteObject]) -> str:
    """A digest of files as the state shows them, apart from their ETags: equal if nothing is to be published."""
    rows = sorted([remote.key, remote.size, remote.sha256, remote.headers] for remote in objects)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def digest_sources(sources: Mapping[str, SourceParts]) -> str:
    """A digest of the versions of all sources."""
    return hashlib.sha256(json.dumps(sources_to_json(sources)).encode()).hexdigest()


def _compress(document: bytes) -> bytes:
    """Compress, with the same bytes for the same document: the header has neither a time nor a name."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as file:
        file.write(document)
    return buffer.getvalue()


def _decompress(content: bytes) -> bytes | None:
    """Decompress; None if the result is too large. Raises ValueError for anything but one whole gzip stream."""
    decompressor = zlib.decompressobj(_GZIP_WINDOW)
    try:
        document = decompressor.decompress(content, MAX_SNAPSHOT_BYTES + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(document) > MAX_SNAPSHOT_BYTES:
        return None
    if not decompressor.eof or decompressor.unused_data:
        raise ValueError("this is not one gzip stream")
    return document
