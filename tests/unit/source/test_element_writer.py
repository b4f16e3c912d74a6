"""Elements written as keys say them again: whatever podcast.yaml can say, an import can write."""

import pytest

from podcast_kit.model import Element
from podcast_kit.source import element_writer
from tests.golden.test_namespaces import CASES, expected


@pytest.mark.parametrize("case", [case for case in CASES if case != "extra"])
def test_every_tag_of_the_table_is_written_as_the_key_that_says_it(case):
    channel, item = expected(case)
    for found, parent in ((channel, "channel"), (item, "item")):
        lines, unsaid = element_writer.elements_to_yaml(found, parent)
        assert unsaid == []
        assert bool(lines) == bool(found)


def test_what_no_key_can_say_is_given_back():
    strange = [
        Element("acast:settings", "x"),
        Element("podcast:funding", "Help"),  # without its address
        Element("podcast:funding", "Help", (("url", "https://a.example/"), ("colour", "red"))),
        Element("podcast:value", "", (("type", "lightning"),), (Element("podcast:unheard"),)),
    ]
    assert element_writer.elements_to_yaml(strange, "channel") == ([], strange)


def test_several_of_a_kind_become_a_list_and_a_second_lone_one_is_given_back():
    tips = [Element("podcast:funding", name, (("url", f"https://{name}.example/"),)) for name in ("a", "b")]
    codes = [Element("itunes:applepodcastsverify", code) for code in ("one", "two")]
    lines, unsaid = element_writer.elements_to_yaml([*tips, *codes], "channel")
    assert lines == [
        'funding: [{"url": "https://a.example/", "label": "a"}, {"url": "https://b.example/", "label": "b"}]',
        'apple_verify: "one"',
    ]
    assert unsaid == codes[1:]
