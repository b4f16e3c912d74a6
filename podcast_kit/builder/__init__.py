"""A show's folder becomes everything that listeners get: {key: Output}.

Read `build` from top to bottom, then `episode.build_episode`, and you have read a build.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit import feed
from podcast_kit.builder import mastering
from podcast_kit.builder.cache import CACHE_DIR, OUTPUT_FOLDERS, Cache, open_cache
from podcast_kit.builder.disk_errors import disk_errors
from podcast_kit.builder.episode import BuiltEpisode
from podcast_kit.builder.episode_groups import (
    add_recorded_guid,
    build_early_episodes,
    build_episodes,
    build_members_episodes,
    find_fatal_problems,
    find_held_episodes,
    is_with_members,
    publish_named_files,
    split_by_schedule,
    warn_of_missing_recordings,
)
from podcast_kit.builder.episode_record import EpisodeRecord, open_episode_record
from podcast_kit.builder.feed_files import (
    JSON_FEED_KEY,
    OPML_KEY,
    refuse_feed_path,
    write_feeds,
    write_private_feeds,
)
from podcast_kit.builder.host_files import write_host_files
from podcast_kit.builder.images import publish_artwork
from podcast_kit.builder.lock_file import merge_lock, write_lock_entries
from podcast_kit.builder.many_pages import PagesBuild
from podcast_kit.builder.members import (
    members_item,
    merge_members_entries,
    split_members_episodes,
    without_members_entries,
)
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.own_pages import BuiltPage, build_own_pages
from podcast_kit.builder.prepare_audio import find_missing_audio
from podcast_kit.builder.private_feeds import digest_subscriber_list, load_private_list
from podcast_kit.builder.renames import apply_renames
from podcast_kit.builder.source_versions import collect_source_versions, digest_own_pages
from podcast_kit.builder.static_files import write_static_files
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidInput, OperationError, Problem
from podcast_kit.io.consent import ConsentKind, has_consent
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.inside import real_path
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import (
    LOCK_FILE,
    BrokenEpisode,
    BucketFile,
    Episode,
    Image,
    Item,
    LockEntry,
    Output,
    Progress,
    Project,
)
from podcast_kit.model.lineage import PAGES_UNIT, SUBSCRIBERS_UNIT, SourceParts

if TYPE_CHECKING:
    from podcast_kit.builder.held_episodes import HeldEpisode

__all__ = [
    "BUILD_DIR",
    "CACHE_DIR",
    "JSON_FEED_KEY",
    "LOCK_FILE",
    "OPML_KEY",
    "Build",
    "EpisodeRecord",
    "build",
    "open_episode_record",
    "write_lock",
    "write_lock_entries",
]

BUILD_DIR = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A finished build."""

    folder: Path
    """Holds exactly the tree that will be in the store."""
    project: Project
    items: tuple[Item, ...]
    """Newest first, without what only members get."""
    outputs: Mapping[str, Output]
    lock: tuple[LockEntry, ...]
    """What podcast.lock must say before the feed is published."""
    artwork: Image | None = None
    page_artwork: Image | None = None
    """The artwork as pages show it, with its thumbnails."""
    scheduled: tuple[Episode, ...] = ()
    """Dated in the future and left out, the next one first."""
    ahead_slugs: frozenset[str] = frozenset()
    """Of those among them whose media are built already."""
    unrecorded_slugs: frozenset[str] = frozenset()
    """Of those among them whose recording is neither here nor uploaded."""
    drafts: tuple[Episode, ...] = ()
    files_written: int = 0
    """0 when nothing changed."""
    broken: tuple[BrokenEpisode, ...] = ()
    """Episodes that could not be read or built, and were left out."""
    held_guids: frozenset[str] = frozenset()
    """Episodes that are in the feed as they are live."""
    members_items: tuple[Item, ...] = field(default=(), repr=False)
    """What private feeds have otherwise than the feed: episodes for members only, early ones, and other recordings."""
    members_guids: frozenset[str] = frozenset()
    """Episodes that are not in the feed because they are for members only."""
    blocked_feed: bytes = field(default=b"", repr=False)
    """What replaces a revoked private feed that cannot be deleted; empty where private feeds are not built."""
    is_partial: bool = False
    """Whether only some of the show's episodes were to be built, or some were left out as they are live."""
    sources: Mapping[str, SourceParts] = field(default_factory=dict, repr=False)
    """Unit → the version of the sources that it was made from: of the show, its templates and each built episode."""
    problems: tuple[Problem, ...] = field(default=())
    """Warnings from reading the show, and of what its episodes are built without."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What is wrong with the episodes that were left out."""
        return tuple(problem for episode in self.broken for problem in episode.problems)


