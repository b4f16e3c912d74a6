"""`plan` and `publish`: what would change where listeners are, and making it so."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, interactive, moment, project
from podcast_kit.cli.console import Console
from podcast_kit.cli.making import AHEAD, AT, RETAG, made
from podcast_kit.cli.planned import display, reported, scheduled, summarized, summary
from podcast_kit.cli.progress import UploadProgress
from podcast_kit.errors import ExitCode, OperationError, InvalidInput, Severity
from podcast_kit.model import Progress, Wave

if TYPE_CHECKING:
    from podcast_kit.builder import Build
    from podcast_kit.model import Project
    from podcast_kit.plan import Change, Plan
    from podcast_kit.plan.planfile import Saved
    from podcast_kit.plan.subscriber_changes import Notice
    from podcast_kit.stores import Store

ALLOWED = {"guids": "it.guid.stable"}
"""What --allow says → the rule that it sets aside."""
BLIND = click.option(
    "--accept-blind-writes",
    "blind",
    is_flag=True,
    help="Publish from CI though the store cannot keep two publishers apart.",
)
REFRESH = click.option("--refresh", is_flag=True, help="List the store, and put what was deleted there again.")
PLAN = click.Path(path_type=Path, dir_okay=False)


def place_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where to publish, when not where podcast.yaml says."""
    for option in (
        click.option("--to", metavar="PLACE", help="s3://bucket/prefix or a folder, instead of publish.to."),
        click.option("--endpoint", metavar="URL", help="The store's endpoint, instead of publish.endpoint."),
        click.option("--url", metavar="URL", help="Public address, instead of publish.url."),
    ):
        function = option(function)
    return function


def elsewhere(found: Project, place: dict[str, str | None]) -> Project:
    """The show, published to another place; `place` holds `to`, `endpoint` and `url`."""
    there = found.show.publish
    url, endpoint = _address("--url", place["url"]), _address("--endpoint", place["endpoint"])
    there = replace(
        there,
        to=place["to"] or there.to,
        provider="" if place["to"] else there.provider,
        endpoint=endpoint or there.endpoint,
        url=url.rstrip("/") + "/" if url else there.url,
    )
    return replace(found, show=replace(found.show, publish=there))


def _address(option: str, given: str | None) -> str | None:
    """An option's address; a usage error when it is none."""
    from podcast_kit.source.yaml import converters
    from podcast_kit.source.yaml.document import Wrong

    try:
        return converters.url(given) if given else given
    except Wrong as wrong:
        raise click.BadParameter(f"{wrong} ({wrong.hint})", param_hint=option) from None


def planned(console: Console, build: Build, *, refresh: bool = False) -> tuple[Store, Plan]:
    """The store, and what would make it the build."""
    from podcast_kit import plan, publish, stores

    show = build.project.show
    store = stores.open_store(show.publish, build.project.folder, console.waiting)
    console.step(Progress("read", store.name))
    state = publish.read(store, build.outputs.values(), feed=show.feed.path, refresh=refresh)
    return store, plan.make(build.outputs, state, feed=show.feed.path)


def noticed(build: Build, store: Store, wanted: Plan) -> tuple[Notice, ...]:
    """What subscribers will notice; what only went ahead was never theirs."""
    from podcast_kit import publish

    coming = {episode.guid for episode in build.scheduled}
    lock = [entry for entry in build.project.lock if entry.guid not in coming]
    return publish.notices(wanted, store, lock, url=build.project.show.publish.url)


@command("plan", short_help="Say what publishing would change.")
@place_options
@AT
@AHEAD
@RETAG
@REFRESH
@click.option("--out", type=PLAN, help="Save the plan, for `publish FILE`.")
@click.option("--exit-code", is_flag=True, help="End with 3 when changes are pending.")
def plan(
    console: Console, at: str | None, ahead: bool, retag: tuple[str, ...], refresh: bool,
    out: Path | None, exit_code: bool,
    **place: str | None,
) -> None:  # fmt: skip
    """Say what publishing would change, and what subscribers will notice, without changing it.

    \b
      podcast-kit plan
      podcast-kit plan --exit-code --json
      podcast-kit plan --out friday.plan
    """
    from podcast_kit.plan import planfile

    if out:
        _writable(out)
    now = datetime.now(UTC).isoformat() if at is None else at
    build = made(console, now, retag, elsewhere(project(console, mint=True), place), ahead=ahead)
    store, wanted = planned(console, build, refresh=refresh)
    notices = noticed(build, store, wanted)
    display(console, build, wanted, store, notices)
    summarized("plan", build, store, wanted, notices)
    reported(console, "plan", build, store, wanted, notices)
    if out:
        try:
            out.write_bytes(planfile.dump(wanted, store.name, moment(now), ahead=ahead, retag=retag))
        except OSError as error:
            raise OperationError(f"{out}: {error.strerror}", "name a file that can be written") from error
        console.note(f"saved; to carry it out: podcast-kit publish {out}")
    if exit_code and wanted:
        click.get_current_context().exit(ExitCode.PENDING)


