"""A show's folder becomes everything that listeners get: {key: Output}.

Read `build` from top to bottom, then `episode.build_episode`, and you have read a build.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from podcast_kit import __version__, feed, site
from podcast_kit.builder import mastering
from podcast_kit.builder.cache import CACHE_DIR, OUTPUT_FOLDERS, Cache, CacheKind, open_cache
from podcast_kit.builder.episode import BuiltEpisode
from podcast_kit.builder.episode_record import EpisodeRecord, digest_item, open_episode_record
from podcast_kit.builder.held_episodes import HeldEpisode, restore_json_items, restore_rss_items
from podcast_kit.builder.host_files import write_host_files
from podcast_kit.builder.images import publish_artwork
from podcast_kit.builder.kept_feed import FeedCopies
from podcast_kit.builder.many_episodes import EpisodesBuild
from podcast_kit.builder.many_pages import PagesBuild
from podcast_kit.builder.members import (
    MembersEpisodes,
    members_item,
    members_key_mapping,
    members_project,
    merge_members_entries,
    split_members_episodes,
    without_members_entries,
)
from podcast_kit.builder.output_dir import OutputDir, StoredFile
from podcast_kit.builder.own_pages import BuiltPage, build_own_pages
from podcast_kit.builder.prepare_audio import find_missing_audio
from podcast_kit.builder.private_feeds import PrivateList, digest_subscriber_list, load_private_list, render_feeds
from podcast_kit.builder.referenced_files import publish_referenced_files
from podcast_kit.builder.renames import apply_renames
from podcast_kit.builder.source_versions import collect_source_versions, digest_own_pages
from podcast_kit.builder.static_files import write_static_files
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.io.consent import ConsentKind, has_consent
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.inside import real_path
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.pinned_folder import readable_path
from podcast_kit.model import (
    LOCK_FILE,
    BrokenEpisode,
    BucketFile,
    Episode,
    Image,
    Item,
    LocalFile,
    LockEntry,
    Output,
    Progress,
    Project,
    Show,
    Wave,
)
from podcast_kit.model.lineage import PAGES_UNIT, SUBSCRIBERS_UNIT, SourceParts
from podcast_kit.source import lock
from podcast_kit.writer_versions import PAGES_AND_FEEDS

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
JSON_FEED_KEY = "feed.json"
OPML_KEY = "follow/show.opml"
MISSING_AUDIO_CODE = "au.missing"
UNRECORDED_CODE = "au.later"

RENDERED_FEEDS: CacheKind[tuple[tuple[StoredFile, Wave], ...]] = CacheKind(
    "rendered_feed",
    lambda files: [[file.key, file.sha256, file.size, file.mime, int(wave)] for file, wave in files],
    lambda rows: tuple((StoredFile(*row[:4]), Wave(row[4])) for row in rows),
)


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
    on_built: Callable[[Path], None] = lambda _: None,
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
    `on_built` gets the folder when all of it is written, before another build of the show can begin.
    Raises InvalidInput with every problem found; what an earlier build wrote is then still intact.
    """
    folder = folder or project.output_folder / BUILD_DIR
    workers = workers or Workers()
    with (
        _disk_errors(),
        open_cache(project.output_folder / CACHE_DIR, on_progress) as cache,
        HttpClient(network) as http,
        _open_output_dir(project, folder, cache) as out,
    ):
        full_project = apply_renames(project, now)
        private_list = None if feeds_only else load_private_list(full_project, needs_key=needs_private_key)
        project, members = split_members_episodes(without_members_entries(full_project), now)
        project = _publish_referenced_files(project, out, now)
        due, scheduled, drafts = _split_by_schedule(project, now)
        left_out = [episode for episode in due if only is not None and episode.slug not in only]
        due = tuple(episode for episode in due if episode not in left_out)
        unrecorded = [episode for episode in scheduled if find_missing_audio(project, episode)]
        early = [
            episode
            for episode in scheduled
            if (ahead or (project.lock_entry(episode.guid) and not _is_with_members(episode, now)))
            and episode not in unrecorded
        ]
        artwork = page_artwork = publish_artwork(project, out)
        broken = [_with_recorded_guid(project, episode) for episode in project.broken]
        built = _build_episodes(project, due, out, retag, on_progress, broken, http, workers, record=record)
        sources = collect_source_versions(project, built, cache)
        held_here = _held_episodes(held or {}, [*broken, *left_out])
        items = tuple(
            sorted(
                (*(episode.item for episode in built), *(episode.item for episode in held_here.values())),
                key=lambda item: (item.date, item.guid),
                reverse=True,
            )
        )
        with out.embargoed():
            built += _build_early_episodes(project, early, out, retag, on_progress, now, broken, http, workers)
        members_built: list[BuiltEpisode] = []
        if private_list:
            members_built = _build_members_episodes(
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
            [*faults, *(() if keep_going else _find_fatal_problems(full_project, broken))],
            PagesBuild(project=project, out=out, workers=workers),
            items,
            pages,
            broken,
        )
        _sweep_recordings(full_project, cache)
        write_feeds = partial(_write_feeds, project, items, artwork, out, held_here, None if held_here else record)
        if feeds_only:
            write_feeds(())
        else:
            on_progress(Progress("render", "pages"))
            sources[PAGES_UNIT] = digest_own_pages(project, pages, cache)
            page_artwork = PagesBuild(project=project, out=out, workers=workers, record=record).write_pages(
                items, artwork, [page.published for page in pages], write_feeds
            )
        # An episode that only members have, and that cannot be built, is in the feeds that are live: they stay.
        is_any_lost = any(full_project.lock_entry(episode.guid) and episode.guid not in held_here for episode in broken)
        has_private_feeds = private_list is not None and not is_any_lost
        if private_list and has_private_feeds:
            _write_private_feeds(project, private_list, items, members_items, artwork, out, held_here)
            members_sources = collect_source_versions(full_project, members_built, cache, of_show=False)
            sources[SUBSCRIBERS_UNIT] = digest_subscriber_list(full_project, private_list, members_sources)
        out.copy_lost_files()
        built_keys = frozenset(out.outputs)
        for episode in held_here.values():
            out.drop_below(episode.page_prefix)  # the live page stays
        if not feeds_only:
            write_static_files(project, built_keys, out)
            host_problems = write_host_files(project, out)
        _finish_writing(out, record)
        on_built(folder)
    return Build(
        folder=folder,
        project=replace(full_project, show=project.show, episodes=_join_episodes(full_project, project)),
        items=items,
        outputs=dict(sorted(out.outputs.items())),
        lock=_merge_lock(
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
            *_warn_of_missing_recordings(project, unrecorded),
            *(problem for problem in host_problems if problem.code not in project.show.ignore),
            *(problem for episode in [*built, *members_built] for problem in episode.problems),
        ),
    )


