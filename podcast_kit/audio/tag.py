"""Write tags into a copy of an audio file, and read the tags of a file, for every supported format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from podcast_kit.audio.probe import translate_audio_errors
from podcast_kit.audio.sniff import AudioKind, detect_audio_kind
from podcast_kit.errors import InvalidAudio, OperationError
from podcast_kit.model import Chapter, Cover, Resource, Tags
from podcast_kit.model.audio_formats import DECODED_KINDS
from podcast_kit.writer_versions import TAG_WRITER

TAG_WRITERS = {
    AudioKind.MP3: ("mp3.id3", "write_id3_tag"),
    AudioKind.MP4: ("mp4.tags", "write_mp4_tags"),
    AudioKind.OGG: ("ogg.tags", "write_ogg_tags"),
    AudioKind.FLAC: ("flac.tags", "write_flac_tags"),
}
TAG_READERS = {
    AudioKind.MP3: ("mp3.id3", "read_id3"),
    AudioKind.MP4: ("mp4.tags", "read_mp4_tags"),
    AudioKind.OGG: ("ogg.tags", "read_ogg_tags"),
    AudioKind.FLAC: ("flac.tags", "read_flac_tags"),
    AudioKind.ADTS: ("mp3.id3", "read_id3"),
    AudioKind.WAV: ("riff.tags", "read_riff_tags"),
    AudioKind.AIFF: ("riff.tags", "read_riff_tags"),
    **dict.fromkeys(DECODED_KINDS, ("decoded", "read_decoded_tags")),
}
"""Raw AAC, WAV, AIFF and those of DECODED_KINDS are only read: they are mastered before they are published."""


NO_TAGS_FIX = (
    "export it as MP3 or M4A, or let each build convert it: `audio: {format: mp3}` in podcast.yaml, or "
    "`audio: {loudness: -16}`, which also sets the loudness; both need podcast-kit[master]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTags:
    """The tags that a file has; empty where it has none."""

    title: str = ""
    show: str = ""
    author: str = ""
    date: str = ""
    """ISO 8601, as exact as the tag is: `2026`, `2026-03-01` or with a time."""
    number: int | None = None
    season: int | None = None
    summary: str = ""
    guid: str = ""
    language: str = ""
    chapters: tuple[Chapter, ...] = ()
    """By start, each with an end after it or none."""
    has_broken_chapters: bool = False
    """In the file, a chapter ends before it begins, or the chapters are not in order."""
    pictures: tuple[tuple[Resource, Cover], ...] = field(default=(), repr=False)
    """Each chapter's `image`, which is a generated name, and the image in the file."""
    cover: str = ""
    """The media type of the cover image."""
    fields: tuple[tuple[str, str], ...] = ()
    """Every tag as text, by its name in the file format."""


def write_tags(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """Write a copy of `source` with `tags`; return the sha256 (hex) and the length of the copy.

    Other tags of the source are kept. The same input gives the same bytes, also when the copy is tagged again. The
    source is never modified, and a crash leaves no partial file at `destination`. Raises InvalidAudio for a source that
    cannot hold tags, OperationError if the copy cannot be written.
    """
    kind = detect_audio_kind(source)
    if kind not in TAG_WRITERS:
        raise InvalidAudio(str(source), describe_unpublishable(kind), NO_TAGS_FIX, "au.codec")
    if destination.exists() and destination.samefile(source):
        raise OperationError(f"{source}: the copy would overwrite the recording", "write it to another folder")
    module, function = TAG_WRITERS[kind]
    write_format = getattr(import_module(f"podcast_kit.audio.{module}"), function)
    with translate_audio_errors(source):
        result: tuple[str, int] = write_format(source, destination, tags)
    return result


def describe_unpublishable(kind: AudioKind) -> str:
    """What prevents publishing a file of this format as it is; empty if nothing does."""
    if kind in TAG_WRITERS:
        return ""
    reason = "podcast apps do not play" if kind in DECODED_KINDS else "can't hold tags"
    return f"is {kind}, which {reason}"


def can_hold_tags(path: Path) -> bool:
    """Whether the format of a file can hold tags, so that it can be published without conversion."""
    return detect_audio_kind(path) in TAG_WRITERS


def read_tags(path: Path) -> EmbeddedTags:
    """The tags of a file; empty if it has none. Raises InvalidAudio for a file that is not audio."""
    module, function = TAG_READERS[detect_audio_kind(path)]
    read_format = getattr(import_module(f"podcast_kit.audio.{module}"), function)
    with translate_audio_errors(path):
        file_tags: EmbeddedTags = read_format(path)
    return file_tags


def digest_tags(tags: Tags) -> str:
    """A sha256 (hex) of the tags, images and the version of the tag writer: one half of a cache key."""
    state = hashlib.sha256(f"{TAG_WRITER} {tags!r}".encode("utf-8", "surrogatepass"))
    for cover in (tags.cover, *(cover for _, cover in tags.images)):
        if cover:
            state.update(hashlib.sha256(cover.data).digest())
    return state.hexdigest()
