"""Measure an audio file of any supported format."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from podcast_kit.audio.foreign import decodes_sound
from podcast_kit.audio.sniff import AudioKind, detect_audio_kind
from podcast_kit.audio.tag_bounds import read_at
from podcast_kit.errors import InvalidAudio, PodcastKitError
from podcast_kit.model import Audio
from podcast_kit.model.audio_formats import DECODED_KINDS

PROBES = {
    AudioKind.MP3: ("mp3.frame_scan", "probe_mp3"),
    AudioKind.MP4: ("mp4.container", "probe_mp4"),
    AudioKind.OGG: ("ogg.pages", "probe_ogg"),
    AudioKind.FLAC: ("flac.blocks", "probe_flac"),
    AudioKind.WAV: ("riff.chunks", "probe_riff"),
    AudioKind.AIFF: ("riff.chunks", "probe_riff"),
    AudioKind.ADTS: ("aac.adts", "probe_adts"),
    **dict.fromkeys(DECODED_KINDS, ("decoded", "probe_decoded")),
}


SILENT_WARNING = "only silence: was the microphone muted?"
MAX_SILENCE_LEVEL = 1e-4
"""Of full scale, -80 dB: what encoders make of digital silence is quieter."""
MIN_SPEECH_BPS = 3_500
"""Speech at the lowest quality has 6,000 bit/s, silence in ALAC 2,800."""
SAMPLED_SPANS, SAMPLED_SPAN_BYTES = 16, 1 << 14
"""How many spans of the file are read, and how long each is."""
MAX_SILENCE_ZIP_RATIO = 0.03
"""Of compressed to uncompressed size; for speech it is about 0.9."""


def probe_audio(path: Path) -> Audio:
    """Facts about a file, measured from its frames or samples, which are read once from start to end.

    Raises InvalidAudio if it is empty, truncated, not audio, or has the wrong file extension.
    """
    kind = detect_audio_kind(path)
    with translate_audio_errors(path):
        module, function = PROBES[kind]
        probe_format = getattr(import_module(f"podcast_kit.audio.{module}"), function)
        audio = cast("Audio", probe_format(path))
        return replace(audio, warnings=(*audio.warnings, SILENT_WARNING)) if is_digital_silence(path, audio) else audio


def is_digital_silence(path: Path, audio: Audio) -> bool:
    """Whether the file only holds digital silence.

    Silence needs few bits: it is the same frame again and again, or hardly any bytes. So do tones, long pauses and
    speech at the lowest quality, so a file that looks like silence is decoded, if a decoder is installed: up to the
    first sound.
    """
    return _looks_like_silence(path, audio) and not exceeds_level(path, MAX_SILENCE_LEVEL)


def _looks_like_silence(path: Path, audio: Audio) -> bool:
    if audio.bit_rate < MIN_SPEECH_BPS:
        return True
    size = round(audio.bit_rate * audio.seconds / 8)
    start, step = max(audio.bytes - size, 0), max(size // SAMPLED_SPANS, SAMPLED_SPAN_BYTES)
    offsets = range(start, start + size, step)
    sampled, compressed_len, compressor = b"", 0, zlib.compressobj(1)
    with path.open("rb") as file:
        for offset in offsets:
            sampled += (span := read_at(file, offset, SAMPLED_SPAN_BYTES))
            compressed_len += len(compressor.compress(span))
            if compressed_len >= len(offsets) * SAMPLED_SPAN_BYTES * MAX_SILENCE_ZIP_RATIO:
                return False  # speech, as soon as two spans are read
    if compressed_len + len(compressor.flush()) >= len(sampled) * MAX_SILENCE_ZIP_RATIO:
        return False
    # Plain samples of silence are all alike; a tone that repeats is not.
    return audio.codec != "pcm" or find_spec("av") is not None or len(set(sampled)) <= 1


def exceeds_level(path: Path, level: float) -> bool | None:
    """Whether a sample is louder than `level` (1.0 is full scale), decoded up to the first such sample.

    None if no decoder is installed, or it cannot decode the file.
    """
    if not find_spec("av") or not find_spec("numpy"):
        return None
    try:
        return _is_louder_than(path, level)
    except InvalidAudio:
        return None


@decodes_sound
def _is_louder_than(path: Path, level: float) -> bool:
    from podcast_kit.audio.mastering import decode

    with translate_audio_errors(path):
        return any(abs(block).max(initial=0.0) > level for block in decode.decode_blocks(path))


@contextmanager
def translate_audio_errors(path: Path, unexpected_text: str = "is damaged: {} while reading it") -> Iterator[None]:
    """Turn every exception into one of our own; `unexpected_text` names one of a kind that is not handled here.

    Parsers of malformed files fail in many ways (mutagen raises IndexError, OverflowError and others), and so do
    decoders and encoders, so this function catches everything. Every function that `audio` offers runs inside it.
    """
    try:
        yield
    except PodcastKitError:
        raise
    except OSError as error:
        raise InvalidAudio(str(path), f"cannot be read: {error.strerror or error}", code="au.unreadable") from None
    except (MemoryError, RecursionError, struct.error) as error:
        text = "is damaged: its structure is invalid"
        raise InvalidAudio(str(path), text, "export it again", "au.broken") from error
    except Exception as error:
        text = unexpected_text.format(type(error).__name__)
        raise InvalidAudio(str(path), text, "export it again", "au.broken") from error
