"""Repair an audio file in a copy: correct its header, drop junk, keep every byte of audio."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, TypeAlias

from podcast_kit.audio.hashed_copy import ByteSpan, write_hashed_copy
from podcast_kit.audio.probe import translate_audio_errors
from podcast_kit.audio.sniff import KINDS_WITHOUT_ID3, AudioKind, detect_audio_kind
from podcast_kit.audio.tag_bounds import id3_end
from podcast_kit.errors import InvalidAudio, OperationError

PieceBuilder: TypeAlias = Callable[[Path, BinaryIO], Iterable[bytes | ByteSpan]]
PIECE_BUILDERS = {
    AudioKind.MP3: ("mp3.repair", "repaired_mp3_pieces"),
    AudioKind.MP4: ("mp4.container", "repaired_mp4_pieces"),
    AudioKind.OGG: ("ogg.tags", "repaired_ogg_pieces"),
    AudioKind.FLAC: ("flac.blocks", "repaired_flac_pieces"),
    AudioKind.WAV: ("riff.chunks", "repaired_riff_pieces"),
    AudioKind.AIFF: ("riff.chunks", "repaired_riff_pieces"),
    AudioKind.ADTS: ("aac.adts", "repaired_adts_pieces"),
}


def repair_audio(source: Path, destination: Path) -> tuple[str, int]:
    """Write a copy of a file with a correct header and without junk; return its sha256 (hex) and its length.

    Its decoded audio is the same to the sample, and its tags are kept. Raises InvalidAudio for a file whose audio
    cannot be found, OperationError if the copy would overwrite the recording or cannot be written.
    """
    kind = detect_audio_kind(source, with_leading_tags=True)
    if kind not in PIECE_BUILDERS:
        raise InvalidAudio(str(source), f"is {kind}, which cannot be repaired", "export it again", "au.codec")
    module, function = PIECE_BUILDERS[kind]
    if destination.exists() and destination.samefile(source):
        raise OperationError(f"{source}: the copy would overwrite the recording", "write it to another folder")
    build_pieces: PieceBuilder = getattr(import_module(f"podcast_kit.audio.{module}"), function)
    with translate_audio_errors(source), source.open("rb") as file:
        size = source.stat().st_size
        tags = id3_end(file, 0, size) if kind in KINDS_WITHOUT_ID3 else 0
        return write_hashed_copy(file, destination, [(tags, size - tags)] if tags else build_pieces(source, file))