def _finish_writing(out: OutputDir, record: EpisodeRecord | None) -> None:
    out.commit(record.take_written(out.folder) if record else None)
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


def write_lock_entries(folder: Path, entries: Collection[LockEntry]) -> None:
    """Write these entries into podcast.lock beside those of other episodes, unless it is unchanged."""
    path = folder / LOCK_FILE
    if not path.parent.is_dir():
        raise OperationError(f"{path.parent}: the show's folder was moved or deleted", "publish from its new location")
    with _disk_errors():
        guids = {entry.guid for entry in entries}
        other_entries = [entry for entry in lock.read_lock(path) if entry.guid not in guids]
        data = lock.render_lock([*entries, *other_entries])
        if (path.is_file() and path.read_bytes() == data) or not (path.is_file() or guids):
            return
        atomic_write.write_atomic(path, data)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn a full or read-only disk into an OperationError with a fix; what was complete before still is."""
    try:
        yield
    except OSError as error:
        path = f"{readable_path(str(error.filename))}: " if error.filename else ""
        raise OperationError(f"{path}{error.strerror or error}", atomic_write.suggest_disk_fix(error)) from error


def _split_by_schedule(
    project: Project, now: datetime
) -> tuple[tuple[Episode, ...], tuple[Episode, ...], tuple[Episode, ...]]:
    """Episodes that are due, those that are scheduled for later, and drafts."""
    drafts = tuple(episode for episode in project.episodes if episode.draft or episode.date is None)
    dated = [episode for episode in project.episodes if episode not in drafts]
    dated.sort(key=lambda episode: (episode.date, episode.slug))
    due = tuple(episode for episode in dated if episode.date and episode.date <= now)
    return due, tuple(dated[len(due) :]), drafts


def _warn_of_missing_recordings(project: Project, scheduled: Collection[Episode]) -> list[Problem]:
    """A warning for each scheduled episode whose recording is neither here nor in the store."""
    text = "its recording is neither here nor uploaded: on its day the episode will be left out"
    fix = "run `podcast-kit publish --ahead` where the recording is, and commit podcast.lock"
    return [
        Problem(episode.location_of("audio"), text, fix, UNRECORDED_CODE, Severity.WARNING)
        for episode in scheduled
        if UNRECORDED_CODE not in {*project.show.ignore, *episode.ignore}
    ]


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


def _build_episodes(
    project: Project,
    episodes: Collection[Episode],
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    broken: list[BrokenEpisode],
    http: HttpClient,
    workers: Workers,
    *,
    record: EpisodeRecord | None = None,
) -> list[BuiltEpisode]:
    """Every episode that can be built; the others are added to `broken`, with their problems."""
    built: list[BuiltEpisode] = []
    episodes_build = EpisodesBuild(
        project=project,
        out=out,
        retag=retag,
        http=http,
        workers=workers,
        on_progress=on_progress,
        record=record,
    )
    for episode, outcome in episodes_build.run(tuple(episodes)):
        if isinstance(outcome, BuiltEpisode):
            built.append(outcome)
        elif outcome.problems:
            broken.append(_broken_episode(episode, outcome.problems))
        else:
            raise outcome
    return built


def _find_fatal_problems(project: Project, broken: Collection[BrokenEpisode]) -> list[Problem]:
    """The problems of episodes that the build found, unless these lack only their recordings."""
    earlier = {episode.path for episode in project.broken}
    failed = [episode for episode in broken if episode.path not in earlier]
    if all(_lacks_only_its_recording(project, episode) for episode in failed):
        return []
    return [problem for episode in failed for problem in episode.problems]


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


def _broken_episode(episode: Episode, problems: Collection[Problem]) -> BrokenEpisode:
    return BrokenEpisode(slug=episode.slug, path=episode.path, guid=episode.guid, problems=tuple(problems))


def _lacks_only_its_recording(project: Project, episode: BrokenEpisode) -> bool:
    """Whether an episode that was never published has no recording: the others need not wait for it."""
    is_missing = all(problem.code == MISSING_AUDIO_CODE for problem in episode.problems)
    return is_missing and project.lock_entry(episode.guid) is None


def _publish_referenced_files(project: Project, out: OutputDir, now: datetime) -> Project:
    """As `publish_referenced_files`; episodes that name missing files become `Project.broken`."""
    try:
        return publish_referenced_files(project, out, later=_split_by_schedule(project, now)[1])
    except InvalidInput as error:
        problems: dict[str, list[Problem]] = {}
        for problem in error.problems:
            problems.setdefault(problem.location.path, []).append(problem)
        broken = [episode for episode in project.episodes if episode.path in problems]
        if len(broken) < len(problems):
            raise
        others = tuple(episode for episode in project.episodes if episode not in broken)
        named = tuple(_broken_episode(episode, problems[episode.path]) for episode in broken)
        project = replace(project, episodes=others, broken=(*project.broken, *named))
        return publish_referenced_files(project, out, later=_split_by_schedule(project, now)[1])


def _held_episodes(
    held: Mapping[str, HeldEpisode], left_out: Collection[BrokenEpisode | Episode]
) -> dict[str, HeldEpisode]:
    """Of the episodes that are left out, those that are live, by guid."""
    return {episode.guid: held[episode.guid] for episode in left_out if episode.guid in held}


def _with_recorded_guid(project: Project, episode: BrokenEpisode) -> BrokenEpisode:
    """An episode whose notes cannot be read, with the guid that podcast.lock has for its slug."""
    guids = (entry.guid for entry in project.lock if entry.slug == episode.slug)
    return episode if episode.guid else replace(episode, guid=next(guids, ""))


def _build_early_episodes(
    project: Project,
    episodes: Collection[Episode],
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    now: datetime,
    broken: list[BrokenEpisode],
    http: HttpClient,
    workers: Workers,
) -> list[BuiltEpisode]:
    """Episodes that are uploaded before their date.

    No listener has them yet, so their tags still follow the notes, where the recording is here.
    """
    early = publish_referenced_files(replace(project, episodes=tuple(episodes)), out).episodes
    unpublished = {
        episode.slug
        for episode in early
        if _is_unpublished(project, episode, now) and not _is_with_members(episode, now)
    }
    tags = {*retag, *unpublished}
    return _build_episodes(project, early, out, tags, on_progress, broken, http, workers)


def _is_unpublished(project: Project, episode: Episode, now: datetime) -> bool:
    entry = project.lock_entry(episode.guid)
    audio = episode.audio
    has_recording = isinstance(audio, LocalFile) and audio.resolve_in(project.folder).is_file()
    return entry is not None and entry.date > now and has_recording


def _is_with_members(episode: Episode, now: datetime) -> bool:
    """Whether members have the episode already: its file is frozen, and the public one comes on its day."""
    return episode.members_from is not None and episode.members_from <= now


def _build_members_episodes(
    project: Project,
    members: MembersEpisodes,
    private_list: PrivateList,
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    broken: list[BrokenEpisode],
    http: HttpClient,
    *,
    ahead: bool,
) -> list[BuiltEpisode]:
    """What private feeds have otherwise than the public one, at secret addresses."""
    episodes = [*members.current, *(members.ahead if ahead else ())]
    if not episodes:
        return []

    def report(step: Progress) -> None:
        on_progress(replace(step, subject="for members"))

    project = members_project(project, episodes)
    with out.for_members(members_key_mapping(private_list.secret, private_list.renewed.media)):
        project = publish_referenced_files(project, out)
        # Not by workers, which are never given the key of the private feeds.
        return _build_episodes(project, project.episodes, out, retag, report, broken, http, Workers())


def _write_private_feeds(
    project: Project,
    private_list: PrivateList,
    items: Collection[Item],
    members_items: Collection[Item],
    artwork: Image | None,
    out: OutputDir,
    held: Mapping[str, HeldEpisode],
) -> None:
    """Write each body once; a subscriber's feed that equals one of them is a copy."""
    feeds = render_feeds(project, private_list, items, members_items, artwork)
    members_guids = {item.guid for item in members_items}
    restored = {guid: episode for guid, episode in held.items() if guid not in members_guids}
    for key, data in feeds.bodies.items():
        out.write(key, restore_rss_items(data, restored) if restored else data, Wave.FEED)
    for key, source_key in feeds.copies.items():
        out.copy_output(key, source_key)


