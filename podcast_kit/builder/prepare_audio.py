"""The first step of an episode: what its files are made from, mastered and measured before anything is written.

Decides for the enclosure and its alternate whether the published file stays or a new one is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from podcast_kit import audio, images, writer_versions
from podcast_kit.builder import mastering, remote_audio
from podcast_kit.builder.cache import CacheKind, dataclass_kind
from podcast_kit.builder.mastering import MasteringRequest
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.work_trace import WorkTrace, trace_work
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidAudio, InvalidInput, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.atomic_write import unlink_inside, write_inside
from podcast_kit.io.decoder_process import are_decoders_limited
from podcast_kit.io.http_client import HttpClient
from podcast_kit.limits import MAX_UNTRUSTED_RECORDING_BYTES
from podcast_kit.model import (
    Audio,
    BucketFile,
    Chapter,
    Episode,
    FetchedFile,
    LocalFile,
    LockEntry,
    Media,
    Progress,
    Project,
    RemoteUrl,
    Resource,
)
from podcast_kit.model.audio_formats import UNUSABLE_AUDIO_SUFFIXES

PROBED_AUDIO = dataclass_kind("probe", Audio)


@dataclass(frozen=True, slots=True)
class EmbeddedChapters:
    """The chapters that a file has."""

    listed: tuple[Chapter, ...] = ()
    """By start, without their pictures."""
    are_broken: bool = False
    """One ends before it begins, or they are not in order."""
    complete: tuple[Chapter, ...] = ()
    """All with pictures and hidden ones, by start; empty if there are neither. Pictures are in CHAPTER_IMAGES_DIR."""


def _embedded_to_json(embedded: EmbeddedChapters) -> list[Any]:
    listed = [[chapter.start_ms, chapter.title, chapter.url] for chapter in embedded.listed]
    complete = [
        asdict(replace(chapter, image=None)) | {"image": str(chapter.image or "")} for chapter in embedded.complete
    ]
    return [listed, embedded.are_broken, complete]


def _embedded_from_json(values: list[Any]) -> EmbeddedChapters:
    listed, are_broken, complete = values
    return EmbeddedChapters(
        tuple(Chapter(start_ms=start_ms, title=title, url=url) for start_ms, title, url in listed),
        are_broken,
        tuple(Chapter(**row | {"image": LocalFile(row["image"]) if row["image"] else None}) for row in complete),
    )


EMBEDDED_CHAPTERS: CacheKind[EmbeddedChapters] = CacheKind(
    "complete_embedded_chapters", _embedded_to_json, _embedded_from_json
)
CHAPTER_IMAGES_DIR = Path(".podcast-kit", "chapter-images")
"""Pictures that recordings have in their chapters, by digest, to be written into an encoded file."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Audio that a tagged file can be written from: the author's file, or what mastering made of it."""

    path: Path
    sha256: str
    facts: Audio
    shift: float = 0.0
    """Seconds by which every moment comes later than in the author's file."""
    loudness: float | None = None
    """LUFS of the mastered file; None where nothing was mastered."""
    true_peak: float | None = None
    """dBTP, as above."""
    chapters: EmbeddedChapters = EmbeddedChapters()
    """Those in this file itself: encoding loses what the author's file had."""
    author_chapters: EmbeddedChapters = EmbeddedChapters()
    """Those in the author's file."""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file that listeners get: the published one, which is frozen, or one to be written from a recording."""

    frozen: Media | None = None
    recording: Recording | None = None
    """Beside a frozen file: what it can be restored from, where the build folder has lost it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAudio:
    """An episode's audio, decided and measured."""

    enclosure: AudioFile
    alternate: AudioFile | None = None
    entry: LockEntry | None = None
    """What podcast.lock has of the episode."""
    is_new: bool
    """A new enclosure is written: nothing that was published before is kept."""
    is_remote: bool = False
    source_sha256: str = ""
    source_address: str = ""
    """Of a recording in object storage."""
    seconds: float
    shift: float = 0.0
    loudness: float | None = None
    true_peak: float | None = None
    embedded_chapters: tuple[Chapter, ...] = ()
    """The chapters that a recorder or an editor put into the recording."""


@dataclass(frozen=True, slots=True)
class _EpisodePlan:
    """What has to be mastered for an episode, before anything is measured."""

    episode: Episode
    entry: LockEntry | None
    is_new: bool
    source: Path | None
    """The recording; None where it is remote or missing."""
    enclosure: MasteringRequest | None = None
    """Asked for when a new file is written, or when a frozen one has to be restored."""
    alternate: MasteringRequest | None = None

    @property
    def requests(self) -> Iterator[tuple[MasteringRequest, Path]]:
        for request in (self.enclosure, self.alternate):
            if request and self.source:
                yield request, self.source


