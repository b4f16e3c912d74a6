"""A clip of an MP3 has the same samples, and a clip of another format has the right length."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from podcast_kit.audio import cut, probe_audio
from podcast_kit.audio.mastering import encode
from podcast_kit.errors import InvalidAudio, PodcastKitError
from tests.support.audio_samples import SAMPLES
from tests.support.sound import decoded, music, needs_ffmpeg, voice, write

needs_lame = pytest.mark.skipif(shutil.which("lame") is None, reason="lame makes the MP3s that lameenc cannot")


def make_mp3(path, kbits=128, channels=2, seconds=6):
    sound = voice(seconds, channels=channels) * np.float32(0.5)
    encoder = encode.open_encoder("mp3", path, 44100, channels, kbits)
    encoder.write(sound)
    encoder.finish()
    return path


def same(source, clip, start, seconds, rate=44100, channels=2):
    """Every sample equals the source's; the last granule may lack what the next frame would add."""
    whole, part = decoded(source, rate, channels), decoded(clip, rate, channels)
    first = round(start * rate)
    assert part.shape[1] == round(seconds * rate)
    assert np.array_equal(part[:, :-1200], whole[:, first : first + part.shape[1]][:, :-1200])


@needs_ffmpeg
@pytest.mark.parametrize(("start", "seconds"), [(0.0, 1.0), (0.02, 0.5), (1.0, 2.0), (2.345, 1.111), (5.0, 1.0)])
@pytest.mark.parametrize("kbits", [96, 128, 320])
def test_mp3_clip_has_the_samples_of_its_source(kbits, start, seconds, tmp_path):
    source = make_mp3(tmp_path / "in.mp3", kbits)
    clip = cut.cut_audio(source, tmp_path / "out.mp3", start, seconds)
    assert (clip.lossless, clip.seconds) == (True, pytest.approx(seconds, abs=1e-4))
    assert probe_audio(tmp_path / "out.mp3").seconds == pytest.approx(seconds, abs=1e-4)
    same(source, tmp_path / "out.mp3", start, seconds)


@needs_ffmpeg
@needs_lame
@pytest.mark.parametrize("how", [["-V4"], ["-p", "-b", "128"], ["-b", "64", "-m", "m"], ["--abr", "110"]], ids=" ".join)
def test_mp3_clip_with_vbr_checksums_and_mono(how, tmp_path):
    wav = write(tmp_path / "in.wav", music(6))
    subprocess.run(["lame", "--quiet", *how, wav, tmp_path / "in.mp3"], check=True)
    cut.cut_audio(tmp_path / "in.mp3", tmp_path / "out.mp3", 2.5, 1.5)
    whole, part = (decoded(tmp_path / name, 44100, 2) for name in ("in.mp3", "out.mp3"))
    # At the lowest rates the silence in front is longer than a tag can say, by less than a tenth of a second.
    extra = part.shape[1] - round(1.5 * 44100)
    assert 0 <= extra < 4410
    first = round(2.5 * 44100)
    assert np.array_equal(part[:, extra : extra + 60000], whole[:, first : first + 60000])
    if shutil.which("mp3val"):
        said = subprocess.run(["mp3val", tmp_path / "out.mp3"], capture_output=True, text=True, check=True).stdout
        assert "WARNING" not in said.replace('WARNING: "' + str(tmp_path / "out.mp3") + '": No supported tags', "")


@given(st.floats(0, 5.9), st.floats(0.01, 3))
@hypothesis_settings(deadline=None, max_examples=25)
def test_clip_length_is_limited_by_the_recording(tmp_path_factory, start, seconds):
    folder = tmp_path_factory.mktemp("cut")
    source = make_mp3(folder / "in.mp3")
    clip = cut.cut_audio(source, folder / "out.mp3", start, seconds)
    assert probe_audio(folder / "out.mp3").seconds == pytest.approx(clip.seconds, abs=1e-3)
    assert clip.seconds == pytest.approx(min(seconds, 6 - start), abs=0.06)


@pytest.mark.parametrize("name", ["aac.m4a", "speech.opus", "speech.flac", "speech.wav"])
def test_other_formats_are_reencoded(name, tmp_path):
    path = tmp_path / f"out{cut.clip_suffix(SAMPLES / name)}"
    clip = cut.cut_audio(SAMPLES / name, path, 0.5, 0.75)
    assert not clip.lossless
    assert probe_audio(path).seconds == pytest.approx(0.75, abs=0.05)
    assert path.suffix == {"aac.m4a": ".m4a", "speech.opus": ".opus"}.get(name, ".mp3")


@pytest.mark.parametrize("name", ["cbr.mp3", "speech.wav"])
def test_clip_after_the_end_is_refused(name, tmp_path):
    with pytest.raises(InvalidAudio, match="ends before 99 s"):
        cut.cut_audio(SAMPLES / name, tmp_path / "out.mp3", 99, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("start", "seconds"), [(-1, 1), (0, 0), (0, -1), (float("nan"), 1)])
def test_empty_clip_is_refused(start, seconds, tmp_path):
    with pytest.raises(PodcastKitError, match="cannot cut"):
        cut.cut_audio(SAMPLES / "cbr.mp3", tmp_path / "out.mp3", start, seconds)
