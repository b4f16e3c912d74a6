"""`verify`: whether listeners can download everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from podcast_kit.cli.app import command, load_show, parse_build_date
from podcast_kit.cli.builds import load_build
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import AT_OPTION, override_target
from podcast_kit.cli.outcomes import outcome_to_json
from podcast_kit.errors import ExitCode
from podcast_kit.model import Outcome, Progress
from podcast_kit.text.numbers import format_count


@command("verify", for_shows=True, short_help="Check that listeners can download everything.")
@click.option("--url", metavar="URL", help="Public URL, instead of publish.url.")
@click.option("--full", is_flag=True, help="Download every file and compare its bytes.")
@click.option("--whole", "full", is_flag=True, hidden=True)
@click.option("--moved", metavar="OLD_FEED", help="Whether the old feed of a move may go.")
@click.option("--apple", is_flag=True, help="With --moved: also ask Apple's directory which feed it has.")
@AT_OPTION
def verify_command(
    console: Console, url: str | None, full: bool, moved: str | None, apple: bool, at: str | None
) -> None:
    """Request everything that the show consists of from its public URLs, as podcast apps do.

    Checks length, type and range requests of every file; with --full, every byte. Files on other hosts that the feed
    names, such as imported recordings, must answer, too.

    With --moved, both feeds of a move are compared instead. The exit code is 0 if the old feed may go, 3 if it has to
    stay for some days more, and 1 if anything is wrong.

    \b
      podcast-kit verify
      podcast-kit verify --full
      podcast-kit verify --moved https://old-host.example/feed.xml
    """
    if moved:
        _verify_move(console, moved, asks_apple=apple, at=at)
        return
    from podcast_kit.publish import verify
    from podcast_kit.publish.verify_links import list_links

    show = override_target(load_show(console, add_guids=True), url=url)
    build = load_build(console, at, show=show)
    count = len(build.outputs) + len(list_links(build))
    outcomes = []
    for number, outcome in enumerate(verify.verify_feed(build, full=full), 1):
        console.progress(Progress("verify", outcome.key, number, count))
        outcomes.append(outcome)
    failed = [outcome for outcome in outcomes if outcome.error]
    console.document("verify", asked=len(outcomes), failed=[outcome_to_json(outcome) for outcome in failed])
    for error, fix in verify.summarize_errors(failed):
        console.result(f"{error}\n  {fix}" if fix else error)
    console.summarize(count_outcomes(len(outcomes), failed))
    if failed:
        click.get_current_context().exit(ExitCode.FAILED)


def count_outcomes(count: int, failed: Sequence[Outcome]) -> str:
    """How many files were checked, and of how many nothing is known because their host does not answer."""
    unchecked = sum(bool(outcome.unreachable_host) for outcome in failed)
    wrong = len(failed) - unchecked
    result = f"{wrong} failed" if wrong else "all OK" if count > unchecked else ""
    parts = [
        f"{format_count(count - unchecked, 'file')} checked",
        result,
        f"{unchecked} not checked" if unchecked else "",
    ]
    return ", ".join(filter(None, parts))


def _verify_move(console: Console, old_feed: str, *, asks_apple: bool, at: str | None) -> None:
    """Print whether the old feed of a move may go, and exit with the verdict."""
    from podcast_kit.publish import moving

    project = load_show(console, needs_cover=False)
    now = parse_build_date(at)
    state = moving.find_move_record(project, old_feed)
    report = moving.inspect_move(project, state, now=now, typed_urls=[state.old_url], on_progress=console.progress)
    problems = [*report.problems, *(moving.check_apple_listing(project, report.new_url) if asks_apple else ())]
    report = replace(report, problems=tuple(problems))
    verdict, text = moving.judge_move(report, now)
    console.problems(problems)
    console.document(
        "verify",
        problems,
        old=report.old_url,
        new=report.new_url,
        redirect=str(report.old.kind),
        verdict=str(verdict),
        reason=text,
        keep_until=moving.first_day_without(report.state),
    )
    console.result(text)
    if verdict is moving.MoveVerdict.NOT_READY:
        click.get_current_context().exit(ExitCode.FAILED)
    if verdict is moving.MoveVerdict.WAITING:
        click.get_current_context().exit(ExitCode.PENDING)
