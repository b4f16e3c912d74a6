"""A tagger that is killed leaves only whole files under final names, and the next run continues."""

import hashlib
import subprocess
import sys
import time

import pytest

from podcast_kit.audio import write_tags
from tests.support.audio_samples import make_tags, sample

COPIES = """
import sys
from pathlib import Path
from podcast_kit.audio import write_tags
from tests.support.audio_samples import make_tags
print("ready", flush=True)
for number in range(1000):
    write_tags(Path(sys.argv[1]), Path(sys.argv[2]) / f"{number}.mp3", make_tags())
"""


@pytest.mark.parametrize("milliseconds", [5, 40, 90, 170])
def test_killed_tagger_leaves_no_partial_file(tmp_path, milliseconds):
    long = tmp_path / "long.mp3"
    long.write_bytes(sample("cbr-bare.mp3").read_bytes() * 2000)
    whole = write_tags(long, tmp_path / "whole.mp3", make_tags())
    copies = tmp_path / "copies"
    copies.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", COPIES, str(long), str(copies)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(milliseconds / 1000)
        child.kill()
    for path in copies.glob("*.mp3"):
        assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size) == whole
    left = sorted(copies.glob(".*.part"))
    assert len(left) <= 1
    for path in left:
        assert write_tags(long, copies / (path.name.split(".")[1] + ".mp3"), make_tags()) == whole
    assert sorted(copies.glob(".*.part")) == []
