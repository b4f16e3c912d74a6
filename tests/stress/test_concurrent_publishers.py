"""Several podcast-kit processes in one folder at the same time."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.builder import cache
from podcast_kit.errors import OperationError
from podcast_kit.source import project
from podcast_kit.source.lock import read_lock
from tests.support import output_trees, shows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def start(show, bucket, *command):
    target = "--to", f"s3://{bucket.name}", "--endpoint", bucket.endpoint, "--url", bucket.url
    line = [sys.executable, "-m", "podcast_kit", *command, "-C", str(show), *target]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)


def assert_success(process):
    output, _ = process.communicate()
    assert process.returncode == 0, output


def test_three_concurrent_publishers_succeed_or_report_a_conflict(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=3)
    running = [start(show, bucket, "publish", "--yes") for _ in range(3)]
    results = [(process.communicate()[0], process.returncode) for process in running]
    assert {code for _, code in results} <= {0, 5}, results
    assert 0 in {code for _, code in results}
    assert output_trees.find_broken_links(bucket.url) == []
    assert len(output_trees.live_guids(bucket.url)) == 3
    assert [entry.slug for entry in read_lock(show / "podcast.lock")] == ["001-talk", "002-talk", "003-talk"]
    assert_success(start(show, bucket, "publish", "--yes"))


def test_build_waits_for_another_build(tmp_path):
    show = shows.small(tmp_path / "show")
    steps, is_waiting = [], threading.Event()

    def on_progress(step):
        steps.append(step)
        if step.stage == "wait":
            is_waiting.set()

    with cache.open_cache(show / ".podcast-kit"):
        thread = threading.Thread(
            target=builder.build, args=(project.load_project(show),), kwargs={"now": NOW, "on_progress": on_progress}
        )
        thread.start()
        assert is_waiting.wait(30)
        assert not (show / "build/feed.xml").exists()
    thread.join()
    assert (show / "build/feed.xml").exists()


def test_build_stops_waiting_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MAX_LOCK_POLLS", 2)
    with (
        cache.open_cache(tmp_path),
        pytest.raises(OperationError, match="another podcast-kit"),
        cache.open_cache(tmp_path),
    ):
        pass


def test_lock_keeps_what_was_published_since_the_build(tmp_path):
    show = shows.small(tmp_path / "show")
    early = builder.build(project.load_project(show), now=NOW)
    shows.add(show, 2)
    builder.write_lock(builder.build(project.load_project(show), now=NOW))
    builder.write_lock(early)
    assert [entry.slug for entry in read_lock(show / "podcast.lock")] == ["001-talk", "002-talk"]


def test_lock_that_cannot_be_written_is_reported(tmp_path):
    show = shows.small(tmp_path / "show")
    build = builder.build(project.load_project(show), now=NOW)
    moved = replace(build, project=replace(build.project, folder=tmp_path / "gone"))
    with pytest.raises(OperationError, match="gone"):
        builder.write_lock(moved)


@pytest.mark.slow
def test_killed_publisher_leaves_a_folder_that_can_publish(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    for number, seconds in enumerate((0.4, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5), 3):
        shows.add(show, number)
        process = start(show, bucket, "publish", "--yes")
        time.sleep(seconds)
        process.kill()
        process.communicate()
        assert output_trees.find_broken_links(bucket.url) == []
    assert_success(start(show, bucket, "publish", "--yes"))
    assert len(output_trees.live_guids(bucket.url)) == 10
    leftovers = [path.name for path in show.rglob("*.new")]
    assert leftovers == []
