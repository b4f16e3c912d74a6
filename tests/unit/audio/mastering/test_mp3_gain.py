"""The loudness of an MP3 is changed without decoding it."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.audio import loudness, probe_audio
from podcast_kit.audio.mastering import encode, mp3_gain
from tests.support.audio_samples import SAMPLES
from tests.support.sound import decoded, needs_ffmpeg, voice

needs_mp3gain = pytest.mark.skipif(shutil.which("mp3gain") is None, reason="mp3gain says which bytes are right")
needs_lame = pytest.mark.skipif(shutil.which("lame") is None, reason="lame writes the checksums that lameenc does not")
FILES = sorted(path.name for path in SAMPLES.glob("*.mp3"))


def by_mp3gain(source, path, steps):
    shutil.copyfile(source, path)
    subprocess.run(["mp3gain", "-q", "-c", "-s", "s", "-g", str(steps), str(path)], check=True, capture_output=True)
    return path.read_bytes()


@needs_mp3gain
@pytest.mark.parametrize("steps", [1, -4, 90, -120])
@pytest.mark.parametrize("name", FILES)
def test_bytes_equal_those_of_mp3gain(name, steps, tmp_path):
    mp3_gain.change_mp3_gain(SAMPLES / name, tmp_path / "a.mp3", steps)
    assert (tmp_path / "a.mp3").read_bytes() == by_mp3gain(SAMPLES / name, tmp_path / "b.mp3", steps)


@needs_mp3gain
@needs_lame
@pytest.mark.parametrize("how", [["-b", "64"], ["-m", "m"], ["-p", "-m", "s"], ["-p", "-m", "m"]], ids=" ".join)
@pytest.mark.parametrize("rate", ["44.1", "22.05"])
def test_mp3_gain_with_checksums_mono_and_low_rates(how, rate, tmp_path):
    command = ["lame", "--quiet", "-V4", "--resample", rate, *how, SAMPLES / "speech.wav", tmp_path / "in.mp3"]
    subprocess.run(command, check=True)
    mp3_gain.change_mp3_gain(tmp_path / "in.mp3", tmp_path / "a.mp3", 3)
    assert (tmp_path / "a.mp3").read_bytes() == by_mp3gain(tmp_path / "in.mp3", tmp_path / "b.mp3", 3)


@needs_ffmpeg
def test_mp3_gain_multiplies_every_sample(tmp_path):
    encoder = encode.open_encoder("mp3", tmp_path / "in.mp3", 44100, 2, 128)
    encoder.write(voice(3) * np.float32(0.3))
    encoder.finish()
    mp3_gain.change_mp3_gain(tmp_path / "in.mp3", tmp_path / "out.mp3", 4)
    before, after = (decoded(tmp_path / name, 44100, 2) for name in ("in.mp3", "out.mp3"))
    np.testing.assert_allclose(after, before * 2, atol=2e-6)


def test_mp3_gain_keeps_tags_junk_and_header_frame(tmp_path):
    body = (SAMPLES / "cbr.mp3").read_bytes()
    source, out, back = (tmp_path / name for name in ("in.mp3", "out.mp3", "back.mp3"))
    tail = b"TAG" + bytes(range(125))
    source.write_bytes(body + tail)
    mp3_gain.change_mp3_gain(source, out, 2)
    mp3_gain.change_mp3_gain(out, back, -2)
    assert out.read_bytes() != source.read_bytes() == back.read_bytes()
    assert out.read_bytes()[-128:] == tail
    assert probe_audio(out).seconds == probe_audio(source).seconds
    louder = loudness.measure_loudness(out).true_peak - loudness.measure_loudness(source).true_peak
    assert louder == pytest.approx(3.01, abs=0.02)


@given(st.binary(max_size=3000), st.integers(0, 14419), st.integers(-5, 5))
@settings(deadline=None, max_examples=40)
def test_mp3_gain_keeps_the_length_of_a_damaged_file(tmp_path_factory, junk, position, steps):
    folder = tmp_path_factory.mktemp("damaged")
    body = (SAMPLES / "cbr-bare.mp3").read_bytes()
    (folder / "in.mp3").write_bytes(body[:position] + junk + body[position:])
    mp3_gain.change_mp3_gain(folder / "in.mp3", folder / "out.mp3", steps)
    assert (folder / "out.mp3").stat().st_size == len(body) + len(junk)
