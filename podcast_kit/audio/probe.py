"""Audio measured: one door for every kind of file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

from podcast_kit.audio.sniff import Kind, recognise
from podcast_kit.audio.tag_bounds import read_at
from podcast_kit.errors import InvalidAudio, PodcastKitError
from podcast_kit.model import Audio

ROOMS = {
    Kind.MP3: ("mp3.frame_scan", "probe_mp3"),
    Kind.MP4: ("mp4.container", "probe_mp4"),
    Kind.OGG: ("ogg.pages", "probe_ogg"),
    Kind.FLAC: ("flac.blocks", "probe_flac"),
    Kind.WAV: ("riff.chunks", "probe_riff"),
    Kind.AIFF: ("riff.chunks", "probe_riff"),
    Kind.ADTS: ("aac.adts", "probe_adts"),
}


SILENT = "nothing but silence from end to end: was the microphone muted?"
HARDLY = 3_500
"""Bits a second; the leanest speech has 6,000, and ALAC's silence 2,800."""
LOOKS, LOOK = 16, 1 << 14
"""How many places of the file are looked at, and bytes of each."""
SAME = 0.03
"""What silence comes down to when it is packed; speech comes down to 0.9."""


def probe(path: Path) -> Audio:
    """What the file is, from its frames or samples themselves, read once from end to end.

    Raises InvalidAudio when it is empty, cut off, no audio, or named as another kind than it is.
    """
    kind = recognise(path)
    with border(path):
        module, function = ROOMS[kind]
        probe_format = getattr(import_module(f"podcast_kit.audio.{module}"), function)
        audio = cast("Audio", probe_format(path))
        return replace(audio, remarks=(*audio.remarks, SILENT)) if silent(path, audio) else audio


def silent(path: Path, audio: Audio) -> bool:
    """Whether the file can hold nothing but digital silence, judged without decoding it.

    Silence needs next to no bits: what is left of it is one frame over and over, or hardly any bytes at all.
    Noise, however quiet, is neither; only a decoder hears it.
    """
    if audio.bit_rate < HARDLY:
        return True
    size = round(audio.bit_rate * audio.seconds / 8)
    with path.open("rb") as file:
        start = max(audio.bytes - size, 0)
        step = max(size // LOOKS, LOOK)
        seen = b"".join(read_at(file, at, LOOK) for at in range(start, start + size, step))
    return len(zlib.compress(seen, 1)) < len(seen) * SAME


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
