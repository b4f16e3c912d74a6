"""Elements are rendered as the keys that they were read from, so that an import can write them."""

import pytest

from podcast_kit.model import Element
from podcast_kit.source import element_writer
from podcast_kit.source.elements import elements_from_table
from podcast_kit.source.yaml import parse_yaml_table
from tests.golden.test_namespaces import CASES, expected


@pytest.mark.parametrize("case", [case for case in CASES if case != "extra"])
def test_every_tag_is_rendered_as_its_key(case):
    channel, item = expected(case)
    for elements, parent in ((channel, "channel"), (item, "item")):
        lines, rejected = element_writer.elements_to_yaml(elements, parent)
        assert rejected == []
        assert bool(lines) == bool(elements)


def test_elements_without_a_key_become_extra():
    strange = [
        Element("acast:settings", "x", uri="https://schema.acast.com/1.0/"),
        Element("podcast:funding", "Help"),  # without its URL
        Element("podcast:funding", "Help", (("url", "https://a.example/"), ("colour", "red"))),
        Element("podcast:value", "", (("type", "lightning"),), (Element("podcast:unheard"),)),
        Element("podcast:liveItem", "", (("status", "live"),), (Element("title", "Two\nlines"),)),
    ]
    lines, rejected = element_writer.elements_to_yaml(strange, "channel")
    assert rejected == []
    table = parse_yaml_table("\n".join(lines), "podcast.yaml")
    assert elements_from_table(table, "channel") == tuple(strange)
    assert table.problems == []


def test_elements_that_cannot_be_written_are_returned():
    strange = [Element("acast:settings", "x"), Element("item"), Element("a b")]
    assert element_writer.elements_to_yaml(strange, "channel") == ([], strange)


def test_repeated_elements_become_a_list_if_the_tag_is_repeatable():
    tips = [Element("podcast:funding", name, (("url", f"https://{name}.example/"),)) for name in ("a", "b")]
    codes = [Element("itunes:applepodcastsverify", code) for code in ("one", "two")]
    lines, rejected = element_writer.elements_to_yaml([*tips, *codes], "channel")
    assert lines == [
        'funding: [{"url": "https://a.example/", "label": "a"}, {"url": "https://b.example/", "label": "b"}]',
        'apple_verify: "one"',
        'extra: [{"name": "itunes:applepodcastsverify", "text": "two"}]',
    ]
    assert rejected == []
