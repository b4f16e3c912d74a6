"""Mastered files have the target loudness, whatever the recording."""

import hashlib
import shutil
import subprocess

import numpy as np
import pytest

from podcast_kit.audio import loudness, master, probe_audio
from podcast_kit.audio.mastering import encode
from podcast_kit.audio.mastering.job import Treatment
from podcast_kit.errors import InvalidAudio, OperationError, PodcastKitError
from podcast_kit.model import AudioSettings
from tests.support.broken_audio import everything
from tests.support.broken_audio import write as write_broken
from tests.support.sound import VOICE, decoded, ffmpeg_loudness, music, needs_ffmpeg, voice, write


def make_settings(**kw):
    return AudioSettings(**{"loudness": -16.0} | kw)


def mastered(source, path, on=None, *, intro=None, outro=None, **kw):
    return master.master_recording(source, path, make_settings(**kw), on, intro=intro, outro=outro)


def held(path, target=-16.0, within=0.3):
    """An independent meter reads the target loudness."""
    integrated, _, peak = ffmpeg_loudness(path)
    assert integrated == pytest.approx(target, abs=within + 0.05)  # the meter shows one decimal
    assert peak <= -1.0


SOUNDS = {
    "speech": voice(6),
    "mono": voice(6, channels=1),
    "music": music(6),
    "quiet": voice(6) * np.float32(0.01),
    "too loud": np.clip(voice(6) * 4, -1, 1),
    "clicks": voice(6) * np.float32(0.05) + (np.arange(6 * 44100) % 44100 == 0).astype(np.float32) * 0.8,
}


@needs_ffmpeg
@pytest.mark.parametrize("format_", ["mp3", "m4a", "opus"])
@pytest.mark.parametrize("name", SOUNDS)
def test_independent_meter_reads_the_target(name, format_, tmp_path):
    path = tmp_path / f"out.{format_}"
    said = mastered(write(tmp_path / "in.wav", SOUNDS[name]), path, format=format_)
    held(path)
    integrated, _, peak = ffmpeg_loudness(path)
    assert said.after.integrated == pytest.approx(integrated, abs=0.1)
    assert said.after.true_peak == pytest.approx(peak, abs=0.15)
    assert said.treatment is Treatment.ENCODE
    assert said.format == format_
    assert (said.bytes, said.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


@needs_ffmpeg
def test_recording_with_40_db_range_reaches_the_target(tmp_path):
    sound = voice(60)
    swell = 10 ** (-np.abs(np.sin(np.arange(sound.shape[1]) / 44100 / 7)) * 2)
    said = mastered(write(tmp_path / "in.wav", sound * swell.astype(np.float32)), tmp_path / "out.mp3")
    held(tmp_path / "out.mp3")
    assert said.gain + 16 + said.before.integrated > 3, "most of what was added was taken back by the limiter"


@needs_ffmpeg
@pytest.mark.parametrize("target", [-14.0, -19.0, -23.0])
def test_any_target_is_reached(target, tmp_path):
    mastered(write(tmp_path / "in.wav", voice()), tmp_path / "out.mp3", loudness=target)
    held(tmp_path / "out.mp3", target)


@needs_ffmpeg
@pytest.mark.parametrize("kbits", [64, 160, 192, 224, 320])
def test_gain_of_lame_is_compensated(kbits, tmp_path):
    said = mastered(write(tmp_path / "in.wav", music() * np.float32(0.5)), tmp_path / "out.mp3", bitrate=f"{kbits}k")
    held(tmp_path / "out.mp3")
    assert probe_audio(tmp_path / "out.mp3").bit_rate == pytest.approx(kbits * 1000, rel=0.001)
    assert said.gain == pytest.approx(-16 - said.before.integrated, abs=0.5)


@needs_ffmpeg
def test_dual_mono_target(tmp_path):
    source = write(tmp_path / "in.wav", voice(channels=1))
    mastered(source, tmp_path / "out.mp3", mono="dual")
    held(tmp_path / "out.mp3", -19.0)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["flac", "aiff", "w64", "24.wav", "96.wav", "8.wav", "6ch.wav"])
def test_sample_formats_of_recorders_are_mastered(suffix, tmp_path):
    options = {"24.wav": ["-c:a", "pcm_s24le"], "96.wav": ["-ar", "96000"], "8.wav": ["-ar", "8000"]}
    source = tmp_path / f"in.{suffix}"
    given = options.get(suffix, ["-ac", "6"] if suffix == "6ch.wav" else [])
    subprocess.run(["ffmpeg", "-v", "error", "-i", VOICE, *given, source], check=True)
    mastered(source, tmp_path / "out.mp3")
    held(tmp_path / "out.mp3")
    assert probe_audio(tmp_path / "out.mp3").sample_rate in {44100, 48000}
    assert probe_audio(tmp_path / "out.mp3").seconds == pytest.approx(9, abs=0.05)


