"""The store state is public, so it must not contain the URLs of private feeds."""

from datetime import UTC, datetime

from podcast_kit.model import PublishSettings
from podcast_kit.stores import open_store
from podcast_kit.stores.state import read_store_state
from tests.support import output_trees

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SECRET = "private/abcdefghijklmnopqrstuvwxyz234567.xml"
URL = "https://pod.example/"


def published(tmp_path, outputs):
    store = open_store(PublishSettings(url=URL, to="public"), tmp_path)
    return store, output_trees.publish_outputs(outputs, store, now=NOW)


def show(tmp_path):
    outputs = output_trees.write_tree(tmp_path / "build", URL, {"one": b"sound"})
    return outputs | {SECRET: output_trees.write_output(tmp_path / "build", SECRET, b"<rss/>")}


def test_no_published_file_contains_a_private_feed_key(tmp_path):
    published(tmp_path, show(tmp_path))
    public = tmp_path / "public"
    assert (public / SECRET).is_file()
    public_files = [path for path in public.rglob("*") if path.is_file() and path != public / SECRET]
    assert public_files
    assert not [path for path in public_files if SECRET[8:-4].encode() in path.read_bytes()]


def test_private_feed_is_recognized_as_unchanged(tmp_path):
    outputs = show(tmp_path)
    published(tmp_path, outputs)
    store, again = published(tmp_path, outputs)
    assert again == []
    assert read_store_state(store, "feed.xml", outputs.values()).objects[SECRET].sha256 == outputs[SECRET].sha256


def test_only_a_changed_private_feed_is_uploaded(tmp_path):
    outputs = show(tmp_path)
    published(tmp_path, outputs)
    outputs[SECRET] = output_trees.write_output(tmp_path / "build", SECRET, b"<rss></rss>")
    _, done = published(tmp_path, outputs)
    assert [outcome.key for outcome in done if outcome.action == "uploaded"] == [SECRET]
    assert (tmp_path / "public" / SECRET).read_bytes() == b"<rss></rss>"
