"""Tags written into a copy, and read from a file: one door for every kind."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from podcast_kit.audio.probe import border
from podcast_kit.audio.sniff import Kind, recognise
from podcast_kit.errors import InvalidAudio, OperationError
from podcast_kit.model import Chapter, Cover, Resource, Tags
from podcast_kit.writer_versions import TAG_WRITER

TAG_WRITERS = {
    Kind.MP3: ("mp3.id3", "write_id3_tag"),
    Kind.MP4: ("mp4.tags", "write_mp4_tags"),
    Kind.OGG: ("ogg.tags", "write_ogg_tags"),
    Kind.FLAC: ("flac.tags", "write_flac_tags"),
}
TAG_READERS = {
    Kind.MP3: ("mp3.id3", "read_id3"),
    Kind.MP4: ("mp4.tags", "read_mp4_tags"),
    Kind.OGG: ("ogg.tags", "read_ogg_tags"),
    Kind.FLAC: ("flac.tags", "read_flac_tags"),
    Kind.ADTS: ("mp3.id3", "read_id3"),
    Kind.WAV: ("riff.tags", "read_riff_tags"),
    Kind.AIFF: ("riff.tags", "read_riff_tags"),
}
"""Raw AAC, WAV and AIFF are only read: they are mastered before they are published."""


MASTER = (
    "export it as MP3 or M4A, or let each build convert it: `audio: {format: mp3}` in podcast.yaml, or "
    "`audio: {loudness: -16}`, which also sets the loudness; both need podcast-kit[master]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file's own tags say; empty where they say nothing."""

    title: str = ""
    show: str = ""
    author: str = ""
    date: str = ""
    """As ISO 8601 as far as it goes: `2026`, `2026-03-01` or with a time."""
    number: int | None = None
    season: int | None = None
    summary: str = ""
    guid: str = ""
    language: str = ""
    chapters: tuple[Chapter, ...] = ()
    pictures: tuple[tuple[Resource, Cover], ...] = field(default=(), repr=False)
    """A chapter's `image`, a name made up for it, and the picture in the file."""
    cover: str = ""
    """The picture's media type."""
    fields: tuple[tuple[str, str], ...] = ()
    """Every tag by the name that the format gives it, as text."""


def tag(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """Write a copy of `source` that carries `tags`; return the sha256 (hex) and the length of the copy.

    What else the source carries is kept, unless ours says the same thing. Same input, same bytes, and tagging
    the copy again with the same tags gives it again. The source is never touched, and a crash leaves no half file
    under `destination`. Raises InvalidAudio for a source that cannot be tagged, Failed when the disk refuses.
    """
    kind = recognise(source)
    if kind not in TAG_WRITERS:
        raise InvalidAudio(str(source), f"is {kind}, which carries no tags", MASTER, "au.codec")
    if destination.exists() and destination.samefile(source):
        raise OperationError(f"{source}: the copy would overwrite the recording", "write it to another folder")
    module, function = TAG_WRITERS[kind]
    write_format = getattr(import_module(f"podcast_kit.audio.{module}"), function)
    with border(source):
        result: tuple[str, int] = write_format(source, destination, tags)
    return result


def taggable(path: Path) -> bool:
    """Whether a file is of a kind that carries tags, so that it can be published as it is."""
    return recognise(path) in TAG_WRITERS


def read_tags(path: Path) -> Found:
    """What the file's own tags say; nothing where it has none. Raises InvalidAudio for what is no audio."""
    module, function = TAG_READERS[recognise(path)]
    read_format = getattr(import_module(f"podcast_kit.audio.{module}"), function)
    with border(path):
        file_tags: Found = read_format(path)
    return file_tags


def digest(tags: Tags) -> str:
    """A sha256 (hex) of the tags, pictures and this writer's version: half of a cache key."""
    state = hashlib.sha256(f"{TAG_WRITER} {tags!r}".encode("utf-8", "surrogatepass"))
    for cover in (tags.cover, *(cover for _, cover in tags.images)):
        if cover:
            state.update(hashlib.sha256(cover.data).digest())
    return state.hexdigest()
