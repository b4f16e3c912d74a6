"""`build`: the show on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, moment, project
from podcast_kit.cli.completion import slugs
from podcast_kit.cli.console import Console
from podcast_kit.text.numbers import format_bytes, format_count

if TYPE_CHECKING:
    from podcast_kit.builder import Build
    from podcast_kit.model import Project

AT = click.option("--at", metavar="DATE", help="Build as if it were then: a later date shows what is scheduled.")
RETAG = click.option(
    "--retag",
    metavar="SLUG",
    multiple=True,
    shell_complete=slugs,
    help="Write this published episode's tags anew.",
)

AHEAD = click.option(
    "--ahead", is_flag=True, help="Audio and pictures of scheduled episodes too; nothing names them until they are due."
)


def made(
    console: Console,
    at: str | None,
    retag: tuple[str, ...] = (),
    show: Project | None = None,
    *,
    ahead: bool = False,
) -> Build:
    """The build of the show that is being worked on."""
    from podcast_kit import builder

    found = show or project(console, mint=True)
    _known(retag, [episode.slug for episode in found.episodes])
    done = builder.build(found, now=moment(at), retag=retag, ahead=ahead, on_progress=console.step)
    console.problems(done.problems)
    return done


def _known(wanted: Sequence[str], slugs: Sequence[str]) -> None:
    """A usage error for an episode that nobody has."""
    for slug in wanted:
        if slug not in slugs:
            near = get_close_matches(slug, slugs, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`podcast-kit status` lists them"
            raise click.BadParameter(f"there is no episode {slug!r} ({hint})", param_hint="--retag")


@command("build", short_help="Make the feed, the pages and the tagged audio.")
@AT
@RETAG
@click.option("--url", metavar="URL", help="Public address, instead of publish.url.")
def build(console: Console, at: str | None, retag: tuple[str, ...], url: str | None) -> None:
    """Make the feed, the pages and the tagged audio into build/.

    Only what changed is made anew. Nothing is published and no recording is touched.

    \b
      podcast-kit build
      podcast-kit build --at 2026-12-24T18:00
    """
    done = made(console, at, retag, _moved(project(console, mint=True), url))
    total = sum(output.size for output in done.outputs.values())
    console.document(
        "build",
        done.problems,
        folder=str(done.folder),
        made=done.files_written,
        outputs=[
            {
                "key": one.key,
                "bytes": one.size,
                "sha256": one.sha256,
                "type": one.content_type,
                "wave": one.wave.name.lower(),
            }
            for one in done.outputs.values()
        ],
    )
    console.say(str(done.folder / done.project.show.feed.path))
    console.note(
        f"{format_count(len(done.items), 'episode')}, {format_count(len(done.outputs), 'file')}, {format_bytes(total)}"
        f"{f'; {done.files_written} made anew' if done.files_written else '; nothing changed'}"
    )
    _left_out(console, done)


def _left_out(console: Console, done: Build) -> None:
    for line in waiting(done):
        console.note(line)
    if done.drafts:
        console.note(f"drafts left out: {', '.join(episode.slug for episode in done.drafts)}")


def waiting(done: Build) -> list[str]:
    """A line for each scheduled episode, the next one first."""
    return [
        f"scheduled: {episode.slug} on {episode.date:%Y-%m-%d %H:%M %Z}".rstrip()
        + ("; its media go ahead, and no page or feed names them before" if episode.slug in done.ahead_slugs else "")
        for episode in done.scheduled
    ]


def _moved(found: Project, url: str | None) -> Project:
    """The show with another public address."""
    if not url:
        return found
    publish = replace(found.show.publish, url=url.rstrip("/") + "/")
    return replace(found, show=replace(found.show, publish=publish))


def folder_of(console: Console) -> Path:
    """The folder that a command works in before there is a show."""
    return (console.folder or Path()).absolute()
