"""The duration equals that of a full decode, in every format that encoders write."""

import shutil
import subprocess

import pytest

from podcast_kit.audio import probe_audio, write_tags
from tests.support.audio_samples import make_tags

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg encodes, and decodes what is compared")
SECONDS = 7.3
FORMS = {
    "cbr-stereo.mp3": "-ac 2 -ar 44100 -c:a libmp3lame -b:a 128k",
    "cbr-bare.mp3": "-c:a libmp3lame -b:a 64k -write_xing 0",
    "vbr.mp3": "-c:a libmp3lame -q:a 4",
    "vbr-bare.mp3": "-c:a libmp3lame -q:a 4 -write_xing 0",
    "abr.mp3": "-c:a libmp3lame -b:a 96k -abr 1",
    "abr-bare.mp3": "-c:a libmp3lame -b:a 96k -abr 1 -write_xing 0",
    "48k.mp3": "-ar 48000 -c:a libmp3lame -b:a 96k",
    "mpeg2.mp3": "-ar 22050 -c:a libmp3lame -b:a 48k",
    "mpeg25.mp3": "-ar 8000 -c:a libmp3lame -b:a 16k",
    "no-reservoir.mp3": "-c:a libmp3lame -b:a 64k -reservoir 0",
    "aac.m4a": "-c:a aac -b:a 64k",
    "aac-stereo.m4a": "-ac 2 -ar 48000 -c:a aac -b:a 128k -movflags +faststart",
    "no-edits.m4a": "-c:a aac -b:a 64k -use_editlist 0",
    "alac.m4a": "-ar 48000 -c:a alac",
    "fragments.m4a": "-c:a aac -movflags +frag_keyframe+empty_moov -frag_duration 1000000",
    "pcm.mov": "-c:a pcm_s16le",
    "20ms.opus": "-c:a libopus -b:a 32k",
    "60ms.opus": "-c:a libopus -b:a 24k -frame_duration 60",
    "stereo.opus": "-ac 2 -c:a libopus -b:a 96k -frame_duration 10",
    "vorbis.ogg": "-ac 2 -c:a libvorbis -q:a 3",
    "16.flac": "-ar 44100 -c:a flac",
    "24.flac": "-ar 96000 -sample_fmt s32 -ac 2 -c:a flac",
    "16.wav": "-c:a pcm_s16le",
    "24.wav": "-ac 2 -ar 48000 -c:a pcm_s24le",
    "float.wav": "-c:a pcm_f32le",
    "mulaw.wav": "-ar 8000 -c:a pcm_mulaw",
    "rf64.wav": "-c:a pcm_s16le -rf64 always",
    "adpcm.wav": "-c:a adpcm_ima_wav",
    "16.aiff": "-c:a pcm_s16be",
    "24.aiff": "-ac 2 -ar 48000 -c:a pcm_s24be",
    "sowt.aifc": "-f aiff -c:a pcm_s16le",
    "raw.aac": "-c:a aac -b:a 64k",
}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """Noise of varying loudness, so that encoders vary their rate."""
    path = tmp_path_factory.mktemp("durations") / "spoken.wav"
    noise = f"anoisesrc=d={SECONDS}:a=0.3:s=1:r=32000,tremolo=f=1:d=0.95"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", noise, "-ac", "1", str(path)], check=True)
    return path


def decoded(path, audio):
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0:a", "-f", "s16le", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return len(data) / 2 / audio.channels / audio.sample_rate


@pytest.mark.parametrize("name", FORMS)
def test_duration_equals_full_decode(name, spoken, tmp_path):
    path = tmp_path / name
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(spoken), *FORMS[name].split(), str(path)], check=True)
    audio = probe_audio(path)
    assert audio.seconds == pytest.approx(decoded(path, audio), abs=0.05)
    assert audio.seconds == pytest.approx(SECONDS, abs=0.2)
    if name.endswith((".wav", ".aiff", ".aifc", ".aac")):
        return
    write_tags(path, tmp_path / f"tagged-{name}", make_tags())
    again = probe_audio(tmp_path / f"tagged-{name}")
    assert again.payload_sha256 == audio.payload_sha256
    assert again.seconds == pytest.approx(audio.seconds, abs=0.002)
    assert decoded(tmp_path / f"tagged-{name}", again) == pytest.approx(audio.seconds, abs=0.05)
