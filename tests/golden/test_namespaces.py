"""Each row of the table of tags: what podcast.yaml says arrives in the feed, and in parsers nobody here wrote.

A case is two files in golden/namespace: what is written in podcast.yaml (`channel`) and the front matter
(`item`), and the XML that comes of it. `UPDATE_GOLDEN=1 pytest tests/test_namespaces.py` writes the XML anew.
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
from podcast_kit.namespaces import NAMESPACES, TAGS, ValueType, Need, find_value_error, tags_with_keys
from podcast_kit.source import elements
from podcast_kit.source.yaml import Table, Value, parse_yaml_table
from tests.support.feed_factories import ARTWORK, make_item, make_show, to_element

GOLDEN = Path(__file__).parents[1] / "golden" / "namespace"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))
ROOT = "<rss " + " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix != "xml")
ROOT += ' xmlns:my="https://my.example/ns" xmlns:q="urn:q">'


def taken(source, zone="Europe/Berlin"):
    """The channel's and the item's elements that a YAML text says, and its problems."""
    whole = parse_yaml_table(source, "podcast.yaml")
    found = {}
    for parent in ("channel", "item"):
        table = whole.table(parent) or Table(whole.location, {})
        found[parent] = elements.elements_from_table(table, parent, zone, include_builtin=True)
        table.finish()
    whole.finish()
    return found["channel"], found["item"], whole.problems


@cache
def feed_of(case):
    channel, item, problems = taken((GOLDEN / f"{case}.yaml").read_text("utf-8"))
    assert problems == []
    return channel, item, render_rss(make_show(elements=channel, people=()), [make_item(elements=item)], artwork=ARTWORK)


def expected(case):
    """The elements of the XML file: those of the channel, and those of its item."""
    channel = parse_feed(f"{ROOT}{(GOLDEN / f'{case}.xml').read_text('utf-8')}</rss>".encode()).channel
    item = channel.child("item")
    nodes = [child for child in channel.children if child is not item]
    return [to_element(node) for node in nodes], [to_element(node) for node in (item.children if item else ())]


def as_xml(found, indent):
    from xml.sax.saxutils import escape, quoteattr

    for element in found:
        said = "".join(f" {name}={quoteattr(value)}" for name, value in element.attributes)
        if element.children:
            yield f"{indent}<{element.name}{said}>{escape(element.text)}"
            yield from as_xml(element.children, indent + "  ")
            yield f"{indent}</{element.name}>"
        elif element.text:
            yield f"{indent}<{element.name}{said}>{escape(element.text)}</{element.name}>"
        else:
            yield f"{indent}<{element.name}{said}/>"


def write_golden(case, channel, item):
    lines = ["<channel>", *as_xml(channel, "  ")]
    lines += ["  <item>", *as_xml(item, "    "), "  </item>"] if item else []
    (GOLDEN / f"{case}.xml").write_text("\n".join([*lines, "</channel>", ""]), "utf-8")


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_in_yaml_arrives_as_xml(case):
    channel, item, data = feed_of(case)
    if os.environ.get("UPDATE_GOLDEN"):
        write_golden(case, channel, item)
    want_channel, want_item = expected(case)
    feed = parse_feed(data)
    names = {element.name for element in want_channel}
    assert [to_element(node) for node in feed.channel.children if node.key in names] == want_channel
    names = {element.name for element in want_item}
    assert [to_element(node) for node in feed.items[0].children if node.key in names] == want_item


def walk(found):
    for element in found:
        yield element
        yield from walk(element.children)


def test_every_row_that_podcast_yaml_can_say_has_a_case():
    shown = {element.name for case in CASES for side in expected(case) for element in walk(side)}
    assert {name for name, tag in TAGS.items() if tag.keys} - shown == set()


def test_every_attribute_of_podcasting_2_has_a_case():
    shown = {
        (element.name, name)
        for case in CASES
        for side in expected(case)
        for element in walk(side)
        for name, _ in element.attributes
    }
    wanted = {(tag.name, field.name) for tag in TAGS.values() if tag.keys for field in tag.attributes}
    assert wanted - shown == set()


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_keeps_to_the_table(case):
    for side in expected(case):
        for element in walk(side):
            tag = TAGS.get(element.name)
            if tag is None:
                assert case == "extra"
                continue
            said = dict(element.attributes)
            for field in tag.attributes:
                if field.name in said:
                    assert find_value_error(field.value_type, said[field.name]) == ""
            if tag.text and element.text:
                assert find_value_error(tag.text.value_type, element.text) == ""
            children = {child.name for child in element.children}
            assert set(tag.required_children) <= children
            assert all(element.name in TAGS[child].parents for child in children)


def test_the_table_is_whole():
    """No row names a parent, a child or a namespace that does not exist, and no two rows share a key."""
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
    ("source", "said"),
    [
        ("channel:\n  funding: {label: Us}", "'url' is missing in funding"),
        ("channel:\n  funding: {url: nowhere}", "is not an http or https address"),
        ("channel:\n  medium: audiobok", "did you mean 'audiobook'?"),
        ("channel:\n  medium: [music, film]", "there is one, not a list"),
        ("channel:\n  podroll: {title: Friends}", "'feed_guid' is missing in podroll"),
        ("channel:\n  podroll: []", "'remote_items' is missing in podroll"),
        ("channel:\n  value: {type: lightning, method: keysend}", "'recipients' is missing in value"),
        ("channel:\n  social: {protocol: activitypub}", "'url' is missing in social"),
        ("channel:\n  chat: {server: https://x, protocol: irc}", "is not the name of a server"),
        ("channel:\n  update_frequency: {label: Daily, rrule: DAILY}", "is not a recurrence"),
        ("channel:\n  location: {name: X, geo: 'geo:91,0'}", "is not a place on Earth"),
        ("channel:\n  location: {name: X, contry: DE}", "did you mean 'country'?"),
        ("channel:\n  podping: perhaps", "is not true or false"),
        ("item:\n  soundbites: {start: noon, duration: 3}", "is not a time"),
        ("item:\n  value: {type: a, method: b, recipients: {type: c, address: d, split: 1}, time_splits: {start: 1, duration: 2}}", "needs either 'remote_items' or 'recipients'"),  # noqa: E501
        ("item:\n  alternate_enclosures: audio/opus", "'sources' is missing"),
        ("item:\n  extra: <a><b></a>", "is not well-formed XML: mismatched tag"),
        ("item:\n  extra: <nobody:knows/>", "nobody knows the namespace of 'nobody'"),
        ("item:\n  extra: '<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>'", "not well-formed"),
        ("item:\n  extra: <guid>mine</guid>", "'guid' is in every feed already"),
        ("item:\n  extra: loose words", "holds text outside of any element"),
        ("item:\n  extra: {name: nobody:knows}", "nobody knows the namespace of 'nobody'"),
        ("item:\n  extra: {name: a b}", "cannot name an element"),
        ("item:\n  extra: {text: a}", "'name' is missing in this element"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_told_with_its_place(source, said):
    *_, problems = taken(source)
    assert len(problems) == 1, problems
    assert said in f"{problems[0].text} ({problems[0].fix})"
    assert problems[0].location.line in {1, 2}


def test_all_faults_of_a_file_are_told_at_once():
    source = "channel:\n  medium: x\n  podping: y\n  chat: {server: a b}\n  funding:\n    - {label: a}\n    - nowhere\n"
    *_, problems = taken(source)
    assert sorted(problem.location.line for problem in problems) == [2, 3, 4, 4, 6, 7]


def test_a_wrong_value_does_not_hide_what_is_missing():
    *_, problems = taken("channel:\n  live: {status: now, start: 2026-12-01}\n")
    said = [problem.text for problem in problems]
    assert said[0] == "status: 'now' is none of those that exist"
    assert said[1:] == [f"{key!r} is missing in live" for key in ("title", "guid", "enclosure", "content_links")]


def test_elements_know_where_they_were_written():
    channel, _, _ = taken('channel:\n  funding:\n    - https://a.example/\n    - {url: "https://b.example/"}\n')
    assert [(element.place.line, element.place.column) for element in channel] == [(3, 7), (4, 7)]


def test_two_addresses_of_one_prefix_are_refused():
    mine, other = Element("my:a", uri="urn:a"), Element("my:b", uri="urn:b")
    with pytest.raises(InvalidInput, match="1 problem"):
        render_rss(make_show(elements=(mine, other)), [])


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
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
def test_a_kind_knows_what_is_wrong(kind, right, wrong):
    assert find_value_error(kind, right) == ""
    assert find_value_error(kind, wrong) != ""


def test_needs_are_ordered():
    assert Need.MAY < Need.SHOULD < Need.MUST


KEYS = sorted({key for tag in TAGS.values() for key in (*tag.keys, *(field.yaml_key for field in tag.fields))} | {"extra"})
HERE = SourceLocation("podcast.yaml", 1, 1)
WORDS = st.one_of(st.text(max_size=12), st.sampled_from(["yes", "1:02", "a:b", "https://a.example/", "<a>", "<b:c/>"]))
SAID = st.recursive(
    WORDS.map(lambda text: Value(HERE, text, is_empty=not text)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: Value(HERE, found)),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(lambda found: Value(HERE, found)),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), SAID, max_size=6), st.sampled_from(["channel", "item"]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_said_is_taken_or_told_and_what_is_taken_can_be_written(entries, parent):
    table = Table(HERE, entries)
    found = elements.elements_from_table(table, parent, include_builtin=True)
    made = (
        render_rss(make_show(elements=found), [])
        if parent == "channel"
        else render_rss(make_show(), [make_item(elements=found)])
    )
    assert parse_feed(made).channel is not None
    assert all(problem.text and problem.code for problem in table.problems)
