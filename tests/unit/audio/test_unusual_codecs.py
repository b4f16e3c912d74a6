"""A container with a codec that players do not expect in it: measured right, and named."""

import shutil
import subprocess

import pytest

from podcast_kit.audio import inspect_audio, probe_audio
from tests.support.audio_corpus import decoded_seconds, own_seconds
from tests.support.audio_samples import sample

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg encodes, and decodes what is compared")
FORMS = {
    "mp3.m4a": ("-c:a libmp3lame -f mp4", "mp3", "has MP3 inside instead of AAC"),
    "opus.m4a": ("-c:a libopus -f mp4", "opus", "has Opus inside instead of AAC"),
    "flac.m4a": ("-c:a flac -f mp4 -strict -2", "flac", "has FLAC inside instead of AAC"),
    "ac3.m4a": ("-c:a ac3 -f mp4", "ac3", "has AC-3 inside instead of AAC"),
    "eac3.m4a": ("-c:a eac3 -f mp4", "eac3", "has E-AC-3 inside instead of AAC"),
    "mp3.wav": ("-c:a libmp3lame", "mp3", "is a WAV file with MP3 inside"),
    "mp3-vbr.wav": ("-c:a libmp3lame -q:a 4", "mp3", "is a WAV file with MP3 inside"),
    "mp2.wav": ("-c:a mp2", "mp2", "is a WAV file with MPEG layer II inside"),
    "ima.wav": ("-c:a adpcm_ima_wav", "adpcm", "is a WAV file with ADPCM inside"),
    "ms.wav": ("-c:a adpcm_ms", "adpcm", "is a WAV file with ADPCM inside"),
}
REFUSED = {
    "gsm.wav": ("-ac 1 -ar 8000 -c:a adpcm_g726", "is WAV with G.726 inside"),
    "ac3.wav": ("-c:a ac3", "is WAV with AC-3 inside"),
    "wma.wav": ("-c:a wmav2", "is WAV with Windows Media Audio inside"),
}


def encode(path, options):
    command = ["ffmpeg", "-v", "error", "-i", str(sample("speech.wav")), "-ar", "48000", "-ac", "1", *options.split()]
    subprocess.run([*command, str(path)], check=True)
    return path


def refusals(path):
    """What is wrong besides what is said of every WAV."""
    return [(problem.text, problem.code) for problem in inspect_audio(path).problems if problem.code != "au.convert"]


@pytest.mark.parametrize("name", FORMS)
def test_codec_is_named_and_length_is_right(name, tmp_path):
    options, codec, words = FORMS[name]
    report = inspect_audio(encode(tmp_path / name, options))
    assert report.audio.codec == codec
    assert report.audio.seconds == pytest.approx(decoded_seconds(tmp_path / name), abs=0.05)
    said = [problem for problem in report.problems if words in problem.text]
    assert [(problem.code, bool(problem.fix)) for problem in said] == [("au.codec", True)]


@pytest.mark.parametrize("name", ["mp3.wav", "mp2.wav"])
def test_nobody_is_told_to_make_plain_samples_of_compressed_audio(name, tmp_path):
    options, _, words = FORMS[name]
    fixes = [
        problem.fix for problem in inspect_audio(encode(tmp_path / name, options)).problems if words in problem.text
    ]
    assert fixes == ["export the original recording as MP3 or M4A"]


@pytest.mark.parametrize("channels", [1, 2])
def test_channels_of_mp3_in_an_m4a(channels, tmp_path):
    path = encode(tmp_path / "a.m4a", f"-c:a libmp3lame -f mp4 -ac {channels}")
    assert probe_audio(path).channels == channels


@pytest.mark.parametrize("name", REFUSED)
def test_codec_that_cannot_be_measured_is_refused_by_name(name, tmp_path):
    options, words = REFUSED[name]
    assert refusals(encode(tmp_path / name, options)) == [(words, "au.codec")]


def test_wav_with_bits_that_no_decoder_reads_is_refused(tmp_path):
    data = bytearray(sample("speech.wav").read_bytes())
    data[34] = 45
    (tmp_path / "a.wav").write_bytes(data)
    assert refusals(tmp_path / "a.wav") == [("is WAV with 45 bits per sample", "au.codec")]


@pytest.mark.parametrize("streams", [1, 2, 3])
def test_audio_tracks_are_counted(streams, tmp_path):
    inputs = ["-i", str(sample("speech.wav"))] * streams
    maps = [part for number in range(streams) for part in ("-map", str(number))]
    command = ["ffmpeg", "-v", "error", *inputs, *maps, "-c:a", "aac", str(tmp_path / "a.m4a")]
    subprocess.run(command, check=True)
    said = [problem.text for problem in inspect_audio(tmp_path / "a.m4a").problems if problem.code == "au.tracks"]
    words = f"has {streams} audio tracks: players play only one of them, usually the first"
    assert said == [words] * (streams > 1)


def test_flac_is_not_decoded_as_the_raw_aac_that_is_in_it(tmp_path):
    data, aac = sample("speech.flac").read_bytes(), sample("speech.aac").read_bytes()[:2000]
    body = b"test" + aac
    block = b"\x02" + len(body).to_bytes(3, "big") + body  # for an application, after STREAMINFO
    (tmp_path / "a.flac").write_bytes(data[:42] + block + data[42:])
    assert own_seconds(tmp_path / "a.flac") == own_seconds(sample("speech.flac"))


@pytest.mark.parametrize("name", ["silence.wma", "noise.wma"])
def test_length_of_windows_media_is_that_of_a_full_decode(name, tmp_path):
    source = {"silence": "anullsrc=d=3.7", "noise": "anoisesrc=d=3.7:a=0.3"}[name.partition(".")[0]]
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-ac", "2", "-ar", "44100", str(tmp_path / name)]
    subprocess.run(command, check=True)
    assert own_seconds(tmp_path / name) == pytest.approx(decoded_seconds(tmp_path / name), abs=0.001)
    assert probe_audio(tmp_path / name).seconds == pytest.approx(decoded_seconds(tmp_path / name), abs=0.05)
