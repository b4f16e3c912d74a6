"""`build`: build the show on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, load_show, open_show_record
from podcast_kit.cli.builds import load_build, scheduled_lines
from podcast_kit.cli.consents import ALLOW_PLACE_OPTION
from podcast_kit.cli.console import Console
from podcast_kit.cli.last_runs import RunRecord, problems_from_rows, problems_to_rows
from podcast_kit.cli.options import (
    AT_OPTION,
    JOBS_OPTION,
    RETAG_OPTION,
    WORKERS_OPTION,
    override_target,
    prepare_workers,
)
from podcast_kit.errors import ExitCode, Problem
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
    is_usual = not (at or retag or url or allow_place or workers)
    record = RunRecord(console, "build", _FinishedBuild.from_json, is_usual=is_usual, has_document=console.as_json)
    if record.result:
        console.problems(record.result.problems)
        _print_build(console, record.result, made=0)
        return
    if not workers:
        prepare_workers(console, jobs)
    with open_show_record(console) as episodes:
        show = load_show(console, add_guids=True, keep_going=True, record=episodes)
        show = override_target(show, url=url, allow_place=allow_place)
        build = load_build(
            console,
            at,
            retag,
            show,
            keep_going=True,
            jobs=jobs,
            cluster=workers,
            record=episodes,
            on_built=record.stamp_build,
        )
    finished = _describe_build(console, build)
    _print_build(console, finished, made=build.files_written)
    if build.broken:
        click.get_current_context().exit(ExitCode.FAILED)
    record.save(show, finished.to_json(), finished.outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FinishedBuild:
    """What is printed of a build."""

    problems: Sequence[Problem]
    folder: str
    feed_path: str
    episode_count: int
    file_count: int
    total_bytes: int
    show_count: int | None
    """Of the page of a network, which has no episodes of its own."""
    left_out: Sequence[str]
    """A line for each scheduled episode, and one for the drafts."""
    outputs: Sequence[Mapping[str, Any]]
    """Of each file what `--json` says; empty without it."""

    def to_json(self) -> dict[str, Any]:
        """The build without its outputs as JSON."""
        return {
            "problems": problems_to_rows(self.problems),
            "folder": self.folder,
            "feed_path": self.feed_path,
            "counts": [self.episode_count, self.file_count, self.total_bytes, self.show_count],
            "left_out": list(self.left_out),
        }

    @staticmethod
    def from_json(row: Any, outputs: Any) -> _FinishedBuild:  # noqa: ANN401  # JSON
        """The build of `to_json`, with its outputs. Raises ValueError, TypeError or KeyError for anything else."""
        episode_count, file_count, total_bytes, show_count = row["counts"]
        return _FinishedBuild(
            problems=problems_from_rows(row["problems"]),
            folder=str(row["folder"]),
            feed_path=str(row["feed_path"]),
            episode_count=int(episode_count),
            file_count=int(file_count),
            total_bytes=int(total_bytes),
            show_count=None if show_count is None else int(show_count),
            left_out=[str(line) for line in row["left_out"]],
            outputs=[dict(output) for output in outputs],
        )


def _describe_build(console: Console, build: Build) -> _FinishedBuild:
    outputs = build.outputs.values()
    drafts = [f"drafts, not built: {', '.join(episode.slug for episode in build.drafts)}"] if build.drafts else []
    rows = [
        {
            "key": output.key,
            "bytes": output.size,
            "sha256": output.sha256,
            "type": output.content_type,
            "wave": output.wave.name.lower(),
        }
        for output in (outputs if console.as_json else ())
    ]
    return _FinishedBuild(
        problems=[*build.errors, *build.problems],
        folder=str(build.folder),
        feed_path=str(build.folder / build.project.show.feed.path),
        episode_count=len(build.items),
        file_count=len(outputs),
        total_bytes=sum(output.size for output in outputs),
        show_count=None if build.project.listed_shows is None else len(build.project.listed_shows),
        left_out=[*scheduled_lines(build), *drafts],
        outputs=rows,
    )


def _print_build(console: Console, build: _FinishedBuild, *, made: int) -> None:
    """Print a build of which this run has made some files, after its problems."""
    console.document("build", build.problems, folder=build.folder, made=made, outputs=build.outputs)
    console.result(build.feed_path)
    contents = format_count(build.episode_count, "episode")
    if build.show_count is not None:
        contents = format_count(build.show_count, "show")
    files = f"{contents}, {format_count(build.file_count, 'file')}, {format_bytes(build.total_bytes)}"
    console.summarize(f"{files}; {f'{made} rebuilt' if made else 'nothing changed'}")
    for line in build.left_out:
        console.info(line)
