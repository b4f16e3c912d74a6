"""From the recordings beside the notes to what listeners download, and files published as they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from podcast_kit import audio, images
from podcast_kit.builder import mastering, remote_audio
from podcast_kit.builder.output_dir import Tree, media_key
from podcast_kit.errors import InvalidAudio, InvalidInput, SourceLocation, PodcastKitError, Problem
from podcast_kit.model import Audio, Chapter, Cover, Episode, Media, Project, LockEntry, Progress, Tags, Wave

COVER_SIDE = 1400
"""Pixels a side of the picture inside the audio: enough for a car, small beside the audio."""


def recording(
    project: Project,
    episode: Episode,
    tags: Callable[[Audio, float], Tags],
    cover: Path | None,
    tree: Tree,
    *,
    retag: Collection[str] = (),
) -> LockEntry:
    """The episode's enclosure: the frozen one once it is published, else a tagged copy of the recording.

    `tags` says what the copy gets once the recording has been probed, and by how many seconds mastering moved its
    moments; the cover is added when one is written.
    Raises InvalidInput or InvalidAudio when there is nothing to publish.
    """
    entry = project.lock_entry(episode.guid)
    if remote_audio.is_address(episode.audio):
        known = entry.media if entry and entry.media.key == episode.audio and episode.slug not in retag else None
        return _entry(episode, "", known or remote_audio.measured(episode, tree))
    source = project.folder / episode.audio
    if entry and not renewed(project, episode, tree, retag):
        restored(project, mastering.enclosure(project, episode), entry.source_sha256, entry.media, tags, cover, tree)
        return replace(entry, slug=episode.slug)
    if not episode.audio or not source.is_file():
        raise InvalidInput([_absent(episode, retagged=entry is not None)])
    sha256 = tree.memory.sha256(source)
    with told(episode):
        ready = mastering.ready(project, mastering.enclosure(project, episode), source, sha256, tree)
        media = tagged(ready, episode.slug, tags, cover, tree)
        carried = _carried(source, sha256, tree)
    tree.add(media.key, media.bytes, media.sha256, Wave.MEDIA, media.mime)
    made = _entry(episode, sha256, media, carried)
    return replace(made, shift=ready.shift, loudness=ready.loudness, true_peak=ready.true_peak)


@contextmanager
def told(episode: Episode) -> Iterator[None]:
    """What is wrong with a recording is said at its own place."""
    try:
        yield
    except InvalidAudio as error:
        raise InvalidInput([replace(error.problem, location=SourceLocation(episode.audio))]) from error


def prepare(
    project: Project,
    episodes: Collection[Episode],
    tree: Tree,
    retag: Collection[str] = (),
    on: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Master, several at once, what these episodes will ask of `recording` and of `alternates`."""
    mastering.prepare(project, list(_orders(project, episodes, tree, retag)), tree, on)


def _orders(
    project: Project, episodes: Iterable[Episode], tree: Tree, retag: Collection[str]
) -> Iterator[mastering.Order]:
    for episode in episodes:
        entry, order = project.lock_entry(episode.guid), mastering.enclosure(project, episode)
        if renewed(project, episode, tree, retag):
            yield order
            with suppress(PodcastKitError):  # it is said when the enclosure itself is made
                name = mastering.becomes(project, order, tree)
                yield from filter(None, [mastering.alternate(project, episode, name)])
            continue
        if entry is None:
            continue
        second = mastering.alternate(project, episode, entry.media.key, mastered=entry.loudness is not None)
        if second and not (entry.alternate and second.gives(entry.alternate)):
            yield second


def renewed(project: Project, episode: Episode, tree: Tree, retag: Collection[str]) -> bool:
    """Whether the enclosure is made anew though it may be out: when that is said, or the recording is another."""
    entry = project.lock_entry(episode.guid)
    if entry is None or episode.slug in retag:
        return True
    source = project.folder / episode.audio
    return bool(episode.audio) and source.is_file() and tree.memory.sha256(source) != entry.source_sha256


def _entry(episode: Episode, source: str, media: Media, chapters: tuple[Chapter, ...] = ()) -> LockEntry:
    assert episode.date is not None  # noqa: S101  # only a draft has none, and drafts are not built
    return LockEntry(
        slug=episode.slug,
        guid=episode.guid,
        date=episode.date,
        source_sha256=source,
        media=media,
        chapters=chapters,
    )


def _absent(episode: Episode, *, retagged: bool) -> Problem:
    if not episode.audio:
        names = f"{episode.slug}.mp3 or .m4a"
        return Problem(episode.location_of(), "has no audio", f"put {names} beside it, or say `audio:`", "au.missing")
    why = "new tags need the recording" if retagged else "it is not published yet, so the recording is needed"
    hint = f"{why}: publish where the file is, or mend the path"
    return Problem(episode.location_of("audio"), f"audio {episode.audio!r} is not there", hint, "au.missing")


