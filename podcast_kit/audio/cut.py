"""Cut a clip out of a recording: an MP3 at its frames, without loss; any other format is re-encoded."""

from __future__ import annotations

import itertools
import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio import tag_bounds
from podcast_kit.audio.mastering import mp3_gain
from podcast_kit.audio.mp3 import frame_scan, xing_header
from podcast_kit.audio.sniff import AudioKind, detect_audio_kind
from podcast_kit.errors import InvalidAudio, PodcastKitError
from podcast_kit.io.atomic_write import atomic_path
from podcast_kit.io.decoder_process import are_decoders_limited
from podcast_kit.io.temp_folder import TemporaryFolder

MAX_RESERVOIR_FRAMES = 9
"""Frames before the first that may hold a part of its data: as many as 511 bytes need at the lowest rate, plus one."""
MAX_LAME_DELAY_SAMPLES = 0xFFF
"""Samples that the LAME tag can tell players to skip."""
MAX_CRC_FRAMES = 10_000
"""Frames (4 min) up to which the checksum is computed; a longer clip has none."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was written."""

    path: Path
    seconds: float
    lossless: bool


def clip_suffix(source: Path) -> str:
    """The file extension of a clip: that of its source if podcast apps play the format, else `.mp3`."""
    return {AudioKind.MP3: ".mp3", AudioKind.MP4: ".m4a", AudioKind.OGG: ".opus"}.get(detect_audio_kind(source), ".mp3")


def cut_audio(source: Path, destination: Path, start: float, seconds: float) -> Clip:
    """Write `seconds` of a recording, from `start` on, to `destination`, whose suffix is `clip_suffix(source)`.

    An MP3 is not re-encoded, unless its sample rate changes midway: players with gapless playback are exact to the
    sample, others begin and end within a tenth of a second. Raises InvalidAudio if the clip begins after the end of the
    recording.
    """
    if not (start >= 0 and seconds > 0):
        raise PodcastKitError(
            f"cannot cut {seconds:g} s from {start:g} s", "start at 0 or later, with a length above 0"
        )
    frames = _list_mp3_frames(source) if detect_audio_kind(source) is AudioKind.MP3 else None
    with atomic_path(destination) as part:
        length = (
            _cut_mp3_frames(source, frames, part, start, seconds)
            if frames
            else _encode_clip(source, part, start, seconds)
        )
    return Clip(destination, length, frames is not None)


@dataclass(frozen=True, slots=True)
class _Mp3Frames:
    """Where every frame of an MP3 is, without the encoder's header frame."""

    offsets: array[int]
    header: frame_scan.FrameHeader
    """Of every frame, apart from its size."""
    xing: frame_scan.XingHeader | None

    @property
    def silence(self) -> int:
        """Samples at the start that players skip."""
        return self.xing.delay + frame_scan.DECODER_DELAY_SAMPLES if self.xing and self.xing.gapless else 0


def _list_mp3_frames(source: Path) -> _Mp3Frames | None:
    """The frames of an MP3; None if its frames are of several kinds, which one MP3 cannot be cut from without loss."""
    with source.open("rb") as file:
        begin, end = tag_bounds.find_audio_bounds(file, os.fstat(file.fileno()).st_size)
        first = frame_scan.find_first_frame(file, begin, end)
        if first is None:
            raise InvalidAudio(str(source), "contains no MP3 frame", "export it again")
        head = tag_bounds.read_at(file, first, 4096)
        xing, header = frame_scan.read_xing_header(head), frame_scan.FRAME_HEADERS[head[:3]]
        offsets = array("Q")
        scan = frame_scan.scan_frames(file, min(first + header.size * bool(xing), end), end, offsets)
    kinds = {(frame_scan.FRAME_HEADERS[key].version, frame_scan.FRAME_HEADERS[key].rate) for key in scan.counts}
    return _Mp3Frames(offsets, header, xing) if len(kinds) <= 1 else None


