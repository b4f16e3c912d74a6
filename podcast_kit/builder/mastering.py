"""Recordings mastered before they are tagged: what was asked for and is not in the cache, several at once.

The results are kept in `.podcast-kit/mastered/` under the digest of what they depend on, so that a second build
touches no audio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.audio import codecs
from podcast_kit.builder.cache import Cache, dataclass_kind, text_kind
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidAudio, InvalidInput, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import AudioSettings, Episode, Media, Progress, Project

if TYPE_CHECKING:
    from podcast_kit.audio.mastering.job import MasteringJob, MasteringResult

MASTERED_FOLDER = "mastered"
MASTERED_DIR = Path(".podcast-kit", MASTERED_FOLDER)
MAX_UNUSED_MASTERS = 10
"""Mastered files that are kept although no episode uses them now."""
MASTERED_STAGE = "mastered"
"""The stage of a progress event that says what was done to a recording; people want to read it."""


@dataclass(frozen=True, slots=True)
class MasteredFile:
    """What mastering made of a recording, as the cache keeps it."""

    name: str
    """In MASTERED_DIR."""
    sha256: str
    shift: float = 0.0
    """Seconds by which every moment comes later than in the author's recording."""
    loudness: float | None = None
    """LUFS, measured."""
    true_peak: float | None = None
    """dBTP, measured."""
    done: tuple[str, ...] = ()
    """What was done, in words."""


MASTERED = dataclass_kind("mastered", MasteredFile)
MASTERED_SUFFIXES = text_kind("suffix")
CHOSEN_FORMATS = text_kind("format")
LOSSY_SUFFIXES = {".mp3", ".opus"}


@dataclass(frozen=True, slots=True)
class MasteringRequest:
    """A file to be made from an episode's recording."""

    episode: Episode
    settings: AudioSettings
    name: str
    """What progress and errors call it."""

    @property
    def is_possible(self) -> bool:
        """Whether it can be made here: without the extra `master` nothing is mastered."""
        return not self.settings.is_active or not codecs.missing_codecs()

    def has_format_of(self, media: Media) -> bool:
        """Whether a file is of the format that is requested."""
        return guess_content_type(media.key) == guess_content_type(f".{self.settings.format}")


def enclosure_request(project: Project, episode: Episode, source: Path, cache: Cache) -> MasteringRequest:
    """The request for the episode's main file.

    The show's `format:` is for recordings that have to be encoded: an MP3 or M4A is converted only where its episode
    sets a format.
    """
    settings = episode.mastering or project.show.audio
    if settings.format and not _sets_audio_key(episode, "format"):
        chosen = _choose_format(source, settings.format, cache)
        settings = settings if chosen == settings.format else replace(settings, format=chosen, bitrate="")
    return MasteringRequest(episode, replace(settings, alternate=""), episode.slug)


def _sets_audio_key(episode: Episode, key: str) -> bool:
    """Whether the episode's own `audio:` has the key."""
    return f"audio.{key}" in episode.locations


def _choose_format(source: Path, format_: str, cache: Cache) -> str:
    """The format that the show's `format:` gives a recording, by its codec; empty if it is published as it is."""
    suffix = source.suffix.lower()
    if suffix in LOSSY_SUFFIXES:
        return ""
    from podcast_kit.audio import master

    if codecs.missing_codecs():  # nothing is mastered: only what has to be needs them
        return format_ if master.must_be_converted(source) else ""
    key = f"{format_} {cache.sha256(source)}"
    chosen = cache.get(CHOSEN_FORMATS, key)
    if chosen is None:
        try:
            chosen = master.choose_format(source, format_)
        except PodcastKitError:
            chosen = format_  # reported where it is mastered
        cache.set(CHOSEN_FORMATS, key, chosen)
    return chosen


def alternate_request(
    project: Project, episode: Episode, enclosure_name: str, *, is_mastered: bool = True
) -> MasteringRequest | None:
    """The request for the second file in another format; None if none is asked for or the enclosure has that format.

    An MP3 is re-encoded for it, since asking for an alternate allows that; the enclosure itself is not. Where the
    enclosure was published without being mastered, nothing is joined or trimmed either, so that chapters, transcript
    and soundbites fit both files.
    """
    settings = episode.mastering or project.show.audio
    format_ = settings.alternate
    if not format_ or guess_content_type(f".{format_}") == guess_content_type(enclosure_name):
        return None
    settings = replace(settings, format=format_, bitrate="", reencode=True, alternate="")
    if not is_mastered:
        settings = replace(settings, intro="", outro="", trim=False)
    return MasteringRequest(episode, settings, f"{episode.slug}.{format_}")


def output_name(project: Project, request: MasteringRequest, source: Path, cache: Cache) -> str:
    """What the request's file will be called; raises PodcastKitError where that cannot be known."""
    if not request.settings.is_active:
        return source.name
    return _mastering_job(project, request, source, cache)[0].destination.name


