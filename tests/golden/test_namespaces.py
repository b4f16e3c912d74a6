"""Every tag in podcast.yaml is read, written to the feed and parsed back.

A case is two files in golden/namespace: the keys of podcast.yaml (`channel`) and front matter (`item`), and the
resulting XML. `UPDATE_GOLDEN=1 pytest tests/golden/test_namespaces.py` rewrites the XML.
"""

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.feed import parse_feed, render_rss
from podcast_kit.model import Element
from podcast_kit.namespaces import NAMESPACES, TAGS, Need, ValueType, find_value_error, tags_with_keys
from podcast_kit.source import elements
from podcast_kit.source.yaml import Table, Value, parse_yaml_table
from tests.support.feed_factories import ARTWORK, make_item, make_show, to_element

GOLDEN = Path(__file__).parents[1] / "golden" / "namespace"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))
ROOT = "<rss " + " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix != "xml")
ROOT += ' xmlns:my="https://my.example/ns" xmlns:q="urn:q">'


def read_elements(source):
    """The channel's and the item's elements of a YAML text, and its problems."""
    whole = parse_yaml_table(source, "podcast.yaml")
    by_parent = {}
    for parent in ("channel", "item"):
        table = whole.table(parent) or Table(whole.location, {})
        by_parent[parent] = elements.elements_from_table(table, parent, "Europe/Berlin", include_builtin=True)
        table.finish()
    whole.finish()
    return by_parent["channel"], by_parent["item"], whole.problems


@cache
def feed_of(case):
    channel, item, problems = read_elements((GOLDEN / f"{case}.yaml").read_text("utf-8"))
    assert problems == []
    return (
        channel,
        item,
        render_rss(make_show(elements=channel, people=()), [make_item(elements=item)], artwork=ARTWORK),
    )


def expected(case):
    """The elements of the XML file: those of the channel, and those of its item."""
    channel = parse_feed(f"{ROOT}{(GOLDEN / f'{case}.xml').read_text('utf-8')}</rss>".encode()).channel
    item = channel.child("item")
    nodes = [child for child in channel.children if child is not item]
    return [to_element(node) for node in nodes], [to_element(node) for node in (item.children if item else ())]


def as_xml(elements, indent):
    from xml.sax.saxutils import escape, quoteattr

    for element in elements:
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.attributes)
        if element.children:
            yield f"{indent}<{element.name}{attributes}>{escape(element.text)}"
            yield from as_xml(element.children, indent + "  ")
            yield f"{indent}</{element.name}>"
        elif element.text:
            yield f"{indent}<{element.name}{attributes}>{escape(element.text)}</{element.name}>"
        else:
            yield f"{indent}<{element.name}{attributes}/>"


def write_golden(case, channel, item):
    lines = ["<channel>", *as_xml(channel, "  ")]
    lines += ["  <item>", *as_xml(item, "    "), "  </item>"] if item else []
    (GOLDEN / f"{case}.xml").write_text("\n".join([*lines, "</channel>", ""]), "utf-8")


@pytest.mark.parametrize("case", CASES)
def test_keys_become_the_golden_xml(case):
    channel, item, data = feed_of(case)
    if os.environ.get("UPDATE_GOLDEN"):
        write_golden(case, channel, item)
    expected_channel, expected_item = expected(case)
    feed = parse_feed(data)
    names = {element.name for element in expected_channel}
    assert [to_element(node) for node in feed.channel.children if node.key in names] == expected_channel
    names = {element.name for element in expected_item}
    assert [to_element(node) for node in feed.items[0].children if node.key in names] == expected_item


def walk(elements):
    for element in elements:
        yield element
        yield from walk(element.children)


def test_every_tag_with_a_key_has_a_case():
    names = {element.name for case in CASES for side in expected(case) for element in walk(side)}
    assert {name for name, tag in TAGS.items() if tag.keys} - names == set()


def test_every_attribute_has_a_case():
    in_cases = {
        (element.name, name)
        for case in CASES
        for side in expected(case)
        for element in walk(side)
        for name, _ in element.attributes
    }
    in_table = {(tag.name, field.name) for tag in TAGS.values() if tag.keys for field in tag.attributes}
    assert in_table - in_cases == set()


