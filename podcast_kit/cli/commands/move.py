"""`move`: lead a show from one address to another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.console import Console
from podcast_kit.errors import ExitCode, OperationError
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.model import Project
    from podcast_kit.publish.moving import MoveRecord, MoveReport


@command("move", short_help="Move a show here from another host, or away.")
@click.argument("old_feed", metavar="[OLD_FEED]", required=False)
@click.option("--to", "new_feed", metavar="URL", help="Move away: the feed's new URL.")
@click.option("--restart", is_flag=True, help="Forget the move that is under way.")
@click.option("--media/--no-media", default=True, help="Ask for the audio of every episode. [default: --media]")
def move_command(console: Console, old_feed: str | None, new_feed: str | None, restart: bool, media: bool) -> None:
    """Lead through a move: what to do next, what is wrong, and when the old feed may go.

    OLD_FEED is the feed at the host that the show comes from; after `import`, it is known. Both feeds are compared, and
    move.json keeps how far the move is, so run it again after each step.

    With --to, the show moves away from here: podcast.yaml gets the feed's new URL, which apps follow once it is
    published. A URL that ends in a slash is the folder of the new feed.

    \b
      podcast-kit move https://old-host.example/feed.xml
      podcast-kit move
      podcast-kit move --to https://new.example/feed.xml
    """
    from podcast_kit.publish import moving

    project = load_show(console, needs_cover=False)
    if old_feed and new_feed:
        raise click.UsageError("pass the old feed to move here, or --to to move away, not both")
    now = datetime.now(UTC)
    state = _find_move(project, old_feed, new_feed, now, restart=restart)
    if new_feed:
        _announce_new_feed(console, project, state.new_url)
        project = load_show(console, needs_cover=False)
    typed_urls = [state.old_url] if old_feed else [state.new_url] if new_feed else []
    report = moving.inspect_move(
        project, state, now=now, typed_urls=typed_urls, checks_media=media, on_progress=console.progress
    )
    if moving.can_be_recorded(state.old_url):
        moving.write_move_record(project.folder, report.state)
    console.problems(report.problems)
    _print_report(console, report, is_recorded=moving.can_be_recorded(state.old_url))
    if report.has_errors:
        click.get_current_context().exit(ExitCode.FAILED)


def _find_move(
    project: Project, old_feed: str | None, new_feed: str | None, now: datetime, *, restart: bool
) -> MoveRecord:
    """The move that is meant: a new one, or the one that is under way. Raises OperationError."""
    from podcast_kit.importer import without_password
    from podcast_kit.publish.moving import MoveDirection, MoveRecord, is_same_url, read_move_record
    from podcast_kit.source.yaml import InvalidValue, converters, edit

    own_url = project.show.feed_url
    earlier = None if restart else read_move_record(project.folder)
    if new_feed:
        new_url = edit.to_feed_url(new_feed + project.show.feed.path if new_feed.endswith("/") else new_feed)
        if is_same_url(new_url, own_url):
            raise OperationError(f"the feed is already at {new_url}", "pass the URL that it moves to")
        wanted = MoveRecord(direction=MoveDirection.AWAY, old_url=own_url, new_url=new_url, started=now)
    elif old_feed:
        try:
            old_url = converters.to_url(without_password(old_feed))
        except InvalidValue as error:
            raise OperationError(f"old feed: {error}", error.fix) from None
        if is_same_url(old_url, own_url):
            fix = "pass the feed at the old host; to move away from here, pass --to URL"
            raise OperationError(f"{old_url} is this show's own feed", fix)
        wanted = MoveRecord(direction=MoveDirection.HERE, old_url=old_url, started=now)
    elif earlier:
        return earlier
    else:
        text = "no move is under way"
        raise OperationError(text, "pass the feed at the old host, or --to URL to move away from here")
    if earlier is None or (earlier.started is None and old_feed):
        return wanted  # what `import` wrote down is not under way yet
    is_same = (earlier.direction, earlier.new_url) == (wanted.direction, wanted.new_url)
    if is_same and is_same_url(earlier.old_url, wanted.old_url):
        return earlier
    if earlier.direction is wanted.direction is MoveDirection.AWAY:
        return wanted  # it moves to yet another address
    where = earlier.new_url or earlier.old_url
    raise OperationError(f"another move is under way: {earlier.direction}, {where}", "pass --restart to forget it")


def _announce_new_feed(console: Console, project: Project, new_url: str) -> None:
    """Write the feed's new URL into podcast.yaml, and the show's guid if it has none."""
    from podcast_kit.model import show_guid
    from podcast_kit.source.yaml import edit

    path = Path(project.folder, "podcast.yaml")
    if not project.show.guid:
        edit.set_yaml_key(path, "guid", show_guid(project.show.feed_url))
        console.info("added the show's guid to podcast.yaml: it stays the same wherever the feed is")
    edit.set_yaml_key(path, "new_feed_url", new_url)


def _print_report(console: Console, report: MoveReport, *, is_recorded: bool) -> None:
    from podcast_kit.publish import moving

    redirects = moving.list_redirect_texts(report.old_url, report.new_url)
    element = moving.render_new_feed_element(report.new_url)
    guide = [step.format(new=report.new_url) for step in report.host.steps]
    console.document(
        "move",
        report.problems,
        old=report.old_url,
        new=report.new_url,
        direction=str(report.state.direction),
        host=report.host.name,
        host_steps=guide,
        host_source=report.host.source,
        redirect=str(report.old.kind),
        redirects=redirects,
        element=element,
        old_episodes=report.old_episodes,
        new_episodes=report.new_episodes,
        keep_until=moving.first_day_without(report.state),
        steps=[
            {"step": step.key, "text": step.text, "status": str(step.status), "due": step.due} for step in report.steps
        ],
    )
    console.result(f"{report.old_url} -> {report.new_url}")
    episodes = "" if report.old_episodes is None else f"{format_count(report.old_episodes, 'episode')}, "
    console.info(f"old feed ({report.host.name}): {episodes}{report.old.text}")
    new = "does not answer yet" if report.new_episodes is None else format_count(report.new_episodes, "episode")
    console.info(f"new feed: {new}")
    for step in report.steps:
        due = f" (from {step.due:%Y-%m-%d})" if step.due and step.status is not moving.StepStatus.COMPLETED else ""
        console.result(f"  [{step.status:<4}] {step.text}{due}")
    if not report.old.leads_on:
        _print_guide(console, report, guide, redirects, element)
    if not is_recorded:
        console.info("the old feed's address may have a secret, so it is not written down: pass it again next time")


def _print_guide(
    console: Console, report: MoveReport, guide: list[str], redirects: dict[str, str], element: str
) -> None:
    """What to do at the old host."""
    console.info(f"\nat {report.host.name}:")
    for step in guide:
        console.info(f"  - {step}")
    if report.host.source:
        console.info(f"  from: {report.host.source}")
    console.info("\na redirect on a server of your own:")
    for server, text in redirects.items():
        console.info(f"  {server}:")
        for line in text.splitlines():
            console.info(f"    {line}")
    console.info("\nfor a host that cannot redirect, the element of the old feed's channel:")
    console.info(f"    {element}")