def prepare_audio(
    project: Project,
    episodes: Collection[Episode],
    out: OutputDir,
    retag: Collection[str] = (),
    on_progress: Callable[[Progress], None] = lambda _: None,
    *,
    http: HttpClient | None = None,
    workers: Workers | None = None,
    traces: Mapping[str, WorkTrace] | None = None,
) -> dict[str, PreparedAudio | PodcastKitError]:
    """The audio of every episode by slug, or what is wrong with it; recordings are mastered several at once.

    What is done for an episode is added to its trace in `traces`.
    """
    traces = traces or {}
    prepared: dict[str, PreparedAudio | PodcastKitError] = {}
    plans: list[_EpisodePlan] = []
    for episode in episodes:
        try:
            with errors_at(episode), trace_work(out, traces.get(episode.slug)):
                plans.append(_plan_episode(project, episode, out, retag))
        except PodcastKitError as error:
            prepared[episode.slug] = error
    requests = [request for plan in plans for request in plan.requests]
    errors = mastering.master_recordings(project, requests, out.cache, on_progress, workers)
    for plan in plans:
        try:
            with errors_at(plan.episode), trace_work(out, traces.get(plan.episode.slug)):
                prepared[plan.episode.slug] = _prepare_episode(project, plan, out, retag, errors, http)
        except PodcastKitError as error:
            prepared[plan.episode.slug] = error
    return prepared


def prepare_episode_audio(
    project: Project,
    episode: Episode,
    out: OutputDir,
    retag: Collection[str],
    errors: Mapping[str, PodcastKitError],
    http: HttpClient | None = None,
) -> PreparedAudio:
    """The audio of one episode, whose recordings were mastered before, with these errors. Raises PodcastKitError."""
    with errors_at(episode):
        plan = _plan_episode(project, episode, out, retag)
        return _prepare_episode(project, plan, out, retag, errors, http)


def master_audio(
    project: Project,
    episodes: Collection[Episode],
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    workers: Workers,
) -> dict[str, PodcastKitError]:
    """Master what these episodes need and the cache has not; the errors by the name of the request.

    What is wrong with an episode before that is raised again where it is prepared.
    """
    requests: list[tuple[MasteringRequest, Path]] = []
    for episode in episodes:
        with suppress(PodcastKitError, OSError):
            requests += _plan_episode(project, episode, out, retag).requests
    return mastering.master_recordings(project, requests, out.cache, on_progress, workers)


def find_missing_audio(project: Project, episode: Episode) -> Problem | None:
    """The problem of an episode that was never published and has no recording here; None for every other episode."""
    is_remote = isinstance(episode.audio, (RemoteUrl, BucketFile))
    is_local = isinstance(episode.audio, LocalFile) and episode.audio.resolve_in(project.folder).is_file()
    if is_remote or is_local or project.lock_entry(episode.guid):
        return None
    return _missing_audio(project.folder, episode, is_published=False)


@contextmanager
def errors_at(episode: Episode) -> Iterator[None]:
    """Report what is wrong with a recording, or with the disk that it is on, at the recording's own path."""
    location = SourceLocation(str(episode.audio))
    try:
        yield
    except InvalidAudio as error:
        if isinstance(episode.audio, FetchedFile):
            text = f"{episode.audio}: {error.problem.text}"
            raise InvalidInput([replace(error.problem, location=episode.location_of("audio"), text=text)]) from error
        raise InvalidInput([replace(error.problem, location=location)]) from error
    except OSError as error:
        name = str(error.filename or "")
        if not isinstance(episode.audio, LocalFile) or not name.endswith(f"/{episode.audio.path}"):
            raise  # the build folder's disk
        text = f"cannot be read: {error.strerror or error}"
        raise InvalidInput([Problem(location, text, "check its permissions and the disk", "au.unreadable")]) from error


def assert_unmodified(source: Path, sha256: str, out: OutputDir) -> None:
    """Raise InvalidAudio where a recording is no longer what it was: an editor may still be saving it."""
    if out.cache.sha256(source) != sha256:
        fix = "wait until it is saved completely, then rerun"
        raise InvalidAudio(str(source), "changed while it was read", fix, "au.unreadable")


