import threading

import pytest

from podcast_kit.preview import watch, watcher


@pytest.fixture
def stop():
    """An event that stops a watch after 10 s, and leaves no timer behind that would keep pytest from ending."""
    event = threading.Event()
    timer = threading.Timer(10, event.set)
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
    assert "public/index.html" not in watcher._file_stats(tmp_path, tmp_path / "public")
    assert "public/index.html" in watcher._file_stats(tmp_path, None)
