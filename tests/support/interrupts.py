"""Programs that are interrupted or killed at a known moment, however long a busy machine takes until then."""

import subprocess
import sys
import time

MAX_WAIT_S = 60
PROGRAM = """
import sys
from podcast_kit.__main__ import main

class Announcer:
    def find_spec(self, name, path=None, target=None):
        if name == "podcast_kit.cli":
            print(flush=True)

sys.meta_path.insert(0, Announcer())
main()
"""


def start_program(*arguments, **settings):
    """Start podcast-kit with Popen's settings; when this returns it takes interrupts: Python itself shows tracebacks.

    Its standard output is a pipe, from which one empty line was read.
    """
    command = [sys.executable, "-c", PROGRAM, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **settings)
    assert process.stdout.readline() == "\n"
    return process


def wait_until(condition):
    """Whether a condition holds within a minute."""
    end = time.monotonic() + MAX_WAIT_S
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return holds


def wait_for_group(process, count):
    """Wait until a process that leads its session has started others: so many are in its session then."""
    assert wait_until(lambda: process.poll() is not None or count_session(process.pid) >= count)


def count_session(leader):
    """How many processes are in the session of its leader."""
    listing = subprocess.run(["ps", "-eo", "sess="], capture_output=True, text=True, check=True).stdout
    return listing.split().count(str(leader))


def wait_until_gone(folder):
    """Whether no process is left that has a folder in its arguments, soon after the one that started them ended."""
    return wait_until(
        lambda: (
            str(folder) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        )
    )
