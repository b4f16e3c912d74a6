import os
import threading

import pytest

from podcast_kit.preview import watch, watcher


@pytest.fixture
def stop():
    """An event that stops a watch after a minute, and leaves no timer behind that would keep pytest from ending."""
    event = threading.Event()
    timer = threading.Timer(60, event.set)
    timer.start()
    yield event
    timer.cancel()
    timer.join(1)
    assert not timer.is_alive()


def test_changes_of_source_files_are_reported_and_those_of_generated_files_are_not(tmp_path, stop):
    for name in ("episodes/001.md", "build/index.html", ".podcast-kit/cache", "podcast.lock", "podcast.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before", "utf-8")
    changes = watch(tmp_path, stop, interval_s=0.02)

    def save():
        for name in (
            "build/index.html",
            ".podcast-kit/cache",
            "podcast.lock",
            "episodes/001.md",
            "episodes/.001.md.swp",
        ):
            (tmp_path / name).write_text("after that", "utf-8")
        (tmp_path / "podcast.yaml").unlink()

    threading.Timer(0.1, save).start()
    changed = set(next(changes))
    if "podcast.yaml" not in changed:
        changed |= set(next(changes))
    assert changed == {"episodes/001.md", "podcast.yaml"}
    stop.set()
    assert list(changes) == []


def test_the_folder_that_is_published_to_is_ignored(tmp_path, stop):
    (tmp_path / "public").mkdir()
    changes = watch(tmp_path, stop, interval_s=0.02, ignored="public")
    (tmp_path / "public" / "index.html").write_text("published", "utf-8")
    (tmp_path / "podcast.yaml").write_text("saved", "utf-8")
    assert next(changes) == ("podcast.yaml",)
    stop.set()


def test_published_folder_inside_the_show_is_not_watched(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public/index.html").write_text("x")
    assert "public/index.html" not in watcher._take_snapshot(tmp_path, tmp_path / "public").files
    assert "public/index.html" in watcher._take_snapshot(tmp_path, None).files


class Clock:
    """A clock that only waiting moves on; the event that never comes calls a function at a time."""

    def __init__(self):
        self.now, self.calls = 0.0, {}

    def monotonic(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds
        for at in [at for at in self.calls if at <= self.now]:
            self.calls.pop(at)()
        return False


def test_what_was_edited_last_is_looked_at_more_often_than_everything_else(tmp_path, monkeypatch):
    for number in range(100):
        (tmp_path / f"{number:03d}.md").write_text("before", "utf-8")
        os.utime(tmp_path / f"{number:03d}.md", (number, number))
    clock = Clock()
    monkeypatch.setattr(watcher, "time", clock)
    changes = watch(tmp_path, clock, interval_s=30)
    clock.calls[10] = lambda: (tmp_path / "099.md").write_text("edited again", "utf-8")  # after a look at everything
    assert next(changes) == ("099.md",)
    assert 10 < clock.now < 20
    edited = clock.now
    (tmp_path / "000.md").write_text("and this one", "utf-8")
    assert next(changes) == ("000.md",)
    assert 20 < clock.now - edited < 45


def test_a_file_that_is_replaced_or_new_is_noticed_by_its_folder(tmp_path):
    (tmp_path / "episodes").mkdir()
    (tmp_path / "episodes/001.md").write_text("before", "utf-8")
    os.utime(tmp_path / "episodes", (1, 1))
    snapshot = watcher._take_snapshot(tmp_path, None)
    assert not snapshot.is_outdated()
    (tmp_path / "episodes/002.md").write_text("new", "utf-8")
    assert snapshot.is_outdated()


def test_a_file_that_is_being_saved_is_not_settled(tmp_path):
    notes = tmp_path / "001.md"
    notes.write_text("half of it", "utf-8")
    os.utime(notes, (1, 1))
    snapshot = watcher._take_snapshot(tmp_path, None)
    assert watcher._is_settled(tmp_path, snapshot, {"001.md", "removed.md"})
    notes.write_text("all of it", "utf-8")
    assert not watcher._is_settled(tmp_path, snapshot, {"001.md", "removed.md"})
    os.utime(notes, (1, 1))
    for number in range(watcher.MAX_RECENT_PATHS):
        (tmp_path / f"later-{number}.md").write_text("later", "utf-8")
    snapshot = watcher._take_snapshot(tmp_path, None)
    assert str(notes) not in snapshot.recent
    notes.write_text("it is longer now", "utf-8")
    os.utime(notes, (1, 1))
    assert not watcher._is_settled(tmp_path, snapshot, {"001.md"})