def _plan_episode(project: Project, episode: Episode, out: OutputDir, retag: Collection[str]) -> _EpisodePlan:
    entry = project.lock_entry(episode.guid)
    is_retagged = episode.slug in retag
    path = episode.audio.resolve_in(project.folder) if isinstance(episode.audio, LocalFile) else None
    source = path if path and (path.is_file() or out.cache.knows_digest(path)) else None
    if source is None:
        return _EpisodePlan(episode, entry, is_new=entry is None or is_retagged, source=None)
    _refuse_oversized(source)
    request = mastering.enclosure_request(project, episode, source, out.cache)
    if entry is None or is_retagged or out.cache.sha256(source) != entry.source_sha256:
        alternate = None
        with suppress(PodcastKitError):  # reported when the enclosure itself is prepared
            name = mastering.output_name(project, request, source, out.cache)
            alternate = mastering.alternate_request(project, episode, name)
        return _EpisodePlan(episode, entry, is_new=True, source=source, enclosure=request, alternate=alternate)
    is_restored = request.is_possible and not out.has(entry.media.key, entry.media.sha256)
    alternate = _frozen_alternate_request(project, episode, entry)
    if alternate and entry.alternate and alternate.has_format_of(entry.alternate):
        has_alternate = out.has(entry.alternate.key, entry.alternate.sha256)
        alternate = alternate if alternate.is_possible and not has_alternate else None
    enclosure = request if is_restored else None
    return _EpisodePlan(episode, entry, is_new=False, source=source, enclosure=enclosure, alternate=alternate)


def _refuse_oversized(source: Path) -> None:
    """Raise InvalidAudio for a recording of a stranger that takes minutes to read; a sparse one costs no disk."""
    if are_decoders_limited() and source.stat().st_size > MAX_UNTRUSTED_RECORDING_BYTES:
        text = f"is larger than {MAX_UNTRUSTED_RECORDING_BYTES // 10**9} GB, so it is not read"
        raise InvalidAudio(str(source), text, "check the show with --trusted if you trust it", "au.large")


def _frozen_alternate_request(project: Project, episode: Episode, entry: LockEntry) -> MasteringRequest | None:
    is_mastered = entry.loudness is not None
    return mastering.alternate_request(project, episode, entry.media.key, is_mastered=is_mastered)


def _prepare_episode(
    project: Project,
    plan: _EpisodePlan,
    out: OutputDir,
    retag: Collection[str],
    errors: Mapping[str, PodcastKitError],
    http: HttpClient | None,
) -> PreparedAudio:
    episode, entry = plan.episode, plan.entry
    if isinstance(episode.audio, RemoteUrl):
        url = episode.audio.url
        is_frozen = entry is not None and entry.media.key == url and episode.slug not in retag
        media = (
            entry.media
            if entry and is_frozen
            else remote_audio.measure_remote_audio(episode, url, out.cache, http or HttpClient())
        )
        return PreparedAudio(
            enclosure=AudioFile(media), entry=entry, is_new=plan.is_new, is_remote=True, seconds=media.seconds
        )
    if entry and not plan.is_new:
        return _prepare_frozen(project, plan, entry, out, errors)
    return _prepare_new(project, plan, out, errors)


def _prepare_frozen(
    project: Project, plan: _EpisodePlan, entry: LockEntry, out: OutputDir, errors: Mapping[str, PodcastKitError]
) -> PreparedAudio:
    recording = _recording(project, plan.enclosure, plan.source, out, errors)
    alternate = _recording(project, plan.alternate, plan.source, out, errors)
    request = _frozen_alternate_request(project, plan.episode, entry)
    keeps_alternate = request and entry.alternate and (plan.source is None or request.has_format_of(entry.alternate))
    frozen = entry.alternate if keeps_alternate else None
    return PreparedAudio(
        enclosure=AudioFile(entry.media, recording),
        alternate=AudioFile(frozen, alternate) if frozen or alternate else None,
        entry=entry,
        is_new=False,
        source_sha256=entry.source_sha256,
        source_address=_source_address(plan.episode),
        seconds=entry.media.seconds,
        shift=entry.shift,
        loudness=entry.loudness,
        true_peak=entry.true_peak,
        embedded_chapters=entry.chapters,
    )


def _source_address(episode: Episode) -> str:
    return episode.audio.address if isinstance(episode.audio, FetchedFile) else ""


def _prepare_new(
    project: Project, plan: _EpisodePlan, out: OutputDir, errors: Mapping[str, PodcastKitError]
) -> PreparedAudio:
    recording = _recording(project, plan.enclosure, plan.source, out, errors)
    if plan.source is None or recording is None:
        raise InvalidInput([_missing_audio(project.folder, plan.episode, is_published=plan.entry is not None)])
    alternate = _recording(project, plan.alternate, plan.source, out, errors)
    sha256 = out.cache.sha256(plan.source)
    return PreparedAudio(
        enclosure=AudioFile(recording=recording),
        alternate=AudioFile(recording=alternate) if alternate else None,
        entry=plan.entry,
        is_new=True,
        source_sha256=sha256,
        source_address=_source_address(plan.episode),
        seconds=recording.facts.length,
        shift=recording.shift,
        loudness=recording.loudness,
        true_peak=recording.true_peak,
        embedded_chapters=recording.author_chapters.listed,
    )


