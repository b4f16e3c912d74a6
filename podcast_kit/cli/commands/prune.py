"""`prune`: delete files that no feed needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.builds import open_target_store
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import YES_OPTION, target_options
from podcast_kit.cli.outcomes import print_outcomes
from podcast_kit.cli.questions import confirm_action
from podcast_kit.text.numbers import format_bytes, format_count


@command("prune", for_shows=True, short_help="Delete files that no feed needs.")
@target_options
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(0), help="Delete files unused for this many days."
)
@click.option("--keep", default=10, show_default=True, type=click.IntRange(1), help="Old feeds to keep for rollback.")
@click.option(
    "--max", "max_files", default=1000, show_default=True, type=click.IntRange(1), help="Max files to delete."
)
@click.option("--most", "max_files", default=1000, type=click.IntRange(1), hidden=True)
@YES_OPTION
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be deleted.")
def prune_command(
    console: Console,
    days: int,
    keep: int,
    max_files: int,
    yes: bool,
    dry_run: bool,
    **target: Any,  # noqa: ANN401  # what target_options take
) -> None:
    """Delete files unused for 30 days and not referenced by the live feed or the last ten.

    \b
      podcast-kit prune --dry-run
      podcast-kit prune --days 90
      podcast-kit prune --all --dry-run
    """
    from podcast_kit.publish import prune
    from podcast_kit.stores.state import read_store_state

    store, show = open_target_store(console, target)
    now = datetime.now(UTC)
    state = read_store_state(store, show.show.feed.path)
    unused = prune.find_prunable(store, state, now=now, days=days, keep=keep, max_files=max_files)
    keys = [*unused.keys, *unused.feeds, *unused.snapshots]
    for key in keys:
        console.result(f"- delete   {key}")
    files, feeds = format_count(len(unused.keys), "file"), format_count(len(unused.feeds), "old feed")
    summary = f"{files}, {format_bytes(unused.bytes)}, {feeds}"
    summary += f", {format_count(len(unused.snapshots), 'old snapshot')}" if unused.snapshots else ""
    notes = f"; {unused.still_named} still referenced by a feed" if unused.still_named else ""
    notes += f"; {unused.remaining} left for the next run" if unused.remaining else ""
    if not dry_run:
        if keys:
            confirm_action(f"Delete {summary}?", yes=yes)
        print_outcomes(console, prune.delete_prunable(store, unused, now=now))
    console.has_changes = bool(keys)
    console.document("prune", store=store.name, deleted=[] if dry_run else keys, found=keys, bytes=unused.bytes)
    console.summarize(f"{'would delete' if dry_run else 'deleted'}: {summary}{notes}")
