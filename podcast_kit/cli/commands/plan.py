"""`plan`: what publishing would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from podcast_kit.cli.app import command, load_show, parse_build_date
from podcast_kit.cli.builds import prepare_with_progress
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import (
    AHEAD_OPTION,
    AT_OPTION,
    JOBS_OPTION,
    REFRESH_OPTION,
    RETAG_OPTION,
    target_options,
)
from podcast_kit.cli.plan_view import append_github_summary, print_plan, print_plan_document, summarize_plan
from podcast_kit.errors import ExitCode, InvalidInput, OperationError


@command("plan", for_shows=True, short_help="Show what publishing would change.")
@target_options
@AT_OPTION
@AHEAD_OPTION
@RETAG_OPTION
@REFRESH_OPTION
@JOBS_OPTION
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan, for `publish --plan FILE`."
)
@click.option("--exit-code", is_flag=True, help="Exit with 3 when changes are pending.")
def plan_command(
    console: Console,
    at: str | None,
    ahead: bool,
    retag: tuple[str, ...],
    refresh: bool,
    jobs: int | None,
    out: Path | None,
    exit_code: bool,
    **target: Any,  # noqa: ANN401  # what target_options take
) -> None:
    """Show what publishing would change and what subscribers will notice, without changing anything.

    \b
      podcast-kit plan
      podcast-kit plan --exit-code --json
      podcast-kit plan --out friday.plan
    """
    from podcast_kit.plan import planfile
    from podcast_kit.publish.prepared import PublishOptions

    if out:
        _refuse_other_file(out)
    due = parse_build_date(at)
    options = PublishOptions(retag=retag, ahead=ahead, refresh=refresh)
    prepared = prepare_with_progress(
        console, lambda: load_show(console, add_guids=True, needs_cover=False), due, options, target=target, jobs=jobs
    )
    print_plan(console, prepared)
    console.summary = summarize_plan(prepared.plan) if prepared.plan else "nothing to publish"
    append_github_summary(console, "plan", prepared)
    print_plan_document(console, "plan", prepared)
    if out:
        try:
            out.write_bytes(
                planfile.render_plan_file(prepared.plan, prepared.store.name, due, ahead=ahead, retag=retag)
            )
        except OSError as error:
            raise OperationError(f"{out}: {error.strerror}", "choose a file that can be written") from error
        console.info(f"plan saved; to apply it, run: podcast-kit publish --plan {out}")
    if exit_code and prepared.plan:
        click.get_current_context().exit(ExitCode.PENDING)


def _refuse_other_file(out: Path) -> None:
    """Raise OperationError if the file exists and is not a saved plan."""
    from podcast_kit.plan import planfile
    from podcast_kit.source.yaml import read_source_file

    if out.is_file() and out.stat().st_size:
        try:
            planfile.parse_plan_file(read_source_file(out, str(out), planfile.MAX_BYTES), str(out))
        except InvalidInput:
            raise OperationError(f"{out} exists and is not a saved plan", "choose another file") from None