def master_recordings(
    project: Project,
    requests: Iterable[tuple[MasteringRequest, Path]],
    cache: Cache,
    on_progress: Callable[[Progress], None],
    workers: Workers | None = None,
) -> dict[str, PodcastKitError]:
    """Master every request (with its recording) that is not in the cache, several at once.

    Returns the errors by the request's name: one failure stops none of the others.
    """
    errors: dict[str, PodcastKitError] = {}
    jobs: dict[str, MasteringJob] = {}
    for request, source in requests:
        if not request.settings.is_active:
            continue
        try:
            job, key = _mastering_job(project, request, source, cache)
        except PodcastKitError as error:
            errors[request.name] = error
            continue
        if _stored_mastered_file(project, key, cache) is None:
            jobs[key] = job
    if not jobs:
        return errors
    from podcast_kit.audio.mastering.batch import master_all

    keys = {job.name: key for key, job in jobs.items()}
    outcomes = master_all(
        list(jobs.values()),
        executor=workers.executor if workers and not workers.shares_disk else None,
        on_progress=on_progress,
        count=workers.count if workers else 0,
        shares_disk=workers is None or workers.shares_disk,
    )
    for outcome in outcomes:
        if outcome.mastered:
            _keep_mastered(keys[outcome.job.name], outcome.mastered, cache)
            on_progress(Progress(stage=MASTERED_STAGE, subject=f"{outcome.job.name}: {outcome.mastered}"))
        elif outcome.error:
            errors[outcome.job.name] = outcome.error
    return errors


def mastered_file(
    project: Project,
    request: MasteringRequest,
    source: Path,
    cache: Cache,
    errors: Mapping[str, PodcastKitError],
) -> MasteredFile:
    """The mastered recording; raises what went wrong in `master_recordings`, at the episode that it stopped."""
    if error := errors.get(request.name):
        raise _located(error, request.episode)
    try:
        job, key = _mastering_job(project, request, source, cache)
        cached = _stored_mastered_file(project, key, cache)
        if cached:
            return cached
        cache.require_work()
        return _master_job(job, key, cache)
    except PodcastKitError as error:
        raise _located(error, request.episode) from error


def sweep_mastered(project: Project, cache: Cache) -> None:
    """Remove what was mastered for recordings or settings that no longer exist, except the newest few.

    A setting that is tried out and taken back must not cost the time for mastering again.
    """
    if not (project.output_folder / MASTERED_DIR).is_dir():
        return
    files = (cache.get(MASTERED, key) for key in cache.keys_used(MASTERED))
    names = {file.name for file in files if file}
    folder = cache.subfolder(MASTERED_FOLDER)
    unused = {entry.name: folder.status(entry.name) for entry in folder.entries() if entry.name not in names}
    times = [(status.st_mtime_ns, name) for name, status in unused.items() if status]
    for _, name in sorted(times, reverse=True)[MAX_UNUSED_MASTERS:]:
        folder.unlink(name)


def _mastering_job(project: Project, request: MasteringRequest, source: Path, cache: Cache) -> tuple[MasteringJob, str]:
    """What is to be done, and the digest of everything that it depends on."""
    from podcast_kit.audio import master
    from podcast_kit.audio.mastering.job import MasteringJob

    settings = request.settings
    intro = _joined_file(project, request.episode, "intro", settings.intro)
    outro = _joined_file(project, request.episode, "outro", settings.outro)
    digests = [f"{name} {cache.sha256(path)}" for name, path in (("intro", intro), ("outro", outro)) if path]
    key = master.mastering_key(cache.sha256(source), settings, *digests)
    suffix = cache.get(MASTERED_SUFFIXES, key) or master.mastered_suffix(source, settings)
    cache.set(MASTERED_SUFFIXES, key, suffix)
    destination = project.output_folder / MASTERED_DIR / f"{key[:32]}{suffix}"
    job = MasteringJob(
        source=source,
        destination=destination,
        settings=settings,
        folder=cache.subfolder(MASTERED_FOLDER),
        intro=intro,
        outro=outro,
        name=request.name,
    )
    return job, key


def _joined_file(project: Project, episode: Episode, name: str, path: str) -> Path | None:
    """The intro or outro; raises InvalidInput if the file does not exist."""
    if not path:
        return None
    if not (project.folder / path).is_file():
        key = f"audio.{name}"
        location = episode.locations.get(key) or project.show.locations.get(key) or episode.location_of()
        raise InvalidInput([Problem(location, f"{name} file {path!r} not found", "correct the path", f"au.{name}")])
    return project.folder / path


def _master_job(job: MasteringJob, key: str, cache: Cache) -> MasteredFile:
    from podcast_kit.audio.mastering.batch import run_job

    return _keep_mastered(key, run_job(job), cache)


def _stored_mastered_file(project: Project, key: str, cache: Cache) -> MasteredFile | None:
    file = cache.get(MASTERED, key)
    if file is None:
        return None
    path = project.output_folder / MASTERED_DIR / file.name
    return file if path.is_file() and cache.sha256(path) == file.sha256 else None


def _keep_mastered(key: str, mastered: MasteringResult, cache: Cache) -> MasteredFile:
    file = MasteredFile(
        name=mastered.path.name,
        sha256=mastered.sha256,
        shift=round(mastered.shift, 6),
        loudness=_round_level(mastered.after.integrated),
        true_peak=_round_level(mastered.after.true_peak),
        done=tuple(mastered.done),
    )
    cache.set_digest(mastered.path, mastered.sha256)
    cache.set(MASTERED, key, file)
    cache.commit()
    return file


def _round_level(level: float | None) -> float | None:
    return None if level is None else round(level, 1)


def _located(error: PodcastKitError, episode: Episode) -> PodcastKitError:
    """The same error, at the episode that it stopped."""
    if isinstance(error, InvalidAudio):
        return InvalidInput(
            [Problem(SourceLocation(str(episode.audio)), error.problem.text, error.fix, error.problem.code)]
        )
    if error.problems or codecs.missing_codecs():
        return error
    return InvalidInput([Problem(episode.location_of("audio"), error.text, error.fix, "au.mastering")])