@command("publish", short_help="Publish what is due: media, pages, and the feed last.")
@click.argument("saved", metavar="[PLAN]", required=False, type=PLAN)
@place_options
@AT
@AHEAD
@RETAG
@REFRESH
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would change, as `plan` does.")
@click.option("--only", type=click.Choice(["feed"]), help="`feed`: all but recordings, for CI, where none are.")
@click.option("--remove", metavar="GUID", multiple=True, help="Let the episode with this guid vanish from the feed.")
@click.option(
    "--allow",
    type=click.Choice(["removed", "guids"]),
    multiple=True,
    help="Let any episode vanish, or change its guid.",
)
@BLIND
@click.option("--events", is_flag=True, help="Write a line of JSON to stdout for each thing done.")
@click.option(
    "--check/--no-check",
    "checked",
    default=True,
    help="Publish nothing that directories or apps would refuse. [default: check]",
)
def publish(
    console: Console, saved: Path | None, at: str | None, ahead: bool, retag: tuple[str, ...], refresh: bool,
    yes: bool, dry_run: bool,
    only: str | None, remove: tuple[str, ...], allow: tuple[str, ...], blind: bool, events: bool, checked: bool,
    **place: str | None,
) -> None:  # fmt: skip
    """Publish everything that is due: media first, then pages, the feed last.

    Shows the plan and what subscribers will notice, and asks once on a terminal.
    Publishing twice changes nothing the second time. A PLAN that was saved is carried out as it stands,
    or not at all. Credentials come from where boto3 looks for them: the environment, a profile, or a role.

    \b
      podcast-kit publish
      podcast-kit publish --yes --json
      podcast-kit publish friday.plan
    """
    from podcast_kit.builder import record
    from podcast_kit.plan import subscriber_changes

    agreed = _saved(saved)
    if agreed:
        at, ahead, retag = agreed.now.isoformat(), agreed.ahead, agreed.retag
    build = made(console, at, retag, elsewhere(project(console, mint=True), place), ahead=ahead)
    if not (dry_run or refresh or agreed) and _unchanged(build):
        record(build)
        return _nothing(console, build, events=events, known=_recorded(build))
    store, wanted = planned(console, build, refresh=refresh)
    if agreed:
        agreed.check(wanted, store.name)
    notices = noticed(build, store, wanted)
    if dry_run or not (console.as_json or events) or not yes:
        display(console, build, wanted, store, notices, quiet=not dry_run and (yes or agreed is not None))
    if dry_run:
        return reported(console, "publish", build, store, wanted, notices)
    if not wanted:
        record(build)
        _remember(build, wanted.state.etag, wanted.state.feed.etag if wanted.state.feed else "")
        return _nothing(console, build, events=events)
    subscriber_changes.check(notices, remove=remove, allow=allow)
    _sound(console, build, moment(at), checked=checked, allow=allow)
    _without_media(wanted, only)
    _ask(yes or agreed is not None)
    progress = UploadProgress(console, wanted, events=events)
    _carry_out(console, build, store, wanted, progress, blind=accepted(blind=blind))
    summarized("publish", build, store, wanted, notices)
    sent = sum(change.uploads for change in wanted.pending)
    if not events:
        reported(console, "publish", build, store, wanted, notices, uploaded=sent, **progress.figures(store))
        console.say(build.project.show.feed_url)
    console.note(f"published {summary(wanted)}{progress.summary(store)}")
    return None


def _saved(path: Path | None) -> Saved | None:
    from podcast_kit.plan import planfile
    from podcast_kit.source.yaml.document import contents

    if path is None:
        return None
    return planfile.load(contents(path, str(path), planfile.MAX_BYTES), str(path))


