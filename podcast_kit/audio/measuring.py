"""Audio measured: one door for every kind of file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import cast

from podcast_kit.audio.kinds import Kind, recognise
from podcast_kit.errors import InvalidAudio, PodcastKitError
from podcast_kit.model import Audio

ROOMS = {
    Kind.MP3: "mp3",
    Kind.MP4: "mp4",
    Kind.OGG: "ogg",
    Kind.FLAC: "flac",
    Kind.WAV: "riff",
    Kind.AIFF: "riff",
    Kind.ADTS: "adts",
}


def probe(path: Path) -> Audio:
    """What the file is, from its frames or samples themselves, read once from end to end.

    Raises InvalidAudio when it is empty, cut off, no audio, or named as another kind than it is.
    """
    kind = recognise(path)
    with border(path):
        if kind not in ROOMS:
            raise InvalidAudio(str(path), f"is {kind}", "convert it to MP3 or M4A", "au.codec")
        room = import_module(f"podcast_kit.audio.{ROOMS[kind]}")
        return cast("Audio", room.probe(path))


@contextmanager
def border(path: Path) -> Iterator[None]:
    """Let only our own exceptions out.

    Parsers of hostile bytes fail in many ways (mutagen alone raises IndexError, OverflowError, ...),
    so this one place catches broadly.
    """
    try:
        yield
    except PodcastKitError:
        raise
    except OSError as error:
        raise InvalidAudio(str(path), f"cannot be read: {error.strerror or error}", code="au.unreadable") from None
    except (MemoryError, RecursionError, struct.error) as error:
        text = "is damaged: its structure makes no sense"
        raise InvalidAudio(str(path), text, "export it again", "au.broken") from error
    except Exception as error:
        text = f"is damaged: {type(error).__name__} while reading it"
        raise InvalidAudio(str(path), text, "export it again", "au.broken") from error
