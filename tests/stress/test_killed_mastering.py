"""A build that is killed while mastering leaves no partial file, and the next one gives the same bytes."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.support.shows import add, small
from tests.support.sound import music, voice, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]
MOMENTS = 3


def show(folder):
    """Two episodes to trim, master and tag."""
    small(folder, episodes=0)
    with (folder / "podcast.yaml").open("a") as file:
        file.write("audio: {loudness: -16, trim: true}\n")
    for number, sound in ((1, voice(12.0)), (2, music(12.0))):
        notes = add(folder, number, recording="", slug=f"talk-{number}")
        write(notes.with_suffix(".wav"), sound)
    return folder


def start(folder):
    command = [sys.executable, "-m", "podcast_kit", "build", "--quiet", "--at", "2026-11-22T12:00", "-C", str(folder)]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)


def finish(folder):
    with start(folder) as process:
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


def tree(folder):
    """The bytes of every published file."""
    build = folder / "build"
    return {
        path.relative_to(build).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(build.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def kept(folder):
    """The mastered files in the cache, under final names."""
    return {path.name: path.read_bytes() for path in (folder / ".podcast-kit/mastered").glob("[!.]*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What an undisturbed build writes and caches, and how long it takes."""
    folder = show(tmp_path_factory.mktemp("whole") / "show")
    began = time.monotonic()
    finish(folder)
    return tree(folder), kept(folder), time.monotonic() - began


@pytest.mark.parametrize("everybody", [False, True], ids=["its process", "its workers too"])
def test_killed_build_resumes_to_the_same_bytes(everybody, whole, tmp_path):
    wanted, mastered, seconds = whole
    dice = random.Random(f"killed {everybody}")
    for moment in sorted(dice.uniform(0.1, 0.95) for _ in range(MOMENTS)):
        folder = show(tmp_path / f"{moment:.3f}")
        with start(folder) as process:
            time.sleep(moment * seconds)
            (os.killpg if everybody else os.kill)(process.pid, signal.SIGKILL)
        for name, data in kept(folder).items():
            assert mastered[name] == data, f"half of {name} after {moment:.2f} of the build"
        for name, digest in tree(folder).items():
            assert wanted.get(name) == digest, f"half of {name} after {moment:.2f} of the build"
        finish(folder)
        assert tree(folder) == wanted
        assert kept(folder) == mastered