@pytest.mark.parametrize("case", CASES)
def test_golden_xml_conforms_to_the_table(case):
    for side in expected(case):
        for element in walk(side):
            tag = TAGS.get(element.name)
            if tag is None:
                assert case == "extra"
                continue
            attributes = dict(element.attributes)
            for field in tag.attributes:
                if field.name in attributes:
                    assert find_value_error(field.value_type, attributes[field.name]) == ""
            if tag.text and element.text:
                assert find_value_error(tag.text.value_type, element.text) == ""
            children = {child.name for child in element.children}
            assert set(tag.required_children) <= children
            assert all(element.name in TAGS[child].parents for child in children)


def test_table_is_consistent():
    """Every parent, child and namespace in the table exists, and no two tags share a key."""
    for tag in TAGS.values():
        assert set(tag.parents) <= {"channel", "item", *TAGS}
        assert {*tag.required_children, *tag.either_child} <= TAGS.keys()
        assert tag.name.rpartition(":")[0] in {"", *NAMESPACES}
        names = [field.yaml_key for field in tag.fields]
        names += [key for child in tags_with_keys(tag.name) for key in child.keys]
        assert len(names) == len(set(names)), tag.name
    for parent in ("channel", "item"):
        keys = [key for tag in tags_with_keys(parent) if parent not in tag.builtin_in for key in tag.keys]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("channel:\n  funding: {label: Us}", "'url' is missing in funding"),
        ("channel:\n  funding: {url: nowhere}", "is not an http or https URL"),
        ("channel:\n  medium: audiobok", "did you mean 'audiobook'?"),
        ("channel:\n  medium: [music, film]", "must be a single value, not a list"),
        ("channel:\n  podroll: {title: Friends}", "'feed_guid' is missing in podroll"),
        ("channel:\n  podroll: []", "'remote_items' is missing in podroll"),
        ("channel:\n  value: {type: lightning, method: keysend}", "'recipients' is missing in value"),
        ("channel:\n  social: {protocol: activitypub}", "'url' is missing in social"),
        ("channel:\n  chat: {server: https://x, protocol: irc}", "is not a host name"),
        ("channel:\n  update_frequency: {label: Daily, rrule: DAILY}", "is not a recurrence"),
        ("channel:\n  location: {name: X, geo: 'geo:91,0'}", "is not a place on Earth"),
        ("channel:\n  location: {name: X, contry: DE}", "did you mean 'country'?"),
        ("channel:\n  podping: perhaps", "is not true or false"),
        ("item:\n  soundbites: {start: noon, duration: 3}", "is not a time"),
        ("item:\n  value: {type: a, method: b, recipients: {type: c, address: d, split: 1}, time_splits: {start: 1, duration: 2}}", "needs either 'remote_items' or 'recipients'"),  # noqa: E501
        ("item:\n  alternate_enclosures: audio/opus", "'sources' is missing"),
        ("item:\n  extra: <a><b></a>", "is not well-formed XML: mismatched tag"),
        ("item:\n  extra: <unknown:tag/>", "the namespace of 'unknown' is unknown"),
        ("item:\n  extra: '<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>'", "not well-formed"),
        ("item:\n  extra: <guid>mine</guid>", "every feed already has 'guid'"),
        ("item:\n  extra: loose words", "has text outside of any element"),
        ("item:\n  extra: {name: unknown:tag}", "the namespace of 'unknown' is unknown"),
        ("item:\n  extra: {name: a b}", "is not an element name"),
        ("item:\n  extra: {text: a}", "'name' is missing in this element"),
    ],
)  # fmt: skip
def test_invalid_value_is_reported_with_its_location(source, message):
    *_, problems = read_elements(source)
    assert len(problems) == 1, problems
    assert message in f"{problems[0].text} ({problems[0].fix})"
    assert problems[0].location.line in {1, 2}


