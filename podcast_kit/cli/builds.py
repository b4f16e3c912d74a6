"""A build or a prepared publish, with progress and warnings on the console."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.cli.app import load_show, parse_build_date, working_folder
from podcast_kit.cli.consents import ask_bucket_consent, ask_place_consent
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import open_workers, override_target, prepare_workers, resolve_due_slugs, resolve_slugs
from podcast_kit.cli.secret_masks import hide_early_files

if TYPE_CHECKING:
    from podcast_kit.builder import Build, EpisodeRecord
    from podcast_kit.errors import Problem
    from podcast_kit.model import Episode, Project
    from podcast_kit.plan.planfile import PlanFile
    from podcast_kit.publish.prepared import PreparedPublish, PublishOptions
    from podcast_kit.stores import Store


def load_build(
    console: Console,
    at: str | None,
    retag: Collection[str] = (),
    show: Project | None = None,
    *,
    keep_going: bool = False,
    jobs: int | None = None,
    cluster: str | None = None,
    record: EpisodeRecord | None = None,
    on_built: Callable[[Path, Sequence[str] | None], None] = lambda *_: None,
    on_pages: Callable[[], None] | None = None,
) -> Build:
    """Build the show in the working folder, as of `at`, and print its problems.

    With `keep_going`, episodes with errors are left out. `jobs` as `--jobs`, `cluster` as `--workers`. Unchanged
    episodes are taken from the `record`; `on_built` gets the folder when it is written; `on_pages` is called when
    pages can be shown.
    """
    from podcast_kit import builder

    project = show or load_show(console, add_guids=True, keep_going=keep_going)
    slugs = resolve_slugs(retag, project, "--retag")
    ask_bucket_consent(project)
    with open_workers(console, jobs, cluster) as workers:
        build = builder.build(
            project,
            now=parse_build_date(at),
            retag=slugs,
            keep_going=keep_going,
            workers=workers,
            record=record,
            on_progress=console.progress,
            on_built=on_built,
            on_pages=on_pages,
        )
    print_build_problems(console, build)
    return build


def print_build_problems(console: Console, build: Build, *, is_checked: bool = False) -> None:
    """Print the warnings, what is wrong with the episodes that were left out, and which these are.

    With `is_checked`, without what the checks of the publish will report as an error.
    """
    from podcast_kit.builder.network import list_show

    hide_early_files(console, build)
    if console.is_listed:
        console.listed_show = list_show(build)
    console.problems(select_build_problems(build, is_checked=is_checked))
    if build.broken:
        live = [episode.slug for episode in build.broken if episode.guid in build.held_guids]
        others = [episode.slug for episode in build.broken if episode.slug not in live]
        parts = [f"left out until fixed: {', '.join(others)}"] if others else []
        parts += [f"kept as live: {', '.join(live)}"] if live else []
        console.info("; ".join(parts))


def select_build_problems(build: Build, *, is_checked: bool) -> list[Problem]:
    """What `print_build_problems` prints."""
    from podcast_kit.source.notes.lint import PLACEHOLDER_CODE

    due_paths = {item.episode.path for item in build.items} if is_checked else set()
    warnings = [
        problem
        for problem in build.problems
        if problem.code != PLACEHOLDER_CODE or problem.location.path not in due_paths
    ]
    return [*build.errors, *warnings]


def prepare_with_progress(
    console: Console,
    load_project: Callable[[], Project],
    due: datetime,
    options: PublishOptions,
    saved_plan: PlanFile | None = None,
    *,
    target: dict[str, Any],
    use_fast_path: bool = False,
    jobs: int | None = None,
    cluster: str | None = None,
    on_built: Callable[[Path, Sequence[str] | None], None] = lambda *_: None,
) -> PreparedPublish:
    """Read the store, build the show and make the plan, with progress and warnings on the console.

    `target` holds the target options, which tell where the show is published; `jobs` as `--jobs`, `cluster` as
    `--workers`; `on_built` gets the folder of a build that the fast path makes.
    """
    from podcast_kit.publish import preparing
    from podcast_kit.source import project as source

    def load_target() -> Project:
        if console.listed_shows is not None:
            return override_target(load_show(console, needs_cover=False), **target)
        folder = source.find_show_folder(working_folder(console))
        show = override_target(source.load_settings(folder), **target)
        ask_place_consent(show)
        return show

    def load_sources() -> Project:
        project = override_target(load_project(), **target)
        ask_bucket_consent(project)
        return project

    def resolve_options(show: Project) -> PublishOptions:
        return replace(
            options,
            retag=resolve_slugs(options.retag, show, "--retag"),
            only=None if options.only is None else resolve_due_slugs(options.only, show, due),
        )

    if not cluster:
        prepare_workers(console, jobs)
    with open_workers(console, jobs, cluster) as workers:
        return preparing.prepare_publish(
            load_sources,
            due=due,
            options=replace(options, workers=workers),
            target=load_target,
            resolve=resolve_options,
            saved_plan=saved_plan,
            use_fast_path=use_fast_path,
            on_build=lambda build: print_build_problems(
                console, build, is_checked=use_fast_path and options.run_checks
            ),
            on_progress=console.progress,
            on_waiting=console.waiting_for,
            on_built=on_built,
        )


def open_target_store(console: Console, target: dict[str, Any]) -> tuple[Store, Project]:
    """The store that the show is published to, and the show; `target` holds the target options."""
    from podcast_kit import stores
    from podcast_kit.model import Progress

    show = override_target(load_show(console, needs_cover=False), **target)
    ask_place_consent(show)
    store = stores.open_store(show.show.publish, show.folder, console.waiting_for)
    console.progress(Progress("read", store.name))
    return store, show


def scheduled_lines(build: Build) -> list[str]:
    """A line for each scheduled episode, the next one first."""
    return [
        f"scheduled: {episode.slug} on {episode.date:%Y-%m-%d %H:%M %Z}".rstrip()
        + _describe_early_audio(build, episode)
        for episode in build.scheduled
    ]


def _describe_early_audio(build: Build, episode: Episode) -> str:
    """Where the audio of a scheduled episode is."""
    from podcast_kit.model import BucketFile, LocalFile

    if episode.slug in build.ahead_slugs:
        return "; audio already uploaded, not linked until then"
    if episode.slug in build.unrecorded_slugs:
        return "; its recording is neither here nor uploaded"
    return "; its audio is not uploaded yet" if isinstance(episode.audio, (LocalFile, BucketFile)) else ""
