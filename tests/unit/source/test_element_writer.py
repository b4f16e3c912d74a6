"""Elements are rendered as the keys that they were read from, so that an import can write them."""

import pytest

from podcast_kit.model import Element
from podcast_kit.source import element_writer
from tests.golden.test_namespaces import CASES, expected


@pytest.mark.parametrize("case", [case for case in CASES if case != "extra"])
def test_every_tag_is_rendered_as_its_key(case):
    channel, item = expected(case)
    for elements, parent in ((channel, "channel"), (item, "item")):
        lines, rejected = element_writer.elements_to_yaml(elements, parent)
        assert rejected == []
        assert bool(lines) == bool(elements)


def test_elements_without_a_key_are_returned():
    strange = [
        Element("acast:settings", "x"),
        Element("podcast:funding", "Help"),  # without its URL
        Element("podcast:funding", "Help", (("url", "https://a.example/"), ("colour", "red"))),
        Element("podcast:value", "", (("type", "lightning"),), (Element("podcast:unheard"),)),
    ]
    assert element_writer.elements_to_yaml(strange, "channel") == ([], strange)


def test_repeated_elements_become_a_list_if_the_tag_is_repeatable():
    tips = [Element("podcast:funding", name, (("url", f"https://{name}.example/"),)) for name in ("a", "b")]
    codes = [Element("itunes:applepodcastsverify", code) for code in ("one", "two")]
    lines, rejected = element_writer.elements_to_yaml([*tips, *codes], "channel")
    assert lines == [
        'funding: [{"url": "https://a.example/", "label": "a"}, {"url": "https://b.example/", "label": "b"}]',
        'apple_verify: "one"',
    ]
    assert rejected == codes[1:]
