"""What workers do in a build: whole episodes, pictures and pages, each from values and into values."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit.builder.cache import CACHE_DIR, RECORDINGS_FOLDER, CacheRows, WorkNeeded
from podcast_kit.builder.description import DescriptionContext
from podcast_kit.builder.episode import BuiltEpisode, EpisodeContext, build_episode
from podcast_kit.builder.mastering import MASTERED_DIR
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.prepare_audio import CHAPTER_IMAGES_DIR, prepare_episode_audio
from podcast_kit.builder.recorded_work import RecordedOutputDir, RecordedWork, WorkerCache
from podcast_kit.builder.responsive_images import ItemPictures
from podcast_kit.builder.tags import EmbeddedImages
from podcast_kit.builder.work_trace import KeptPictures
from podcast_kit.errors import PodcastKitError
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import BucketFile, Episode, Item, LockEntry, Output, Project, Wave
from podcast_kit.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlace:
    """What all tasks of a build share."""

    token: str
    """Of the build: what a worker knows of another one does not hold."""
    project: Project
    """Without its episodes and its lock."""
    folder: Path
    """The build's."""
    scratch: Path | None
    """Where unfinished files are written; None where a worker has another disk, and returns their bytes."""

    @classmethod
    def of_build(cls, project: Project, out: OutputDir, *, shares_disk: bool) -> WorkPlace:
        """The place of a build that is under way."""
        project = replace(
            project, episodes=(), lock=(), broken=(), comments={}, recorded_slugs={}, warnings=(), pages=()
        )
        scratch = out.scratch_path() if shares_disk else None
        return cls(token=out.token, project=project, folder=out.folder, scratch=scratch)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodesContext:
    """What all episodes of a build share."""

    place: WorkPlace
    description: DescriptionContext
    retag: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeTask:
    """An episode to build."""

    episode: Episode
    entry: LockEntry | None
    recorded_slugs: tuple[str, ...]
    rows: CacheRows
    errors: Mapping[str, PodcastKitError]
    """What went wrong when its recordings were mastered."""


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """The episode, or what is wrong with it; and what it did to the cache and the folder until then.

    Neither where only the parent can build it.
    """

    work: RecordedWork
    built: BuiltEpisode | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesContext:
    """What the pictures of all episodes depend on."""

    place: WorkPlace
    cover: Path | None
    colours: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTask:
    """An episode whose pictures are to be drawn."""

    item: Item
    """Without its texts."""
    rows: CacheRows
    sources: tuple[Output, ...]
    """Published files that are made smaller."""


@dataclass(frozen=True, slots=True)
class PicturesResult:
    """The pictures of an episode; None where they could not be drawn."""

    work: RecordedWork
    pictures: KeptPictures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesContext:
    """What all pages depend on."""

    place: WorkPlace
    site: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesTask:
    """Pages of an episode that are to be rendered."""

    item: Item
    newer: Item | None
    older: Item | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PagesResult:
    """The pages of an episode, unless one of them cannot be rendered."""

    work: RecordedWork
    error: str = ""


@dataclass(slots=True)
class _WorkerMemory:
    """What a worker keeps from one task of a build to the next."""

    token: str
    cache: WorkerCache
    out: RecordedOutputDir
    embedded: EmbeddedImages
    private: TemporaryFolder | None = None
    """The worker's own folder of unfinished files, where it does not share the build's."""
    pictures: ItemPictures | None = None
    site: Site | None = None


_memories = threading.local()
"""`memory`: of the build that this thread of a worker works for."""


def build_episodes_in_worker(context: EpisodesContext, tasks: Sequence[EpisodeTask]) -> list[EpisodeResult]:
    """Build each episode; one that has errors stops no other."""
    return [_build_one(context, task) for task in tasks]


def _build_one(context: EpisodesContext, task: EpisodeTask) -> EpisodeResult:
    memory = _enter_build(context.place)
    memory.cache.start(task.rows)
    memory.out.start()
    episode = task.episode
    work_folder = context.place.project.work_folder
    memory.out.keeps_files = isinstance(episode.audio, BucketFile) and memory.private is not None
    if memory.private and memory.out.keeps_files:
        work_folder = Path(memory.private.name)
        (work_folder / MASTERED_DIR).mkdir(parents=True, exist_ok=True)
    project = replace(
        context.place.project,
        work_folder=work_folder,
        lock=(task.entry,) if task.entry else (),
        recorded_slugs={episode.guid: task.recorded_slugs} if task.recorded_slugs else {},
    )
    try:
        if isinstance(episode.audio, BucketFile):
            from podcast_kit.builder.bucket_recordings import BucketRecordings

            episode = BucketRecordings(project, memory.cache, is_allowed=True).fetch(episode)
        audio = prepare_episode_audio(project, episode, memory.out, context.retag, task.errors)
        built = build_episode(EpisodeContext(project, memory.out, context.description, memory.embedded), episode, audio)
    except WorkNeeded:
        return EpisodeResult(_end_recording(memory))
    except Exception as error:  # noqa: BLE001  # it is raised again in the parent, at the episode's turn
        return EpisodeResult(_end_recording(memory), error=error)
    return EpisodeResult(_end_recording(memory), built)


