"""Asks what a show may do outside of its folder: once on a terminal, by options elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.ci_reports import is_pull_request
from podcast_kit.cli.console import Console
from podcast_kit.cli.questions import is_interactive
from podcast_kit.errors import OperationError
from podcast_kit.io.consent import ConsentKind, allow_once, has_consent, record_consent

if TYPE_CHECKING:
    from podcast_kit.model import Project, PublishSettings
    from podcast_kit.publish.prepared import PreparedPublish

ALLOW_PLACE_OPTION = click.option(
    "--allow-place",
    metavar="PATH",
    multiple=True,
    help="Allow the show to write to this folder outside of it, or to read recordings from this bucket (s3://bucket);"
    " remembered on this computer.",
)
ALLOW_COMMAND_OPTION = click.option(
    "--allow-command",
    metavar="SHA256",
    multiple=True,
    help="Allow the command of podcast.yaml that has this digest, as `plan` or an error shows it.",
)


def allow_places(folder: Path, places: Collection[str]) -> None:
    """Allow the places that were passed as options for the show in this folder, and remember it."""
    if not places:
        return
    from podcast_kit.model import PROVIDER_NAMES, BucketFile
    from podcast_kit.stores import normalize_place

    for place in places:
        if place.partition("://")[0] in PROVIDER_NAMES:
            _allow(ConsentKind.BUCKET, folder, BucketFile(place).bucket)
        else:
            _allow(ConsentKind.PLACE, folder, normalize_place(place))


def ask_bucket_consent(show: Project) -> None:
    """Ask once for each bucket whether the show may read recordings from it; elsewhere the build reports it."""
    from podcast_kit.model import BucketFile

    buckets = {episode.audio.bucket for episode in show.episodes if isinstance(episode.audio, BucketFile)}
    buckets = {bucket for bucket in buckets if not has_consent(ConsentKind.BUCKET, show.folder, bucket)}
    if not buckets or not is_interactive():
        return
    for bucket in sorted(buckets):
        question = f"Episodes have their recordings in {bucket}, read with your credentials. Allow it? (Asked once.)"
        if not click.confirm(question, default=False, err=True):
            raise OperationError("cancelled: nothing was changed")
        _allow(ConsentKind.BUCKET, show.folder, bucket)


def allow_typed_target(folder: Path, publishing: PublishSettings) -> None:
    """Allow the place that a person typed as `--to`, for this run."""
    from podcast_kit.stores import find_outside_place

    if place := find_outside_place(publishing, folder):
        allow_once(ConsentKind.PLACE, folder, place)


def remember_typed_target(folder: Path, publishing: PublishSettings) -> None:
    """Allow the place that a person typed for a new show, and remember it."""
    from podcast_kit.stores import find_outside_place

    if place := find_outside_place(publishing, folder):
        _allow(ConsentKind.PLACE, folder, place)


def ask_place_consent(show: Project) -> None:
    """Ask once whether the show may publish to a folder outside of it; elsewhere opening the store raises the error."""
    from podcast_kit.stores import find_outside_place

    place = find_outside_place(show.show.publish, show.folder)
    if not place or has_consent(ConsentKind.PLACE, show.folder, place) or not is_interactive():
        return
    question = f"podcast.yaml publishes to {place}, outside of the show's folder. Allow it? (You are asked once.)"
    if not click.confirm(question, default=False, err=True):
        raise OperationError("cancelled: nothing was changed")
    _allow(ConsentKind.PLACE, show.folder, place)


def ask_command_consent(console: Console, prepared: PreparedPublish, allowed_digests: Collection[str] = ()) -> None:
    """Ask once whether the show may run its command; an option allows it elsewhere, and nothing in a pull request."""
    from podcast_kit.publish.purge import list_changed_keys

    publishing, folder = prepared.build.project.show.publish, prepared.build.project.folder
    if list_changed_keys(prepared.plan):
        ask_purge_consent(console, publishing, folder, allowed_digests)


def ask_purge_consent(
    console: Console, publishing: PublishSettings, folder: Path, allowed_digests: Collection[str] = ()
) -> None:
    """As `ask_command_consent`, for a publish that will change files."""
    from podcast_kit.publish.purge import purge_command_digest

    if not publishing.purge:
        return
    if is_pull_request():
        text = f"publish.purge runs a command, and commands never run in a pull request: {publishing.purge}"
        raise OperationError(text, "publish from the default branch")
    digest = purge_command_digest(publishing, folder)
    if digest in {allowed.strip().lower() for allowed in allowed_digests}:
        _allow(ConsentKind.COMMAND, folder, digest)
    if has_consent(ConsentKind.COMMAND, folder, digest) or not is_interactive():
        return
    console.info(f"after publishing, podcast.yaml runs: {publishing.purge}")
    if publishing.purge_environment:
        console.info(f"with the variables {', '.join(publishing.purge_environment)}")
    if not click.confirm("Allow this command? (You are asked once.)", default=False, err=True):
        raise OperationError("cancelled: nothing was changed", "remove publish.purge, or allow its command")
    _allow(ConsentKind.COMMAND, folder, digest)


def allow_command(folder: Path, digest: str) -> None:
    """Allow a command for the show in this folder, and remember it."""
    _allow(ConsentKind.COMMAND, folder, digest)


def _allow(kind: ConsentKind, folder: Path, subject: str) -> None:
    allow_once(kind, folder, subject)
    record_consent(kind, folder, subject)