@needs_ffmpeg
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.5, 2.0, 2.345])
def test_mastering_keeps_the_number_of_samples(seconds, channels, tmp_path):
    sound = voice(seconds, channels=channels)
    mastered(write(tmp_path / "in.wav", sound), tmp_path / "out.mp3", loudness=None, format="mp3")
    after = decoded(tmp_path / "out.mp3", 44100, channels)
    assert after.shape == sound.shape
    quiet = 0.95  # LAME's own
    assert np.sqrt(np.mean((after - sound * quiet) ** 2)) < 0.2 * np.sqrt(np.mean(sound**2))
    assert probe_audio(tmp_path / "out.mp3").seconds == pytest.approx(sound.shape[1] / 44100, abs=1e-4)


def test_info_frame_equals_that_of_lame(tmp_path):
    """Its length, delay and both checksums, read by LAME's own layout."""
    from podcast_kit.audio.mp3 import frame_scan, xing_header

    mastered(write(tmp_path / "in.wav", voice(3)), tmp_path / "out.mp3")
    data = (tmp_path / "out.mp3").read_bytes()
    promise = frame_scan.read_xing_header(data[:2000])
    size = frame_scan.FRAME_SIZES[data[:3]]
    assert (promise.name, promise.bytes, promise.delay) == ("Info", len(data), 576)
    assert promise.frames * 1152 - 576 - promise.padding == 3 * 44100
    assert int.from_bytes(data[188:190]) == xing_header.crc16_arc(data[size:])
    assert int.from_bytes(data[190:192]) == xing_header.crc16_arc(data[:190])


def test_same_recording_gives_the_same_bytes(tmp_path):
    source = write(tmp_path / "in.wav", voice(3))
    for format_ in ("mp3", "m4a", "opus"):
        digests = {mastered(source, tmp_path / f"{n}.{format_}", format=format_).sha256 for n in range(2)}
        assert len(digests) == 1


def test_the_source_is_only_read(tmp_path):
    source = write(tmp_path / "in.wav", voice(2))
    before = source.read_bytes()
    source.chmod(0o444)
    mastered(source, tmp_path / "out.mp3")
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav", "out.mp3"]


def test_silence_is_encoded_and_reported(tmp_path):
    said = mastered(write(tmp_path / "in.wav", np.zeros((1, 88200), np.float32)), tmp_path / "out.mp3")
    assert said.after.silent
    assert any("too quiet to set its loudness" in words for words in said.done)


def lossy(path, sound, format_="mp3", rate=44100, kbits=128):
    encoder = encode.open_encoder(format_, path, rate, len(sound), kbits)
    encoder.write(sound)
    encoder.finish()
    return path


def at(level, sound=None):
    """Audio whose integrated loudness is `level` before LAME reduces it."""
    sound = music() if sound is None else sound
    from podcast_kit.audio.mastering.meter import LoudnessMeter

    meter = LoudnessMeter(44100, len(sound))
    meter.add(sound)
    return sound * np.float32(10 ** ((level - meter.result().integrated) / 20) / 0.95)


@pytest.mark.parametrize("level", [-15.3, -16.0, -16.8])
def test_mp3_within_tolerance_is_unchanged(level, tmp_path):
    source = lossy(tmp_path / "in.mp3", at(level))
    said = mastered(source, tmp_path / "out.mp3")
    assert (said.treatment, said.gain) == (Treatment.KEEP, 0.0)
    assert (tmp_path / "out.mp3").read_bytes() == source.read_bytes()


@needs_ffmpeg
@pytest.mark.parametrize("level", [-30.0, -19.2, -13.1])
def test_mp3_is_changed_without_loss_in_whole_steps(level, tmp_path):
    source = lossy(tmp_path / "in.mp3", at(level))
    said = mastered(source, tmp_path / "out.mp3", loudness=-17.0)
    assert said.treatment is Treatment.SHIFT
    held(tmp_path / "out.mp3", -17.0, within=1.0)
    assert said.bytes == source.stat().st_size
    assert any("without loss" in words for words in said.done)


def test_mp3_gain_is_limited_by_its_peaks(tmp_path):
    sound = at(-20.0)
    sound[:, 44100] = 0.5
    source = lossy(tmp_path / "in.mp3", sound)
    said = mastered(source, tmp_path / "out.mp3", loudness=-10.0)
    assert said.treatment is Treatment.SHIFT
    assert said.before.integrated < said.after.integrated < -11
    assert said.after.true_peak <= -1.0
    assert any("reencode: true" in words for words in said.done)