def _join_episodes(full_project: Project, project: Project) -> tuple[Episode, ...]:
    """All episodes, the public ones with the addresses of the files that they name."""
    public = {episode.path: episode for episode in project.episodes}
    broken_paths = {episode.path for episode in project.broken}
    return tuple(
        public.get(episode.path, episode) for episode in full_project.episodes if episode.path not in broken_paths
    )


def _write_feeds(
    project: Project,
    items: tuple[Item, ...],
    artwork: Image | None,
    out: OutputDir,
    held: Mapping[str, HeldEpisode],
    record: EpisodeRecord | None,
    page_keys: Collection[str],
) -> None:
    """Render the feed with its archives, JSON Feed and OPML, unless an earlier build wrote the same.

    Episodes that are in the feed of the `record` as they are now are copied from there. `page_keys` are those of
    pages, which may not be written yet.
    """
    path = project.show.feed.path
    if clash := _clashing_key(path, [*out.outputs, *page_keys, JSON_FEED_KEY, OPML_KEY, site.NETWORK_OPML_KEY]):
        location = project.show.locations.get("feed.path") or SourceLocation("podcast.yaml")
        text = f"feed: path: {path!r} is already the address of {clash}"
        raise InvalidInput([Problem(location, text, "choose another name for the feed, such as feed.xml", "path.form")])
    digest_one = record.digest_item if record else digest_item
    cache_key = _digest_feed_inputs(project.show, map(digest_one, items), artwork)
    stored = None if held else out.cache.get(RENDERED_FEEDS, cache_key)
    if stored and all(out.add_if_unchanged(file, wave) for file, wave in stored):
        return
    if project.listed_shows is not None:
        out.write(path, feed.render_rss(project.show, (), artwork=artwork), Wave.FEED)
        out.write(site.NETWORK_OPML_KEY, feed.render_network_opml(project.show, project.listed_shows), Wave.PAGES)
        return
    kept = record.find_feed() if record else ()
    with (
        closing(FeedCopies((page for page in kept if page.key != JSON_FEED_KEY), out, digest_one)) as copies,
        closing(FeedCopies((page for page in kept if page.key == JSON_FEED_KEY), out, digest_one)) as json_copies,
    ):
        outputs = [
            out.write(key, restore_rss_items(data, held) if held else data, Wave.FEED)
            for key, data in feed.render_feed_pages(
                project.show, items, artwork=artwork, rendered=copies if record else None
            ).items()
        ]
        json_copies.start_page(JSON_FEED_KEY)
        json_feed = feed.render_json_feed(
            project.show, items, artwork=artwork, rendered=json_copies if record else None
        )
        outputs.append(out.write(JSON_FEED_KEY, restore_json_items(json_feed, held) if held else json_feed, Wave.FEED))
        if record:
            record.keep_feed((*copies.list_pages(out), *json_copies.list_pages(out)))
    outputs.append(out.write(OPML_KEY, feed.render_opml(project.show), Wave.PAGES))
    files = tuple(
        (StoredFile(output.key, output.sha256, output.size, output.content_type), output.wave) for output in outputs
    )
    if not held:
        out.cache.set(RENDERED_FEEDS, cache_key, files)


def _digest_feed_inputs(show: Show, item_digests: Iterable[str], artwork: Image | None) -> str:
    """The digest of everything that the feeds are rendered from, an item at a time: together they are long texts."""
    digest = hashlib.sha256(repr((PAGES_AND_FEEDS, __version__, show, artwork)).encode())
    for item_digest in item_digests:
        digest.update(item_digest.encode())
    return digest.hexdigest()


def _clashing_key(path: str, keys: Collection[str]) -> str:
    """The key that equals the path or needs a folder of that name, where file systems ignore case; else empty."""
    folded = path.casefold()
    alike = (key for key in keys if key[:1].casefold()[:1] == folded[:1])  # few of thousands
    return next((key for key in alike if f"{key.casefold()}/".startswith(f"{folded}/")), "")


def _merge_lock(project: Project, entries: Collection[LockEntry]) -> tuple[LockEntry, ...]:
    """The lock as it will be: what this build publishes, and everything that was published before."""
    current = {entry.guid: entry for entry in entries}
    earlier = [entry for entry in project.lock if entry.guid not in current]
    return tuple(sorted([*current.values(), *earlier], key=lambda entry: (entry.date, entry.slug)))
