"""Outcomes of a publish, a rollback, a prune or a verification, on the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from podcast_kit.cli.console import Console
from podcast_kit.model import Outcome, Progress


def print_outcomes(console: Console, outcomes: Iterable[Outcome]) -> None:
    """Draw each outcome as progress, and print those that failed."""
    for outcome in outcomes:
        console.progress(Progress(outcome.action, outcome.key))
        if outcome.error:
            console.info(f"{outcome.error}\n  {outcome.fix}" if outcome.fix else outcome.error)
    console.clear_progress()


def name_action(outcome: Outcome) -> str:
    """What was done, in a word; a service, unlike the public, is notified."""
    return "notified" if outcome.action == "announced" else outcome.action


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome for the JSON document; its keys are a format."""
    return {"subject": outcome.key, "found": outcome.action, "trouble": outcome.error, "hint": outcome.fix}
