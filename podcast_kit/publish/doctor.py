"""What stands between a show and its listeners, found by trying, and said in words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from podcast_kit.errors import PodcastKitError
from podcast_kit.io.http_client import Web
from podcast_kit.model import Outcome, Output, Wave, public_url
from podcast_kit.publish import verify
from podcast_kit.stores import Store, Upload
from podcast_kit.stores import state as record
from podcast_kit.text.dates import parse_rfc2822

SKEW = timedelta(minutes=5)
"""Beyond 15 minutes S3 refuses; beyond 5 something is wrong."""
CONTENT = b"podcast-kit doctor\n"
KINDS = {".mp3": "audio/mpeg", ".vtt": "text/vtt", ".json": "application/json+chapters"}
OK = 200
ORIGIN = "https://player.example"


def examine(store: Store, url: str, folder: Path, *, now: datetime) -> Iterator[Outcome]:
    """Credentials, bucket, listing, writing, conditions; then the public address, clock, types, ranges, CORS.

    Every outcome is a finding: `key` is what was looked at, `trouble` what is wrong with it. What is written
    is removed again. `folder` takes a few files meanwhile.
    """
    try:
        found = store.get(record.KEY)
        yield Outcome(key="credentials and bucket", action=f"{store.name} answers")
        next(iter(store.walk(record.OWN)), None)
        yield Outcome(key="listing", action="allowed")
    except PodcastKitError as error:
        yield Outcome(key="credentials and bucket", action="asked", error=error.text, fix=error.fix)
        return
    yield Outcome(key="record of the last publish", action="found" if found else "none yet")
    token = hashlib.sha256(now.isoformat().encode()).hexdigest()[:16]
    outputs = [_output(folder, token, ending) for ending in KINDS]
    try:
        for output in outputs:
            store.put(Upload.of(output))
        yield Outcome(key="writing", action="allowed")
        yield _conditions(store, token)
        yield from _public(url, outputs, now)
    except PodcastKitError as error:
        yield Outcome(key="writing", action="tried", error=error.text, fix=error.fix)
    finally:
        for output in outputs:
            _remove(store, output.key)


def _remove(store: Store, key: str) -> None:
    try:
        store.delete(key)
    except PodcastKitError:
        return  # a key that may write but not delete: three small files stay


def _conditions(store: Store, token: str) -> Outcome:
    honours = store.probe(token)
    if honours.blind:
        text = f"{honours}: two who publish at once can overwrite each other"
        return Outcome(key="conditional writes", action="tried", error=text, fix="publish from one place only")
    return Outcome(key="conditional writes", action=f"honoured ({honours})")


def _public(url: str, outputs: list[Output], now: datetime) -> Iterator[Outcome]:
    if not url.startswith("https://"):
        hint = "Apple and Spotify want https; put a host or CDN with a certificate before the store"
        yield Outcome(key="public address", action="read", error=f"{url} is not https", fix=hint)
    asked = list(verify.objects(url, outputs))
    if all(outcome.error for outcome in asked) and len({outcome.fix for outcome in asked}) == 1:
        yield Outcome(key="public files", action="asked", error=asked[0].error, fix=asked[0].fix)
    else:
        for outcome in asked:
            kind = outcome.key.rpartition(".")[2]
            done = f"answers HEAD and Range ({kind})"
            yield Outcome(key=f"public {kind} file", action=done, error=outcome.error, fix=outcome.fix)
    with Web() as web:
        answer, _ = web.ask(public_url(url, outputs[-1].key), headers={"Origin": ORIGIN}, bound=len(CONTENT))
        if answer.error:
            return  # said above
        listed = _listed(web, url)
    yield _clock(answer.headers.get("date", ""), now)
    if listed:
        yield listed
    if answer.status != OK:
        return
    if answer.headers.get("access-control-allow-origin") in {"*", ORIGIN}:
        yield Outcome(key="CORS", action="open to players on the web")
    else:
        hint = "allow GET and HEAD from every origin in the bucket's CORS rules or at the CDN"
        text = "closed: players on the web cannot read chapters and transcripts"
        yield Outcome(key="CORS", action="asked", error=text, fix=hint)


def _listed(web: Web, url: str) -> Outcome | None:
    """Whether anybody can list the bucket, and so find what goes ahead, and private feeds."""
    answer, _ = web.ask(f"{url}?list-type=2&max-keys=1")
    if answer.error:
        return None
    if answer.status != OK or "xml" not in answer.headers.get("content-type", ""):
        return Outcome(key="public listing", action="closed")
    hint = "let anybody read objects (s3:GetObject), but not list them (s3:ListBucket)"
    text = "open: anybody can find episodes before their time, and private feeds"
    return Outcome(key="public listing", action="asked", error=text, fix=hint)


def _clock(said: str, now: datetime) -> Outcome:
    date = parse_rfc2822(said)
    if date is None:
        return Outcome(key="clock", action="not comparable: the host gives no date")
    apart = abs(date - now)
    if apart > SKEW:
        text = f"{int(apart.total_seconds() // 60)} minutes apart from the store's"
        return Outcome(key="clock", action="compared", error=text, fix="set this computer's clock")
    return Outcome(key="clock", action="right")


def _output(folder: Path, token: str, ending: str) -> Output:
    path = folder / f"doctor{ending}"
    path.write_bytes(CONTENT)
    return Output(
        key=f"{record.OWN}probe/doctor-{token}{ending}",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        content_type=KINDS[ending],
        cache_control="no-store",
        wave=Wave.MEDIA,
        path=path,
    )
