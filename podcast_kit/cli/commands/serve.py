"""`serve`: preview the show in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, load_show, open_show_record
from podcast_kit.cli.builds import load_build
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import AT_OPTION, SHOW_OPTION, enter_show
from podcast_kit.errors import PodcastKitError

if TYPE_CHECKING:
    from podcast_kit.builder import EpisodeRecord
    from podcast_kit.model import Episode, Project
    from podcast_kit.preview import Preview

MAX_PATHS_SHOWN = 3


@command("serve", short_help="Preview the show in a browser while you write.")
@click.option("--port", default=8000, show_default=True, help="Port; 0 picks a free one.")
@click.option("--watch/--no-watch", default=True, show_default=True, help="Rebuild when a file changes.")
@click.option("--drafts", is_flag=True, help="Also show drafts that have a recording.")
@click.option(
    "--bind", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="0.0.0.0: also for other devices."
)
@click.option("--open", "is_opening", is_flag=True, help="Open the show in the browser.")
@AT_OPTION
@SHOW_OPTION
@click.option("--all", "all_shows", is_flag=True, help="Every show of the network, each below its name.")
def serve_command(
    console: Console,
    port: int,
    watch: bool,
    drafts: bool,
    bind: str,
    is_opening: bool,
    at: str | None,
    show_name: str | None,
    all_shows: bool,
) -> None:
    """Build the show and serve it on this machine, with seeking as listeners have it.

    Saved changes are built at once, and the page in the browser reloads. With --bind 0.0.0.0, every device in your
    network can open the preview, also what is not published yet.

    \b
      podcast-kit serve
      podcast-kit serve --drafts --open
      podcast-kit serve --port 0 --at 2026-12-24T18:00
      podcast-kit serve --all
    """
    if all_shows:
        if drafts or show_name:
            raise click.UsageError(f"--all cannot be combined with {'--drafts' if drafts else '--show'}")
        from podcast_kit.cli.network_preview import serve_network

        serve_network(console, port=port, bind=bind, is_watching=watch, is_opening=is_opening, at=at)
        return
    enter_show(console, show_name)
    with open_show_record(console) as record:
        _serve_show(console, port, bind, at, record, is_watching=watch, is_opening=is_opening, drafts=drafts)


def _serve_show(
    console: Console,
    port: int,
    bind: str,
    at: str | None,
    record: EpisodeRecord | None,
    *,
    is_watching: bool,
    is_opening: bool,
    drafts: bool,
) -> None:
    from podcast_kit import preview

    show, stop = _load_preview_show(console, record, drafts=drafts), threading.Event()
    to = show.show.publish.to
    changes = preview.watch(show.folder, stop, ignored="" if ":" in to else to)
    build = load_build(console, at, show=show, record=record)
    server = preview.make_preview(
        build.folder, port=port, host=bind, public_url=show.show.publish.url, live_reload=is_watching
    )
    feed_url = server.url + show.show.feed.path
    console.document("serve", build.problems, url=server.url, feed=feed_url)
    console.result(f"{server.url}index.html")
    console.info(f"feed: {feed_url}   press Ctrl-C to stop")
    if is_opening:
        click.launch(f"{server.url}index.html")
    arguments = (console, at, changes, server, record, drafts)
    rebuilding = threading.Thread(target=_rebuild_on_change, args=arguments, daemon=True)
    if is_watching:
        rebuilding.start()
    try:
        server.serve_forever()
    finally:
        stop.set()
        server.server_close()
        if is_watching:
            rebuilding.join(preview.MAX_LAST_BUILD_S)  # Python cannot end safely while another thread prints


def _load_preview_show(console: Console, record: EpisodeRecord | None, *, drafts: bool) -> Project:
    """The show; with `drafts`, those that have a recording as if they were published now."""
    show = load_show(console, add_guids=True, needs_cover=False, record=record)
    if not drafts:
        return show
    now = datetime.now(UTC)
    return replace(show, episodes=tuple(_preview_draft(show, episode, now) for episode in show.episodes))


def _preview_draft(show: Project, episode: Episode, now: datetime) -> Episode:
    from podcast_kit.model import LocalFile

    audio = episode.audio
    if not episode.draft or audio is None:
        return episode
    if isinstance(audio, LocalFile) and not audio.resolve_in(show.folder).is_file():
        return episode
    date = min(episode.date, now) if episode.date else now
    return replace(episode, draft=False, date=date, guid=episode.guid or f"draft-{episode.slug}")


def _rebuild_on_change(
    console: Console,
    at: str | None,
    changes: Iterator[tuple[str, ...]],
    server: Preview,
    record: EpisodeRecord | None,
    drafts: bool,
) -> None:
    """Build again whenever something was saved; on errors, print them and keep the last good build.

    Pages reload as soon as they are written; the feeds follow.
    """
    for paths in changes:
        if record is not None:
            record.start(is_saving=False)
        try:
            show = _load_preview_show(console, record, drafts=drafts)
            build = load_build(console, at, show=show, record=record, on_pages=server.notify_reload)
        except PodcastKitError as error:
            console.failure("serve", error)
            continue
        shown = ", ".join(paths[:MAX_PATHS_SHOWN]) + (" …" if len(paths) > MAX_PATHS_SHOWN else "")
        console.info(f"{shown}: {build.files_written} rebuilt")
