"""Several podcast-kits at work on one folder at the same moment."""

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
from podcast_kit.source.lock import read as locked
from tests.support import output_trees, shows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def start(show, bucket, *command):
    place = "--to", f"s3://{bucket.name}", "--endpoint", bucket.endpoint, "--url", bucket.url
    line = [sys.executable, "-m", "podcast_kit", *command, "-C", str(show), *place]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)


def ended_well(process):
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return True


def test_three_who_publish_at_once_end_well_or_are_told(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=3)
    running = [start(show, bucket, "publish", "--yes") for _ in range(3)]
    ended = [(process.communicate()[0], process.returncode) for process in running]
    assert {code for _, code in ended} <= {0, 5}, ended
    assert 0 in {code for _, code in ended}
    assert output_trees.broken_promises(bucket.url) == []
    assert len(output_trees.guids(bucket.url)) == 3
    assert [entry.slug for entry in locked(show / "podcast.lock")] == ["001-talk", "002-talk", "003-talk"]
    assert ended_well(start(show, bucket, "publish", "--yes"))


def test_a_build_waits_for_the_one_before_it(tmp_path):
    show = shows.small(tmp_path / "show")
    steps, waited = [], threading.Event()

    def on(step):
        steps.append(step)
        if step.stage == "wait":
            waited.set()

    with cache.remembering(show / ".podcast-kit"):
        thread = threading.Thread(target=builder.make, args=(project.read(show),), kwargs={"now": NOW, "on": on})
        thread.start()
        assert waited.wait(30)
        assert not (show / "build/feed.xml").exists()
    thread.join()
    assert (show / "build/feed.xml").exists()


def test_a_build_does_not_wait_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "TURNS", 2)
    with cache.remembering(tmp_path), pytest.raises(OperationError, match="another podcast-kit"), cache.remembering(tmp_path):
        pass


def test_the_lock_forgets_nothing_that_was_published_since_the_build(tmp_path):
    show = shows.small(tmp_path / "show")
    early = builder.make(project.read(show), now=NOW)
    shows.add(show, 2)
    builder.record(builder.make(project.read(show), now=NOW))
    builder.record(early)
    assert [entry.slug for entry in locked(show / "podcast.lock")] == ["001-talk", "002-talk"]


def test_a_lock_that_cannot_be_written_stops_in_words(tmp_path):
    show = shows.small(tmp_path / "show")
    made = builder.make(project.read(show), now=NOW)
    nowhere = replace(made, project=replace(made.project, folder=tmp_path / "gone"))
    with pytest.raises(OperationError, match="gone"):
        builder.record(nowhere)


@pytest.mark.slow
def test_a_publisher_killed_at_any_moment_leaves_a_folder_that_publishes(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    for number, seconds in enumerate((0.4, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5), 3):
        shows.add(show, number)
        process = start(show, bucket, "publish", "--yes")
        time.sleep(seconds)
        process.kill()
        process.communicate()
        assert output_trees.broken_promises(bucket.url) == []
    assert ended_well(start(show, bucket, "publish", "--yes"))
    assert len(output_trees.guids(bucket.url)) == 10
    left = [path.name for path in show.rglob("*.new")]
    assert left == []
