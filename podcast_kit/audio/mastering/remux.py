"""Take the encoded audio out of its container, without encoding it again. Import only after `require_codecs()`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from podcast_kit.audio.mastering import decode, encode
from podcast_kit.audio.mp3 import frame_scan
from podcast_kit.audio.repair import repair_audio

NO_XING_WARNING = "without a Xing header"


def extract_audio(source: Path, destination: Path, format_: str) -> None:
    """Write the first audio stream of a file as `mp3`, `m4a` or `opus`, whose codec it has; its packets are unchanged.

    Raises InvalidAudio for a file that cannot be read.
    """
    with decode.open_container(source) as (container, stream):
        if format_ == "mp3":
            _write_mp3_frames(container, stream, destination)
        else:
            _write_packets(container, stream, destination, format_)


def _write_mp3_frames(container: Any, stream: Any, destination: Path) -> None:
    """The frames one after another, after a header frame if their bit rate varies and they have none."""
    with destination.open("wb") as out:
        for packet in container.demux(stream):
            out.write(bytes(packet))
    if any(NO_XING_WARNING in warning for warning in frame_scan.probe_mp3(destination).warnings):
        bare = destination.with_name(f"frames-{destination.name}")
        destination.rename(bare)
        repair_audio(bare, destination)
        bare.unlink()


def _write_packets(container: Any, stream: Any, destination: Path, format_: str) -> None:
    _, muxer = encode.LIBAV_FORMATS[format_]
    with av.open(str(destination.absolute()), "w", format=muxer, container_options=encode.MUXER_OPTIONS) as out:
        target: Any = out.add_stream_from_template(stream)
        for packet in container.demux(stream):
            if packet.size:
                packet.stream = target
                out.mux(packet)
