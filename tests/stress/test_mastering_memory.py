"""Memory for mastering does not depend on the size of the recording. With PODCAST_KIT_STRESS it has a gigabyte."""

import os
import subprocess
import sys
import wave

import numpy as np
import pytest

from tests.support.sound import ffmpeg_loudness, needs_ffmpeg, voice

pytest.importorskip("resource", reason="memory is measured as Unix counts it")

RATE, CHANNELS = 96_000, 6
RECORDING_BYTES = 1_000_000_000 if os.environ.get("PODCAST_KIT_STRESS") else 400_000_000
MASTER = """
import sys
from pathlib import Path
from podcast_kit.audio.master import master_recording
from podcast_kit.model import AudioSettings
from tests.support import peak_memory
master_recording(Path(sys.argv[1]), Path(sys.argv[2]), AudioSettings(loudness=-16.0))
print(peak_memory.megabytes())
"""


@needs_ffmpeg
@pytest.mark.slow
def test_mastering_a_large_recording_needs_less_than_300_megabytes(tmp_path):
    """Minutes in 5.1 at 96 kHz and 24 bits: mixed, resampled to 48 kHz, limited, encoded, measured."""
    source, result = tmp_path / "long.wav", tmp_path / "long.mp3"
    sound = np.tile(voice(9.0, RATE) * 0.3, (CHANNELS // 2, 1))
    whole = np.rint(np.ascontiguousarray(sound.T) * (1 << 23)).astype("<i4")
    piece = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    with wave.open(str(source), "wb") as file:
        file.setparams((CHANNELS, 3, RATE, 0, "NONE", ""))
        for _ in range(RECORDING_BYTES // len(piece) + 1):
            file.writeframesraw(piece)
    assert source.stat().st_size >= RECORDING_BYTES
    command = [sys.executable, "-c", MASTER, str(source), str(result)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    source.unlink()
    assert int(done.stdout) < 300
    loudness, _, peak = ffmpeg_loudness(result)
    assert loudness == pytest.approx(-16.0, abs=0.3)
    assert peak <= -1.0
