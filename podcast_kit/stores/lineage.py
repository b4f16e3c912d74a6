"""Lineage in the store: who published last and from what, in the state; earlier versions in an object of their own.

Both are public, so digests are short and say nothing of what is not published.
"""

from __future__ import annotations

import hashlib
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
MAX_PENDING = 5
"""Publishes that had begun and whose end is unknown, of which the state keeps the intention."""
DIGEST_LEN = 10
"""Hex digits of the digest of a part: enough to tell the versions of one part apart."""


def digest_part(content: str | bytes) -> str:
    """The digest of a part of a unit."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:DIGEST_LEN]


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
            lock=str(data["lock"]),
            next_lock=str(data["next_lock"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def render_history(history: History) -> bytes:
    """Render the history: one line per unit, each publication once."""
    publications = list(
        dict.fromkeys(version.publication for versions in history.versions.values() for version in versions)
    )
    index = {publication: position for position, publication in enumerate(publications)}
    rows = {
        unit: [
            [index[version.publication], version.feed_number, int(version.is_committed), parts_to_text(version.parts)]
            for version in versions
        ]
        for unit, versions in sorted(history.versions.items())
    }
    lines = ",\n".join(f"{json.dumps(unit)}:{json.dumps(row, separators=(',', ':'))}" for unit, row in rows.items())
    head = {
        "schema": HISTORY_SCHEMA,
        "lock": history.lock,
        "next_lock": history.next_lock,
        "published": [publication_to_json(publication) for publication in publications],
    }
    return f'{json.dumps(head)[:-1]}, "versions": {{\n{lines}\n}}}}\n'.encode()


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
        )
        for row in rows
    )
