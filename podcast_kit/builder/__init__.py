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
    ChosenEpisodes,
    add_recorded_guid,
    build_early_episodes,
    build_episodes,
    build_members_episodes,
    choose_episodes,
    find_fatal_problems,
    find_held_episodes,
    publish_named_files,
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
    MembersEpisodes,
    members_item,
    merge_members_entries,
    split_members_episodes,
    without_members_entries,
)
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.own_pages import BuiltPage, build_own_pages
from podcast_kit.builder.private_feeds import PrivateList, digest_subscriber_list, load_private_list
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
        chosen = choose_episodes(project, now, only=only, ahead=ahead)
        artwork = publish_artwork(project, out)
        run = _Run(
            full_project=full_project,
            project=project,
            private_list=private_list,
            now=now,
            retag=retag,
            ahead=ahead,
            keep_going=keep_going,
            out=out,
            cache=cache,
            http=http,
            workers=workers or Workers(),
            record=record,
            on_progress=on_progress,
            on_pages=on_pages,
            broken=[add_recorded_guid(project, episode) for episode in project.broken],
        )
        episodes = run.build_episodes(chosen, members, held or {})
        host_problems: list[Problem] = []
        page_artwork = artwork
        if feeds_only:
            run.refuse_faults(episodes.items, (), [])
            run.write_feeds(episodes, artwork, ())
        else:
            page_artwork = run.write_pages_and_feeds(episodes, artwork)
        has_private_feeds = run.write_private_feeds(episodes, artwork)
        out.copy_lost_files()
        built_keys = frozenset(out.outputs)
        for episode in episodes.held.values():
            out.drop_below(episode.page_prefix)  # the live page stays
        if not feeds_only:
            write_static_files(project, built_keys, out)
            host_problems = write_host_files(project, out)
        run.finish_writing()
        on_built(folder, out.listing)
    return Build(
        folder=folder,
        project=replace(full_project, show=project.show, episodes=_join_episodes(full_project, project)),
        items=episodes.items,
        outputs=dict(sorted(out.outputs.items())),
        lock=episodes.merge_lock(full_project),
        artwork=artwork,
        page_artwork=page_artwork,
        scheduled=chosen.scheduled,
        ahead_slugs=frozenset(episode.slug for episode in chosen.early),
        unrecorded_slugs=frozenset(episode.slug for episode in chosen.unrecorded),
        drafts=chosen.drafts,
        broken=tuple(run.broken),
        held_guids=frozenset(episodes.held),
        is_partial=only is not None or bool(episodes.held),
        sources=run.sources,
        members_items=episodes.members_items if has_private_feeds else (),
        members_guids=frozenset(episode.guid for episode in full_project.episodes if episode.audience),
        blocked_feed=feed.render_blocked_feed(project.show, artwork=artwork) if has_private_feeds else b"",
        files_written=out.files_written,
        problems=(
            *project.warnings,
            *warn_of_missing_recordings(project, chosen.unrecorded),
            *(problem for problem in host_problems if problem.code not in project.show.ignore),
            *(problem for episode in [*episodes.public, *episodes.members] for problem in episode.problems),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _BuiltEpisodes:
    """The episodes of a build, and the items of feeds that they give."""

    public: Sequence[BuiltEpisode]
    """Those that are due, and early ones."""
    members: Sequence[BuiltEpisode]
    held: Mapping[str, HeldEpisode]
    items: tuple[Item, ...]
    """Newest first, without what only members get."""
    members_items: tuple[Item, ...]

    def merge_lock(self, project: Project) -> tuple[LockEntry, ...]:
        """What podcast.lock must say."""
        public, members = ([episode.entry for episode in built] for built in (self.public, self.members))
        return merge_lock(project, merge_members_entries(public, members, project))


@dataclass(slots=True, kw_only=True)
class _Run:
    """One build, and what its steps share."""

    full_project: Project
    """With what only members get."""
    project: Project
    private_list: PrivateList | None
    now: datetime
    retag: Collection[str]
    ahead: bool
    keep_going: bool
    out: OutputDir
    cache: Cache
    http: HttpClient
    workers: Workers
    record: EpisodeRecord | None
    on_progress: Callable[[Progress], None]
    on_pages: Callable[[], None] | None
    broken: list[BrokenEpisode]
    """Episodes that could not be read or built so far."""
    sources: dict[str, SourceParts] = field(default_factory=dict)

    def build_episodes(
        self, chosen: ChosenEpisodes, members: MembersEpisodes, held: Mapping[str, HeldEpisode]
    ) -> _BuiltEpisodes:
        """Build every episode that can be; `broken` gets the others."""
        work = (self.out, self.retag, self.on_progress)
        due = build_episodes(self.project, chosen.due, *work, self.broken, self.http, self.workers, record=self.record)
        self.sources = collect_source_versions(self.project, due, self.cache)
        held_here = find_held_episodes(held, [*self.broken, *chosen.left_out])
        items = [*(episode.item for episode in due), *(episode.item for episode in held_here.values())]
        with self.out.embargoed():
            early = build_early_episodes(
                self.project, chosen.early, *work, self.now, self.broken, self.http, self.workers
            )
        members_built: list[BuiltEpisode] = []
        if self.private_list:
            full_project = replace(self.full_project, show=self.project.show)
            members_built = build_members_episodes(
                full_project, members, self.private_list, *work, self.broken, self.http, ahead=self.ahead
            )
        current_guids = {member.guid for member in members.current}
        return _BuiltEpisodes(
            public=[*due, *early],
            members=members_built,
            held=held_here,
            items=tuple(sorted(items, key=lambda item: (item.date, item.guid), reverse=True)),
            members_items=tuple(
                members_item(episode.item) for episode in members_built if episode.item.guid in current_guids
            ),
        )

    def refuse_faults(
        self, items: Collection[Item], pages: Collection[BuiltPage], page_faults: Collection[Problem]
    ) -> None:
        """Raise InvalidInput where something must not be published: all of it, with faults of addresses and templates.

        Without any, remove recordings that are not used any more.
        """
        problems = [*page_faults, *(() if self.keep_going else find_fatal_problems(self.full_project, self.broken))]
        if problems:
            missing = [f"episodes/{episode.slug}/index.html" for episode in self.broken]
            missing += [page.key for page in self.project.pages]
            pages_build = PagesBuild(project=self.project, out=self.out, workers=self.workers)
            faults = pages_build.find_faults(tuple(items), [page.published for page in pages], missing)
            broken_problems = [problem for episode in self.broken for problem in episode.problems]
            raise InvalidInput(dict.fromkeys([*problems, *broken_problems, *faults]))
        _sweep_recordings(self.full_project, self.cache)

    def write_feeds(self, episodes: _BuiltEpisodes, artwork: Image | None, page_keys: Collection[str]) -> None:
        """Write the feeds that everyone gets."""
        record = None if episodes.held else self.record
        write_feeds(self.project, episodes.items, artwork, self.out, episodes.held, record, page_keys)

    def write_pages_and_feeds(self, episodes: _BuiltEpisodes, artwork: Image | None) -> Image | None:
        """Write pages and feeds; returns the artwork with its thumbnails. Raises InvalidInput, see `refuse_faults`."""
        own_pages, page_faults = build_own_pages(self.project, artwork, self.out)
        self.refuse_faults(episodes.items, own_pages, page_faults)
        self.on_progress(Progress("render", "pages"))
        self.sources[PAGES_UNIT] = digest_own_pages(self.project, own_pages, self.cache)
        build = PagesBuild(project=self.project, out=self.out, workers=self.workers, record=self.record)
        published = [page.published for page in own_pages]
        if self.on_pages is None:
            return build.write_pages(episodes.items, artwork, published, partial(self.write_feeds, episodes, artwork))
        keys: list[str] = []
        page_artwork = build.write_pages(episodes.items, artwork, published, keys.extend)
        refuse_feed_path(self.project, self.out, keys)
        self.out.commit_staged()
        self.on_pages()
        self.write_feeds(episodes, artwork, ())
        return page_artwork

    def write_private_feeds(self, episodes: _BuiltEpisodes, artwork: Image | None) -> bool:
        """Write the feeds of subscribers; returns whether there are any.

        Where an episode that only members have cannot be built, the feeds that are live have it: they stay.
        """
        is_any_lost = any(
            self.full_project.lock_entry(episode.guid) and episode.guid not in episodes.held for episode in self.broken
        )
        if self.private_list is None or is_any_lost:
            return False
        write_private_feeds(
            self.project,
            self.private_list,
            episodes.items,
            episodes.members_items,
            artwork,
            self.out,
            episodes.held,
        )
        members_sources = collect_source_versions(self.full_project, episodes.members, self.cache, of_show=False)
        self.sources[SUBSCRIBERS_UNIT] = digest_subscriber_list(self.full_project, self.private_list, members_sources)
        return True

    def finish_writing(self) -> None:
        """Put what was written in its place, remove what no longer belongs there, and keep the record."""
        out, record = self.out, self.record
        if out.commit_staged() and self.on_pages:
            self.on_pages()
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


def _join_episodes(full_project: Project, project: Project) -> tuple[Episode, ...]:
    """All episodes, the public ones with the addresses of the files that they name."""
    public = {episode.path: episode for episode in project.episodes}
    broken_paths = {episode.path for episode in project.broken}
    return tuple(
        public.get(episode.path, episode) for episode in full_project.episodes if episode.path not in broken_paths
    )
