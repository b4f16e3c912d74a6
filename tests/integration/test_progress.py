"""What is seen while something is published, on a terminal and where nobody watches."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.support import network, shows

MOVING = re.compile(r"\rupload [\d.]+ k?M?B of [\d.]+ MB(, [\d.]+ k?M?B/s)?(, \d+:\d\d left)? (\d+)/(\d+) \S+")


def published(show, bucket, stderr, **environment):
    with network.Proxy(
        bucket.endpoint, lambda request: network.Delay(0.3) if request.method == "PUT" else None
    ) as proxy:
        place = ["--to", f"s3://{bucket.name}", "--endpoint", proxy.endpoint, "--url", bucket.url]
        command = [sys.executable, "-m", "podcast_kit", "publish", "-C", str(show), "--yes", "--no-check", *place]
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, check=True, env=os.environ | environment
        )


@pytest.fixture
def show(tmp_path):
    return shows.small(tmp_path / "show", episodes=2)


def test_a_terminal_shows_bytes_rate_and_object_and_the_address_stays_alone(bucket, show, tmp_path):
    ours, theirs = pty.openpty()
    with open(tmp_path / "seen", "wb") as seen:  # noqa: PTH123
        reader = subprocess.Popen(["cat"], stdin=ours, stdout=seen, stderr=subprocess.DEVNULL)
        done = published(show, bucket, theirs)
        os.close(theirs)
        os.close(ours)
        reader.wait()
    drawn = MOVING.findall((tmp_path / "seen").read_bytes().decode())
    assert len(drawn) > 1
    assert any(rate for rate, *_ in drawn)
    assert done.stdout == f"{bucket.url}feed.xml\n"


def test_without_a_terminal_there_is_no_progress_line_and_the_summary_has_the_duration(bucket, show):
    done = published(show, bucket, subprocess.PIPE, CI="1")
    assert "\r" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(r"published \d+ uploads \(.*\), [\d.]+ MB, \d+ requests in \d+\.\d s", last)
