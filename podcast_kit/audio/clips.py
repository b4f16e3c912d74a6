"""Cut a clip out of a recording, and tag it."""

from __future__ import annotations

from pathlib import Path

from podcast_kit.audio.cut import Clip, clip_suffix, cut_audio
from podcast_kit.audio.probe import translate_audio_errors
from podcast_kit.audio.tag import read_tags, write_tags
from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import Tags


def cut_tagged_clip(source: Path, destination: Path, start: float, seconds: float, title: str = "") -> Clip:
    """Cut a clip, and copy the recording's title, show and author into its tags; `title` replaces the title.

    Raises InvalidAudio if the recording cannot be cut, PodcastKitError if the destination exists or has the wrong file
    extension.
    """
    clip_ending = clip_suffix(source)
    if destination.suffix.lower() != clip_ending:
        raise PodcastKitError(
            f"{destination}: a clip of {source.name} is a {clip_ending} file", f"use the file extension {clip_ending}"
        )
    try:
        if destination.exists():
            raise PodcastKitError(f"{destination} already exists", "choose another file name, or delete it")
    except OSError as error:
        raise OperationError(f"{destination}: {error.strerror}", "choose another file name") from error
    source_tags = read_tags(source)
    tags = Tags(title=title or source_tags.title or source.stem, show=source_tags.show, author=source_tags.author)
    with TemporaryFolder() as folder:
        bare = Path(folder, f"bare{clip_ending}")
        with translate_audio_errors(source):
            untagged = cut_audio(source, bare, start, seconds)
        write_tags(bare, destination, tags)
    return Clip(destination, untagged.seconds, untagged.lossless)
