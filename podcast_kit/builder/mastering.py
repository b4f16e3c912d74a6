"""Recordings mastered before they are tagged: what is wanted and not yet there, several at once.

The results lie in `.podcast-kit/mastered/` under what they depend on, so that a second build touches no audio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podcast_kit import audio
from podcast_kit.audio import codecs, master
from podcast_kit.audio.mastering.job import Job, Mastered
from podcast_kit.builder import remote_audio
from podcast_kit.builder.output_dir import Tree
from podcast_kit.errors import InvalidAudio, InvalidInput, SourceLocation, PodcastKitError, Problem
from podcast_kit.io.mime import content_type
from podcast_kit.model import AudioSettings, Episode, Media, Project, Progress

FOLDER = "mastered"
DONE = "mastered"
"""The stage of a step that says what was done to a recording: people want to read it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A recording as it is to be tagged."""

    path: Path
    sha256: str
    shift: float = 0.0
    """Seconds that its moments come later than in what the author gave."""
    loudness: float | None = None
    """LUFS of the mastered file; None where nothing was mastered."""
    true_peak: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A file that is to be made of an episode's recording."""

    episode: Episode
    settings: AudioSettings
    name: str
    """What it is called when something is said of it."""

    @property
    def possible(self) -> bool:
        """Whether `ready` could do it here: without the extra nothing is mastered."""
        return not self.settings.is_active or not codecs.missing()

    def gives(self, media: Media) -> bool:
        """Whether a file is of the format that is ordered."""
        return content_type(media.key) == content_type(f".{self.settings.format}")


def enclosure(project: Project, episode: Episode) -> Order:
    """The episode's main file."""
    settings = episode.mastering or project.show.audio
    return Order(episode, replace(settings, alternate=""), episode.slug)


def alternate(project: Project, episode: Episode, enclosure: str, *, mastered: bool = True) -> Order | None:
    """The second file in another format; None where none is asked for, or where `enclosure` is one already.

    A recording that is MP3 is encoded a second time for it, which asking for it allows; the enclosure is not.
    Where the enclosure is out and was never `mastered`, nothing is joined or trimmed either: chapters, transcript and
    soundbites hold for both files.
    """
    settings = episode.mastering or project.show.audio
    wanted = settings.alternate
    if not wanted or remote_audio.is_address(episode.audio) or content_type(f".{wanted}") == content_type(enclosure):
        return None
    settings = replace(settings, format=wanted, bitrate="", reencode=True, alternate="")
    if not mastered:
        settings = replace(settings, intro="", outro="", trim=False)
    return Order(episode, settings, f"{episode.slug}.{wanted}")


def becomes(project: Project, order: Order, tree: Tree) -> str:
    """What the order's file will be called; raises where that cannot be told."""
    source = project.folder / order.episode.audio
    return _job(project, order, source, tree)[0].destination.name if order.settings.is_active else source.name


def prepare(project: Project, orders: Iterable[Order], tree: Tree, on: Callable[[Progress], None]) -> None:
    """Master, several at once, all that ask for it and are not mastered yet.

    What goes wrong with one is kept, and raised when its turn comes: every other is made all the same.
    """
    jobs: dict[str, Job] = {}
    for order in orders:
        source = project.folder / order.episode.audio
        if not order.settings.is_active or remote_audio.is_address(order.episode.audio) or not source.is_file():
            continue
        try:
            job, key = _job(project, order, source, tree)
        except PodcastKitError as error:
            tree.unmastered[order.name] = error
            continue
        if _known(project, key, tree) is None:
            jobs[key] = job
    keys = {job.name: key for key, job in jobs.items()}
    if not jobs:
        return
    from podcast_kit.audio.mastering.batch import master_all

    for outcome in master_all(list(jobs.values()), on=on):
        if outcome.mastered:
            _keep(keys[outcome.job.name], outcome.mastered, tree)
            on(Progress(stage=DONE, subject=f"{outcome.job.name}: {outcome.mastered}"))
        elif outcome.error:
            tree.unmastered[outcome.job.name] = outcome.error


