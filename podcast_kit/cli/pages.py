"""`serve` and `theme`: the show as listeners will see it, and the templates that make it so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, project
from podcast_kit.cli.console import Console
from podcast_kit.cli.making import AT, folder_of, made
from podcast_kit.errors import PodcastKitError
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.preview.server import Preview


@command("serve", short_help="Look at the show in a browser while you write it.")
@click.option("--port", default=8000, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--watch/--no-watch", default=True, show_default=True, help="Build again when a file changes.")
@AT
def serve(console: Console, port: int, watch: bool, at: str | None) -> None:
    """Build the show and serve it to this machine, with seeking as listeners have it.

    What you save is built at once, and the page in the browser loads itself anew.

    \b
      podcast-kit serve
      podcast-kit serve --port 0 --at 2026-12-24T18:00
    """
    from podcast_kit.preview import server as preview

    found, stop = project(console, mint=True), threading.Event()
    to = found.show.publish.to
    seen = preview.changes(found.folder, stop, apart="" if ":" in to else to)
    done = made(console, at, show=found)
    server = preview.server(done.folder, port=port, public=found.show.publish.url, live=watch)
    console.document("serve", done.problems, url=server.url, feed=server.url + found.show.feed.path)
    console.say(f"{server.url}index.html")
    console.note(f"feed: {server.url}{found.show.feed.path}   stop with Ctrl-C")
    if watch:
        threading.Thread(target=_follow, args=(console, at, seen, server), daemon=True).start()
    try:
        server.serve_forever()
    finally:
        stop.set()
        server.server_close()


def _follow(console: Console, at: str | None, seen: Iterator[tuple[str, ...]], server: Preview) -> None:
    """Build again whenever something was saved; what is wrong with it is said, and the last good build stays."""
    for paths in seen:
        try:
            done = made(console, at)
        except PodcastKitError as error:
            console.failure("serve", error)
            continue
        console.note(f"{', '.join(paths[:3])}{' …' if len(paths) > 3 else ''}: {format_count(done.files_written, 'file')} made anew")  # noqa: PLR2004
        server.changed()


@command("theme", short_help="List the templates; copy one to make it your own.")
@click.argument("action", type=click.Choice(["list", "eject"]), default="list")
@click.argument("names", nargs=-1, metavar="[TEMPLATE]...")
def theme(console: Console, action: str, names: tuple[str, ...]) -> None:
    """List the templates that make the pages; `eject` copies some into the show's templates/, to be changed there.

    A template of your own takes the place of ours of the same name. It may change one block of ours and
    leave the rest: begin it with {% extends "default/episode.html" %}.
    Colour, font and logo need no template: see `theme:` in podcast.yaml.

    \b
      podcast-kit theme
      podcast-kit theme eject episode.html style.css
    """
    from podcast_kit import site

    folder = _show_folder(console)
    if action == "list":
        known = site.names(folder)
        console.document("theme", templates=[{"name": name, "own": own} for name, own in known.items()])
        for name, own in known.items():
            console.say(f"{name}{'  (yours)' if own else ''}")
        return
    if not names:
        raise click.UsageError("name the template to copy; `podcast-kit theme` lists them")
    copied = [site.eject(folder, name) for name in names]
    console.document("theme", copied=[str(path) for path in copied])
    for path in copied:
        console.say(str(path))


def _show_folder(console: Console) -> Path:
    from podcast_kit.source import project as source

    return source.find(folder_of(console))