def test_all_problems_of_a_file_are_reported():
    source = "channel:\n  medium: x\n  podping: y\n  chat: {server: a b}\n  funding:\n    - {label: a}\n    - nowhere\n"
    *_, problems = read_elements(source)
    assert sorted(problem.location.line for problem in problems) == [2, 3, 4, 4, 6, 7]


def test_invalid_value_does_not_hide_missing_keys():
    *_, problems = read_elements("channel:\n  live: {status: now, start: 2026-12-01}\n")
    texts = [problem.text for problem in problems]
    assert texts[0] == "status: 'now' is not a valid choice"
    assert texts[1:] == [f"{key!r} is missing in live" for key in ("title", "guid", "enclosure", "content_links")]


def test_elements_have_their_location():
    channel, _, _ = read_elements('channel:\n  funding:\n    - https://a.example/\n    - {url: "https://b.example/"}\n')
    assert [(element.location.line, element.location.column) for element in channel] == [(3, 7), (4, 7)]


def test_two_uris_of_one_prefix_are_rejected():
    mine, other = Element("my:a", uri="urn:a"), Element("my:b", uri="urn:b")
    with pytest.raises(InvalidInput, match="1 problem"):
        render_rss(make_show(elements=(mine, other)), [])


@pytest.mark.parametrize(
    ("value_type", "valid", "invalid"),
    [
        (ValueType.URL, "https://a.example/x?y=1", "//a.example/x"),
        (ValueType.URI, "ipfs://Qm", "a b"),
        (ValueType.MAIL, "a@b.example", "a@b"),
        (ValueType.HOST, "irc.example.org:6697", "https://irc.example.org"),
        (ValueType.RFC2822, "Sun, 01 Mar 2026 09:00:00 +0000", "2026-03-01"),
        (ValueType.ISO8601, "2026-03-01T09:00:00Z", "1 March"),
        (ValueType.UUID, "917393e3-1b1e-5cef-ace4-edaa54e1f810", "917393e31b1e5cef"),
        (ValueType.MIME, "audio/x-m4a", "mp3"),
        (ValueType.GEO, "geo:-90,180,12;u=35", "geo:180,-91"),
        (ValueType.OSM, "R113314#14", "113314"),
        (ValueType.COUNTRY, "DE", "de"),
        (ValueType.RRULE, "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;COUNT=1;UNTIL=20260101"),
        (ValueType.RATIO, "16/9", "16:9"),
        (ValueType.SRCSET, "https://a.example/a.jpg 600w, https://a.example/b.jpg 300w", "a b c"),
        (ValueType.FLAG, "true", "True"),
        (ValueType.WHOLE, "12", "1.5"),
        (ValueType.SECONDS, "12.25", "-1"),
        (ValueType.LINE, "one line", "two\nlines"),
    ],
)
def test_value_types_accept_valid_and_reject_invalid_values(value_type, valid, invalid):
    assert find_value_error(value_type, valid) == ""
    assert find_value_error(value_type, invalid) != ""


def test_needs_are_ordered():
    assert Need.MAY < Need.SHOULD < Need.MUST


KEYS = sorted(
    {key for tag in TAGS.values() for key in (*tag.keys, *(field.yaml_key for field in tag.fields))} | {"extra"}
)
LOCATION = SourceLocation("podcast.yaml", 1, 1)
WORDS = st.one_of(st.text(max_size=12), st.sampled_from(["yes", "1:02", "a:b", "https://a.example/", "<a>", "<b:c/>"]))
VALUES = st.recursive(
    WORDS.map(lambda text: Value(LOCATION, text, is_empty=not text)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda content: Value(LOCATION, content)),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(lambda content: Value(LOCATION, content)),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), st.sampled_from(["channel", "item"]))
@settings(max_examples=300, deadline=None)
def test_any_values_are_read_or_reported_and_what_is_read_can_be_rendered(entries, parent):
    table = Table(LOCATION, entries)
    read = elements.elements_from_table(table, parent, include_builtin=True)
    feed = (
        render_rss(make_show(elements=read), [])
        if parent == "channel"
        else render_rss(make_show(), [make_item(elements=read)])
    )
    assert parse_feed(feed).channel is not None
    assert all(problem.text and problem.code for problem in table.problems)
