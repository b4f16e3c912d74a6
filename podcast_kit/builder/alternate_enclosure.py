"""A second file of an episode in another format, for apps that prefer it."""

from __future__ import annotations

from dataclasses import replace

from podcast_kit.builder.enclosure import restore_frozen, tagged_copy
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.prepare_audio import PreparedAudio
from podcast_kit.builder.tags import EmbeddedImages, FileTags
from podcast_kit.model import Media, Wave

MAX_LENGTH_DIFFERENCE_S = 1.0
"""By which two encodings of one recording may differ: some count what an encoder adds at either end."""


def write_alternate(
    audio: PreparedAudio, slug: str, file_tags: FileTags, out: OutputDir, embedded: EmbeddedImages
) -> Media | None:
    """Write the alternate enclosure, or keep the frozen one; None where none is asked for.

    A published one is frozen as long as its enclosure is. One of another length is left out: the intro may have changed
    since the enclosure was published, and chapters would be off.
    """
    file = audio.alternate
    if file is None:
        return None
    if file.frozen:
        restore_frozen(file.frozen, file.recording, file_tags, out, embedded)
        return file.frozen
    assert file.recording is not None  # noqa: S101  # a file is frozen or made from a recording
    media = tagged_copy(file.recording, slug, file_tags, out, embedded)
    if abs(media.seconds - audio.seconds) > MAX_LENGTH_DIFFERENCE_S:
        return None
    out.add(media.key, media.bytes, media.sha256, Wave.MEDIA, media.mime)
    return replace(media, bit_rate=file.recording.facts.bit_rate)
