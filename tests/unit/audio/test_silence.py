"""Only a file without any sound is called silent."""

import numpy as np
import pytest

from podcast_kit.audio import inspect_audio, probe_audio
from podcast_kit.audio.mastering import encode
from podcast_kit.audio.probe import SILENT_WARNING
from tests.support.sound import voice, write

RATE = 44_100
FORMATS = ["wav", "mp3", "m4a", "opus", "flac"]


def store(path, sound):
    if path.suffix == ".wav":
        return write(path, sound)
    if path.suffix == ".flac":
        import av

        with av.open(str(path), "w") as out:
            stream = out.add_stream("flac", rate=RATE)
            stream.layout = "mono"
            frame = av.AudioFrame.from_ndarray((sound * 32767).astype("<i2"), "s16", "mono")
            frame.sample_rate = RATE
            out.mux([*stream.encode(frame), *stream.encode(None)])
        return path
    rate = 48_000 if path.suffix == ".opus" else RATE
    encoder = encode.open_encoder(path.suffix[1:], path, rate, 1, 64)
    encoder.write(sound.astype(np.float32))
    encoder.finish()
    return path


def tone(seconds=10):
    """A square wave: the same bytes again and again."""
    return np.tile(np.repeat([0.5, -0.5], 21), round(seconds * RATE / 42))[None].astype(np.float32)


def one_word(seconds=60):
    """A word in the last second of a long silence."""
    sound = np.zeros((1, seconds * RATE), np.float32)
    sound[0, -RATE // 2 :] = voice(0.5, RATE, 1)[0]
    return sound


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("make", [tone, one_word])
def test_sound_is_not_called_silence(make, format_, tmp_path):
    path = store(tmp_path / f"a.{format_}", make())
    assert "au.silent" not in [problem.code for problem in inspect_audio(path).problems]


@pytest.mark.parametrize("format_", FORMATS)
def test_silence_is(format_, tmp_path):
    path = store(tmp_path / f"a.{format_}", np.zeros((1, 10 * RATE), np.float32))
    assert SILENT_WARNING in probe_audio(path).warnings


@pytest.mark.parametrize(("make", "is_silent"), [(tone, False), (lambda: np.zeros((1, 10 * RATE)), True)])
def test_plain_samples_are_judged_without_a_decoder(make, is_silent, tmp_path, monkeypatch):
    path = store(tmp_path / "a.wav", make())
    monkeypatch.setattr("podcast_kit.audio.probe.find_spec", lambda _: None)
    assert (SILENT_WARNING in probe_audio(path).warnings) is is_silent
