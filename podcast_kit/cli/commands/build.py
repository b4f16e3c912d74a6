"""`build`: build the show on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.builds import load_build, scheduled_lines
from podcast_kit.cli.consents import ALLOW_PLACE_OPTION
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import (
    AT_OPTION,
    JOBS_OPTION,
    RETAG_OPTION,
    WORKERS_OPTION,
    override_target,
    prepare_workers,
)
from podcast_kit.errors import ExitCode
from podcast_kit.text.numbers import format_bytes, format_count

if TYPE_CHECKING:
    from podcast_kit.builder import Build


@command("build", for_shows=True, short_help="Build the feed, the pages and the tagged audio.")
@AT_OPTION
@RETAG_OPTION
@click.option("--url", metavar="URL", help="Public URL, instead of publish.url.")
@ALLOW_PLACE_OPTION
@JOBS_OPTION
@WORKERS_OPTION
def build_command(
    console: Console,
    at: str | None,
    retag: tuple[str, ...],
    url: str | None,
    allow_place: tuple[str, ...],
    jobs: int | None,
    workers: str | None = None,
) -> None:
    """Build the feed, the pages and the tagged audio into build/.

    Only what changed is rebuilt. Nothing is published, and recordings are never modified. Episodes with errors are
    named and left out, and the exit code is then 1.

    \b
      podcast-kit build
      podcast-kit build --at 2026-12-24T18:00
    """
    if not workers:
        prepare_workers(console, jobs)
    show = load_show(console, add_guids=True, keep_going=True)
    show = override_target(show, url=url, allow_place=allow_place)
    build = load_build(console, at, retag, show, keep_going=True, jobs=jobs, cluster=workers)
    outputs = build.outputs.values()
    console.document(
        "build",
        [*build.errors, *build.problems],
        folder=str(build.folder),
        made=build.files_written,
        outputs=[
            {
                "key": output.key,
                "bytes": output.size,
                "sha256": output.sha256,
                "type": output.content_type,
                "wave": output.wave.name.lower(),
            }
            for output in outputs
        ],
    )
    console.result(str(build.folder / build.project.show.feed.path))
    size = format_bytes(sum(output.size for output in outputs))
    files = f"{format_count(len(build.items), 'episode')}, {format_count(len(outputs), 'file')}, {size}"
    console.summarize(f"{files}; {f'{build.files_written} rebuilt' if build.files_written else 'nothing changed'}")
    _print_left_out(console, build)
    if build.broken:
        click.get_current_context().exit(ExitCode.FAILED)


def _print_left_out(console: Console, build: Build) -> None:
    for line in scheduled_lines(build):
        console.info(line)
    if build.drafts:
        console.info(f"drafts, not built: {', '.join(episode.slug for episode in build.drafts)}")
