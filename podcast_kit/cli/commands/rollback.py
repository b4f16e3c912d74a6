"""`rollback`: make an earlier feed live again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.builds import open_target_store
from podcast_kit.cli.ci_reports import describe_ci_run
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import YES_OPTION, allows_unprotected_writes, target_options, unprotected_writes_option
from podcast_kit.cli.outcomes import print_outcomes
from podcast_kit.cli.questions import confirm_action
from podcast_kit.errors import OperationError
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.publish.rollback import PreviousFeed
    from podcast_kit.stores import Store, StoredObject

HOLD_NOTE = "; nothing is published until `podcast-kit publish --release`"
MAX_CHANGES_SHOWN = 3
"""Changes that are listed for each saved feed."""


@command("rollback", for_shows=True, short_help="Make an earlier feed live again.")
@click.argument("number", type=int, required=False)
@target_options
@click.option("--list", "is_list", is_flag=True, help="List the saved feeds, and change nothing.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what subscribers would notice.")
@click.option("--hold", is_flag=True, help="Let nothing be published until `publish --release`.")
@YES_OPTION
@unprotected_writes_option
def rollback_command(
    console: Console,
    number: int | None,
    is_list: bool,
    dry_run: bool,
    hold: bool,
    yes: bool,
    allow_unprotected_writes: bool,
    **target: Any,  # noqa: ANN401  # what target_options take
) -> None:
    """Make the previous feed live again, or the one with this NUMBER.

    Without NUMBER, a feed that only lacks the links to posts about its episodes is skipped.

    Only the feed changes; every file that it names must still exist. The next publish will replace it, also one that
    CI runs; with --hold, `publish` refuses until it is run with --release.

    \b
      podcast-kit rollback --list
      podcast-kit rollback
      podcast-kit rollback 12 --hold
      podcast-kit rollback --all --dry-run
    """
    from podcast_kit import publish
    from podcast_kit.publish import notifying, rollback, state_writer
    from podcast_kit.publish.checkout import describe_publisher
    from podcast_kit.publish.record import read_record
    from podcast_kit.stores.state import reconcile_state

    store, project = open_target_store(console, target)
    show = project.show
    record = read_record(store, show.feed.path)
    state = reconcile_state(store, record.state, show.feed.path)
    saved_feeds = rollback.list_previous_feeds(state)
    if is_list:
        _print_saved_feeds(console, store, saved_feeds, state.feed)
        return
    feed = _choose_feed(store, saved_feeds, state.feed, number)
    now = datetime.now(UTC)
    if hold and not dry_run:
        state = replace(state, hold=f"rolled back to feed {feed.number} on {now:%Y-%m-%d %H:%M} UTC")
    with TemporaryFolder() as folder:
        plan = rollback.plan_rollback(store, state, feed, Path(folder), url=show.publish.url, feed_key=show.feed.path)
        if not plan:
            if hold and not dry_run:
                state_writer.StateWriter(plan, store, now).rewrite()
            console.summarize(f"feed {feed.number} is already live{HOLD_NOTE if state.hold else ''}")
            console.document("rollback", feed=show.feed_url, number=feed.number, changed=False, hold=bool(state.hold))
            return
        for change in publish.find_subscriber_changes(plan, store):
            console.info(f"  {change}")
        console.has_changes = True
        if dry_run:
            console.document("rollback", feed=show.feed_url, number=feed.number, changed=False, hold=bool(state.hold))
            console.summarize(f"would make feed {feed.number} live again")
            return
        confirm_action(f"Roll back to feed {feed.number}?", yes=yes)
        is_allowed = allows_unprotected_writes(is_allowed=allow_unprotected_writes)
        url = show.publish.url if store.remote else ""
        publisher = describe_publisher(project.folder, now, *describe_ci_run())
        outcomes = publish.publish_plan(
            plan,
            store,
            now=now,
            url=url,
            lineage=rollback.roll_back_lineage(record, feed, publisher),
            allow_unprotected_writes=is_allowed,
        )
        print_outcomes(console, notifying.notify_of_rollback(outcomes, show, store, plan, now=now))
    console.document("rollback", feed=show.feed_url, number=feed.number, changed=True, hold=bool(state.hold))
    console.result(show.feed_url)
    note = HOLD_NOTE if state.hold else "; the next publish will replace it"
    console.summarize(f"feed {feed.number} is live again{note}")


def _print_saved_feeds(
    console: Console, store: Store, saved_feeds: tuple[PreviousFeed, ...], live: StoredObject | None
) -> None:
    from podcast_kit.publish import rollback

    rows = list(zip(saved_feeds, rollback.describe_previous_feeds(store, saved_feeds, live), strict=True))
    console.document(
        "rollback",
        feeds=[
            {
                "number": feed.number,
                "key": feed.key,
                "episodes": list(row.titles),
                "replaced": feed.replaced_at,
                "changes": list(map(str, row.changes)),
            }
            for feed, row in rows
        ],
    )
    for feed, row in rows:
        summary = f"{format_count(len(row.titles), 'episode')}, the newest “{row.titles[0]}”" if row.titles else ""
        date = f"until {feed.replaced_at.astimezone():%Y-%m-%d %H:%M}  " if feed.replaced_at else ""
        console.result(f"{feed.number:>6}  {date}{feed.digest}  {summary}".rstrip())
        for change in row.changes[:MAX_CHANGES_SHOWN]:
            console.result(f"        then: {change}")
        if len(row.changes) > MAX_CHANGES_SHOWN:
            console.result(f"        and {format_count(len(row.changes) - MAX_CHANGES_SHOWN, 'other change')}")
    if not rows:
        console.info("no earlier feed to roll back to")


def _choose_feed(
    store: Store, saved_feeds: tuple[PreviousFeed, ...], live: StoredObject | None, number: int | None
) -> PreviousFeed:
    from podcast_kit.publish.rollback import find_previous_feed

    if number is None:
        feed = find_previous_feed(store, saved_feeds, live)
    else:
        feed = next((feed for feed in saved_feeds if feed.number == number), None)
    if feed:
        return feed
    text = "no earlier feed to roll back to" if number is None else f"no saved feed {number}"
    raise OperationError(text, "run `podcast-kit rollback --list`")
