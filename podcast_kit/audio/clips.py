"""A stretch of a recording made a file that says by itself what it is."""

from __future__ import annotations

import tempfile
from pathlib import Path

from podcast_kit.audio.cut import Clip, cut, suffix
from podcast_kit.audio.tag import read_tags, tag
from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.model import Tags


def clip(source: Path, destination: Path, start: float, seconds: float, title: str = "") -> Clip:
    """Cut as `cut` does, and write title, show and author of the recording into the clip; `title` instead of its own.

    Raises InvalidAudio for what cannot be cut, PodcastKitError where the destination is taken or named as another kind
    of file than the clip will be.
    """
    ending = suffix(source)
    if destination.suffix.lower() != ending:
        raise PodcastKitError(f"{destination}: what is cut of {source.name} is {ending}", f"end its name in {ending}")
    try:
        if destination.exists():
            raise PodcastKitError(f"{destination} is there already", "name another file, or remove that one")
    except OSError as error:
        raise OperationError(f"{destination}: {error.strerror}", "name another file") from error
    said = read_tags(source)
    tags = Tags(title=title or said.title or source.stem, show=said.show, author=said.author)
    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as folder:
        bare = Path(folder, f"bare{ending}")
        made = cut(source, bare, start, seconds)
        tag(bare, destination, tags)
    return Clip(destination, made.seconds, made.lossless)
