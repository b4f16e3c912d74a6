"""The audio file that listeners download: a tagged copy of the recording, or the published file, which is frozen."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from podcast_kit import audio
from podcast_kit.builder.cache import dataclass_kind
from podcast_kit.builder.output_dir import OutputDir, media_key
from podcast_kit.builder.prepare_audio import AudioFile, PreparedAudio, Recording, assert_unmodified
from podcast_kit.builder.tags import EmbeddedImages, FileTags
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Media, Wave
from podcast_kit.model.audio_formats import PUBLISHED_SUFFIXES

TAGGED_MEDIA = dataclass_kind("tagged", Media)


def write_enclosure(
    audio_: PreparedAudio, slug: str, file_tags: FileTags, out: OutputDir, embedded: EmbeddedImages
) -> Media:
    """Write the episode's enclosure, or keep the frozen one; what listeners will get."""
    if audio_.is_remote and audio_.enclosure.frozen:
        return audio_.enclosure.frozen
    return write_audio_file(audio_.enclosure, slug, file_tags, out, embedded)


def write_audio_file(
    file: AudioFile, slug: str, file_tags: FileTags, out: OutputDir, embedded: EmbeddedImages
) -> Media:
    """Write a tagged file and list it as an output, or restore the frozen one where the build folder has lost it."""
    if file.frozen:
        restore_frozen(file.frozen, file.recording, file_tags, out, embedded)
        return file.frozen
    assert file.recording is not None  # noqa: S101  # a file is frozen or made from a recording
    media = tagged_copy(file.recording, slug, file_tags, out, embedded)
    out.add(media.key, media.bytes, media.sha256, Wave.MEDIA, media.mime)
    return media


def restore_frozen(
    media: Media, recording: Recording | None, file_tags: FileTags, out: OutputDir, embedded: EmbeddedImages
) -> None:
    """List a frozen file; where the build folder was cleared, write it again if the recording still gives it.

    The same recording with the same tags gives the published bytes again.
    """
    is_local = out.has(media.key, media.sha256)
    if not is_local and recording:
        (digest, size), temp = write_tagged(recording.path, file_tags, out, embedded)
        is_local = (digest, size) == (media.sha256, media.bytes)
        if is_local:
            out.commit_file(temp, media.key, media.sha256)
        else:
            out.discard_file(temp)
    out.add(media.key, media.bytes, media.sha256, Wave.MEDIA, media.mime, is_local=is_local)


def tagged_copy(
    recording: Recording, slug: str, file_tags: FileTags, out: OutputDir, embedded: EmbeddedImages
) -> Media:
    """A tagged copy under its own digest, named after the slug; written once for each recording and tags."""
    source, sha256 = recording.path, recording.sha256
    suffix = source.suffix.lower()
    name = f"{slug}{PUBLISHED_SUFFIXES.get(suffix, suffix)}"
    inputs = json.dumps([sha256, *file_tags.digest_inputs(out.cache), name])
    key = hashlib.sha256(inputs.encode()).hexdigest()
    cached = out.cache.get(TAGGED_MEDIA, key)
    if cached and out.has(cached.key, cached.sha256):
        return cached
    (digest, size), temp = write_tagged(source, file_tags, out, embedded)
    try:
        assert_unmodified(source, sha256, out)
    except InvalidAudio:
        out.discard_file(temp)
        raise
    minute = audio.measure_first_minute(temp)
    final_key = media_key(digest, name)
    out.commit_file(temp, final_key, digest)
    facts = recording.facts
    media = Media(
        key=final_key,
        sha256=digest,
        bytes=size,
        mime=facts.mime,
        seconds=facts.length,
        head_bytes=minute.head_bytes if minute else 0,
        minute_bytes=minute.minute_bytes if minute else 0,
    )
    out.cache.set(TAGGED_MEDIA, key, media)
    out.cache.commit()
    return media


def write_tagged(
    source: Path, file_tags: FileTags, out: OutputDir, embedded: EmbeddedImages
) -> tuple[tuple[str, int], Path]:
    """Write a tagged copy: its sha256 and size in bytes, and its temporary path."""
    temp = out.temp_path()
    return audio.write_tags(source, temp, embedded.embed(file_tags)), temp
