"""An import keeps the items of a feed on disk, and builds a long show in parts, with the same results."""

import gc
import tracemalloc
from datetime import UTC, datetime

import pytest

from podcast_kit import importer
from podcast_kit.errors import InvalidInput
from podcast_kit.importer import new_feed
from podcast_kit.io import text_file
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.source import project

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEW = "https://new.example/"
NOTES = "A text that is as long as notes often are. " * 100
MAX_BYTES_PER_ITEM = 4_000
"""Half of this is taken; with such notes, it would be 16,000 if the items were kept in memory."""


def write_feed(path, count, notes=NOTES):
    """A feed, newest first."""
    items = "".join(
        f"<item><title>Talk {n}</title><guid>guid-{n}</guid>"
        f"<pubDate>Mon, {n % 28 + 1:02} Jan {2000 + n // 28} 07:00:00 +0000</pubDate>"
        f'<enclosure url="https://old.example/{n}.mp3" length="9" type="audio/mpeg"/>'
        f"<description>{n}. {notes}</description></item>"
        for n in range(count, 0, -1)
    )
    path.write_text(f"<rss><channel><title>Show</title><link>https://old.example/</link>{items}</channel></rss>")


def peak_bytes(tmp_path, count):
    """The most memory that was taken at any time to convert, write and compare a feed with so many items."""
    source, folder = tmp_path / f"{count}.xml", tmp_path / f"show{count}"
    write_feed(source, count)
    gc.collect()
    tracemalloc.start()
    try:
        old = importer.read_old_feed(str(source), StoredValues())
        new = importer.read_old_feed(str(source), StoredValues())
        gc.collect()
        tracemalloc.reset_peak()
        imported = importer.convert_old_feed(str(source), old)
        result = importer.write_import(imported, str(source), folder, url=NEW, to="public", files=False)
        assert (result.episodes, list(importer.compare_feeds(old, new))) == (count, [])
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_little_with_the_number_of_items(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "MAX_BYTES_IN_MEMORY", 0)
    peak_bytes(tmp_path, 2)  # imports modules
    few, many = peak_bytes(tmp_path, 30), peak_bytes(tmp_path, 90)
    assert many - few < 60 * MAX_BYTES_PER_ITEM


def import_feed(source, folder):
    """Import a feed as the command does; returns the feed of the new show, and what is different in it."""
    with importer.open_old_show(str(source), now=NOW) as old_show:
        importer.write_import(old_show.imported, str(source), folder, url=NEW, to="public", files=False)
        new = importer.build_new_feed(folder, NOW)
        return new, list(importer.compare_feeds(old_show.document, new))


def test_a_show_that_is_built_in_parts_has_the_same_items(tmp_path, monkeypatch):
    write_feed(tmp_path / "old.xml", 5, "Notes.")
    whole, differences = import_feed(tmp_path / "old.xml", tmp_path / "show")
    monkeypatch.setattr(new_feed, "EPISODES_PER_BUILD", 2)
    steps = []
    parts = importer.build_new_feed(tmp_path / "show", NOW, steps.append)
    assert differences == []
    assert {item.child_text("guid") for item in whole.items} == {f"guid-{n}" for n in range(1, 6)}

    def texts(feed):
        return sorted([(child.key, child.text, child.attributes) for child in item.children] for item in feed.items)

    assert texts(parts) == texts(whole)
    assert [(step.done, step.total) for step in steps if step.stage == "episode"] == [(n, 5) for n in range(1, 6)]


def test_the_problems_of_all_parts_are_reported_at_once(tmp_path, monkeypatch):
    write_feed(tmp_path / "old.xml", 5, "Notes.")
    import_feed(tmp_path / "old.xml", tmp_path / "show")
    for episode in project.load_project(tmp_path / "show").episodes[1::3]:
        path = tmp_path / "show" / episode.path
        (path.with_suffix(".json")).write_text("no chapters")
        path.write_text(path.read_text().replace("\n---\n", f"\nchapters: {path.stem}.json\n---\n", 1))
    with pytest.raises(InvalidInput) as whole:
        importer.build_new_feed(tmp_path / "show", NOW)
    monkeypatch.setattr(new_feed, "EPISODES_PER_BUILD", 2)
    with pytest.raises(InvalidInput) as parts:
        importer.build_new_feed(tmp_path / "show", NOW)
    assert len({problem.location.path for problem in whole.value.problems}) == 2
    assert parts.value.problems == whole.value.problems
