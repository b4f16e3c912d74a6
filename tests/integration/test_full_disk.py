"""A disk that takes no more: what could not be written whole is gone again, and everything else is as it was."""

import os
import resource
import signal
import subprocess
import sys

import pytest

from tests.support.shows import ROOT, small
from tests.support.sound import VOICE

ROOM = 20_000
"""Bytes of the longest file that may be written: the kernel itself stops a write there, as a full disk does."""

COMMANDS = [
    ["new", str(VOICE)],
    ["private", "--add", "Ann"],
    ["move", "https://new.example/"],
    ["theme", "eject", "episode.html"],
    ["init", "--github"],
    ["loudness", "--svg", "talk.svg", str(VOICE)],
]


def run(folder, arguments, room):
    def least():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    command = [sys.executable, "-m", "podcast_kit", "-C", str(folder), *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, preexec_fn=least, capture_output=True, text=True, timeout=60, check=False
    )


def held(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_what_could_not_be_written_whole_is_gone_again(tmp_path, arguments):
    show = small(tmp_path / "show")
    before = held(show)
    done = run(show, arguments, room=ROOM if arguments[0] == "new" else 10)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "cannot be written" in done.stderr
    assert held(show) == before
