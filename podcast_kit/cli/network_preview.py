"""`serve --all`: every show of a network on this machine, each below its name, with the network's page at the root."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.console import Console
from podcast_kit.cli.network_runs import ShowSelection, load_selected_network, run_for_network
from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.model import NETWORK_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from podcast_kit.preview import Preview
    from podcast_kit.source.network import ShowNetwork

BUILD_ARGUMENTS: dict[str, Any] = {"retag": (), "url": None, "allow_place": (), "jobs": None}


def serve_network(
    console: Console, *, port: int, bind: str, is_watching: bool, is_opening: bool, at: str | None
) -> None:
    """Build every show of the network in the working folder, and serve all of them until interrupted."""
    from podcast_kit import preview

    network, stop = load_selected_network(console), threading.Event()
    changes = preview.watch(network.folder, stop, ignored=_page_folder(network))
    _build_shows(console, network, at)
    mounts = find_builds(network)
    if not mounts:
        raise OperationError("no show could be built", "fix the errors above")
    server = preview.make_preview(
        network.folder / "build",
        port=port,
        host=bind,
        public_url=_page_url(network),
        live_reload=is_watching,
        mounts=mounts,
    )
    urls = {name: f"{server.url}{name}/" for name in mounts}
    console.document("serve", url=server.url, shows=urls)
    if network.has_page:
        console.result(f"{server.url}index.html")
    for url in urls.values():
        console.result(f"{url}index.html")
    console.info("press Ctrl-C to stop")
    if is_opening:
        click.launch(server.url if network.has_page else next(iter(urls.values())))
    arguments = (console, network.folder, at, changes, server)
    rebuilding = threading.Thread(target=_rebuild_shows, args=arguments, daemon=True)
    if is_watching:
        rebuilding.start()
    try:
        server.serve_forever()
    finally:
        stop.set()
        server.server_close()
        if is_watching:
            rebuilding.join(preview.MAX_LAST_BUILD_S)  # Python cannot end safely while another thread prints


def find_builds(network: ShowNetwork) -> dict[str, tuple[Path, str]]:
    """Name → the build and the public URL of each show that was built; the longest name first."""
    from podcast_kit.source.network import read_identity

    rows = [(show, read_identity(network, show)) for show in network.shows if not show.problems]
    mounts = {
        show.name: (show.folder / "build", identity.url)
        for show, identity in rows
        if identity and (show.folder / "build/index.html").is_file()
    }
    return dict(sorted(mounts.items(), key=lambda mount: (-len(mount[0]), mount[0])))


def _page_folder(network: ShowNetwork) -> str:
    """The folder that the page is published to; empty if it is a bucket."""
    from podcast_kit.source.network import read_publisher

    publisher = read_publisher(network)
    return publisher.to if publisher and ":" not in publisher.to else ""


def _page_url(network: ShowNetwork) -> str:
    from podcast_kit.source.network import read_publisher

    publisher = read_publisher(network)
    return publisher.url if publisher else ""


def _build_shows(console: Console, network: ShowNetwork, at: str | None, names: Iterable[str] = ()) -> None:
    """Build shows and print what went wrong; without names, all of them."""
    quiet = Console(folder=network.folder, quiet=True)
    selection = ShowSelection(all_shows=not names, show_names=tuple(names))
    try:
        run_for_network(quiet, "build", BUILD_ARGUMENTS | {"at": at}, selection)
    except PodcastKitError as error:
        console.failure("serve", error)


def _rebuild_shows(
    console: Console, folder: Path, at: str | None, changes: Iterator[tuple[str, ...]], server: Preview
) -> None:
    """Build the shows whose files were saved, and the network's page; errors leave the last good build."""
    from podcast_kit.source.network import load_network

    for paths in changes:
        try:
            network = load_network(folder)
        except PodcastKitError as error:
            console.failure("serve", error)
            continue
        is_shared = any(path == NETWORK_FILE or path.startswith("templates/") for path in paths)
        names = [show.name for show in network.shows if any(path.startswith(f"{show.path}/") for path in paths)]
        if is_shared or network.has_page:
            names = []  # the page lists all shows; those that did not change take little time
        elif not names:
            continue
        _build_shows(console, network, at, names)
        console.info(f"{paths[0]}{' …' if len(paths) > 1 else ''}: rebuilt")
        server.notify_reload()
