"""`stats setup`: says how to switch on access logs, and does it for Amazon S3."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.questions import confirm_action

if TYPE_CHECKING:
    from podcast_kit.cli.console import Console
    from podcast_kit.model import Project
    from podcast_kit.stats.setup_guides import SetupGuide

SETUP_ACTION = "setup"


def set_up_logs(console: Console, show: Project, arguments: tuple[str, ...], *, yes: bool) -> None:
    """Show the guide of a provider, or of the one that the show is published to; with a place, switch logs on."""
    from podcast_kit.stats.setup_guides import PRIVACY_NOTES, SETUP_GUIDES, explain_missing_guide, suggest_guide

    name, *places = arguments or ("",)
    if name and name not in SETUP_GUIDES:
        raise click.UsageError(f"unknown provider {name!r}; choose one of {', '.join(SETUP_GUIDES)}")
    if places:
        if name != "s3" or len(places) > 1:
            raise click.UsageError("only logs of S3 can be switched on: podcast-kit stats setup s3 s3://LOG-BUCKET/pod")
        enable_s3_logs(console, show, places[0], yes=yes)
        return
    publishing = show.show.publish
    guide = SETUP_GUIDES[name] if name else suggest_guide(publishing)
    console.document(
        SETUP_ACTION,
        guides=[guide_to_json(entry) for entry in ([guide] if guide else SETUP_GUIDES.values())],
        privacy=list(PRIVACY_NOTES),
    )
    if guide is None:
        console.result(explain_missing_guide(publishing))
        console.result(f"guides: podcast-kit stats setup {' | '.join(SETUP_GUIDES)}")
        return
    for line in guide_lines(guide):
        console.result(line)
    for note in PRIVACY_NOTES:
        console.result(f"- {note}")


def guide_lines(guide: SetupGuide) -> list[str]:
    """A guide for people."""
    steps = [f"{number}. {step}" for number, step in enumerate(guide.steps, 1)]
    block = ["", guide.block] if guide.block else []
    return [f"Access logs of {guide.title}", *steps, *block, "", f"then: {guide.read}", guide.accuracy, "", "privacy:"]


def guide_to_json(guide: SetupGuide) -> dict[str, object]:
    """A guide for programs."""
    return {
        "name": guide.name,
        "title": guide.title,
        "steps": list(guide.steps),
        "block": guide.block,
        "read": guide.read,
        "accuracy": guide.accuracy,
    }


def enable_s3_logs(console: Console, show: Project, place: str, *, yes: bool) -> None:
    """Switch on the access logs of the show's bucket, after the user agreed."""
    from podcast_kit.stores import validate_target
    from podcast_kit.stores.s3 import S3Store

    publishing = show.show.publish
    target, logs = (validate_target(replace(publishing, to=address), show.folder) for address in (publishing.to, place))
    if not (isinstance(target, S3Store) and isinstance(logs, S3Store)):
        raise click.UsageError(
            "both the show and the logs must be in S3: podcast-kit stats setup s3 s3://LOG-BUCKET/pod"
        )
    if target.bucket == logs.bucket:
        raise click.UsageError("use another bucket for the logs: each log would cause more lines in the next one")
    if (current := target.access_log_place()) == (logs.bucket, logs.prefix):
        console.document(SETUP_ACTION, enabled=False, logs=logs.name)
        console.result(f"access logs already go to {logs.name}")
        return
    before = f" (now s3://{current[0]}/{current[1]})" if current else ""
    confirm_action(f"Write the access logs of s3://{target.bucket} to {logs.name}{before}?", yes=yes)
    target.enable_access_logs(logs.bucket, logs.prefix)
    console.document(SETUP_ACTION, enabled=True, logs=logs.name)
    console.result(f"access logs go to {logs.name}; the first ones arrive within hours")
    console.result(f"read them with: podcast-kit stats {logs.name}")
