"""A clip of an MP3 has the same samples, and a clip of another format has the right length."""

import random
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


def joined_mp3(folder, *, cover=0, second_rate=44100):
    """Two recordings, with a tag between them whose cover looks like frames."""
    dice = random.Random(1)
    body = b"APIC" + bytes(dice.choice(b"\xff\xfb\x90\x64\0\1") for _ in range(cover))
    tag = b"ID3\3\0\0" + bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0)) + body
    first, second = make_mp3(folder / "1.mp3"), folder / "2.mp3"
    encoder = encode.open_encoder("mp3", second, second_rate, 2, 128)
    encoder.write(music(6, second_rate))
    encoder.finish()
    (folder / "in.mp3").write_bytes(first.read_bytes() + tag * bool(cover) + second.read_bytes())
    return folder / "in.mp3"


@needs_ffmpeg
@pytest.mark.parametrize("start", [2.0, 5.5, 5.99, 7.0, 9.5])
def test_clip_of_a_joined_mp3_has_the_samples_of_its_source(start, tmp_path):
    source = joined_mp3(tmp_path)
    clip = cut.cut_audio(source, tmp_path / "out.mp3", start, 1.0)
    assert clip.lossless
    same(source, tmp_path / "out.mp3", start, 1.0)


@needs_ffmpeg
def test_cover_between_joined_recordings_is_not_taken_for_audio(tmp_path):
    plain, covered = tmp_path / "plain", tmp_path / "covered"
    for folder, cover in ((plain, 0), (covered, 60_000)):
        folder.mkdir()
        clip = cut.cut_audio(joined_mp3(folder, cover=cover), folder / "out.mp3", 5.5, 1.0)
        assert (clip.lossless, clip.seconds) == (True, 1.0)
    assert (plain / "out.mp3").read_bytes() == (covered / "out.mp3").read_bytes()
    assert probe_audio(covered / "in.mp3").seconds == probe_audio(plain / "in.mp3").seconds
    assert "60014 bytes between the frames are not audio" in probe_audio(covered / "in.mp3").warnings


@needs_ffmpeg
def test_clip_of_recordings_of_two_rates_is_encoded_again(tmp_path):
    clip = cut.cut_audio(joined_mp3(tmp_path, second_rate=48000), tmp_path / "out.mp3", 5.5, 1.0)
    assert (clip.lossless, clip.seconds) == (False, pytest.approx(1.0, abs=0.01))
    assert probe_audio(tmp_path / "out.mp3").seconds == pytest.approx(1.0, abs=0.01)


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
