"""`doctor`: whether the store and the public URL work."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.builds import open_target_store
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import target_options
from podcast_kit.cli.outcomes import outcome_to_json
from podcast_kit.errors import ExitCode
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.text.numbers import format_count


@command("doctor", for_shows=True, short_help="Diagnose problems with the store and the public URL.")
@target_options
def doctor_command(console: Console, **target: Any) -> None:  # noqa: ANN401  # what target_options take
    """Check credentials, clock, bucket, conditional writes, the public URL, content types, range requests and CORS.

    A few small files are written below .podcast-kit/probe/ and removed again.

    \b
      podcast-kit doctor
      podcast-kit doctor --json
      podcast-kit doctor --all
    """
    from podcast_kit.publish.doctor import diagnose_store

    store, show = open_target_store(console, target)
    with TemporaryFolder() as folder:
        outcomes = list(diagnose_store(store, show.show.publish.url, Path(folder), now=datetime.now(UTC)))
    console.document("doctor", findings=[outcome_to_json(outcome) for outcome in outcomes])
    for outcome in outcomes:
        verdict = click.style("FAIL", fg="red") if outcome.error else click.style("ok  ", fg="green")
        console.result(f"{verdict}  {outcome.key}: {outcome.error or outcome.action}")
        if outcome.error and outcome.fix:
            console.result(f"        fix: {outcome.fix}")
    failed = sum(1 for outcome in outcomes if outcome.error)
    console.summarize(f"{format_count(len(outcomes), 'check')}, {f'{failed} failed' if failed else 'all OK'}")
    if failed:
        click.get_current_context().exit(ExitCode.FAILED)
