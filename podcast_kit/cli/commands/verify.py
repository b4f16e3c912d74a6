"""`verify`: whether listeners can download everything."""

from __future__ import annotations

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.builds import load_build
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import AT_OPTION, override_target
from podcast_kit.cli.outcomes import outcome_to_json
from podcast_kit.errors import ExitCode
from podcast_kit.model import Progress
from podcast_kit.text.numbers import format_count


@command("verify", short_help="Check that listeners can download everything.")
@click.option("--url", metavar="URL", help="Public URL, instead of publish.url.")
@click.option("--full", is_flag=True, help="Download every file and compare its bytes.")
@click.option("--whole", "full", is_flag=True, hidden=True)
@AT_OPTION
def verify_command(console: Console, url: str | None, full: bool, at: str | None) -> None:
    """Request everything that the show consists of from its public URLs, as podcast apps do.

    Checks length, type and range requests of every file; with --full, every byte. Files on other hosts that the feed
    names, such as imported recordings, must answer, too.

    \b
      podcast-kit verify
      podcast-kit verify --full
    """
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
    console.info(f"{format_count(len(outcomes), 'file')} checked, {f'{len(failed)} failed' if failed else 'all OK'}")
    if failed:
        click.get_current_context().exit(ExitCode.FAILED)
