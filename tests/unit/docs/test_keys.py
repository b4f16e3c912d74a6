"""`podcast-kit keys`: every key is listed and explained, and every example is valid."""

import json
from collections import defaultdict

import pytest
from click.testing import CliRunner

from docs import _generate
from podcast_kit.cli import cli
from podcast_kit.namespaces import TAGS, tags_with_keys
from podcast_kit.namespaces.examples import example_yaml
from podcast_kit.source import core_keys, elements, project
from podcast_kit.source.yaml import document, parse_yaml_table
from tests.support import shows

FEED_KEYS = [
    (parent, tag) for parent in ("channel", "item") for tag in tags_with_keys(parent) if parent not in tag.builtin_in
]
FEED_TAGS = sorted({tag.keys[0]: tag for _, tag in FEED_KEYS}.values(), key=lambda tag: tag.name)
CORE_KEYS = [
    pytest.param(key, id=f"{file}-{key.name}")
    for file, keys in (("show", core_keys.SHOW_KEYS), ("episode", core_keys.EPISODE_KEYS))
    for key in keys
]


def run(*arguments):
    return CliRunner().invoke(cli, ["keys", *arguments])


@pytest.mark.parametrize(("parent", "tag"), FEED_KEYS, ids=lambda value: getattr(value, "name", value))
def test_example_of_a_feed_key_is_valid_and_writes_its_tag(parent, tag):
    table = parse_yaml_table(example_yaml(tag), "podcast.yaml")
    written = elements.elements_from_table(table, parent)
    table.finish()
    assert table.problems == []
    assert [element.name for element in written] == [tag.name]


@pytest.mark.parametrize("tag", FEED_TAGS, ids=lambda tag: tag.name)
def test_feed_key_is_explained_with_an_example(tag):
    assert tag.about.endswith(".")
    assert len(tag.about) < 90
    done = run(tag.keys[0])
    assert done.exit_code == 0
    assert f"<{tag.name}>" in done.stdout
    assert example_yaml(tag).strip() in done.stdout


@pytest.mark.parametrize("key", CORE_KEYS)
def test_core_key_is_explained_with_an_example(key):
    assert key.about.endswith(".")
    assert key.example.startswith(f"{key.name}:")
    done = run(key.name)
    assert done.exit_code == 0
    assert key.about in done.stdout
    assert key.example in done.stdout


@pytest.fixture
def keys_read(monkeypatch):
    """Every key that a reader takes, with its other names, by the path of the mapping; filled while a show is read."""
    taken = defaultdict(dict)
    original = document.Table.value

    def value(self, key, *, other_names=()):
        taken[self.name].setdefault(key, other_names)
        return original(self, key, other_names=other_names)

    monkeypatch.setattr(document.Table, "value", value)
    return taken


def load_show_with_every_core_key(folder):
    (folder / "episodes").mkdir()
    show = "\n".join(key.example for key in core_keys.SHOW_KEYS)
    episode = "\n".join(key.example for key in core_keys.EPISODE_KEYS)
    for name in ("cover.jpg", "art/logo.svg", "episodes/art/001.jpg", "episodes/001-talk.vtt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / "podcast.yaml").write_text(f"{show}\n", "utf-8")
    (folder / "episodes/001-talk.md").write_text(f"---\n{episode}\n---\nA paragraph.\n", "utf-8")
    return project.load_project(folder)


def test_examples_of_core_keys_form_a_valid_show(tmp_path):
    assert load_show_with_every_core_key(tmp_path).warnings == ()


def test_core_keys_are_exactly_those_that_the_readers_take(keys_read, tmp_path):
    load_show_with_every_core_key(tmp_path)
    top_level = {key: names for key, names in keys_read[""].items() if key != "extra"}
    feed_keys = {tag.keys[0] for _, tag in FEED_KEYS}
    documented = {key.name for key in (*core_keys.SHOW_KEYS, *core_keys.EPISODE_KEYS)}
    assert {*top_level} - feed_keys == documented - feed_keys
    for key in (*core_keys.SHOW_KEYS, *core_keys.EPISODE_KEYS):
        assert top_level[key.name] == key.other_names, key.name


@pytest.mark.parametrize("name", ["owner", "publish", "feed", "audio", "theme"])
def test_keys_inside_a_core_key_are_exactly_those_that_the_readers_take(name, keys_read, tmp_path):
    load_show_with_every_core_key(tmp_path)
    keys = [key for key in (*core_keys.SHOW_KEYS, *core_keys.EPISODE_KEYS) if key.name == name]
    documented = {field.name: field.other_names for key in keys for field in key.fields}
    assert keys_read[name] == documented


@pytest.mark.parametrize(
    ("table", "fields"), [("this person", core_keys.SHOW_KEYS), ("this chapter", core_keys.EPISODE_KEYS)]
)
def test_keys_of_people_and_chapters_are_documented(table, fields, keys_read, tmp_path):
    load_show_with_every_core_key(tmp_path)
    name = {"this person": "people", "this chapter": "chapters"}[table]
    (key,) = [key for key in fields if key.name == name]
    assert keys_read[table] == {field.name: field.other_names for field in key.fields}


ABOUT_A_MOVE_OR_A_CLAIM = {"ch.newfeed", "ch.verify", "it.block"}
"""What the check notes about a key because of what the key does."""
NEEDS_A_FILE = {"artwork", "audio", "feed", "image", "publish", "theme", "transcript"}


def check_problems(folder):
    done = CliRunner().invoke(cli, ["check", "-C", str(folder), "--json"])
    return {(problem["code"], problem["message"]) for problem in json.loads(done.stdout)["problems"]}


def test_examples_pass_our_own_rules(tmp_path):
    folder = shows.small(tmp_path / "show", recording="001-more-social.mp3")
    before = check_problems(folder)
    examples = {
        parent: [example_yaml(tag) for key, tag in FEED_KEYS if key == parent] for parent in ("channel", "item")
    }
    core = (("channel", core_keys.SHOW_KEYS), ("item", core_keys.EPISODE_KEYS))
    for parent, keys in core:
        left_out = NEEDS_A_FILE | {"block", "draft", "ignore"}
        examples[parent] += [f"{key.example}\n" for key in keys if key.name not in left_out]
    show, episode = folder / "podcast.yaml", folder / "episodes/001-talk.md"
    front, notes = episode.read_text("utf-8").removeprefix("---\n").split("---\n")
    show.write_text(_generate.replace_keys(show.read_text("utf-8"), "".join(examples["channel"])), "utf-8")
    front = _generate.replace_keys(front, "".join(examples["item"]))
    episode.write_text(f"---\n{front}---\n{notes}", "utf-8")
    problems = check_problems(folder) - before
    assert {code for code, _ in problems} <= ABOUT_A_MOVE_OR_A_CLAIM, problems


def test_all_keys_are_listed_for_people_and_for_programs():
    rows = json.loads(run("--json").stdout)["keys"]
    assert {row["tag"] for row in rows} - {""} == {tag.name for _, tag in FEED_KEYS} <= TAGS.keys()
    names = {row["key"] for row in rows}
    assert names >= {key.name for key in (*core_keys.SHOW_KEYS, *core_keys.EPISODE_KEYS)}
    assert all(f"  {name} " in run().stdout for name in names)


def test_core_keys_are_listed_first():
    rows = json.loads(run("--json").stdout)["keys"]
    assert [row["key"] for row in rows[:3]] == ["title", "description", "author"]


def test_unknown_key_suggests_the_nearest():
    done = run("fundng")
    assert done.exit_code == 1
    assert "did you mean 'funding'?" in done.stderr