def _recording(
    project: Project,
    request: MasteringRequest | None,
    source: Path | None,
    out: OutputDir,
    errors: Mapping[str, PodcastKitError],
) -> Recording | None:
    """What the requested file is written from, mastered if that was asked for, and measured."""
    if request is None or source is None:
        return None
    if not request.settings.is_active:
        sha256 = out.cache.sha256(source)
        facts = _probe_recording(source, sha256, out)
        chapters = _embedded_chapters(project, source, sha256, out)
        return Recording(source, sha256, facts, chapters=chapters, author_chapters=chapters)
    file = mastering.mastered_file(project, request, source, out.cache, errors)
    path = project.output_folder / mastering.MASTERED_DIR / file.name
    facts = _probe_recording(path, file.sha256, out)
    chapters = _embedded_chapters(project, path, file.sha256, out)
    author_chapters = _embedded_chapters(project, source, out.cache.sha256(source), out)
    return Recording(path, file.sha256, facts, file.shift, file.loudness, file.true_peak, chapters, author_chapters)


def _missing_audio(folder: Path, episode: Episode, *, is_published: bool) -> Problem:
    if not episode.audio:
        if problem := _unsupported_audio(folder, episode):
            return problem
        names = f"{episode.slug}.mp3 or .m4a"
        return Problem(episode.location_of(), "has no audio", f"put {names} beside it, or set `audio:`", "au.missing")
    reason = "rewriting tags needs the recording" if is_published else "an unpublished episode needs its recording"
    fix = f"{reason}: run this where the file is, or correct the path"
    return Problem(episode.location_of("audio"), f"audio file {str(episode.audio)!r} not found", fix, "au.missing")


def _unsupported_audio(folder: Path, episode: Episode) -> Problem | None:
    """The problem of a file beside the notes that is meant as their recording, and that no build can use."""
    notes = folder / episode.path
    for suffix, what in UNUSABLE_AUDIO_SUFFIXES.items():
        path = notes.with_suffix(suffix)
        if path.is_file():
            text = f"has no audio that can be published: {path.name} is {what}"
            return Problem(episode.location_of(), text, "export it as MP3, M4A or WAV", "au.missing")
    return None


def _probe_recording(source: Path, sha256: str, out: OutputDir) -> Audio:
    """What the recording is, measured once for each content."""
    key = f"{writer_versions.TAG_WRITER} {source.suffix.lower()} {sha256}"
    cached = out.cache.get(PROBED_AUDIO, key)
    if cached:
        return cached
    facts = audio.probe_audio(source)
    assert_unmodified(source, sha256, out)
    out.cache.set(PROBED_AUDIO, key, facts)
    return facts


def _embedded_chapters(project: Project, source: Path, sha256: str, out: OutputDir) -> EmbeddedChapters:
    """The chapters that the file itself has."""
    key = f"{writer_versions.TAG_WRITER} {sha256}"
    cached = out.cache.get(EMBEDDED_CHAPTERS, key)
    if cached is not None and all(
        chapter.image.resolve_in(project.folder).is_file()
        for chapter in cached.complete
        if isinstance(chapter.image, LocalFile)
    ):
        return cached
    tags = audio.read_tags(source)
    listed = (chapter for chapter in tags.chapters if chapter.toc)
    if tags.pictures:
        out.require_cache_folder()
    pictures = _extract_chapter_images(project, tags)
    has_more = pictures or not all(chapter.toc for chapter in tags.chapters)
    complete = (replace(chapter, image=pictures.get(chapter.image)) for chapter in tags.chapters) if has_more else ()
    embedded = EmbeddedChapters(
        tuple(Chapter(start_ms=mark.start_ms, title=mark.title, url=mark.url) for mark in listed),
        tags.has_broken_chapters,
        tuple(complete),
    )
    out.cache.set(EMBEDDED_CHAPTERS, key, embedded)
    return embedded


def _extract_chapter_images(project: Project, tags: audio.EmbeddedTags) -> dict[Resource | None, LocalFile]:
    """The file of each picture in the chapters of a recording; one that cannot be decoded is left out."""
    files: dict[Resource | None, LocalFile] = {}
    for name, picture in tags.pictures:
        suffix = ".png" if picture.mime == "image/png" else ".jpg"
        file_name = str(CHAPTER_IMAGES_DIR / f"{hashlib.sha256(picture.data).hexdigest()[:32]}{suffix}")
        path = project.output_folder / file_name
        try:
            if not path.is_file():
                write_inside(project.output_folder, file_name, picture.data)
            images.probe_image(path)
        except PodcastKitError:
            unlink_inside(project.output_folder, file_name)
        else:
            files[name] = LocalFile((path if project.work_folder else Path(file_name)).as_posix())
    return files
