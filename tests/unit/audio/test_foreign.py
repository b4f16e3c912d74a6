"""Sound of strangers is decoded in a process with limits, and not for longer than allowed."""

import shutil
from functools import partial

import pytest

from podcast_kit.audio import decoded, loudness, master, probe
from podcast_kit.audio.mastering import decode
from podcast_kit.errors import InvalidAudio
from podcast_kit.io import decoder_process
from podcast_kit.io.decoder_process import DecoderDied, limit_decoders
from podcast_kit.model import AudioSettings
from tests.support.shows import ROOT

SAMPLES = ROOT / "tests/samples"
SHORT_HOURS = 0.5 / 3600
"""Less than the samples last."""
STREAM_INFO_SAMPLES_AT = 21
"""Bytes 22 to 26 of a FLAC, but for 4 bits of the first."""


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(decoder_process, "MAX_UNTRUSTED_RECORDING_HOURS", SHORT_HOURS)


def decode_all(path):
    return sum(block.shape[1] for block in decode.decode_blocks(path))


@pytest.mark.usefixtures("short_limit")
@pytest.mark.parametrize("name", ["speech.flac", "speech.wav", "speech.ogg", "aac.m4a", "cbr-bare.mp3"])
def test_a_recording_of_a_stranger_that_is_too_long_is_not_decoded(name):
    with limit_decoders(), pytest.raises(InvalidAudio) as caught:
        decode_all(SAMPLES / name)
    [problem] = caught.value.problems
    assert problem.code == "au.large"
    assert "hours, so it is not decoded" in problem.text
    assert decode_all(SAMPLES / name) > 0


@pytest.mark.usefixtures("short_limit")
def test_a_header_without_a_length_does_not_help(tmp_path):
    data = bytearray((SAMPLES / "speech.flac").read_bytes())
    data[STREAM_INFO_SAMPLES_AT] &= 0xF0
    data[STREAM_INFO_SAMPLES_AT + 1 : STREAM_INFO_SAMPLES_AT + 5] = bytes(4)
    path = tmp_path / "talk.flac"
    path.write_bytes(data)
    with limit_decoders(), pytest.raises(InvalidAudio, match="not decoded"):
        decode_all(path)


@pytest.mark.parametrize(
    "read",
    [
        decoded.probe_decoded,
        decoded.read_decoded_tags,
        loudness.measure_loudness,
        partial(master.mastered_suffix, settings=AudioSettings()),
        partial(master.choose_format, format_="mp3"),
    ],
)
def test_a_recording_that_crashes_its_decoder_is_a_problem_of_that_recording(read, tmp_path, monkeypatch):
    def crash(*_arguments, **_options):
        raise DecoderDied("the decoder crashed on this file")

    monkeypatch.setattr(decoder_process.DecoderProcess, "call", crash)
    path = shutil.copy(SAMPLES / "speech.flac", tmp_path / "talk.flac")
    with limit_decoders():
        assert probe.exceeds_level(path, 0.5) is None
        with pytest.raises(InvalidAudio, match="the decoder crashed on this file"):
            read(path)


def test_what_decoders_find_is_the_same_in_a_process_with_limits():
    def read_all(path):
        return (
            probe.exceeds_level(path, 0.001),
            decoded.probe_decoded(path),
            decoded.read_decoded_tags(path),
            master.choose_format(path, "mp3"),
        )

    free = read_all(SAMPLES / "speech.flac")
    with limit_decoders():
        assert read_all(SAMPLES / "speech.flac") == free