def _cut_mp3_frames(source: Path, mp3: _Mp3Frames, part: Path, start: float, seconds: float) -> float:
    header = mp3.header
    at = round(start * header.rate) + mp3.silence
    stop = at + round(seconds * header.rate)
    first, last = max(0, at // header.samples), -(-stop // header.samples)
    with source.open("rb") as file:
        lead = _read_frames(file, mp3.offsets[max(first - MAX_RESERVOIR_FRAMES, 0) : first])
        kept = _read_frames(file, mp3.offsets[first:last])
    if not kept:
        raise InvalidAudio(str(source), f"ends before {start:g} s", "start the clip earlier", "au.range")
    fillers = _build_fillers(lead[:-1], lead[-1]) if lead else []
    frames = [*fillers, *lead[-1:], *kept]
    skipped = (len(fillers) + len(lead[-1:])) * header.samples + at - first * header.samples
    silent_samples = max(skipped - frame_scan.DECODER_DELAY_SAMPLES, 0)
    delay = min(silent_samples, MAX_LAME_DELAY_SAMPLES)
    length = min(stop - at, len(frames) * header.samples - skipped)
    padding = min(max(len(frames) * header.samples - silent_samples - length, 0), MAX_LAME_DELAY_SAMPLES)
    _write_mp3(part, frames, delay, padding)
    return (length + silent_samples - delay) / header.rate


def _read_frames(file: BinaryIO, offsets: array[int]) -> list[bytes]:
    frames = []
    for offset in offsets:
        head = tag_bounds.read_at(file, offset, 3)
        frames.append(head + file.read(frame_scan.FRAME_SIZES[head] - 3))
    return frames


def _build_fillers(before: list[bytes], first: bytes) -> list[bytes]:
    """Silent frames that hold the data which the first real frame has in earlier frames (the bit reservoir)."""
    needed, chosen = _main_data_begin(first), list[bytes]()
    for frame in reversed(before):
        if needed <= 0:
            break
        chosen.insert(0, frame)
        needed -= _main_data_bytes(frame)
    held, fillers = 0, list[bytes]()
    for frame in chosen:
        # Each points back to where the first one's data begin: decoders discard what is before that.
        fillers.append(_silence_frame(frame, held))
        held += _main_data_bytes(frame)
    return fillers


def _silence_frame(frame: bytes, back: int) -> bytes:
    """The same data in a frame that plays as silence."""
    side, length = _side_info_span(frame)
    silent = bytearray(frame)
    silent[side : side + length] = bytes(length)
    if _is_mpeg1(frame):
        silent[side : side + 2] = (min(back, 511) << 7).to_bytes(2, "big")
    else:
        silent[side] = min(back, 255)
    mp3_gain.update_frame_crc(silent, 0)
    return bytes(silent)


def _main_data_bytes(frame: bytes) -> int:
    """Bytes of a frame without its header and side information."""
    return len(frame) - sum(_side_info_span(frame))


def _is_mpeg1(frame: bytes) -> bool:
    return frame_scan.FRAME_HEADERS[frame[:3]].version == mp3_gain.MPEG_1


def _side_info_span(frame: bytes) -> tuple[int, int]:
    """Offset and length of a frame's side information."""
    mono = frame[3] >> 6 == 3
    length = (17 if mono else 32) if _is_mpeg1(frame) else (9 if mono else 17)
    return (4 if frame[1] & 1 else 6), length


def _main_data_begin(frame: bytes) -> int:
    """`main_data_begin`: by how many bytes the data begin before this frame."""
    side, _ = _side_info_span(frame)
    if _is_mpeg1(frame):
        return frame[side] << 1 | frame[side + 1] >> 7
    return frame[side]


def _write_mp3(part: Path, frames: list[bytes], delay: int, padding: int) -> None:
    sizes = {frame_scan.FRAME_HEADERS[frame[:3]].kbits for frame in frames}
    crc = xing_header.crc16_arc(b"".join(frames)) if len(frames) < MAX_CRC_FRAMES else 0
    tag = xing_header.build_xing_frame(
        frames[0][:4],
        frames=len(frames),
        size=sum(map(len, frames)),
        padding=padding,
        crc=crc,
        delay=delay,
        constant=len(sizes) == 1,
    )
    with part.open("wb") as out:
        out.write(tag)
        out.writelines(frames)


def _encode_clip(source: Path, part: Path, start: float, seconds: float) -> float:
    from podcast_kit.audio import codecs

    codecs.require_codecs()
    if not are_decoders_limited():
        return _encode_part(source, part, start, seconds)
    from podcast_kit.audio.mastering.workers import WorkerDied, WorkerPool

    try:
        with TemporaryFolder() as folder, WorkerPool(1) as pool:
            clip = Path(folder, "clip")  # the process cannot write to a folder that only this one has open
            length = pool.submit(_encode_part, source, clip, start, seconds).result()
            part.write_bytes(clip.read_bytes())
            return length
    except WorkerDied as error:
        raise InvalidAudio(str(source), f"cannot be decoded: {error}", "export it again", "au.broken") from None


def _encode_part(source: Path, part: Path, start: float, seconds: float) -> float:
    from podcast_kit.audio.mastering import concat, decode, encode, mix

    format_ = clip_suffix(source).lstrip(".")
    sound = mix.mix_of_file(source, source.name, mix.encoding_rate(decode.read_source_info(source).rate, format_))
    samples = concat.slice_samples(sound.play(), round(start * sound.rate), round((start + seconds) * sound.rate))
    first = next(samples, None)
    if first is None:
        raise InvalidAudio(str(source), f"ends before {start:g} s", "start the clip earlier", "au.range")
    encoder = encode.open_encoder(
        format_, part, sound.rate, sound.channels, encode.DEFAULT_KBITS[format_][sound.channels - 1]
    )
    samples_written = 0
    try:
        for block in itertools.chain([first], samples):
            samples_written += block.shape[1]
            encoder.write(block)
        encoder.finish()
    except BaseException:
        encoder.abort()
        raise
    return samples_written / sound.rate
