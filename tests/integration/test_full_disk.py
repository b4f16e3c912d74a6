"""When the disk is full, nothing half-written is left behind, and every existing file is unchanged."""

import os
import resource
import signal
import subprocess
import sys

import pytest

from tests.support.shows import ROOT, small
from tests.support.sound import VOICE

MAX_FILE_BYTES = 20_000
"""The kernel stops a write at this file size, as a full disk does."""
COMMANDS = [
    ["new", str(VOICE)],
    ["private", "--add", "Ann"],
    ["move", "--to", "https://new.example/"],
    ["theme", "eject", "episode.html"],
    ["init", "--github"],
    ["loudness", "--svg", "talk.svg", str(VOICE)],
]


def run(folder, arguments, max_file_bytes):
    def limit_file_size():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))

    command = [sys.executable, "-m", "podcast_kit", "-C", str(folder), *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        preexec_fn=limit_file_size,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read_files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_full_disk_leaves_no_partial_files(tmp_path, arguments):
    show = small(tmp_path / "show")
    before = read_files(show)
    done = run(show, arguments, max_file_bytes=MAX_FILE_BYTES if arguments[0] == "new" else 10)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "cannot be written" in done.stderr
    assert read_files(show) == before