def build(
    project: Project,
    *,
    now: datetime,
    folder: Path | None = None,
    retag: Collection[str] = (),
    ahead: bool = False,
    keep_going: bool = False,
    only: Collection[str] | None = None,
    held: Mapping[str, HeldEpisode] | None = None,
    needs_private_key: bool = True,
    feeds_only: bool = False,
    network: NetworkPolicy | None = None,
    workers: Workers | None = None,
    record: EpisodeRecord | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_built: Callable[[Path, Sequence[str] | None], None] = lambda *_: None,
    on_pages: Callable[[], None] | None = None,
) -> Build:
    """Build everything that is due at `now` into `folder`, by default `build/` beside podcast.yaml.

    Published episodes whose slug is in `retag` get new tags. With `ahead` the media of scheduled episodes are built
    too, so that they can be uploaded before a feed names them.
    With `keep_going` an episode with errors is left out and named in `Build.broken`; a due episode that was never
    published and whose recording is missing always is. With `only` the other due episodes (by slug) are left out, too.
    Unless `needs_private_key`, private feeds are left out where their key is missing.
    Audio at a URL is fetched unless `network` is offline.
    With `feeds_only` there are no pages and no private feeds.
    Episodes and pages are built by the `workers`, by default in this process; the result is the same. Those that are
    in the `record` and have not changed are taken from it, and it gets those of this build.
    What is left out stays as it is in `held`, which has the live episodes by guid, or is not published.
    `on_built` gets the folder when all of it is written, before another build of the show can begin, and the keys of
    everything in it (as `OutputDir.listing`). With `on_pages`, pages are written before feeds are rendered, and it is
    called then, and again if anything but feeds was written later.
    Raises InvalidInput with every problem found; what an earlier build wrote is then still intact, but for pages after
    `on_pages`.
    """
    folder = folder or project.output_folder / BUILD_DIR
    workers = workers or Workers()
    with (
        disk_errors(folder),
        open_cache(project.output_folder / CACHE_DIR, on_progress) as cache,
        HttpClient(network) as http,
        _open_output_dir(project, folder, cache) as out,
    ):
        full_project = apply_renames(project, now)
        private_list = None if feeds_only else load_private_list(full_project, needs_key=needs_private_key)
        project, members = split_members_episodes(without_members_entries(full_project), now)
        project = publish_named_files(project, out, now)
        due, scheduled, drafts = split_by_schedule(project, now)
        left_out = [episode for episode in due if only is not None and episode.slug not in only]
        due = tuple(episode for episode in due if episode not in left_out)
        unrecorded = [episode for episode in scheduled if find_missing_audio(project, episode)]
        early = [
            episode
            for episode in scheduled
            if (ahead or (project.lock_entry(episode.guid) and not is_with_members(episode, now)))
            and episode not in unrecorded
        ]
        artwork = page_artwork = publish_artwork(project, out)
        broken = [add_recorded_guid(project, episode) for episode in project.broken]
        built = build_episodes(project, due, out, retag, on_progress, broken, http, workers, record=record)
        sources = collect_source_versions(project, built, cache)
        held_here = find_held_episodes(held or {}, [*broken, *left_out])
        items = tuple(
            sorted(
                (*(episode.item for episode in built), *(episode.item for episode in held_here.values())),
                key=lambda item: (item.date, item.guid),
                reverse=True,
            )
        )
        with out.embargoed():
            built += build_early_episodes(project, early, out, retag, on_progress, now, broken, http, workers)
        members_built: list[BuiltEpisode] = []
        if private_list:
            members_built = build_members_episodes(
                replace(full_project, show=project.show),
                members,
                private_list,
                out,
                retag,
                on_progress,
                broken,
                http,
                ahead=ahead,
            )
        members_items = tuple(
            members_item(episode.item)
            for episode in members_built
            if episode.item.guid in {member.guid for member in members.current}
        )
        host_problems: list[Problem] = []
        pages, faults = ((), []) if feeds_only else build_own_pages(project, artwork, out)
        _refuse_faults(
            [*faults, *(() if keep_going else find_fatal_problems(full_project, broken))],
            PagesBuild(project=project, out=out, workers=workers),
            items,
            pages,
            broken,
        )
        _sweep_recordings(full_project, cache)
        write_feed_files = partial(write_feeds, project, items, artwork, out, held_here, None if held_here else record)
        if feeds_only:
            write_feed_files(())
        else:
            on_progress(Progress("render", "pages"))
            sources[PAGES_UNIT] = digest_own_pages(project, pages, cache)
            page_artwork = _write_pages(
                PagesBuild(project=project, out=out, workers=workers, record=record),
                items,
                artwork,
                pages,
                write_feed_files,
                on_pages,
            )
        # An episode that only members have, and that cannot be built, is in the feeds that are live: they stay.
        is_any_lost = any(full_project.lock_entry(episode.guid) and episode.guid not in held_here for episode in broken)
        has_private_feeds = private_list is not None and not is_any_lost
        if private_list and has_private_feeds:
            write_private_feeds(project, private_list, items, members_items, artwork, out, held_here)
            members_sources = collect_source_versions(full_project, members_built, cache, of_show=False)
            sources[SUBSCRIBERS_UNIT] = digest_subscriber_list(full_project, private_list, members_sources)
        out.copy_lost_files()
        built_keys = frozenset(out.outputs)
        for episode in held_here.values():
            out.drop_below(episode.page_prefix)  # the live page stays
        if not feeds_only:
            write_static_files(project, built_keys, out)
            host_problems = write_host_files(project, out)
        _finish_writing(out, record, on_pages)
        on_built(folder, out.listing)
    return Build(
        folder=folder,
        project=replace(full_project, show=project.show, episodes=_join_episodes(full_project, project)),
        items=items,
        outputs=dict(sorted(out.outputs.items())),
        lock=merge_lock(
            full_project,
            merge_members_entries(
                [episode.entry for episode in built],
                [episode.entry for episode in members_built],
                full_project,
            ),
        ),
        artwork=artwork,
        page_artwork=page_artwork,
        scheduled=scheduled,
        ahead_slugs=frozenset(episode.slug for episode in early),
        unrecorded_slugs=frozenset(episode.slug for episode in unrecorded),
        drafts=drafts,
        broken=tuple(broken),
        held_guids=frozenset(held_here),
        is_partial=only is not None or bool(held_here),
        sources=sources,
        members_items=members_items if has_private_feeds else (),
        members_guids=frozenset(episode.guid for episode in full_project.episodes if episode.audience),
        blocked_feed=feed.render_blocked_feed(project.show, artwork=artwork) if has_private_feeds else b"",
        files_written=out.files_written,
        problems=(
            *project.warnings,
            *warn_of_missing_recordings(project, unrecorded),
            *(problem for problem in host_problems if problem.code not in project.show.ignore),
            *(problem for episode in [*built, *members_built] for problem in episode.problems),
        ),
    )


