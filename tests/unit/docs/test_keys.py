"""What `podcast-kit keys` shows: examples that are read without a fault, and every key of the table."""

import json

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.namespaces import TAGS, tags_with_keys
from podcast_kit.namespaces.examples import example_yaml
from podcast_kit.source import elements
from podcast_kit.source.yaml.document import parse_yaml_table

SAID = [(parent, tag) for parent in ("channel", "item") for tag in tags_with_keys(parent) if parent not in tag.builtin_in]


def run(*arguments):
    return CliRunner().invoke(cli, ["keys", *arguments])


@pytest.mark.parametrize(("parent", "tag"), SAID, ids=lambda one: getattr(one, "name", one))
def test_an_example_is_read_without_a_fault_and_says_its_tag(parent, tag):
    table = parse_yaml_table(example_yaml(tag), "podcast.yaml")
    found = elements.elements_from_table(table, parent)
    table.finish()
    assert table.problems == []
    assert [element.name for element in found] == [tag.name]


@pytest.mark.parametrize(
    "tag", sorted({tag.keys[0]: tag for _, tag in SAID}.values(), key=lambda tag: tag.name), ids=lambda tag: tag.name
)
def test_every_key_is_told_with_what_it_is_for(tag):
    assert tag.about.endswith(".")
    assert len(tag.about) < 90
    done = run(tag.keys[0])
    assert done.exit_code == 0
    assert f"<{tag.name}>" in done.stdout
    assert example_yaml(tag).strip() in done.stdout


def test_all_keys_are_listed_for_people_and_for_programs():
    listed = {one["tag"] for one in json.loads(run("--json").stdout)["keys"]}
    assert listed == {tag.name for _, tag in SAID}
    assert all(f"  {tag.keys[0]} " in run().stdout for _, tag in SAID)
    assert listed <= TAGS.keys()


def test_a_key_that_does_not_exist_leads_to_the_nearest():
    done = run("fundng")
    assert done.exit_code == 1
    assert "did you mean 'funding'?" in done.stderr
