"""No file, however broken, brings out more than words: not a traceback, not a hang, not a flood of memory."""

import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="memory is measured as Unix counts it")


@pytest.mark.slow
def test_a_thousand_mutations_end_in_a_whole_copy_or_in_words(tmp_path):
    command = [sys.executable, "-m", "tests.fuzz_audio", "50", "1", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("0 failed")
