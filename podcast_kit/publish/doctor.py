"""Finds out by trying what keeps a show from its listeners: credentials, permissions, the public address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from podcast_kit.errors import PodcastKitError
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Outcome, Output, Wave, public_url
from podcast_kit.model.urls import PLAYER_ORIGIN
from podcast_kit.publish.verify import verify_outputs
from podcast_kit.publish.waves import BLOCKED_FEEDS_FIX
from podcast_kit.stores import LOCK_FILE_FIX, UNPROTECTED_FIX, ConditionalWrites, Store, Upload
from podcast_kit.stores.state import INTERNAL_PREFIX, read_state_head
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import format_count

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""S3 refuses requests beyond 15 minutes; beyond 5 something is wrong."""
PROBE_CONTENT = b"podcast-kit doctor\n"
PROBE_TYPES = {".mp3": "audio/mpeg", ".vtt": "text/vtt", ".json": "application/json+chapters"}
STATUS_OK = 200


def diagnose_store(store: Store, url: str, folder: Path, *, now: datetime) -> Iterator[Outcome]:
    """Try credentials, bucket, listing, writing, conditional writes, and the public address with its settings.

    Each outcome is a finding: `key` is what was tried, `error` what is wrong with it. The files that are written to
    the store are deleted again. `folder` is for temporary files.
    """
    try:
        state = read_state_head(store)
        has_state = bool(state.etag)
        yield Outcome(key="credentials and bucket", action=f"{store.name} answers")
        next(iter(store.list(INTERNAL_PREFIX)), None)
        yield Outcome(key="listing", action="allowed")
    except PodcastKitError as error:
        yield Outcome(key="credentials and bucket", action="asked", error=error.text, fix=error.fix)
        return
    yield Outcome(key="state of the last publish", action="present" if has_state else "none yet")
    if state.blocked:
        text = f"{format_count(len(state.blocked), 'revoked feed')} could not be deleted: empty, but still there"
        yield Outcome(key="private feeds", action="asked", error=text, fix=BLOCKED_FEEDS_FIX)
    token = hashlib.sha256(now.isoformat().encode()).hexdigest()[:16]
    outputs = [_probe_output(folder, token, suffix) for suffix in PROBE_TYPES]
    try:
        for output in outputs:
            store.put(Upload.from_output(output))
        yield Outcome(key="writing", action="allowed")
        yield _diagnose_conditional_writes(store, token)
        yield from _diagnose_public_address(url, outputs, now)
    except PodcastKitError as error:
        yield Outcome(key="writing", action="tried", error=error.text, fix=error.fix)
    finally:
        for output in outputs:
            _delete_if_allowed(store, output.key)


def _delete_if_allowed(store: Store, key: str) -> None:
    try:
        store.delete(key)
    except PodcastKitError:
        return  # credentials that may write but not delete: three small files stay


def _diagnose_conditional_writes(store: Store, token: str) -> Outcome:
    result = store.probe(token)
    if result.unprotected:
        text = f"the store {result.risk}"
        return Outcome(key="conditional writes", action="tried", error=text, fix=UNPROTECTED_FIX)
    if result is ConditionalWrites.LOCK_FILE:
        return Outcome(key="conditional writes", action=f"the store {result.risk}", fix=LOCK_FILE_FIX)
    return Outcome(key="conditional writes", action=f"supported ({result})")


def _diagnose_public_address(url: str, outputs: list[Output], now: datetime) -> Iterator[Outcome]:
    if not url.startswith("https://"):
        fix = "Apple and Spotify require https: put a CDN or host with a TLS certificate in front of the bucket"
        yield Outcome(key="public address", action="read", error=f"{url} is not https", fix=fix)
    outcomes = list(verify_outputs(url, outputs))
    if all(outcome.error for outcome in outcomes) and len({outcome.fix for outcome in outcomes}) == 1:
        yield Outcome(key="public files", action="asked", error=outcomes[0].error, fix=outcomes[0].fix)
    else:
        for outcome in outcomes:
            suffix = outcome.key.rpartition(".")[2]
            action = f"answers HEAD and Range ({suffix})"
            yield Outcome(key=f"public {suffix} file", action=action, error=outcome.error, fix=outcome.fix)
    with HttpClient(NetworkPolicy.trust(url)) as client:
        response, _ = client.request(
            public_url(url, outputs[-1].key), headers={"Origin": PLAYER_ORIGIN}, max_bytes=len(PROBE_CONTENT)
        )
        if response.error:
            return  # reported above
        listing = _diagnose_public_listing(client, url)
    yield _compare_clocks(response.headers.get("date", ""), now)
    if listing:
        yield listing
    if response.status != STATUS_OK:
        return
    if response.headers.get("access-control-allow-origin") in {"*", PLAYER_ORIGIN}:
        yield Outcome(key="CORS", action="open to web players")
    else:
        fix = "allow GET and HEAD from every origin in the bucket's CORS rules or at the CDN"
        text = "closed: web players cannot read chapters and transcripts"
        yield Outcome(key="CORS", action="asked", error=text, fix=fix)


def _diagnose_public_listing(client: HttpClient, url: str) -> Outcome | None:
    """Whether anyone can list the bucket, and so find media uploaded ahead and private feeds."""
    response, _ = client.request(f"{url}?list-type=2&max-keys=1")
    if response.error:
        return None
    if response.status != STATUS_OK or "xml" not in response.headers.get("content-type", ""):
        return Outcome(key="public listing", action="closed")
    fix = "allow the public to read objects (s3:GetObject), but not to list them (s3:ListBucket)"
    text = "open: anyone can find episodes before their date, and private feeds"
    return Outcome(key="public listing", action="asked", error=text, fix=fix)


def _compare_clocks(date_header: str, now: datetime) -> Outcome:
    date = parse_rfc2822(date_header)
    if date is None:
        return Outcome(key="clock", action="not checked: the host sends no date")
    skew = abs(date - now)
    if skew > MAX_CLOCK_SKEW:
        text = f"{int(skew.total_seconds() // 60)} minutes different from the store's clock"
        return Outcome(key="clock", action="compared", error=text, fix="set this computer's clock")
    return Outcome(key="clock", action="correct")


def _probe_output(folder: Path, token: str, suffix: str) -> Output:
    path = folder / f"doctor{suffix}"
    path.write_bytes(PROBE_CONTENT)
    return Output(
        key=f"{INTERNAL_PREFIX}probe/doctor-{token}{suffix}",
        size=len(PROBE_CONTENT),
        sha256=hashlib.sha256(PROBE_CONTENT).hexdigest(),
        content_type=PROBE_TYPES[suffix],
        cache_control="no-store",
        wave=Wave.MEDIA,
        path=path,
    )
