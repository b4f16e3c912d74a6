"""Nothing to do, found out by two questions and without boto3.

After a publish that ended, the show's folder remembers what was published where, and the ETags of the record
and of the feed. While the build is the same, two anonymous HEADs say whether the store still is.
Any other answer, or none, only means that the long way is taken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write
from podcast_kit.io.http_client import Web
from podcast_kit.model import Output, PublishSettings, public_url
from podcast_kit.stores import state as record

MEMO = Path(".podcast-kit") / "published.json"


def digest(outputs: Mapping[str, Output], publishing: PublishSettings) -> str:
    """Of everything that would be published, and where."""
    rows = [[key, each.size, each.sha256, each.headers] for key, each in sorted(outputs.items())]
    place = [publishing.url, publishing.to, publishing.provider, publishing.endpoint, publishing.region]
    place.append(publishing.account)
    return hashlib.sha256(json.dumps([place, rows]).encode()).hexdigest()


def remember(folder: Path, published: str, *, state: str, feed: str) -> None:
    """Note that this digest is what the store holds, with the ETags of its record and its feed."""
    memo = folder / MEMO
    with suppress(OSError, OperationError):  # all is published: a memo that cannot be written costs the next run a second
        memo.unlink(missing_ok=True)
        if state and feed:
            atomic_write.write(memo, json.dumps({"published": published, "state": state, "feed": feed}).encode())


def recorded(folder: Path) -> datetime | None:
    """When the last publish that ended was noted, in UTC; None where none was."""
    try:
        return datetime.fromtimestamp((folder / MEMO).stat().st_mtime, UTC)
    except OSError:
        return None


def unchanged(folder: Path, wanted: str, publishing: PublishSettings, feed: str) -> bool:
    """Whether the store certainly is what is wanted; False also where nobody can tell."""
    try:
        memo = json.loads((folder / MEMO).read_bytes())
        known = memo["published"] == wanted and {record.KEY: memo["state"], feed: memo["feed"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    if not known:
        return False
    fresh = {"Cache-Control": "no-cache"}
    with Web() as web:
        asked = (web.ask(public_url(publishing.url, key), method="HEAD", headers=fresh)[0] for key in known)
        return all(answer.headers.get("etag") == etag for answer, etag in zip(asked, known.values(), strict=True))
