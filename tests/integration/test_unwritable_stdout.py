"""The program ends with a clear message and exit code 1 when stdout is a full disk, however Python buffers it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import shows

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/full and no SIGPIPE")
ENVIRONMENTS = {"buffered": {}, "unbuffered": {"PYTHONUNBUFFERED": "1"}}


def run(arguments, environment, **settings):
    return subprocess.run(
        [sys.executable, "-m", "podcast_kit", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(shows.ROOT), **environment},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        **settings,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize(
    "arguments",
    [["keys"], ["check", "--json"], ["check", "--format", "gitlab"], ["--help"], ["--version"]],
    ids=" ".join,
)
def test_full_disk_as_stdout_is_reported_once_and_fails(tmp_path, arguments, environment):
    show = shows.small(tmp_path / "show")
    with Path("/dev/full").open("w") as full_disk:
        done = run(arguments, environment, cwd=show, stdout=full_disk)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("error: stdout: cannot be written: No space left on device") == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize("arguments", [["keys"], ["--help"]], ids=" ".join)
def test_closed_pipe_ends_quietly(tmp_path, arguments, environment):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = run(arguments, environment, cwd=tmp_path, stdout=pipe)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_closed_stdout_is_not_an_error(tmp_path):
    done = run(["--version"], {}, cwd=tmp_path, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, "")
