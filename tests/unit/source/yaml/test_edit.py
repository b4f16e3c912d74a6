"""Setting a key of podcast.yaml changes one line and nothing else."""

import pytest

from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.source.yaml import edit

NEW = "https://new.example/feed.xml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("title: A # mine\n# end\n", f"title: A # mine\n# end\nnew_feed_url: {NEW}\n"),
        ("title: A", f"title: A\nnew_feed_url: {NEW}\n"),
        ("new_feed_url: https://x.example/ # soon\ntitle: A\n", f"new_feed_url: {NEW}  # soon\ntitle: A\n"),
        ("new_feed_url:\ntitle: A\n", f"new_feed_url: {NEW}\ntitle: A\n"),
        ("title: A\r\nx-b:\r\n  c: d\r\n", f"title: A\r\nx-b:\r\n  c: d\r\nnew_feed_url: {NEW}\r\n"),
    ],
)
def test_key_is_set_and_every_other_byte_stays(tmp_path, before, after):
    path = tmp_path / "podcast.yaml"
    path.write_bytes(before.encode())
    edit.set_yaml_key(path, "new_feed_url", NEW)
    assert path.read_bytes().decode() == after


@pytest.mark.parametrize("before", ["{title: A}\n", "new_feed_url: >\n  https://x.example/\ntitle: A\n"])
def test_file_is_unchanged_where_the_key_cannot_be_set(tmp_path, before):
    path = tmp_path / "podcast.yaml"
    path.write_text(before)
    with pytest.raises(InvalidInput) as caught:
        edit.set_yaml_key(path, "new_feed_url", NEW)
    assert NEW in caught.value.problems[0].fix
    assert path.read_text() == before


def test_missing_file_is_reported(tmp_path):
    with pytest.raises(OperationError, match="cannot be read"):
        edit.set_yaml_key(tmp_path / "podcast.yaml", "title", "A")


@pytest.mark.parametrize("address", ["new.example/feed.xml", "http://new.example/feed.xml", "", "https://a b/"])
def test_only_a_whole_https_url_is_a_feed_url(address):
    with pytest.raises(OperationError, match="new feed URL"):
        edit.to_feed_url(address)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("title: A # mine\n", "title: A # mine\nannounce:\n  indexnow: key-1234\n"),
        ("announce:\n    text: b # c\ntitle: A", "announce:\n    indexnow: key-1234\n    text: b # c\ntitle: A\n"),
        ("announce:\n  # a comment\n  text: b\n", "announce:\n  # a comment\n  indexnow: key-1234\n  text: b\n"),
        ("announce: {text: b}\r\n", "announce: {indexnow: key-1234, text: b}\r\n"),
        ("announce: {}\ntitle: A\n", "announce: {indexnow: key-1234}\ntitle: A\n"),
        ("announce: {\n  text: b}\n", "announce: {indexnow: key-1234, \n  text: b}\n"),
        ("announce:\ntitle: A\n", "announce:\n  indexnow: key-1234\ntitle: A\n"),
        ("announce: # later\ntitle: A\n", "announce: # later\n  indexnow: key-1234\ntitle: A\n"),
        (
            "announce:\n  mastodon:\n    account: '@a@b.example'\n",
            "announce:\n  indexnow: key-1234\n  mastodon:\n    account: '@a@b.example'\n",
        ),
    ],
)
def test_nested_key_is_added_and_every_other_byte_stays(tmp_path, before, after):
    path = tmp_path / "podcast.yaml"
    path.write_bytes(before.encode())
    edit.add_nested_yaml_key(path, "announce", "indexnow", "key-1234")
    assert path.read_bytes().decode() == after


@pytest.mark.parametrize(
    "before", ["{title: A}\n", "announce: false\n", "announce: {indexnow: old-key-1}\n", "announce:\n- a\n"]
)
def test_file_is_unchanged_where_the_nested_key_cannot_be_added(tmp_path, before):
    path = tmp_path / "podcast.yaml"
    path.write_text(before)
    with pytest.raises(InvalidInput) as caught:
        edit.add_nested_yaml_key(path, "announce", "indexnow", "key-1234")
    assert caught.value.problems[0].fix == "add the line 'indexnow: key-1234' below 'announce:' yourself"
    assert path.read_text() == before
