"""Soundbites: stretches of an episode to be shared, each cut out of the enclosure as a file of its own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from podcast_kit import audio
from podcast_kit.audio import codecs
from podcast_kit.builder.cache import dataclass_kind
from podcast_kit.builder.enclosure import write_tagged
from podcast_kit.builder.output_dir import OutputDir, media_key
from podcast_kit.builder.prepare_audio import PreparedAudio
from podcast_kit.builder.tags import EmbeddedImages, build_soundbite_tags
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem
from podcast_kit.model import Element, Episode, Media, Project, Soundbite, Wave, public_url
from podcast_kit.namespaces import ValueType, find_value_error
from podcast_kit.text.timecode import format_filename_timecode, format_seconds
from podcast_kit.writer_versions import SOUNDBITES

SOUNDBITE = "podcast:soundbite"
SOUNDBITE_MEDIA = dataclass_kind("soundbite", Media)


def shift_elements(elements: tuple[Element, ...], seconds: float) -> tuple[Element, ...]:
    """Elements whose `startTime` is a moment of the episode, later by what mastering put before the recording."""
    return tuple(_shift_element(element, seconds) for element in elements) if seconds else elements


def write_soundbites(
    project: Project,
    episode: Episode,
    prepared: PreparedAudio,
    enclosure: Media,
    elements: tuple[Element, ...],
    out: OutputDir,
    embedded: EmbeddedImages,
) -> tuple[Soundbite, ...]:
    """Cut what `elements` name as soundbites, at their moments in the enclosure; each with its file.

    A published soundbite is frozen as long as its enclosure is. Nothing is cut from a remote recording, from one whose
    file is not here and, without the extra `master`, from anything but MP3. Raises InvalidInput with every problem.
    """
    kept = prepared.entry.soundbites if prepared.entry and not prepared.is_new else ()
    frozen = {(soundbite.start_ms, soundbite.length_ms): soundbite.media for soundbite in kept}
    soundbites: list[Soundbite] = []
    problems: list[Problem] = []
    for element in elements:
        if element.name != SOUNDBITE:
            continue
        attributes = dict(element.attributes)
        times = [_parse_seconds(attributes.get(name, "")) for name in ("startTime", "duration")]
        if None in times:
            continue  # an element of `extra:`, which stays as it is
        start_ms, length_ms = (round((seconds or 0) * 1000) for seconds in times)
        soundbite = Soundbite(start_ms=start_ms, length_ms=length_ms, title=element.text)
        try:
            media = _write_soundbite(
                project, episode, enclosure, soundbite, frozen.get((start_ms, length_ms)), out, embedded
            )
        except PodcastKitError as error:
            problems += [replace(problem, location=element.location) for problem in error.problems] or [
                Problem(element.location, error.text, error.fix, "au.soundbite")
            ]
            continue
        url = public_url(project.show.publish.url, out.place(media.key)) if media else ""
        soundbites.append(replace(soundbite, media=media, url=url))
    if problems:
        raise InvalidInput(problems)
    return tuple(soundbites)


def _parse_seconds(value: str) -> float | None:
    """Seconds as the namespace has them; None for other texts, such as `extra:` may have."""
    return None if find_value_error(ValueType.SECONDS, value.strip()) else float(value)


def _shift_element(element: Element, seconds: float) -> Element:
    attributes = tuple(
        (name, format_seconds(round(max(0.0, start + seconds) * 1000)))
        if name == "startTime" and (start := _parse_seconds(value)) is not None
        else (name, value)
        for name, value in element.attributes
    )
    return replace(element, attributes=attributes, children=shift_elements(element.children, seconds))


def _write_soundbite(
    project: Project,
    episode: Episode,
    enclosure: Media,
    soundbite: Soundbite,
    frozen: Media | None,
    out: OutputDir,
    embedded: EmbeddedImages,
) -> Media | None:
    """The file of a soundbite: the published one, or a new one; None where nothing can be cut."""
    output = out.outputs.get(out.place(enclosure.key))
    source = output.path if output and output.path and output.path.is_file() else None
    media = frozen
    if source and _can_cut(source, soundbite) and not (frozen and out.has(frozen.key, frozen.sha256)):
        media = _cut_soundbite(project, episode, source, enclosure.sha256, soundbite, out, embedded)
        if frozen and media != frozen:
            out.delete_file(media.key)
            media = frozen
    if media is None:
        return None
    is_local = out.has(media.key, media.sha256)
    out.add(media.key, media.bytes, media.sha256, Wave.MEDIA, media.mime, is_local=is_local)
    return media


def _can_cut(source: Path, soundbite: Soundbite) -> bool:
    return soundbite.length_ms > 0 and (source.suffix == ".mp3" or not codecs.missing_codecs())


def _cut_soundbite(
    project: Project,
    episode: Episode,
    source: Path,
    sha256: str,
    soundbite: Soundbite,
    out: OutputDir,
    embedded: EmbeddedImages,
) -> Media:
    from podcast_kit.audio import cut

    file_tags = build_soundbite_tags(project, episode, soundbite)
    suffix = cut.clip_suffix(source)
    start = format_filename_timecode(soundbite.start_ms // 1000 * 1000)
    name = f"{episode.slug}-at-{start}{suffix}"
    span = [SOUNDBITES, sha256, soundbite.start_ms, soundbite.length_ms]
    key = hashlib.sha256(json.dumps([*span, *file_tags.digest_inputs(out.cache), name]).encode()).hexdigest()
    cached = out.cache.get(SOUNDBITE_MEDIA, key)
    if cached and out.has(cached.key, cached.sha256):
        return cached
    untagged = out.temp_path(suffix)
    cut.cut_audio(source, untagged, soundbite.start_ms / 1000, soundbite.length_ms / 1000)
    facts = audio.probe_audio(untagged)
    (digest, size), temp = write_tagged(untagged, file_tags, out, embedded)
    final_key = media_key(digest, name)
    out.commit_file(temp, final_key, digest)
    out.discard_file(untagged)
    media = Media(key=final_key, sha256=digest, bytes=size, mime=facts.mime, seconds=facts.length)
    out.cache.set(SOUNDBITE_MEDIA, key, media)
    out.cache.commit()
    return media
