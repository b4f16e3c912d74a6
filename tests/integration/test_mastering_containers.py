"""Mastering names a file by what it made, whatever container the recording came in."""

import re
import struct
import subprocess
import wave

import numpy as np
import pytest
import yaml

from podcast_kit.audio import inspect_audio, master, probe_audio, read_tags, write_tags
from podcast_kit.audio.mastering import decode, encode
from podcast_kit.audio.mastering.job import Treatment
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import AudioSettings, Tags
from tests.support.sound import decoded, needs_ffmpeg, voice, write

SECONDS = 3.0
VIDEO = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=5:d=3", "-map", "0:a", "-map", "1:v", "-c:v", "mpeg4")
CASES = {
    # name: ffmpeg's options, then suffix and codec with only a loudness, then with `reencode: true`
    "video.mp4": ((*VIDEO, "-c:a", "aac"), (".mp4", "aac"), (".mp4", "aac")),
    "video.mov": ((*VIDEO, "-c:a", "pcm_s16le"), (".mov", "pcm"), (".mov", "pcm")),
    "video.mkv": ((*VIDEO, "-c:a", "aac"), (".m4a", "aac"), (".m4a", "aac")),
    "opus.webm": (("-c:a", "libopus"), (".opus", "opus"), (".opus", "opus")),
    "vorbis.webm": (("-c:a", "libvorbis"), (".mp3", "mp3"), (".mp3", "mp3")),
    "vorbis.ogg": (("-c:a", "libvorbis"), (".ogg", "vorbis"), (".mp3", "mp3")),
    "adpcm.wav": (("-c:a", "adpcm_ms"), (".mp3", "mp3"), (".mp3", "mp3")),
    "mulaw.wav": (("-c:a", "pcm_mulaw"), (".mp3", "mp3"), (".mp3", "mp3")),
    "mp3.wav": (("-c:a", "libmp3lame"), (".mp3", "mp3"), (".mp3", "mp3")),
    "vbr.wav": (("-c:a", "libmp3lame", "-q:a", "4"), (".mp3", "mp3"), (".mp3", "mp3")),
    "ac3.m4a": (("-c:a", "ac3", "-f", "mp4"), (".m4a", "ac3"), (".mp3", "mp3")),
    "opus.m4a": (("-c:a", "libopus", "-f", "mp4"), (".opus", "opus"), (".opus", "opus")),
    "mp3.m4a": (("-c:a", "libmp3lame", "-f", "mp4"), (".mp3", "mp3"), (".mp3", "mp3")),
    "flac.ogg": (("-c:a", "flac"), (".mp3", "mp3"), (".mp3", "mp3")),
    "aac.m4b": (("-c:a", "aac", "-f", "ipod"), (".m4a", "aac"), (".m4a", "aac")),
    "aac.aac": (("-c:a", "aac"), (".m4a", "aac"), (".m4a", "aac")),
    "wma.wma": (("-c:a", "wmav2"), (".mp3", "mp3"), (".mp3", "mp3")),
    "alac.caf": (("-c:a", "alac"), (".mp3", "mp3"), (".mp3", "mp3")),
    "pcm.w64": ((), (".mp3", "mp3"), (".mp3", "mp3")),
    "pcm.aifc": (("-f", "aiff"), (".mp3", "mp3"), (".mp3", "mp3")),
}
AS_THEY_ARE = {"video.mp4", "video.mov", "vorbis.ogg", "ac3.m4a"}
TITLE = Tags(title="A talk", show="Show")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Every recording, quieter than the target."""
    folder = tmp_path_factory.mktemp("recordings")
    source = write(folder / "talk.wav", voice(SECONDS) * np.float32(0.5))
    for name, (options, _, _) in CASES.items():
        command = ["ffmpeg", "-v", "error", "-i", source, *options, folder / name]
        subprocess.run(command, check=True, capture_output=True)
    return folder


@needs_ffmpeg
@pytest.mark.parametrize("reencode", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_result_is_named_by_what_was_made(name, reencode, recordings, tmp_path):
    settings = AudioSettings(loudness=-16.0, reencode=reencode)
    suffix, codec = CASES[name][1 + reencode]
    source = recordings / name
    before = source.read_bytes()
    result = master.master_recording(source, tmp_path / f"out{master.mastered_suffix(source, settings)}", settings)
    facts = probe_audio(result.path)  # raises if the name and the content differ
    assert (result.path.suffix, facts.codec) == (suffix, codec)
    assert facts.seconds == pytest.approx(SECONDS, abs=0.08)
    expected = ("video stream", "AC-3 inside")
    assert not [warning for warning in facts.warnings if not any(words in warning for words in expected)]
    write_tags(result.path, tmp_path / f"tagged{suffix}", TITLE)
    assert read_tags(tmp_path / f"tagged{suffix}").title == "A talk"
    assert source.read_bytes() == before
    if reencode and name not in {"video.mp4", "video.mov"}:
        assert result.after.integrated == pytest.approx(-16, abs=1.0)
    elif not reencode and name in AS_THEY_ARE:
        assert result.path.read_bytes() == before


@needs_ffmpeg
@pytest.mark.parametrize("name", ["ac3.m4a", "opus.m4a", "mp3.m4a"])
def test_settings_advised_for_a_codec_that_apps_do_not_play_convert_it(name, recordings, tmp_path):
    source = recordings / name
    [fix] = [problem.fix for problem in inspect_audio(source).problems if problem.code == "au.codec"]
    [advice] = re.findall(r"`audio: (\{.+?\})`", fix)
    settings = AudioSettings(**yaml.safe_load(advice))
    result = master.master_recording(source, tmp_path / f"out{master.mastered_suffix(source, settings)}", settings)
    assert not probe_audio(result.path).warnings


@needs_ffmpeg
@pytest.mark.parametrize("name", ["video.mkv", "opus.webm", "opus.m4a", "aac.aac"])
def test_audio_is_taken_out_of_its_container_without_encoding_it(name, recordings, tmp_path):
    settings = AudioSettings(loudness=-20.0)
    source = recordings / name
    result = master.master_recording(source, tmp_path / f"out{master.mastered_suffix(source, settings)}", settings)
    assert "without loss" in result.done[0]
    # Equal but for the silence that an encoder puts in front, which some containers count as audio.
    original, copy = (decoded(path, 48000, 1)[0] for path in (source, result.path))
    length = min(len(original), len(copy)) - 4096
    assert min(abs(original[-length:] - copy[-length:]).max(), abs(original[:length] - copy[:length]).max()) < 1e-3


@needs_ffmpeg
def test_a_format_publishes_only_the_audio_of_a_video(recordings, tmp_path):
    settings = AudioSettings(loudness=-16.0, format="m4a")
    result = master.master_recording(recordings / "video.mp4", tmp_path / "out.m4a", settings)
    facts = probe_audio(result.path)
    assert (facts.codec, facts.warnings) == ("aac", ())
    assert result.done[0] == "audio taken from the video file without loss"
    with decode.open_container(result.path) as (container, _):
        assert not container.streams.video
    assert "video" not in str(result.done[1:])


@needs_ffmpeg
def test_a_video_is_unchanged_and_says_how_to_publish_its_audio(recordings, tmp_path):
    result = master.master_recording(recordings / "video.mp4", tmp_path / "out.mp4", AudioSettings(loudness=-16.0))
    assert result.treatment is Treatment.KEEP
    assert "`audio: {format: m4a}`" in result.done[0]
    with pytest.raises(InvalidAudio, match="is a video; trimming is only done to audio"):
        master.master_recording(recordings / "video.mp4", tmp_path / "out.mp4", AudioSettings(trim=True, reencode=True))


def test_a_quiet_mp3_with_high_peaks_is_left_alone_until_encoding_is_allowed(tmp_path):
    """-20.9 LUFS with peaks near full scale: gain alone could only make it quieter."""
    sound = voice(6)
    from podcast_kit.audio.mastering.meter import LoudnessMeter

    meter = LoudnessMeter(44100, 2)
    meter.add(sound)
    sound *= np.float32(10 ** ((-20.45 - meter.result().integrated) / 20))
    sound[:, 44100:44104] = 0.95
    encoder = encode.open_encoder("mp3", tmp_path / "in.mp3", 44100, 2, 192)
    encoder.write(sound)
    encoder.finish()
    settings = AudioSettings(loudness=-16.0)
    kept = master.master_recording(tmp_path / "in.mp3", tmp_path / "out.mp3", settings)
    assert kept.before.integrated == pytest.approx(-20.8, abs=0.4)
    assert kept.before.true_peak > -1.5
    assert kept.path.read_bytes() == (tmp_path / "in.mp3").read_bytes()
    assert "reencode: true" in kept.done[0]
    assert "WAV" in kept.done[0]
    settings = AudioSettings(loudness=-16.0, reencode=True)
    encoded = master.master_recording(tmp_path / "in.mp3", tmp_path / "out2.mp3", settings)
    assert encoded.treatment is Treatment.ENCODE
    assert encoded.after.integrated == pytest.approx(-16, abs=0.3)
    assert encoded.after.true_peak <= -1
    assert "reencode" not in str(encoded.done)


@pytest.mark.parametrize("format_", ["mp3", "m4a", "opus"])
@pytest.mark.parametrize("samples", [0, 1, 3, 500, 4000])
def test_a_wav_of_a_few_samples_is_reported(samples, format_, tmp_path):
    with wave.open(str(tmp_path / "in.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(struct.pack("<h", 1000) * samples)
    settings = AudioSettings(loudness=-16.0, format=format_)
    reasons = r"must have at least 0\.1 s|empty data chunk|no audio that can be decoded"
    with pytest.raises(InvalidAudio, match=reasons) as caught:
        master.master_recording(tmp_path / "in.wav", tmp_path / f"out.{format_}", settings)
    assert caught.value.fix
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.parametrize("error", [RuntimeError("Not currently encoding"), struct.error("short"), KeyError("x")])
def test_a_surprise_of_a_codec_is_reported_as_a_problem_of_the_recording(error, tmp_path, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(encode.Mp3Encoder, "write", fail)
    source = write(tmp_path / "in.wav", voice(1))
    with pytest.raises(InvalidAudio, match=r"cannot be mastered|structure is invalid") as caught:
        master.master_recording(source, tmp_path / "out.mp3", AudioSettings(loudness=-16.0))
    assert caught.value.__cause__ is error
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]
