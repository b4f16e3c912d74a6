"""Drops cached copies of changed pages at the CDN, once the new ones are published."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.io.consent import ConsentKind, has_consent
from podcast_kit.io.show_commands import command_environment, digest_show_command
from podcast_kit.model import Outcome, PublishSettings, Wave, public_url
from podcast_kit.plan import Plan, Verb
from podcast_kit.stores import cdn

COMMAND_TIMEOUT_S = 120
MAX_ERROR_CHARS = 300


def list_changed_keys(plan: Plan) -> tuple[str, ...]:
    """The keys whose content changes: new files have no cached copies yet, and media never change.

    A publish that was stopped may have replaced the files that it marked, and not have purged them.
    """
    verbs = {Verb.REPLACE, Verb.HEADERS}
    changes = [change for change in plan.changes if change.wave is not Wave.MEDIA and change.output]
    return tuple(change.key for change in changes if change.verb in verbs or change.key in plan.state.dirty)


def purge_cdn(publishing: PublishSettings, keys: Sequence[str], state_etag: str, folder: Path) -> Iterator[Outcome]:
    """Purge the keys from CloudFront and with the show's own command; failures are reported and undo nothing.

    The command runs in the show's folder.
    `state_etag` is the ETag of the state before this publish, which no other publish has.
    """
    if not keys:
        return
    urls = [public_url(publishing.url, key) for key in _add_folder_keys(keys)]
    if publishing.cloudfront:
        paths = [urlsplit(url).path for url in urls]
        reference = hashlib.sha256(f"{state_etag} {paths}".encode()).hexdigest()[:32]
        try:
            invalidation = cdn.invalidate_cloudfront(publishing.cloudfront, paths, reference)
            yield Outcome(key=f"CloudFront {publishing.cloudfront} {invalidation}", action="purged")
        except PodcastKitError as error:
            yield Outcome(key=f"CloudFront {publishing.cloudfront}", action="purged", error=error.text, fix=error.fix)
    if publishing.purge:
        failure = _run_purge_command(publishing, urls, folder)
        fix = "listeners may see the old pages until cached copies expire" if failure else ""
        yield Outcome(key=publishing.purge, action="purged", error=failure, fix=fix)


def _add_folder_keys(keys: Sequence[str]) -> list[str]:
    """`a/index.html` is also cached as `a/`."""
    expanded: list[str] = []
    for key in keys:
        expanded.append(key)
        if key == "index.html" or key.endswith("/index.html"):
            expanded.append(key.removesuffix("index.html"))
    return expanded


def purge_command_digest(publishing: PublishSettings, folder: Path) -> str:
    """The sha256 (hex) by which the command of `publish.purge` is allowed.

    It covers the command, the variables that it gets, and the files of the show that it names, such as a script.
    """
    return digest_show_command(publishing.purge, publishing.purge_environment, folder)


def require_command_consent(publishing: PublishSettings, folder: Path) -> None:
    """Raise OperationError unless the user has allowed the command of `publish.purge` for the show in this folder."""
    digest = purge_command_digest(publishing, folder)
    if publishing.purge and not has_consent(ConsentKind.COMMAND, folder, digest):
        text = f"publish.purge runs a command that you have not allowed yet: {publishing.purge}"
        fix = f"publish once on a terminal, which asks, or pass --allow-command {digest}"
        raise OperationError(text, fix)


def _run_purge_command(publishing: PublishSettings, urls: list[str], folder: Path) -> str:
    """Run the podcaster's command with one URL per line on stdin; returns what went wrong, or an empty string."""
    try:
        process = subprocess.run(  # noqa: S603  # the podcaster's own command, without a shell
            shlex.split(publishing.purge),
            cwd=folder,
            env=command_environment(publishing.purge_environment),
            input="".join(f"{url}\n" for url in urls),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"publish.purge: {error}"
    if process.returncode:
        return f"publish.purge exited with {process.returncode}: {process.stderr.strip()[-MAX_ERROR_CHARS:]}"
    return ""