def _write_pages(
    build: PagesBuild,
    items: Sequence[Item],
    artwork: Image | None,
    own_pages: Sequence[BuiltPage],
    write_feed_files: Callable[[Collection[str]], None],
    on_pages: Callable[[], None] | None,
) -> Image | None:
    """Render pages and feeds; returns the artwork with its thumbnails."""
    published = [page.published for page in own_pages]
    if on_pages is None:
        return build.write_pages(items, artwork, published, write_feed_files)
    keys: list[str] = []
    page_artwork = build.write_pages(items, artwork, published, keys.extend)
    refuse_feed_path(build.project, build.out, keys)
    build.out.commit_staged()
    on_pages()
    write_feed_files(())
    return page_artwork


def _finish_writing(out: OutputDir, record: EpisodeRecord | None, on_pages: Callable[[], None] | None) -> None:
    if out.commit_staged() and on_pages:
        on_pages()
    out.sweep(record.take_written(out.folder) if record else None)
    if record is not None:
        record.keep_written(out.folder, out.outputs)
        record.save(out.cache)
    out.close()


def _sweep_recordings(project: Project, cache: Cache) -> None:
    """Remove mastered and fetched recordings that are not used any more."""
    mastering.sweep_mastered(project, cache)
    if any(isinstance(episode.audio, BucketFile) for episode in project.episodes):
        from podcast_kit.builder.bucket_recordings import BucketRecordings

        BucketRecordings(project, cache).sweep(project.episodes)