def restored(
    project: Project,
    order: mastering.Order,
    source_sha256: str,
    media: Media,
    tags: Callable[[Audio, float], Tags],
    cover: Path | None,
    tree: Tree,
) -> None:
    """List what is frozen; where the build folder was cleared, make it again if the recording still gives it."""
    source = project.folder / order.episode.audio
    here = tree.holds(media.key, media.sha256)
    if not here and order.episode.audio and source.is_file() and order.possible:
        # The same recording under the same tags gives the published bytes again.
        ready = mastering.ready(project, order, source, source_sha256, tree)
        wanted = tags(probe(ready.path, ready.sha256, tree), ready.shift)
        made, beside = written(ready.path, media.key, wanted, cover, tree)
        here = made == (media.sha256, media.bytes)
        if here:
            tree.adopt(beside, media.key, media.sha256)
        else:
            beside.unlink()
    tree.add(media.key, media.bytes, media.sha256, Wave.MEDIA, media.mime, here=here)


def tagged(
    ready: mastering.Ready, slug: str, tags: Callable[[Audio, float], Tags], cover: Path | None, tree: Tree
) -> Media:
    """A tagged copy under its own digest, called by the slug; made once for each recording and tags."""
    source, sha256 = ready.path, ready.sha256
    facts = probe(source, sha256, tree)
    wanted = tags(facts, ready.shift)
    name = f"{slug}{source.suffix.lower()}"
    face = tree.memory.sha256(cover) if cover else ""
    recipe = json.dumps([sha256, audio.digest(wanted), face, COVER_SIDE, name])
    recipe = hashlib.sha256(recipe.encode()).hexdigest()
    known = tree.memory.recall("tagged", recipe)
    if known and tree.holds(known["key"], known["sha256"]):
        return Media(**known)
    (digest, size), beside = written(source, f"media/{sha256[:16]}.tagging/{name}", wanted, cover, tree)
    try:
        unchanged(source, sha256, tree)
    except InvalidAudio:
        beside.unlink()
        raise
    key = media_key(digest, name)
    tree.adopt(beside, key, digest)
    beside.parent.rmdir()
    media = Media(key=key, sha256=digest, bytes=size, mime=facts.mime, seconds=facts.length)
    tree.memory.keep("tagged", recipe, asdict(media))
    tree.memory.commit()
    return media


def written(source: Path, key: str, tags: Tags, cover: Path | None, tree: Tree) -> tuple[tuple[str, int], Path]:
    """A tagged copy beside the place of `key`: its digest and length, and where it lies until it is adopted."""
    beside = tree.scratch(key)
    return audio.tag(source, beside, replace(tags, cover=_cover(cover, tree) if cover else None)), beside


def _cover(source: Path, tree: Tree) -> Cover:
    """The picture made small enough for a tag: once a picture, since most episodes share the show's."""
    sha256 = tree.memory.sha256(source)
    if sha256 not in tree.covers:
        tree.covers[sha256] = images.cover(source, COVER_SIDE)
    return tree.covers[sha256]


def _carried(source: Path, sha256: str, tree: Tree) -> tuple[Chapter, ...]:
    """The chapters that a recorder or an editor put into the recording; their pictures stay in there."""
    key = f"{audio.VERSION} {sha256}"
    known = tree.memory.recall("carried", key)
    if known is None:
        known = [[one.start_ms, one.title, one.url] for one in audio.read_tags(source).chapters if one.toc]
        tree.memory.keep("carried", key, known)
    return tuple(Chapter(start_ms=start, title=title, url=url) for start, title, url in known)


def unchanged(source: Path, sha256: str, tree: Tree) -> None:
    """Raise InvalidAudio where a recording is no longer what it was: an editor may still be saving it."""
    if tree.memory.sha256(source) != sha256:
        hint = "wait until it is saved whole, then begin again"
        raise InvalidAudio(str(source), "cannot be read: it changed meanwhile", hint, "au.unreadable")


def probe(source: Path, sha256: str, tree: Tree) -> Audio:
    """What the recording is, measured once for each content."""
    key = f"{audio.VERSION} {source.suffix.lower()} {sha256}"
    known = tree.memory.recall("probe", key)
    if known:
        return Audio(**{**known, "remarks": tuple(known["remarks"])})
    facts = audio.probe(source)
    unchanged(source, sha256, tree)
    tree.memory.keep("probe", key, asdict(facts))
    return facts


def publish(source: Path, tree: Tree, mime: str = "") -> str:
    """Copy a file under its own digest; its key."""
    sha256 = tree.memory.sha256(source)
    key = media_key(sha256, source.name.lower().replace(" ", "-"))
    if tree.holds(key, sha256):
        tree.add(key, tree.path(key).stat().st_size, sha256, Wave.MEDIA, mime)
    else:
        tree.write(key, source.read_bytes(), Wave.MEDIA, mime)
    return key


def inside(folder: Path, near: str, name: str) -> Path | None:
    """The file that `name` means beside `near`, or None when it leaves the show's folder or is not there."""
    path = (folder / near).parent / name
    try:
        resolved = path.resolve(strict=True)
    except (OSError, ValueError):
        return None
    return path if resolved.is_file() and resolved.is_relative_to(folder.resolve()) else None
