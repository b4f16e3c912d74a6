"""A plain WAV is read as the decoder would read it, and any other file is left to the decoder."""

import os
import struct

import numpy as np
import pytest

from podcast_kit.audio import probe_audio
from podcast_kit.audio.mastering import decode
from podcast_kit.errors import InvalidAudio
from tests.support.sound import music, write


def heard(path, *asked):
    return np.concatenate(list(decode.decode_blocks(path, *asked)), axis=1)


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


@pytest.fixture(params=[1, 2], ids=["mono", "stereo"])
def recording(tmp_path, request):
    return write(tmp_path / "a.wav", music(4, channels=request.param))


def changed(path, change):
    data = path.read_bytes()
    path.write_bytes(change(data))
    return path


def framed(data):
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


OTHER = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
"""Mono of 8 kHz."""
CHANGES = {
    "as it is": lambda data: data,
    "words in front": lambda data: data[:36] + chunk(b"LIST", b"INFOISFT" + b"x" * 7) + data[36:],
    "words in front, as they should be": lambda data: framed(data[:36] + chunk(b"LIST", b"INFOx") + data[36:]),
    "words behind, as they should be": lambda data: framed(data + chunk(b"LIST", b"INFO")),
    "words behind": lambda data: data + chunk(b"LIST", b"INFO"),
    "cut short": lambda data: data[:-10_001],
    "cut short behind words": lambda data: data[:36] + chunk(b"LIST", b"INFO" + b"x" * 9000) + data[36:-10_001],
    "two sounds": lambda data: framed(data + chunk(b"data", data[44:1044])),
    "two heads": lambda data: framed(data[:36] + chunk(b"fmt ", OTHER) + data[36:]),
    "frames of another width": lambda data: data[:32] + b"\x03\0" + data[34:],
    "more sound than file": lambda data: data[:40] + struct.pack("<I", len(data) - 40) + data[44:],
    "no length": lambda data: data[:40] + b"\xff\xff\xff\xff" + data[44:],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_plain_wav_reading_equals_the_decoder(recording, change, monkeypatch):
    ours = heard(changed(recording, change))
    monkeypatch.setattr(decode, "_find_plain_pcm", lambda *_: None)
    assert np.array_equal(ours, heard(recording))


@pytest.mark.parametrize("asked", [(22050,), (0, 1), (0, 2), (44100, 2), (48000, 1)])
def test_wav_with_another_rate_or_channels_uses_the_decoder(tmp_path, asked, monkeypatch):
    path = write(tmp_path / "a.wav", music(1))
    ours = heard(path, *asked)
    monkeypatch.setattr(decode, "_find_plain_pcm", lambda *_: None)
    assert np.array_equal(ours, heard(path, *asked))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:16] + b"\xff\xff\xff\x7f" + data[20:],
        lambda data: framed(data[:36] + b"LIST\5\0\0\0INFOx" + data[36:]),
    ],
    ids=["a head beyond the end", "words without their filler"],
)
def test_wav_with_data_beyond_its_end_is_refused(recording, change):
    with pytest.raises(InvalidAudio):
        heard(changed(recording, change))


def test_named_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    for ask in (heard, decode.read_source_info, probe_audio):
        with pytest.raises(InvalidAudio, match="not a regular file"):
            ask(tmp_path / "a.wav")
