"""Finds out, with two requests and without boto3, that there is nothing to publish.

After a complete publish, the show's folder remembers what was published where, and the ETags of the state file and of
the feed. While the build is the same, two anonymous HEAD requests tell whether the store is unchanged. After any other
response, or none, the store is read as usual.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import unlink_inside, write_inside
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import LOCK_FILE, PAGES_DIR, STATIC_DIR, Output, PublishSettings, public_url
from podcast_kit.stores.state import STATE_KEY

MEMO_PATH = Path(".podcast-kit") / "published.json"
SOURCE_FOLDERS = ("episodes", "templates", PAGES_DIR, STATIC_DIR)
MAX_DEPTH = 6
"""Folders in folders of which files are looked at."""


def publish_digest(outputs: Mapping[str, Output], publishing: PublishSettings) -> str:
    """A digest of everything that would be published, and of where."""
    rows = [[key, output.size, output.sha256, output.headers] for key, output in sorted(outputs.items())]
    target = [publishing.url, publishing.to, publishing.provider, publishing.endpoint, publishing.region]
    target.append(publishing.account)
    return hashlib.sha256(json.dumps([target, rows]).encode()).hexdigest()


def record_published(folder: Path, digest: str, sources: str, *, state_etag: str, feed_etag: str) -> None:
    """Record that the store holds what has this digest, with the ETags of its state file and its feed.

    `sources` is what `fingerprint_sources` returned before they were read.
    """
    with suppress(
        OSError, OperationError
    ):  # everything is published; without a memo the next run takes a second longer
        unlink_inside(folder, str(MEMO_PATH))
        if state_etag and feed_etag:
            memo = {"published": digest, "sources": sources, "state": state_etag, "feed": feed_etag}
            write_inside(folder, str(MEMO_PATH), json.dumps(memo).encode())


def fingerprint_sources(folder: Path) -> str:
    """A digest of name, size and time of every source file: equal while none of them was touched."""
    rows: list[tuple[str, int, int]] = []
    with suppress(OSError):
        rows += _list_files(folder, depth=1)
    for name in SOURCE_FOLDERS:
        with suppress(OSError):
            rows += _list_files(folder / name, depth=MAX_DEPTH)
    return hashlib.sha256(repr(sorted(rows)).encode("utf-8", "surrogateescape")).hexdigest()


def _list_files(folder: Path, depth: int) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                is_folder, status = entry.is_dir(), entry.stat()
            except OSError:  # a link that leads nowhere, or to itself
                is_folder, status = False, entry.stat(follow_symlinks=False)
            if is_folder:
                if depth > 1:
                    yield from _list_files(Path(entry.path), depth - 1)
            elif entry.name != LOCK_FILE:  # a publish writes it
                yield entry.path, status.st_size, status.st_mtime_ns


def has_untouched_sources(folder: Path, fingerprint: str) -> bool:
    """Whether no source file was touched since the last complete publish from this folder."""
    try:
        return bool(json.loads((folder / MEMO_PATH).read_bytes())["sources"] == fingerprint)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def last_recorded_at(folder: Path) -> datetime | None:
    """When the last complete publish was recorded, in UTC; None before the first."""
    try:
        return datetime.fromtimestamp((folder / MEMO_PATH).stat().st_mtime, UTC)
    except OSError:
        return None


def is_store_unchanged(folder: Path, digest: str, publishing: PublishSettings, feed_key: str) -> bool:
    """Whether the store certainly holds what has this digest; False when that cannot be known."""
    memo = _read_memo(folder)
    return bool(memo) and memo.get("published") == digest and _has_etags(memo, publishing.url, feed_key)


def digest_memo(folder: Path) -> str:
    """The sha256 (hex) of what was recorded of the last complete publish; empty before the first."""
    try:
        return hashlib.sha256((folder / MEMO_PATH).read_bytes()).hexdigest()
    except OSError:
        return ""


def is_publication_unchanged(folder: Path, memo_digest: str, url: str, feed_key: str) -> bool:
    """Whether the store certainly holds what it held when what is recorded of it had this digest."""
    return digest_memo(folder) == memo_digest != "" and _has_etags(_read_memo(folder), url, feed_key)


def _read_memo(folder: Path) -> dict[str, Any]:
    """What was recorded of the last complete publish; empty if nothing can be read."""
    try:
        memo = json.loads((folder / MEMO_PATH).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return memo if isinstance(memo, dict) else {}


def _has_etags(memo: Mapping[str, Any], url: str, feed_key: str) -> bool:
    """Whether state file and feed have the recorded ETags at their public addresses."""
    etags = {STATE_KEY: memo.get("state"), feed_key: memo.get("feed")}
    if not all(etags.values()):
        return False
    headers = {"Cache-Control": "no-cache"}
    with HttpClient(NetworkPolicy.trust(url)) as client:
        responses = (client.request(public_url(url, key), method="HEAD", headers=headers)[0] for key in etags)
        return all(
            response.headers.get("etag") == etag for response, etag in zip(responses, etags.values(), strict=True)
        )
