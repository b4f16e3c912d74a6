"""Lineage in the store: in the state who published last, from what, and the newest versions; older ones in the history.

Both are public, so digests are short and say nothing of what is not published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from podcast_kit.errors import OperationError
from podcast_kit.model.lineage import History, PendingPublish, Publication, SourceParts, UnitVersion
from podcast_kit.stores import Store

HISTORY_KEY = ".podcast-kit/history.json"
HISTORY_SCHEMA = 1
MAX_VERSIONS = 20
"""Versions of a unit that the history keeps."""
MAX_RECENT_BYTES = 32_000
"""Of the newest versions, which are in the state: beyond it they move into the history."""
MAX_PENDING = 5
"""Publishes that had begun and whose end is unknown, of which the state keeps the intention."""


def fetch_history(store: Store) -> History:
    """Read the earlier versions; none where the store has no history, or an unreadable one."""
    stored = store.get(HISTORY_KEY)
    if stored is None:
        return History()
    return replace(parse_history(stored.content) or History(), etag=stored.etag)


def parse_history(content: bytes) -> History | None:
    """Parse the history; None when it is damaged. Raises OperationError for a newer schema."""
    try:
        data = json.loads(content)
        if int(data["schema"]) > HISTORY_SCHEMA:
            raise OperationError("a newer version of podcast-kit published last", "upgrade podcast-kit")
        return history_from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def render_history(history: History) -> bytes:
    """Render the history for an object of its own."""
    return json.dumps({"schema": HISTORY_SCHEMA, **history_to_json(history)}, separators=(",", ":")).encode() + b"\n"


def history_to_json(history: History) -> dict[str, object]:
    """A history as it is recorded, each publication once."""
    rows = [version for versions in history.versions.values() for version in versions]
    publications = list(dict.fromkeys(version.publication for version in rows))
    index = {publication: position for position, publication in enumerate(publications)}
    return {
        "published": [publication_to_json(publication) for publication in publications],
        "versions": {
            unit: [
                [
                    index[version.publication],
                    version.feed_number,
                    int(version.is_committed),
                    parts_to_text(version.parts),
                ]
                for version in versions
            ]
            for unit, versions in sorted(history.versions.items())
        },
        "lock": dict(sorted(history.lock.items())),
    }


def history_from_json(data: Mapping[str, Any]) -> History:
    """A history, from the record. Raises ValueError, KeyError, TypeError, AttributeError or IndexError."""
    publications = [publication_from_json(row) for row in data["published"]]
    return History(
        versions={
            str(unit): tuple(
                UnitVersion(
                    parts=parts_from_text(str(text)),
                    publication=publications[index],
                    feed_number=int(feed_number),
                    is_committed=bool(is_committed),
                )
                for index, feed_number, is_committed, text in rows
            )
            for unit, rows in data["versions"].items()
        },
        lock={str(guid): str(entry) for guid, entry in data["lock"].items()},
    )


def join_histories(older: History, newer: History) -> History:
    """Both histories as one, with the newest versions of each unit; what both have counts once."""
    versions = dict(older.versions)
    for unit, rows in newer.versions.items():
        earlier = versions.get(unit, ())
        versions[unit] = (*earlier, *(row for row in rows if row not in earlier))[-MAX_VERSIONS:]
    return History(versions=versions, lock={**older.lock, **newer.lock}, etag=older.etag)


def parts_to_text(parts: SourceParts) -> str:
    """The parts of a version as they are recorded: `notes=1a2b3c4d5e title=…`."""
    return " ".join(f"{_escape_name(name)}={digest}" for name, digest in sorted(parts.items()))


def parts_from_text(text: str) -> dict[str, str]:
    """The parts of a version, from what `parts_to_text` wrote. Raises ValueError for anything else."""
    pairs = [pair.rpartition("=") for pair in text.split(" ") if pair]
    if not all(name and digest for name, _, digest in pairs):
        raise ValueError(f"{text!r} is not a version")
    return {_unescape_name(name): digest for name, _, digest in pairs}


def _escape_name(name: str) -> str:
    return name.replace("%", "%25").replace(" ", "%20").replace("=", "%3D")


def _unescape_name(name: str) -> str:
    return name.replace("%3D", "=").replace("%20", " ").replace("%25", "%")


def publication_to_json(publication: Publication) -> dict[str, object]:
    """A publication as it is recorded, without what is empty."""
    values = {
        "at": publication.at,
        "commit": publication.commit,
        "uncommitted": publication.has_uncommitted,
        "ci": publication.ci,
        "run": publication.run,
    }
    return {name: value for name, value in values.items() if value}


def publication_from_json(row: Mapping[str, Any]) -> Publication:
    """A publication from the record. Raises ValueError, KeyError or TypeError."""
    return Publication(
        at=datetime.fromisoformat(row["at"]).isoformat(),
        commit=str(row.get("commit", "")),
        has_uncommitted=row.get("uncommitted") is True,
        ci=str(row.get("ci", "")),
        run=str(row.get("run", "")),
    )


def sources_to_json(sources: Mapping[str, SourceParts]) -> dict[str, str]:
    """The version of each unit, as it is recorded."""
    return {unit: parts_to_text(parts) for unit, parts in sorted(sources.items())}


def sources_from_json(data: Mapping[str, Any]) -> dict[str, SourceParts]:
    """The version of each unit, from the record."""
    return {str(unit): parts_from_text(str(text)) for unit, text in data.items()}


def pending_to_json(pending: Iterable[PendingPublish]) -> list[dict[str, object]]:
    """The publishes that have begun, as they are recorded; only the newest."""
    return [
        {
            "feed": publish.feed_sha256,
            "published": publication_to_json(publish.publication),
            "sources": sources_to_json(publish.sources),
            "lock": publish.lock_digest,
            "recent": history_to_json(publish.recent),
        }
        for publish in tuple(pending)[-MAX_PENDING:]
    ]


def pending_from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[PendingPublish, ...]:
    """The publishes that have begun, from the record. Raises ValueError, KeyError or TypeError."""
    return tuple(
        PendingPublish(
            feed_sha256=str(row["feed"]),
            publication=publication_from_json(row["published"]),
            sources=sources_from_json(row["sources"]),
            lock_digest=str(row.get("lock", "")),
            recent=history_from_json(row["recent"]),
        )
        for row in rows
    )
