"""Stretches of an episode to be shared: each is cut out of the enclosure as a file of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import UTC
from pathlib import Path

from podcast_kit import audio
from podcast_kit.audio import codecs, cut
from podcast_kit.builder import description, enclosure
from podcast_kit.builder.output_dir import OutputDir, media_key
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem
from podcast_kit.model import Element, Episode, LockEntry, Media, Project, Soundbite, Tags, Wave, public_url
from podcast_kit.text.timecode import format_filename_timecode

SOUNDBITE = "podcast:soundbite"
VERSION = 1
"""Raised when the same stretch would be cut otherwise."""


def shifted(elements: tuple[Element, ...], shift: float) -> tuple[Element, ...]:
    """Elements whose `startTime` is a moment of the episode, as much later as mastering moved all moments."""
    return tuple(_moved(element, shift) for element in elements) if shift else elements


def _moved(element: Element, shift: float) -> Element:
    said = tuple(
        (name, _spelled(max(0.0, float(value) + shift)) if name == "startTime" else value)
        for name, value in element.attributes
    )
    return replace(element, attributes=said, children=shifted(element.children, shift))


def _spelled(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def of(
    project: Project,
    episode: Episode,
    entry: LockEntry,
    elements: tuple[Element, ...],
    cover: Path | None,
    tree: OutputDir,
    *,
    retag: Collection[str] = (),
) -> tuple[Soundbite, ...]:
    """What `elements` name as soundbites, at their moments in the enclosure `entry.media`, each with its file.

    What was cut stays as it is for as long as the enclosure does. Of a recording at somebody else's address, of one
    that is not here, and, without the extra `master`, of all but MP3, nothing is cut.
    """
    before = project.lock_entry(episode.guid)
    kept = before.soundbites if before and not enclosure.renewed(project, episode, tree, retag) else ()
    known = {(one.start_ms, one.length_ms): one.media for one in kept}
    found, problems = [], list[Problem]()
    for element in elements:
        if element.name != SOUNDBITE:
            continue
        said = dict(element.attributes)
        start, length = (round(float(said[name]) * 1000) for name in ("startTime", "duration"))
        one = Soundbite(start_ms=start, length_ms=length, title=element.text)
        try:
            file = _file(project, episode, entry, one, known.get((start, length)), cover, tree)
        except PodcastKitError as error:
            problems += [replace(each, location=element.location) for each in error.problems] or [
                Problem(element.location, error.text, error.fix, "au.soundbite")
            ]
            continue
        url = public_url(project.show.publish.url, file.key) if file else ""
        found.append(replace(one, media=file, url=url))
    if problems:
        raise InvalidInput(problems)
    return tuple(found)


def _file(
    project: Project,
    episode: Episode,
    entry: LockEntry,
    one: Soundbite,
    frozen: Media | None,
    cover: Path | None,
    tree: OutputDir,
) -> Media | None:
    """The file of a soundbite: the one that is out, or a new one; None where nothing can be cut."""
    output = tree.outputs.get(entry.media.key)
    source = output.path if output and output.path and output.path.is_file() else None
    able = source is not None and one.length_ms > 0 and (source.suffix == ".mp3" or not codecs.missing())
    made = frozen
    if able and source and not (frozen and tree.has(frozen.key, frozen.sha256)):
        made = _made(project, episode, source, entry.media.sha256, one, cover, tree)
        if frozen and made != frozen:
            tree.path(made.key).unlink()
            made = frozen
    if made is None:
        return None
    here = tree.has(made.key, made.sha256)
    tree.add(made.key, made.bytes, made.sha256, Wave.MEDIA, made.mime, here=here)
    return made


def _made(
    project: Project, episode: Episode, source: Path, sha256: str, one: Soundbite, cover: Path | None, tree: OutputDir
) -> Media:
    tags = _tags(project, episode, one)
    start = format_filename_timecode(one.start_ms // 1000 * 1000)
    name = f"{episode.slug}-at-{start}{cut.suffix(source)}"
    face = tree.cache.sha256(cover) if cover else ""
    said = [VERSION, sha256, one.start_ms, one.length_ms, audio.digest(tags), face, enclosure.COVER_SIDE, name]
    recipe = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    known = tree.cache.get("soundbite", recipe)
    if known and tree.has(known["key"], known["sha256"]):
        return Media(**known)
    bare = tree.temp_path(f"media/{sha256[:16]}.cutting/bare-{name}").with_suffix(cut.suffix(source))
    cut.cut(source, bare, one.start_ms / 1000, one.length_ms / 1000)
    facts = audio.probe(bare)
    (digest, size), beside = enclosure.written(bare, f"media/{sha256[:16]}.cutting/{name}", tags, cover, tree)
    key = media_key(digest, name)
    tree.commit_file(beside, key, digest)
    bare.unlink()
    beside.parent.rmdir()
    made = Media(key=key, sha256=digest, bytes=size, mime=facts.mime, seconds=facts.length)
    tree.cache.set("soundbite", recipe, asdict(made))
    tree.cache.commit()
    return made


def _tags(project: Project, episode: Episode, one: Soundbite) -> Tags:
    """What the file says by itself: where it is from, and where the rest is to be heard."""
    show = project.show
    return Tags(
        title=one.title or episode.title,
        show=show.title,
        author=show.author,
        date=episode.date.astimezone(UTC) if episode.date else None,
        summary=f"{episode.title} – {show.title}",
        link=f"{description.page(project, episode)}#t={one.start_ms // 1000}",
        feed_url=show.feed_url,
        language=show.language,
        copyright=show.copyright,
        explicit=show.explicit if episode.explicit is None else episode.explicit,
    )