@needs_ffmpeg
def test_lossy_source_is_reencoded_only_with_permission(tmp_path):
    sound = at(-20.0)
    sound[:, 44100] = 0.7
    source = lossy(tmp_path / "in.mp3", sound)
    said = mastered(source, tmp_path / "out.mp3", loudness=-14.0, reencode=True)
    assert said.treatment is Treatment.ENCODE
    held(tmp_path / "out.mp3", -14.0)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"format": "m4a"}, "converting to M4A"),
        ({"trim": True}, "trimming"),
        ({"channels": 1}, "changing its channels"),
        ({"trim": True, "intro": "a.wav"}, "trimming and adding an intro or outro"),
    ],
)
def test_change_that_needs_reencoding_is_refused_without_permission(wish, words, tmp_path):
    with pytest.raises(InvalidAudio, match=f"{words} would re-encode it") as caught:
        mastered(lossy(tmp_path / "in.mp3", voice(2)), tmp_path / "out.mp3", **wish)
    assert caught.value.problem.code == "au.reencode"
    assert not (tmp_path / "out.mp3").exists()


@pytest.mark.parametrize("bitrate", ["133k", "8k", "999k", "lots", "128kk"])
def test_invalid_bitrate_is_refused(bitrate, tmp_path):
    with pytest.raises(PodcastKitError, match="bitrate"):
        mastered(write(tmp_path / "in.wav", voice(1)), tmp_path / "out.mp3", bitrate=bitrate)


def test_unknown_format_is_refused(tmp_path):
    with pytest.raises(PodcastKitError, match="format 'wma'") as caught:
        mastered(write(tmp_path / "in.wav", voice(1)), tmp_path / "out.wma", format="wma")
    assert caught.value.fix == "use one of mp3, m4a, opus"


def test_unwritable_destination_is_reported(tmp_path):
    (tmp_path / "folder").write_text("no folder")
    with pytest.raises(OperationError, match="cannot be written"):
        mastered(write(tmp_path / "in.wav", voice(1)), tmp_path / "folder" / "out.mp3")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the file that is cut")
def test_damaged_recording_leaves_no_partial_file(tmp_path):
    source = tmp_path / "in.flac"
    body = VOICE.read_bytes()
    source.write_bytes(body[:9000] + bytes(len(body) - 9000))
    try:
        mastered(source, tmp_path / "out.mp3")
    except InvalidAudio:
        assert not (tmp_path / "out.mp3").exists()
    else:
        assert loudness.measure_loudness(tmp_path / "out.mp3").seconds > 0
    assert not list(tmp_path.glob(".*.part"))


def test_progress_of_mastering_names_stages_and_ends(tmp_path):
    steps = []
    mastered(write(tmp_path / "in.wav", voice(9)), tmp_path / "out.mp3", steps.append)
    assert list(dict.fromkeys(step.stage for step in steps)) == ["measure", "encode", "verify"]
    assert all(0 <= step.done <= step.total for step in steps)
    assert steps[-1].done == steps[-1].total == 9


def test_mastering_key_changes_with_everything_that_changes_the_bytes():
    first = master.mastering_key("a", make_settings())
    assert first == master.mastering_key("a", make_settings())
    others = [
        master.mastering_key("b", make_settings()),
        master.mastering_key("a", make_settings(loudness=-14.0)),
        master.mastering_key("a", make_settings(), "intro"),
        master.mastering_key("a", make_settings(trim=True)),
    ]
    assert len({first, *others}) == 5
    assert len(first) == 64


@pytest.mark.parametrize(
    ("name", "settings", "suffix"),
    [("in.wav", {}, ".mp3"), ("in.wav", {"format": "opus"}, ".opus"), ("in.mp3", {}, ".mp3"), ("in.m4a", {}, ".m4a")],
)
def test_mastered_suffix_is_known_in_advance(name, settings, suffix, tmp_path):
    path = tmp_path / name
    lossy(path, voice(1), path.suffix[1:]) if path.suffix != ".wav" else write(path, voice(1))
    assert master.mastered_suffix(path, make_settings(**settings)) == suffix


@pytest.mark.parametrize("id_", ["flac-cut", "wav-cut", "aiff-cut", "mp3-cut", "ogg-cut", "m4a-no-sound"])
def test_truncated_recording_is_not_mastered(id_, tmp_path):
    """A decoder would output what there is, and half an episode would be published without a word."""
    one = next(one for one in everything() if one.id == id_)
    with pytest.raises(InvalidAudio) as caught:
        mastered(write_broken(one, tmp_path), tmp_path / "out.mp3")
    assert caught.value.problem.code == "au.truncated"
    assert not (tmp_path / "out.mp3").exists()
