"""Loudness equals that of an independent meter, and silence is reported as such."""

import contextlib
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from podcast_kit.audio import loudness
from podcast_kit.errors import InvalidAudio, OperationError
from tests.support.audio_samples import SAMPLES
from tests.support.sound import VOICE, ffmpeg_loudness, music, needs_ffmpeg, voice, write

SOUNDS = {
    "speech": (voice(), 44100),
    "speech, one channel": (voice(channels=1), 44100),
    "speech at 48 kHz": (voice(rate=48000), 48000),
    "speech at 16 kHz": (voice(rate=16000, channels=1), 16000),
    "music": (music(), 44100),
    "very quiet": (voice() * np.float32(0.004), 44100),
    "loud and limited": (np.clip(voice() * 6, -0.97, 0.97), 44100),
    "mostly silence": (np.concatenate([np.zeros((2, 400000), np.float32), voice(4)], axis=1), 44100),
}


@needs_ffmpeg
@pytest.mark.parametrize("name", SOUNDS)
def test_loudness_equals_that_of_ffmpeg(name, tmp_path):
    path = write(tmp_path / "a.wav", *SOUNDS[name])
    integrated, spread, peak = ffmpeg_loudness(path)
    ours = loudness.measure_loudness(path)
    assert ours.integrated == pytest.approx(integrated, abs=0.1)
    assert ours.range == pytest.approx(spread, abs=0.15)
    assert ours.true_peak == pytest.approx(peak, abs=0.15)


@needs_ffmpeg
@pytest.mark.parametrize("path", [*sorted(SAMPLES.glob("*.*")), VOICE], ids=lambda path: path.name)
def test_every_format_is_measured(path):
    assert loudness.measure_loudness(path).integrated == pytest.approx(ffmpeg_loudness(path)[0], abs=0.1)


@pytest.mark.parametrize("seconds", [0.05, 2.0])
def test_silence_has_no_loudness(seconds, tmp_path):
    path = write(tmp_path / "a.wav", np.zeros((1, round(seconds * 44100)), np.float32))
    found = loudness.measure_loudness(path)
    assert (found.integrated, found.range, found.true_peak, found.silent) == (None, None, None, True)
    assert str(found) == "silent"


def test_very_short_recording_has_only_a_peak(tmp_path):
    found = loudness.measure_loudness(write(tmp_path / "a.wav", voice(2)[:, 44100 : 44100 + 4410]))
    assert found.silent
    assert found.true_peak < 0
    assert str(found).startswith("too quiet or too short to measure")


def test_loudness_over_time_has_a_point_every_tenth_of_a_second(tmp_path):
    sound = np.concatenate([music(5) * np.float32(0.1), music(5)], axis=1)
    found = loudness.measure_loudness(write(tmp_path / "a.wav", sound))
    assert len(found.momentary) == len(found.short_term) == 100
    assert found.momentary[80] - found.momentary[30] == pytest.approx(20, abs=3)


def test_graph_has_curve_band_and_description(tmp_path):
    sound = np.concatenate([music(20), np.zeros((2, 44100 * 8), np.float32), music(20) * np.float32(0.1)], axis=1)
    found = loudness.measure_loudness(write(tmp_path / "a.wav", sound))
    drawn = loudness.render_loudness_graph(found, -16.0, "Tides & <lies>")
    root = ET.fromstring(drawn)
    svg = "{http://www.w3.org/2000/svg}"
    assert (root.get("role"), root.find(f"{svg}title").text) == ("img", "Tides & <lies>")
    assert root.find(f"{svg}desc").text == f"0:48; {found}; the target is -16 LUFS, within 1 LU."
    curve = root.findall(f"{svg}path")[-1].get("d")
    assert curve.count("M") == 2  # silence is a gap
    heights = [float(point.split(" ")[1]) for point in re.split("[ML]", curve)[1:]]
    assert min(heights) >= 0
    assert max(heights) <= 200
    assert heights[100] < heights[-100]
    assert len(drawn) < 12000


def test_graph_of_silence_is_empty_and_described(tmp_path):
    found = loudness.measure_loudness(write(tmp_path / "a.wav", np.zeros((1, 88200), np.float32)))
    assert 'class="curve" d=""' in loudness.render_loudness_graph(found)
    assert "silent" in loudness.render_loudness_graph(found)


def test_progress_of_measuring_ends_at_the_total(tmp_path):
    steps = []
    loudness.measure_loudness(write(tmp_path / "a.wav", voice(9)), steps.append)
    assert steps[-1].done == steps[-1].total == 9
    assert [step.done for step in steps] == sorted(step.done for step in steps)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello" * 1000, b"RIFF\x10\0\0\0WAVEfmt ", b"ID3" + bytes(5000)],
    ids=["empty", "text", "cut", "tag"],
)
def test_non_audio_is_not_measured(content, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(InvalidAudio, match=r"a\.wav: (cannot be opened|holds no|cannot be decoded)"):
        loudness.measure_loudness(path)


@pytest.mark.parametrize("name", ["cbr-bare.mp3", "speech.aiff", "speech.flac", "aac.m4a", "speech.opus"])
def test_damaged_file_is_measured_or_refused_with_a_reason(name, tmp_path):
    random = np.random.default_rng(3)
    body = (SAMPLES / name).read_bytes()
    path = tmp_path / name
    for _ in range(25):
        broken = bytearray(body[: random.integers(20, len(body))])
        for place in random.integers(0, min(len(broken), 400), 12):
            broken[place] = random.integers(256)
        path.write_bytes(broken)
        with contextlib.suppress(InvalidAudio):
            assert loudness.measure_loudness(path).seconds >= 0


def test_playlist_does_not_open_other_files(tmp_path):
    write(tmp_path / "secret.wav", voice(1))
    playlist = tmp_path / "a.mp3"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.wav\n#EXT-X-ENDLIST\n")
    with pytest.raises(InvalidAudio):
        loudness.measure_loudness(playlist)


def test_missing_file_is_reported(tmp_path):
    with pytest.raises(OperationError, match="no such file"):
        loudness.measure_loudness(tmp_path / "none.wav")


def test_message_without_the_extra_says_what_to_install():
    code = """
import sys
sys.modules["av"] = None
import podcast_kit.audio
from pathlib import Path
from podcast_kit.audio import codecs, loudness, master
from podcast_kit.errors import PodcastKitError
from podcast_kit.model import AudioSettings
assert codecs.missing_codecs() == ("av",), codecs.missing_codecs()
for ask in (lambda: loudness.measure_loudness(Path("a.wav")), lambda: master.mastering_key("", AudioSettings())):
    try:
        ask()
    except PodcastKitError as error:
        assert "av" in error.text and "[master]" in error.fix, error
    else:
        raise SystemExit("nothing was said")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_excessive_sample_rate_is_refused(tmp_path):
    path = write(tmp_path / "a.wav", voice(1), rate=40_000_000)
    with pytest.raises(InvalidAudio, match="has more than 768,000 samples per second"):
        loudness.measure_loudness(path)
