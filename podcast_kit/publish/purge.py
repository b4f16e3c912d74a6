"""Copies of changed pages in front of the store, dropped once the new ones are there."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from podcast_kit.errors import PodcastKitError
from podcast_kit.model import Outcome, PublishSettings, Wave, public_url
from podcast_kit.plan import Plan, Verb
from podcast_kit.stores import cdn

PATIENCE = 120
"""Seconds that a command may take."""
SAID = 300


def changed(plan: Plan) -> tuple[str, ...]:
    """The keys that had another content before: what is new has no copies yet, and media never change."""
    verbs = {Verb.REPLACE, Verb.HEADERS}
    return tuple(change.key for change in plan.pending if change.verb in verbs and change.wave is not Wave.MEDIA)


def purge(publishing: PublishSettings, keys: Sequence[str], state: str) -> Iterator[Outcome]:
    """Tell CloudFront, and the show's own command, of the keys; what goes wrong is said, and undoes nothing.

    `state` is the ETag of the record before this publish, which no other publish has.
    """
    if not keys:
        return
    urls = [public_url(publishing.url, key) for key in _with_folders(keys)]
    if publishing.cloudfront:
        paths = [urlsplit(url).path for url in urls]
        reference = hashlib.sha256(f"{state} {paths}".encode()).hexdigest()[:32]
        try:
            done = cdn.invalidate(publishing.cloudfront, paths, reference)
            yield Outcome(key=f"CloudFront {publishing.cloudfront} {done}", action="purged")
        except PodcastKitError as error:
            yield Outcome(key=f"CloudFront {publishing.cloudfront}", action="purged", error=error.text, fix=error.fix)
    if publishing.purge:
        trouble = _run(publishing.purge, urls)
        hint = "listeners may see the old pages until the copies run out" if trouble else ""
        yield Outcome(key=publishing.purge, action="purged", error=trouble, fix=hint)


def _with_folders(keys: Sequence[str]) -> list[str]:
    """`a/index.html` is also kept under `a/`."""
    found: list[str] = []
    for key in keys:
        found.append(key)
        if key == "index.html" or key.endswith("/index.html"):
            found.append(key.removesuffix("index.html"))
    return found


def _run(command: str, urls: list[str]) -> str:
    """What went wrong; empty when nothing did."""
    try:
        done = subprocess.run(  # noqa: S603  # the podcaster's own command, without a shell
            shlex.split(command),
            input="".join(f"{url}\n" for url in urls),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"publish.purge: {error}"
    if done.returncode:
        return f"publish.purge ended with {done.returncode}: {done.stderr.strip()[-SAID:]}"
    return ""