def _enter_build(place: WorkPlace) -> _WorkerMemory:
    memory: _WorkerMemory | None = getattr(_memories, "memory", None)
    if memory is None or memory.token != place.token:
        private = None if place.scratch else TemporaryFolder()
        scratch = place.scratch or Path(private.name if private else "")
        cache = WorkerCache((scratch if private else place.project.output_folder) / CACHE_DIR)
        out = RecordedOutputDir(place.folder, cache, scratch, shares_disk=private is None)
        memory = _WorkerMemory(place.token, cache, out, EmbeddedImages(cache), private)
        _memories.memory = memory
    return memory


def _end_recording(memory: _WorkerMemory) -> RecordedWork:
    files = memory.out.files
    rows = memory.cache.recorded
    kept: tuple[tuple[str, str, bytes], ...] = ()
    if memory.private and memory.out.keeps_files:
        rows, kept = _take_kept_files(Path(memory.private.name), rows)
    return RecordedWork(
        rows=rows,
        used=tuple(memory.cache.used),
        files=tuple(map(memory.out.take_data, files) if memory.private else files),
        outputs=memory.out.added_outputs,
        kept=kept,
    )


def _take_kept_files(folder: Path, rows: CacheRows) -> tuple[CacheRows, tuple[tuple[str, str, bytes], ...]]:
    """What was made from a recording in object storage in a folder of this worker, and the rows that name it.

    The folder is empty afterwards, and the rows name the files as the show does.
    """
    shutil.rmtree(folder / CACHE_DIR / RECORDINGS_FOLDER, ignore_errors=True)
    kept: list[tuple[str, str, bytes]] = []
    for subfolder in (MASTERED_DIR, CHAPTER_IMAGES_DIR):
        for path in sorted((folder / subfolder).glob("*")):
            kept.append((subfolder.name, path.name, path.read_bytes()))
            path.unlink()
    own = json.dumps(f"{folder.as_posix()}/")[:-1]  # as it begins a text
    return {place: text.replace(own, '"') for place, text in rows.items()}, tuple(kept)


def hash_files_in_worker(place: WorkPlace, paths: Sequence[str]) -> list[RecordedWork]:
    """Hash each file; one that cannot be read is reported where it is used."""
    works: list[RecordedWork] = []
    for path in paths:
        memory = _enter_build(place)
        memory.cache.start({})
        memory.out.start()
        with suppress(OSError):
            memory.cache.sha256(path)
        works.append(_end_recording(memory))
    return works


def picture_items_in_worker(context: PicturesContext, tasks: Sequence[PictureTask]) -> list[PicturesResult]:
    """Draw the pictures of each episode's pages."""
    memory = _enter_build(context.place)
    if memory.pictures is None:
        project = context.place.project
        memory.pictures = ItemPictures(project.folder, project.show, context.cover, context.colours, memory.out)
    results: list[PicturesResult] = []
    for task in tasks:
        memory.cache.start(task.rows)
        memory.out.start(task.sources)
        pictures = None
        with suppress(PodcastKitError):
            pictures = KeptPictures.of_item(memory.pictures.digest, memory.pictures.picture_item(task.item))
        results.append(PicturesResult(_end_recording(memory), pictures))
    return results


def render_pages_in_worker(context: PagesContext, tasks: Sequence[PagesTask]) -> list[PagesResult]:
    """Render pages of each episode, up to the first that fails."""
    memory = _enter_build(context.place)
    if memory.site is None:
        memory.site = context.site
    return [_render_pages(memory, memory.site, task) for task in tasks]


def _render_pages(memory: _WorkerMemory, show_site: Site, task: PagesTask) -> PagesResult:
    memory.cache.start({})
    memory.out.start()
    try:
        for key, data in show_site.render_episode_pages(task.keys, task.item, task.newer, task.older):
            memory.out.write(key, data, Wave.PAGES)
    except PodcastKitError as error:
        for file in memory.out.files:
            memory.out.discard_file(memory.out.scratch / file.name)
        return PagesResult(RecordedWork({}, (), (), ()), error=error.text)
    return PagesResult(_end_recording(memory))
