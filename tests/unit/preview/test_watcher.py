import threading

from podcast_kit.preview import watch, watcher


def test_changes_of_source_files_are_reported_and_those_of_generated_files_are_not(tmp_path):
    for name in ("episodes/001.md", "build/index.html", ".podcast-kit/cache", "podcast.lock", "podcast.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before", "utf-8")
    stop = threading.Event()
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
    threading.Timer(10, stop.set).start()
    changed = set(next(changes))
    if "podcast.yaml" not in changed:
        changed |= set(next(changes))
    assert changed == {"episodes/001.md", "podcast.yaml"}
    stop.set()
    assert list(changes) == []


def test_the_folder_that_is_published_to_is_ignored(tmp_path):
    (tmp_path / "public").mkdir()
    stop = threading.Event()
    changes = watch(tmp_path, stop, interval_s=0.02, ignored="public")
    (tmp_path / "public" / "index.html").write_text("published", "utf-8")
    (tmp_path / "podcast.yaml").write_text("saved", "utf-8")
    threading.Timer(10, stop.set).start()
    assert next(changes) == ("podcast.yaml",)
    stop.set()


def test_published_folder_inside_the_show_is_not_watched(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public/index.html").write_text("x")
    assert "public/index.html" not in watcher._file_stats(tmp_path, tmp_path / "public")
    assert "public/index.html" in watcher._file_stats(tmp_path, None)
