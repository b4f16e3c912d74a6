"""Audio for tests: a voice (espeak-ng, 9 s, tests/sounds/voice.flac) and generated music."""

import re
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from podcast_kit.audio.mastering import decode

VOICE = Path(__file__).parents[1] / "sounds" / "voice.flac"

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is the meter that ours is held to")


def voice(seconds=9.0, rate=44100, channels=2):
    """Repeated speech; the second channel is a little quieter."""
    one = np.concatenate(list(decode.decode_blocks(VOICE, rate, 1)), axis=1)
    whole = np.tile(one, (1, int(seconds * rate / one.shape[1]) + 1))[:, : round(seconds * rate)]
    return np.concatenate([whole, whole * np.float32(0.8)][:channels])


def music(seconds=9.0, rate=44100, channels=2):
    """Chords that swell, a beat, and hiss."""
    t = np.arange(round(seconds * rate)) / rate
    random = np.random.default_rng(7)
    rows = []
    for channel in range(channels):
        chord = sum(np.sin(2 * np.pi * f * (1 + channel * 0.002) * t) for f in (110, 220, 277.2, 329.6, 880))
        beat = np.sin(2 * np.pi * 60 * t) * np.exp(-((t * 2) % 1) * 12) * 4
        rows.append(0.08 * (chord * (0.6 + 0.4 * np.sin(t)) + beat) + 0.01 * random.standard_normal(len(t)))
    return np.array(rows, np.float32)


def write(path, sound, rate=44100):
    """Write a 16-bit WAV; returns its path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        whole = np.clip(np.rint(sound * 32767), -32768, 32767).astype("<i2")
        file.writeframes(np.ascontiguousarray(whole.T).tobytes())
    return path


def ffmpeg_loudness(path):
    """(LUFS, LRA, dBTP) by ffmpeg's meter; may be -inf."""
    meter = "ebur128=peak=true:framelog=verbose"
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a:0", "-af", meter, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return tuple(float(re.findall(rf"^ +{name}: +(\S+)", said, re.MULTILINE)[-1]) for name in ("I", "LRA", "Peak"))


def decoded(path, rate, channels):
    """Every sample as ffmpeg decodes it, one row for each channel."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", str(channels), "-ar", str(rate), "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, "<f4").reshape(-1, channels).T
