"""WAV and AIFF whose headers have a wrong size: measured, decoded and repaired to their real end."""

import struct

import av
import numpy as np
import pytest

from podcast_kit.audio import inspect_audio, probe_audio, repair_audio
from podcast_kit.audio.mastering import decode
from podcast_kit.audio.riff import chunks
from podcast_kit.errors import InvalidAudio
from tests.support.audio_samples import sample
from tests.support.sound import voice

RATE = 48_000
SOUND = (voice(3.5, RATE, 2).T * 20_000).astype("<i2")
SIZE = SOUND.nbytes


def wav_head(size, *, magic=b"RIFF"):
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, RATE, RATE * 4, 4, 16)
    return struct.pack("<4sI4s", magic, (size + 36) & 0xFFFFFFFF, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def aiff(size, frames):
    common = struct.pack(">4sIhIh", b"COMM", 18, 2, frames, 16) + b"\x40\x0e\xbb\x80" + bytes(6)
    head = struct.pack(">4sI4s", b"FORM", size & 0x7FFFFFFF, b"AIFF") + common
    return head + struct.pack(">4sIII", b"SSND", size, 0, 0) + SOUND.byteswap().tobytes()


def decoded(path):
    return np.concatenate(list(decode.decode_blocks(path)), axis=1)


def problems_of(path):
    """What is wrong besides what is said of every WAV and AIFF."""
    return [problem for problem in inspect_audio(path).problems if problem.code != "au.convert"]


def check(path, seconds=3.5):
    """The length, the decoded samples, and a repaired copy that FFmpeg reads without our help."""
    assert probe_audio(path).seconds == pytest.approx(seconds, abs=0.001)
    assert np.allclose(decoded(path), SOUND[: round(seconds * RATE)].T / 32768, atol=1e-6)
    fixed = path.with_name(f"fixed{path.suffix}")
    repair_audio(path, fixed)
    assert problems_of(fixed) == []
    assert probe_audio(fixed).payload_sha256 == probe_audio(path).payload_sha256
    with av.open(str(fixed)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == round(seconds * RATE)


SIZES = [0, 0x7FFFFFFF, 0x7FFFFFD8, 0x80000000, 0x7FFFF000, 0xFFFFFFFF, 0xFFFFFFD8, SIZE + 16, SIZE + 36, SIZE + 44]


@pytest.mark.parametrize("size", SIZES, ids=hex)
def test_wav_of_a_streaming_recorder(size, tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_head(size) + SOUND.tobytes())
    check(tmp_path / "a.wav")
    problems = problems_of(tmp_path / "a.wav")
    assert [problem.code for problem in problems] == ["au.length" if size in SIZES[-3:] else "au.truncated"]


@pytest.mark.parametrize("size", [0, 8, 0x7F000008, 0x7FFFFFFF, 0xFFFFFFFF, SIZE + 8 + 44], ids=hex)
def test_aiff_of_a_streaming_recorder(size, tmp_path):
    (tmp_path / "a.aiff").write_bytes(aiff(size, 0))
    check(tmp_path / "a.aiff")


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_rf64_that_was_never_finished(magic, tmp_path):
    head = wav_head(0xFFFFFFFF, magic=magic)
    ds64 = struct.pack("<4sI3QI", b"ds64", 28, 0, 0, 0, 0)
    (tmp_path / "a.wav").write_bytes(head[:12] + ds64 + head[12:] + SOUND.tobytes())
    check(tmp_path / "a.wav")


def test_wav_in_which_the_size_is_far_too_large_is_truncated(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_head(SIZE + RATE * 4) + SOUND.tobytes())
    with pytest.raises(InvalidAudio, match=r"1\.0 s of audio are missing"):
        probe_audio(tmp_path / "a.wav")


def test_empty_wav_with_texts_is_not_a_recording(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_head(0) + b"LIST\4\0\0\0INFO")
    with pytest.raises(InvalidAudio, match="empty data chunk"):
        probe_audio(tmp_path / "a.wav")


def test_size_that_wrapped_around_is_corrected(tmp_path, monkeypatch):
    limit = 1 << 18  # instead of 4 GB
    monkeypatch.setattr(chunks, "SIZE_LIMIT", limit)
    (tmp_path / "a.wav").write_bytes(wav_head(SIZE % limit) + SOUND.tobytes())
    problems = problems_of(tmp_path / "a.wav")
    assert [problem.code for problem in problems] == ["au.length"]
    assert "a WAV of more than 4 GB cannot store its length: most programs play only 0.8 s" in problems[0].text
    check(tmp_path / "a.wav")


def test_seven_hours_in_a_wav_whose_size_wrapped_around(tmp_path):
    length = 7 * 3600 * RATE * 4
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.write(wav_head(length % (1 << 32)))
        file.truncate(44 + length)  # sparse
    with path.open("rb") as file:
        sound = chunks.locate_sound(path, file)
        pieces = chunks.repaired_riff_pieces(path, file)
    assert (sound.start, sound.length) == (44, length)
    assert sound.warnings[0].endswith("most programs play only 47:10")
    assert decode.read_source_info(path).rate == RATE
    head = pieces[0]
    assert pieces[1] == (44, length)
    assert head[:4] == b"RF64"
    with (tmp_path / "fixed.wav").open("wb") as file:
        file.write(head)
        file.truncate(len(head) + length)
    with (tmp_path / "fixed.wav").open("rb") as file:
        fixed = chunks.locate_sound(tmp_path / "fixed.wav", file)
    assert (fixed.length, fixed.declared, fixed.warnings) == (length, length, ())


def test_file_with_the_right_size_is_copied_as_it_is(tmp_path):
    for name in ("speech.wav", "speech.aiff"):
        repair_audio(sample(name), tmp_path / name)
        assert (tmp_path / name).read_bytes() == sample(name).read_bytes()
