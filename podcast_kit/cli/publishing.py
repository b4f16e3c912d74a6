"""`plan` and `publish`: what would change where listeners are, and making it so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, interactive, project
from podcast_kit.cli.console import Console, many, size
from podcast_kit.cli.making import AT, RETAG, made
from podcast_kit.errors import Failed, InvalidInput, Severity
from podcast_kit.model import Step, Wave

if TYPE_CHECKING:
    from podcast_kit.build import Build
    from podcast_kit.model import Project
    from podcast_kit.plan import Change, Plan
    from podcast_kit.stores import Store

PENDING = 3
SIGNS = {"create": "+", "replace": "~", "headers": "~", "restore": "+", "retire": "-"}


def place_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where to publish, when not where podcast.yaml says."""
    for option in (
        click.option("--to", metavar="PLACE", help="s3://bucket/prefix or a folder, instead of publish.to."),
        click.option("--endpoint", metavar="URL", help="The store's endpoint, instead of publish.endpoint."),
        click.option("--url", metavar="URL", help="Public address, instead of publish.url."),
    ):
        function = option(function)
    return function


def elsewhere(found: Project, to: str | None, endpoint: str | None, url: str | None) -> Project:
    """The show, published to another place."""
    there = found.show.publish
    there = replace(
        there,
        to=to or there.to,
        endpoint=endpoint or there.endpoint,
        url=url.rstrip("/") + "/" if url else there.url,
    )
    return replace(found, show=replace(found.show, publish=there))


def planned(console: Console, found: Project, at: str | None, retag: tuple[str, ...]) -> tuple[Build, Store, Plan]:
    """The build, the store, and what would make the one the other."""
    from podcast_kit import plan, publish, stores

    build = made(console, at, retag, found)
    store = stores.open_store(found.show.publish, found.folder)
    console.step(Step("read", store.name))
    state = publish.read(store, build.outputs.values(), feed=found.show.feed.path)
    return build, store, plan.make(build.outputs, state, feed=found.show.feed.path)


@command("plan", short_help="Say what publishing would change.")
@place_options
@AT
@RETAG
@click.option("--exit-code", is_flag=True, help="End with 3 when changes are pending.")
def plan(
    console: Console,
    to: str | None,
    endpoint: str | None,
    url: str | None,
    at: str | None,
    retag: tuple[str, ...],
    exit_code: bool,
) -> None:
    """Say what publishing would change, without changing it.

    \b
      podcast-kit plan
      podcast-kit plan --exit-code --json
    """
    found = elsewhere(project(console, mint=True), to, endpoint, url)
    build, store, wanted = planned(console, found, at, retag)
    _show(console, wanted, store)
    _report(console, "plan", build, store, wanted)
    if exit_code and wanted:
        click.get_current_context().exit(PENDING)


@command("publish", short_help="Publish what is due: media, pages, and the feed last.")
@place_options
@AT
@RETAG
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would change, as `plan` does.")
@click.option(
    "--check/--no-check", "checked", default=True, help="Refuse what directories or apps would. [default: check]"
)
def publish(
    console: Console,
    to: str | None,
    endpoint: str | None,
    url: str | None,
    at: str | None,
    retag: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    checked: bool,
) -> None:
    """Publish everything that is due: media first, then pages, the feed last.

    Shows the plan and asks once on a terminal. Publishing twice changes nothing the second time.
    Credentials come from where boto3 looks for them: the environment, a profile, or a role.

    \b
      podcast-kit publish
      podcast-kit publish --yes --json
    """
    found = elsewhere(project(console, mint=True), to, endpoint, url)
    build, store, wanted = planned(console, found, at, retag)
    if dry_run:
        _show(console, wanted, store)
        _report(console, "publish", build, store, wanted)
        return
    from podcast_kit.build import record

    if wanted:
        _sound(console, build, checked=checked)
        if not console.as_json or not yes:
            _show(console, wanted, store, quiet=yes)
        _ask(yes)
        _carry_out(console, build, store, wanted)
    else:
        record(build)
    _report(console, "publish", build, store, wanted, uploaded=sum(change.uploads for change in wanted.pending))
    address = found.show.feed_url
    console.say(address)
    console.note("nothing to do: all of it is published" if not wanted else f"published {_summary(wanted)}")


def _sound(console: Console, build: Build, *, checked: bool) -> None:
    """Say what directories and apps would find wrong; what they would refuse is not published."""
    if not checked:
        return
    from podcast_kit import check

    found = [problem for problem in check.built(build, now=datetime.now(UTC)) if problem not in build.problems]
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    console.problems(problem for problem in found if problem.severity is Severity.WARNING)
    if errors:
        raise InvalidInput(errors)


def _ask(yes: bool) -> None:
    if yes:
        return
    if not interactive():
        raise Failed("nobody is here to ask whether to publish", "say --yes, or look first with `podcast-kit plan`")
    click.confirm("Publish?", abort=True, err=True)


def _carry_out(console: Console, build: Build, store: Store, wanted: Plan) -> None:
    from podcast_kit import publish
    from podcast_kit.build import record

    url = build.project.show.publish.url if store.remote else ""
    sent = 0
    done = 0
    total = len(wanted.pending)
    for outcome in publish.publish(wanted, store, now=datetime.now(UTC), url=url, before_feed=lambda: record(build)):
        sent += outcome.bytes
        done += outcome.did == "uploaded"
        console.step(Step(outcome.did, f"{outcome.key}  {size(sent)} of {size(wanted.bytes)}", min(done, total), total))
    console.clear()


def _show(console: Console, wanted: Plan, store: Store, *, quiet: bool = False) -> None:
    """One line a change, and the sum."""
    if not wanted:
        console.say(f"nothing to do: {store.name} has it all")
        return
    speak = console.note if quiet else console.say
    for change in wanted.pending:
        speak(_line(change))
    speak(f"{store.name}: {_summary(wanted)}")


def _line(change: Change) -> str:
    amount = size(change.size) if change.uploads else ""
    return f"{SIGNS.get(change.verb, ' ')} {change.verb:<8} {change.key}  {amount:>8}  {change.reason}".rstrip()


def _summary(wanted: Plan) -> str:
    uploads = [change for change in wanted.pending if change.uploads]
    waves = [
        f"{count} {wave.name.lower()}" for wave in Wave if (count := sum(change.wave is wave for change in uploads))
    ]
    others = len(wanted.pending) - len(uploads)
    more = f", {many(others, 'other change')}" if others else ""
    return f"{many(len(uploads), 'upload')} ({', '.join(waves) or 'none'}), {size(wanted.bytes)}{more}"


def _report(console: Console, name: str, build: Build, store: Store, wanted: Plan, **more: Any) -> None:  # noqa: ANN401
    console.document(
        name,
        build.problems,
        store=store.name,
        feed=build.project.show.feed_url,
        changes=[
            {
                "key": change.key,
                "verb": str(change.verb),
                "reason": str(change.reason),
                "bytes": change.size,
                "wave": change.wave.name.lower(),
            }
            for change in wanted.pending
        ],
        bytes=wanted.bytes,
        scheduled=[{"slug": episode.slug, "date": episode.date} for episode in build.scheduled],
        **more,
    )
    sys.stdout.flush()