def _writable(out: Path) -> None:
    """Raise Failed unless a plan may be written there: over an older one, but never over what somebody wrote."""
    if out.is_file() and out.stat().st_size:
        try:
            _saved(out)
        except InvalidInput:
            text = f"{out} is there already, and is no saved plan"
            raise OperationError(text, "name another file") from None


def _unchanged(build: Build) -> bool:
    from podcast_kit.publish import fast_path

    show = build.project.show
    wanted = fast_path.digest(build.outputs, show.publish)
    return fast_path.unchanged(build.project.folder, wanted, show.publish, show.feed.path)


def _remember(build: Build, state: str, feed: str) -> None:
    from podcast_kit.publish import fast_path

    wanted = fast_path.digest(build.outputs, build.project.show.publish)
    fast_path.remember(build.project.folder, wanted, state=state, feed=feed)


def _recorded(build: Build) -> str:
    """How it is known that nothing changed, where the store itself was not asked."""
    from podcast_kit.publish import fast_path

    when = fast_path.recorded(build.project.folder)
    return f", as recorded at {when:%Y-%m-%d %H:%M} UTC; --refresh asks the store" if when else ""


def _nothing(console: Console, build: Build, *, events: bool, known: str = "") -> None:
    show = build.project.show
    if not events:
        console.document(
            "publish", build.problems, store=show.publish.to, feed=show.feed_url, changes=[], bytes=0, uploaded=0,
            scheduled=scheduled(build), subscribers=[],
        )  # fmt: skip
        console.say(show.feed_url)
    console.note(f"nothing to do: all of it is published{known}")


def _without_media(wanted: Plan, only: str | None) -> None:
    """Pictures, transcripts and chapters lie beside the notes and go along; recordings do not."""
    sounds = [change.key for change in wanted.wave(Wave.MEDIA) if change.uploads and _sounds(change)] if only else []
    if sounds:
        more = f" and {len(sounds) - 1} more" if len(sounds) > 1 else ""
        raise OperationError(f"--only feed, but {sounds[0]}{more} is not published yet", "publish where the recordings are")


def _sounds(change: Change) -> bool:
    return change.output is not None and change.output.content_type.startswith(("audio/", "video/"))


def _sound(console: Console, build: Build, now: datetime, *, checked: bool, allow: tuple[str, ...]) -> None:
    """Say what directories and apps would find wrong; what they would refuse is not published."""
    if not checked:
        return
    from podcast_kit import check

    found = [problem for problem in check.built(build, now=now) if problem not in build.problems]
    allowed = {ALLOWED[each] for each in allow if each in ALLOWED}
    errors = [problem for problem in found if problem.severity is Severity.ERROR and problem.code not in allowed]
    console.problems(problem for problem in found if problem.severity is Severity.WARNING)
    if errors:
        raise InvalidInput(errors)


def _ask(yes: bool) -> None:
    if yes:
        return
    if not interactive():
        raise OperationError("nobody is here to ask whether to publish", "say --yes, or look first with `podcast-kit plan`")
    click.confirm("Publish?", abort=True, err=True)


def accepted(*, blind: bool) -> bool:
    """Whether writes that nobody protects are accepted: somebody at a terminal is warned, a pipeline must say so."""
    return blind or not os.environ.get("CI")


def _carry_out(console: Console, build: Build, store: Store, wanted: Plan, progress: UploadProgress, *, blind: bool) -> None:
    from podcast_kit.builder import record
    from podcast_kit.publish import publish
    from podcast_kit.publish.purge import changed, purge

    there = build.project.show.publish
    etags: dict[str, str] = {}
    for outcome in publish(
        wanted,
        store,
        now=datetime.now(UTC),
        url=there.url if store.remote else "",
        before_feed=lambda: record(build),
        sent=progress.sent,
        purge=lambda: purge(there, changed(wanted), wanted.state.etag),
        blind=blind,
    ):
        etags[outcome.key] = outcome.etag or etags.get(outcome.key, "")
        progress.done(outcome)
    console.clear()
    live = wanted.state.feed.etag if wanted.state.feed else ""
    from podcast_kit.stores import state as recorded

    _remember(build, etags.get(recorded.KEY, ""), etags.get(wanted.feed) or live)
