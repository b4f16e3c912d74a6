"""`status`, `doctor`, `verify`, `rollback`, `prune`: looking after what is published."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from podcast_kit.cli.app import command, interactive, project
from podcast_kit.cli.console import Console
from podcast_kit.cli.making import AT, made
from podcast_kit.cli.publishing import BLIND, accepted, elsewhere, noticed, place_options, planned
from podcast_kit.errors import ExitCode, OperationError
from podcast_kit.model import Outcome, Progress
from podcast_kit.text.numbers import format_bytes, format_count

if TYPE_CHECKING:
    from podcast_kit.model import Project
    from podcast_kit.publish.rollback import Kept
    from podcast_kit.stores import Store


@command("status", short_help="Say where every episode stands.")
@place_options
@AT
@click.option("--scheduled", is_flag=True, help="Only what is still to come.")
def status(console: Console, at: str | None, scheduled: bool, **place: str | None) -> None:
    """Say where every episode stands: live, due, scheduled, draft, or changed since it was published.

    \b
      podcast-kit status
      podcast-kit status --scheduled --json
    """
    from podcast_kit.publish.status import Standing, rows

    build = made(console, at, (), elsewhere(project(console), place))
    store, wanted = planned(console, build)
    live = wanted.state.feed
    notices = noticed(build, store, wanted)
    found = rows(
        items=build.items,
        scheduled=build.scheduled,
        drafts=build.drafts,
        lock=build.project.lock,
        live=live.content if live else None,
        notices=notices,
    )
    shown = [row for row in found if not scheduled or row.standing is Standing.SCHEDULED]
    dates = [row.date for row in found if row.standing is Standing.SCHEDULED and row.date]
    console.document(
        "status",
        build.problems,
        store=store.name,
        feed=build.project.show.feed_url,
        next=min(dates).isoformat() if dates else None,
        pending=len(wanted.pending),
        episodes=[asdict(row) for row in shown],
    )
    zone = ZoneInfo(build.project.show.timezone)
    for row in shown:
        date = f"{row.date.astimezone(zone):%Y-%m-%d %H:%M}" if row.date else " " * 16
        console.say(f"{row.standing:<10} {date}  {row.slug or row.title}{f'  ({row.detail})' if row.detail else ''}")
    if dates:
        console.note(f"the next one is due on {min(dates).astimezone(zone):%Y-%m-%d %H:%M %Z}")
    console.note(f"{format_count(len(wanted.pending), 'change')} to publish" if wanted else "nothing to publish")


@command("doctor", short_help="Find out what stands between the show and its listeners.")
@place_options
def doctor(console: Console, **place: str | None) -> None:
    """Try credentials, clock, bucket, conditional writes, the public address, types, ranges and CORS.

    A few small files are written below .podcast-kit/probe/ and removed again.

    \b
      podcast-kit doctor
      podcast-kit doctor --json
    """
    from podcast_kit.publish.doctor import examine

    store, found = _store(console, place)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(examine(store, found.show.publish.url, Path(folder), now=datetime.now(UTC)))
    _findings(console, "doctor", outcomes)


@command("verify", short_help="Ask the public addresses for what a listener would get.")
@click.option("--url", metavar="URL", help="Public address, instead of publish.url.")
@click.option("--whole", is_flag=True, help="Fetch every file and compare its bytes.")
@AT
def verify(console: Console, url: str | None, whole: bool, at: str | None) -> None:
    """Ask the public addresses for everything that the show consists of, as podcast apps do.

    HEAD with the right length and type, and Range; with --whole, every byte.

    \b
      podcast-kit verify
      podcast-kit verify --whole
    """
    from podcast_kit.publish import verify as asking

    build = made(console, at, (), elsewhere(project(console), {"to": None, "endpoint": None, "url": url}))
    outputs = list(build.outputs.values())
    look = asking.compare if whole else asking.objects
    found = []
    for number, outcome in enumerate(look(build.project.show.publish.url, outputs), 1):
        console.step(Progress("verify", outcome.key, number, len(outputs)))
        found.append(outcome)
    bad = [outcome for outcome in found if outcome.error]
    console.document("verify", asked=len(found), failed=[_plain(outcome) for outcome in bad])
    for trouble, hint in asking.told(bad):
        console.say(f"{trouble}\n  {hint}" if hint else trouble)
    console.note(f"{format_count(len(found), 'file')} asked for, {len(bad)} not as they should be")
    if bad:
        click.get_current_context().exit(ExitCode.FAILED)


@command("rollback", short_help="Go back to a feed that was live before.")
@click.argument("number", type=int, required=False)
@place_options
@click.option("--list", "listed", is_flag=True, help="List the feeds that can be gone back to, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@BLIND
def rollback(console: Console, number: int | None, listed: bool, yes: bool, blind: bool, **place: str | None) -> None:
    """Go back to the feed that was live before, or to the one with this NUMBER.

    Only the feed changes; everything that it names must still be there. The next publish goes forward again.

    \b
      podcast-kit rollback --list
      podcast-kit rollback
      podcast-kit rollback 12
    """
    from podcast_kit import publish
    from podcast_kit.publish import rollback as back

    store, found = _store(console, place)
    show = found.show
    state = publish.read(store, feed=show.feed.path)
    kept = back.kept(state)
    if listed:
        held = list(zip(kept, back.contents(store, kept), strict=True))
        console.document(
            "rollback",
            feeds=[{"number": each.number, "key": each.key, "episodes": list(titles)} for each, titles in held],
        )
        for each, titles in held:
            said = f"{format_count(len(titles), 'episode')}, the first “{titles[0]}”" if titles else ""
            console.say(f"{each.number:>6}  {each.digest}  {said}".rstrip())
        if not held:
            console.note("no feed was live before this one")
        return
    wanted = _chosen(kept, number)
    with tempfile.TemporaryDirectory() as folder:
        plan = back.plan(store, state, wanted, Path(folder), url=show.publish.url, feed=show.feed.path)
        if not plan:
            console.note(f"feed {wanted.number} is the live one")
            console.document("rollback", feed=show.feed_url, number=wanted.number, changed=False)
            return
        for notice in publish.notices(plan, store):
            console.note(f"  {notice}")
        _sure(yes, f"Go back to feed {wanted.number}?")
        url = show.publish.url if store.remote else ""
        blind = accepted(blind=blind)
        _said(console, publish.publish(plan, store, now=datetime.now(UTC), url=url, blind=blind))
    console.document("rollback", feed=show.feed_url, number=wanted.number, changed=True)
    console.say(show.feed_url)
    console.note(f"feed {wanted.number} is live again; the next publish goes forward")


@command("prune", short_help="Delete what nobody needs any more.")
@place_options
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(0), help="Days for which nothing has needed them."
)
@click.option(
    "--keep", default=10, show_default=True, type=click.IntRange(1), help="Earlier feeds that stay, to be gone back to."
)
@click.option(
    "--most", default=1000, show_default=True, type=click.IntRange(1), help="Files deleted in one run at most."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be deleted.")
def prune(console: Console, days: int, keep: int, most: int, yes: bool, dry_run: bool, **place: str | None) -> None:
    """Delete what the show has not had for 30 days, and that neither the live feed nor the last ten name.

    \b
      podcast-kit prune --dry-run
      podcast-kit prune --days 90
    """
    from podcast_kit import publish
    from podcast_kit.publish import prune as pruning

    store, found = _store(console, place)
    now = datetime.now(UTC)
    state = publish.read(store, feed=found.show.feed.path)
    prunable = pruning.find(store, state, now=now, days=days, keep=keep, most=most)
    for key in (*prunable.keys, *prunable.feeds):
        console.say(f"- delete   {key}")
    summary = f"{format_count(len(prunable.keys), 'file')}, {format_bytes(prunable.bytes)}, {format_count(len(prunable.feeds), 'old feed')}"
    more = f"; {prunable.spared} still named by a feed" if prunable.spared else ""
    more += f"; {prunable.left} left for the next time" if prunable.left else ""
    if not dry_run:
        if prunable.keys or prunable.feeds:
            _sure(yes, f"Delete {summary}?")
        _said(console, pruning.prune(store, prunable, now=now))
    keys = [*prunable.keys, *prunable.feeds]
    console.document("prune", store=store.name, deleted=[] if dry_run else keys, found=keys, bytes=prunable.bytes)
    console.note(f"{'to delete' if dry_run else 'deleted'}: {summary}{more}")


def _store(console: Console, place: dict[str, str | None]) -> tuple[Store, Project]:
    from podcast_kit import stores

    found = elsewhere(project(console), place)
    store = stores.open_store(found.show.publish, found.folder, console.waiting)
    console.step(Progress("read", store.name))
    return store, found


def _chosen(kept: tuple[Kept, ...], number: int | None) -> Kept:
    for each in kept:
        if number is None or each.number == number:
            return each
    text = "no feed was live before this one" if number is None else f"there is no kept feed {number}"
    raise OperationError(text, "see `podcast-kit rollback --list`")


def _sure(yes: bool, question: str) -> None:
    if yes:
        return
    if not interactive():
        raise OperationError("nobody is here to ask", "say --yes")
    click.confirm(question, abort=True, err=True)


def _said(console: Console, outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        console.step(Progress(outcome.action, outcome.key))
        if outcome.error:
            console.note(f"{outcome.error}\n  {outcome.fix}" if outcome.fix else outcome.error)
    console.clear()


def _findings(console: Console, name: str, outcomes: list[Outcome]) -> None:
    """One line a finding; ends with 1 when something is wrong."""
    console.document(name, findings=[_plain(outcome) for outcome in outcomes])
    for outcome in outcomes:
        sign = click.style("wrong", fg="red") if outcome.error else click.style("fine ", fg="green")
        console.say(f"{sign}  {outcome.key}: {outcome.error or outcome.action}")
        if outcome.error and outcome.fix:
            console.say(f"         {outcome.fix}")
    if any(outcome.error for outcome in outcomes):
        click.get_current_context().exit(ExitCode.FAILED)


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {"subject": outcome.key, "found": outcome.action, "trouble": outcome.error, "hint": outcome.fix}
