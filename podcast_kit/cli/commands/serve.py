"""`serve`: preview the show in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.builds import load_build
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import AT_OPTION
from podcast_kit.errors import PodcastKitError

if TYPE_CHECKING:
    from podcast_kit.preview import Preview

MAX_PATHS_SHOWN = 3


@command("serve", short_help="Preview the show in a browser while you write.")
@click.option("--port", default=8000, show_default=True, help="Port on 127.0.0.1; 0 picks a free one.")
@click.option("--watch/--no-watch", default=True, show_default=True, help="Rebuild when a file changes.")
@AT_OPTION
def serve_command(console: Console, port: int, watch: bool, at: str | None) -> None:
    """Build the show and serve it on this machine, with seeking as listeners have it.

    Saved changes are built at once, and the page in the browser reloads.

    \b
      podcast-kit serve
      podcast-kit serve --port 0 --at 2026-12-24T18:00
    """
    from podcast_kit import preview

    show, stop = load_show(console, add_guids=True, needs_cover=False), threading.Event()
    to = show.show.publish.to
    changes = preview.watch(show.folder, stop, ignored="" if ":" in to else to)
    build = load_build(console, at, show=show)
    server = preview.make_preview(build.folder, port=port, public_url=show.show.publish.url, live_reload=watch)
    feed_url = server.url + show.show.feed.path
    console.document("serve", build.problems, url=server.url, feed=feed_url)
    console.result(f"{server.url}index.html")
    console.info(f"feed: {feed_url}   press Ctrl-C to stop")
    if watch:
        threading.Thread(target=_rebuild_on_change, args=(console, at, changes, server), daemon=True).start()
    try:
        server.serve_forever()
    finally:
        stop.set()
        server.server_close()


def _rebuild_on_change(console: Console, at: str | None, changes: Iterator[tuple[str, ...]], server: Preview) -> None:
    """Build again whenever something was saved; on errors, print them and keep the last good build."""
    for paths in changes:
        try:
            build = load_build(console, at, needs_cover=False)
        except PodcastKitError as error:
            console.failure("serve", error)
            continue
        shown = ", ".join(paths[:MAX_PATHS_SHOWN]) + (" …" if len(paths) > MAX_PATHS_SHOWN else "")
        console.info(f"{shown}: {build.files_written} rebuilt")
        server.notify_reload()