def write_lock(build: Build) -> None:
    """Write podcast.lock, unless it is unchanged.

    Called before the feed names what the lock holds: what was once public must never be forgotten, not even what
    someone else has published from this folder since the build.
    """
    write_lock_entries(build.project.folder, build.lock)


def _open_output_dir(project: Project, folder: Path, cache: Cache) -> OutputDir:
    """The output folder; raises OperationError where a build must not write."""
    target = real_path(folder)
    _refuse_foreign_folder(project, folder, target, cache)
    cache.set(OUTPUT_FOLDERS, str(target), True)  # before the first file: a full disk may end this build
    return OutputDir(folder, cache, target)


def _refuse_foreign_folder(project: Project, folder: Path, target: Path, cache: Cache) -> None:
    """Refuse to write through a link out of the show, and among files that no build wrote in a folder that was named.

    A link that the user has allowed is followed.
    """
    is_link = target != real_path(folder.parent) / folder.name
    is_outside = not target.is_relative_to(real_path(project.output_folder))
    if is_link and is_outside and not has_consent(ConsentKind.PLACE, project.folder, str(target)):
        option = f"--allow-place {shlex.quote(str(target))}"
        fix = f"replace the link by a folder, or allow it once: podcast-kit build {option}"
        raise OperationError(f"{folder} is a link to {target}, outside of the show's folder", fix)
    is_named = folder.name != BUILD_DIR or is_link
    if not is_named or not folder.is_dir() or cache.get(OUTPUT_FOLDERS, str(target)):
        return
    if any(folder.iterdir()):
        raise OperationError(f"{folder} has files that podcast-kit did not write", "choose an empty or a new folder")


def _refuse_faults(
    problems: Collection[Problem],
    pages_build: PagesBuild,
    items: Collection[Item],
    pages: Collection[BuiltPage],
    broken: Collection[BrokenEpisode],
) -> None:
    """Raise InvalidInput with these problems, and with what is wrong with addresses, the menu and templates."""
    if not problems:
        return
    missing = [f"episodes/{episode.slug}/index.html" for episode in broken]
    missing += [page.key for page in pages_build.project.pages]
    faults = pages_build.find_faults(tuple(items), [page.published for page in pages], missing)
    broken_problems = [problem for episode in broken for problem in episode.problems]
    raise InvalidInput(dict.fromkeys([*problems, *broken_problems, *faults]))


def _join_episodes(full_project: Project, project: Project) -> tuple[Episode, ...]:
    """All episodes, the public ones with the addresses of the files that they name."""
    public = {episode.path: episode for episode in project.episodes}
    broken_paths = {episode.path for episode in project.broken}
    return tuple(
        public.get(episode.path, episode) for episode in full_project.episodes if episode.path not in broken_paths
    )