def ready(project: Project, order: Order, source: Path, sha256: str, tree: Tree) -> Ready:
    """The recording mastered, or as it is where nothing was asked for; `sha256` is the source's.

    Raises what went wrong in `prepare`.
    """
    if not order.settings.is_active:
        return Ready(source, sha256)
    if error := tree.unmastered.get(order.name):
        raise _placed(error, order.episode)
    try:
        job, key = _job(project, order, source, tree)
        known = _known(project, key, tree)
        if known is None:
            known = _keep(key, audio.master.master(job.source, job.destination, job.settings), tree)
    except PodcastKitError as error:
        raise _placed(error, order.episode) from error
    return Ready(
        _folder(project) / known["name"], known["sha256"], known["shift"], known["loudness"], known["true_peak"]
    )


def _job(project: Project, order: Order, source: Path, tree: Tree) -> tuple[Job, str]:
    """What is to be done, and the key of what it depends on."""
    wanted = order.settings
    parts = {
        name: _part(project, order.episode, name, path)
        for name, path in (("intro", wanted.intro), ("outro", wanted.outro))
    }
    digests = [f"{name} {tree.memory.sha256(path)}" for name, path in parts.items() if path]
    key = master.key(tree.memory.sha256(source), wanted, *digests)
    known = tree.memory.recall("suffix", key)
    suffix = known or master.suffix(source, wanted)
    tree.memory.keep("suffix", key, suffix)
    return (
        Job(
            source=source,
            destination=_folder(project) / f"{key[:32]}{suffix}",
            settings=wanted,
            intro=parts["intro"],
            outro=parts["outro"],
            name=order.name,
        ),
        key,
    )


def _part(project: Project, episode: Episode, name: str, path: str) -> Path | None:
    if not path:
        return None
    if not (project.folder / path).is_file():
        where = episode.locations.get(f"audio.{name}") or project.show.locations.get(f"audio.{name}") or episode.location_of()
        raise InvalidInput([Problem(where, f"{name} {path!r} is not there", "mend the path", f"au.{name}")])
    return project.folder / path


def _folder(project: Project) -> Path:
    return project.folder / ".podcast-kit" / FOLDER


def _known(project: Project, key: str, tree: Tree) -> dict[str, Any] | None:
    known: dict[str, Any] | None = tree.memory.recall("mastered", key)
    if known is None:
        return None
    path = _folder(project) / known["name"]
    return known if path.is_file() and tree.memory.sha256(path) == known["sha256"] else None


def _keep(key: str, made: Mastered, tree: Tree) -> dict[str, Any]:
    facts = {
        "name": made.path.name,
        "sha256": made.sha256,
        "shift": round(made.shift, 6),
        "loudness": _rounded(made.after.integrated),
        "true_peak": _rounded(made.after.true_peak),
        "done": list(made.done),
    }
    tree.memory.made(made.path, made.sha256)
    tree.memory.keep("mastered", key, facts)
    tree.memory.commit()
    return facts


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _placed(error: PodcastKitError, episode: Episode) -> PodcastKitError:
    """The same error, at the episode that it stopped."""
    if isinstance(error, InvalidAudio):
        return InvalidInput([Problem(SourceLocation(episode.audio), error.problem.text, error.fix, error.problem.code)])
    if error.problems or codecs.missing():
        return error
    return InvalidInput([Problem(episode.location_of("audio"), error.text, error.fix, "au.mastering")])


def sweep(project: Project, tree: Tree) -> None:
    """Remove what was mastered for recordings or settings that are no more."""
    used = [key for kind, key in tree.memory.used if kind == "mastered"]
    kept = {known["name"] for key in used if (known := tree.memory.recall("mastered", key))}
    for path in _folder(project).iterdir() if _folder(project).is_dir() else ():
        if path.name not in kept:
            path.unlink(missing_ok=True)
