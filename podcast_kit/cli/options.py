"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from podcast_kit.cli.consents import ALLOW_PLACE_OPTION, allow_places, allow_typed_target
from podcast_kit.cli.questions import validate_option
from podcast_kit.errors import InvalidInput

if TYPE_CHECKING:
    from podcast_kit.builder.workers import Workers
    from podcast_kit.cli.console import Console
    from podcast_kit.model import Episode, Project


def complete_slugs(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Episodes by the names of their files: none is opened, since every press of the Tab key would."""
    start: Path = context.params.get("directory") or context.obj or Path()
    for folder in (start, *start.absolute().parents):
        if (folder / "podcast.yaml").is_file():
            notes = folder / "episodes"
            slugs = [path.stem for path in notes.glob("*.md")] + [path.parent.name for path in notes.glob("*/index.md")]
            return [CompletionItem(slug) for slug in sorted(slugs) if slug.startswith(typed)]
    return []


AT_OPTION = click.option("--at", metavar="DATE", help="Build as of DATE (a future date previews scheduled episodes).")
RETAG_OPTION = click.option(
    "--retag",
    metavar="EPISODE",
    multiple=True,
    shell_complete=complete_slugs,
    help="Rewrite the tags of a published episode (apps download it again).",
)
AHEAD_OPTION = click.option(
    "--ahead", is_flag=True, help="Also upload audio and images of scheduled episodes, at unguessable URLs."
)
REFRESH_OPTION = click.option(
    "--refresh", is_flag=True, help="Check the store's actual contents and re-upload missing files."
)
JOBS_OPTION = click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Build N episodes or shows at once; 1 uses no other process. [default: the number of processors]",
)
WORKERS_OPTION = click.option(
    "--workers", metavar="ADDRESS", help="Build on the Dask cluster that has its scheduler there: tcp://HOST:8786."
)
PLATFORM_CHOICE = click.Choice(["apple", "spotify", "youtube", "amazon", "podcastindex", "psp1", "stitcher"])
YES_OPTION = click.option("-y", "--yes", is_flag=True, help="Don't ask for confirmation.")


SHOW_OPTION = click.option("--show", "show_name", metavar="NAME", help="This show of the network.")


def enter_show(console: Console, name: str | None) -> None:
    """Run the command in the folder of this show of the network, as if with -C. Raises click.BadParameter."""
    if name is None:
        return
    from podcast_kit.cli.network_runs import ShowSelection, load_selected_network, select_shows

    network = load_selected_network(console)
    [show, *_] = select_shows(network, ShowSelection(show_names=(name,)))
    if show.problems:
        raise InvalidInput(show.problems)
    console.folder = show.folder


def unprotected_writes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--allow-unprotected-writes`, and the name that it had before."""
    for option in (
        click.option(
            "--allow-unprotected-writes",
            is_flag=True,
            help="In CI: publish even if the store lacks conditional writes.",
        ),
        click.option("--accept-blind-writes", "allow_unprotected_writes", is_flag=True, hidden=True),
    ):
        function = option(function)
    return function


def allows_unprotected_writes(*, is_allowed: bool) -> bool:
    """Whether to write without protection against another publisher: a terminal shows a warning, CI must opt in."""
    return is_allowed or not os.environ.get("CI")


def open_workers(
    console: Console, jobs: int | None = None, cluster: str | None = None
) -> AbstractContextManager[Workers]:
    """Where a build runs, until the end of the block: nothing is started before there is enough to do.

    Beside the builds of other shows it has its share of the processors. `cluster` as `--workers`.
    """
    from podcast_kit.builder.workers import Workers, count_processors

    if cluster:
        from podcast_kit.builder.cluster import connect_cluster
        from podcast_kit.source.project import find_show_folder

        return connect_cluster(cluster, find_show_folder((console.folder or Path()).absolute()))
    return Workers(console.jobs or jobs or count_processors())


def prepare_workers(console: Console, jobs: int | None) -> None:
    """Start early what `open_workers` will need for the first build of a large show."""
    from podcast_kit.builder.workers import count_processors, prepare_first_build

    prepare_first_build((console.folder or Path()).absolute(), console.jobs or jobs or count_processors())


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--to`, `--endpoint` and `--url`, which override `publish:` of podcast.yaml, and `--allow-place`."""
    for option in (
        ALLOW_PLACE_OPTION,
        click.option("--to", metavar="TARGET", help="s3://bucket/prefix or a folder, instead of publish.to."),
        click.option("--endpoint", metavar="URL", help="The store's endpoint, instead of publish.endpoint."),
        click.option("--url", metavar="URL", help="Public URL, instead of publish.url."),
    ):
        function = option(function)
    return function


def override_target(
    show: Project,
    *,
    to: str | None = None,
    endpoint: str | None = None,
    url: str | None = None,
    allow_place: tuple[str, ...] = (),
) -> Project:
    """The show, published to another target, which is allowed because it was typed.

    Raises click.BadParameter for a value that is not a URL.
    """
    from podcast_kit.source.yaml import converters

    for flag, value in (("--url", url), ("--endpoint", endpoint)):
        if value:
            validate_option(converters.to_url, value, flag)
    settings = show.show.publish
    own_url = settings.url
    settings = replace(
        settings,
        to=to or settings.to,
        provider="" if to else settings.provider,
        endpoint=endpoint or settings.endpoint,
        url=url.rstrip("/") + "/" if url else settings.url,
    )
    settings = replace(settings, is_rehearsal=settings.url != own_url)
    show = replace(show, show=replace(show.show, publish=settings))
    allow_places(show.folder, allow_place)
    if to:
        allow_typed_target(show.folder, settings)
    return show


def resolve_slugs(names: Collection[str], show: Project, option: str) -> tuple[str, ...]:
    """The slugs of episodes that were named by slug, number, path or guid. Raises click.BadParameter."""
    return tuple(resolve_episode(name, show, option).slug for name in names)


def resolve_due_slugs(names: Collection[str], show: Project, due: datetime) -> tuple[str, ...]:
    """The slugs of the named episodes; raises click.BadParameter for one that is a draft or scheduled."""
    slugs: list[str] = []
    for name in names:
        episode = resolve_episode(name, show, "EPISODE")
        if episode.draft or episode.date is None:
            raise click.BadParameter(f"{episode.slug} is a draft (remove its line `draft`)", param_hint="EPISODE")
        if episode.date > due:
            text = f"{episode.slug} is scheduled for {episode.date:%Y-%m-%d %H:%M} (change its date)"
            raise click.BadParameter(text, param_hint="EPISODE")
        slugs.append(episode.slug)
    return tuple(slugs)


def resolve_episode(name: str, show: Project, option: str) -> Episode:
    """The episode that was named. Raises click.BadParameter, and InvalidInput for one whose notes cannot be read."""
    from podcast_kit.source.episode_names import find_broken, find_episode
    from podcast_kit.source.yaml import InvalidValue

    try:
        return find_episode(show, name)
    except InvalidValue as error:
        if broken := find_broken(show, name):
            raise InvalidInput(broken.problems) from None
        raise click.BadParameter(f"{error} ({error.fix})", param_hint=option) from None
