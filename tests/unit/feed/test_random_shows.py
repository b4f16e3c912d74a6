"""Random shows: every feed is well-formed, passes the check without errors, and parses to the same values.

Hypothesis makes the texts (control characters, markup, right-to-left, anything). A seed selects tags and attributes
from the table of tags, so that each of them occurs with values of its type.
"""

import os
import re
from datetime import UTC, datetime, timedelta
from html import escape
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_kit import check
from podcast_kit.errors import Severity
from podcast_kit.feed import parse_feed, render_rss
from podcast_kit.model import (
    Category,
    Chapter,
    Element,
    Episode,
    EpisodeType,
    FeedSettings,
    Image,
    Item,
    LocalFile,
    Media,
    Person,
    PublishSettings,
    Show,
    ShowType,
    Transcript,
)
from podcast_kit.namespaces import TAGS, Need, ValueType, tags_with_keys
from podcast_kit.namespaces.categories import category_tree
from podcast_kit.text.xml_clean import clean_xml_text
from tests.support.feed_factories import to_element

SHOWS = int(os.environ.get("RANDOM_SHOWS", "2000"))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TEXTS = st.lists(st.text(st.characters(codec=None), max_size=30), min_size=8, max_size=8)
VALUES = {
    ValueType.FLAG: ["false"],
    ValueType.YES_NO: ["yes", "no"],
    ValueType.YES: ["Yes"],
    ValueType.WHOLE: ["1", "12", "1234567"],
    ValueType.NUMBER: ["1", "0.00000015", "95"],
    ValueType.SECONDS: ["16", "61.5"],
    ValueType.URL: ["https://a.example/", "https://a.example/x%20y?z=1&w=%C3%A4#t"],
    ValueType.URI: ["https://a.example/f.mp3", "ipfs://QmdwGqd3d2gFPGeJNLLCshdiPert45fMu84552Y4XHTy4y"],
    ValueType.MAIL: ["ann@pod.example"],
    ValueType.HOST: ["irc.example.org"],
    ValueType.RFC2822: ["Sun, 01 Mar 2026 09:00:00 +0000"],
    ValueType.ISO8601: ["2026-03-01T09:00:00+01:00"],
    ValueType.UUID: ["917393e3-1b1e-5cef-ace4-edaa54e1f810"],
    ValueType.MIME: ["audio/mpeg", "application/x-mpegURL"],
    ValueType.LANGUAGE: ["en", "pt-br"],
    ValueType.COUNTRY: ["DE"],
    ValueType.COUNTRIES: ["de at"],
    ValueType.GEO: ["geo:52.5,-13.4;u=35"],
    ValueType.OSM: ["R62422"],
    ValueType.RRULE: ["FREQ=WEEKLY;BYDAY=MO"],
    ValueType.RATIO: ["16/9"],
    ValueType.SRCSET: ["https://a.example/a.jpg 600w"],
    ValueType.TIME: ["00:01:02.500"],
}
CONSTRAINED_VALUES = {
    ("podcast:liveItem", "end"): "2026-03-01T11:00:00+01:00",
    ("podcast:integrity", "type"): "sri",
    ("podcast:integrity", "value"): "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
}
"""Values that depend on other values, which the table does not express."""


class ShowMaker:
    """Makes everything of one show out of eight texts and a seed."""

    def __init__(self, texts, seed):
        self.random = Random(seed)
        self.texts = texts

    def text(self, limit=30):
        """Any text from hypothesis, but never only characters that XML cannot hold."""
        plain = re.sub(r"<|&(?=[a-zA-Z#])", "(", self.random.choice(self.texts))  # no tags, no entities
        return plain[: limit - 1] + self.random.choice("aé中🎙")

    def maybe(self, value):
        return value if self.random.random() < 0.5 else None

    def value(self, tag, field):
        if (tag.name, field.name) in CONSTRAINED_VALUES:
            return CONSTRAINED_VALUES[tag.name, field.name]
        if field.choices:
            return self.random.choice(field.choices)
        return (
            self.random.choice(VALUES[field.value_type])
            if field.value_type in VALUES
            else self.text(field.max_len or 30)
        )

    def element(self, tag):
        attributes = [
            (field.name, self.value(tag, field))
            for field in tag.attributes
            if field.need is Need.MUST or self.random.random() < 0.7
        ]
        text = self.value(tag, tag.text) if tag.text else ""
        needed = [TAGS[name] for name in tag.required_children]
        if tag.either_child:
            needed.append(TAGS[self.random.choice(tag.either_child)])
        elif tag.name != "podcast:publisher":  # which has exactly one show
            allowed = [child for child in tags_with_keys(tag.name) if child not in needed]
            needed += [child for child in allowed if self.random.random() < 0.3]
        children = [self.element(child) for child in needed]
        if tag.name == "podcast:publisher":
            children = [
                Element(child.name, "", (*(a for a in child.attributes if a[0] != "medium"), ("medium", "publisher")))
                for child in children
            ]
        return Element(tag.name, text, tuple(attributes), tuple(children))

    def elements(self, parent):
        tags = [tag for tag in tags_with_keys(parent) if parent not in tag.builtin_in and self.random.random() < 0.2]
        return tuple(
            self.element(tag) for tag in tags for _ in range(self.random.randint(1, 2) if tag.is_repeatable else 1)
        )

    def person(self):
        return Person(
            name=self.text(),
            role="guest",
            url="https://a.example/p",
            image=self.random.choice([None, LocalFile("p.jpg")]),
        )

    def show(self):
        name = self.random.choice(sorted(category_tree()))
        return Show(
            title=self.text(),
            description=self.text(),
            author=self.text(),
            language=self.random.choice(["en", "de", "pt-br"]),
            publish=PublishSettings(url="https://pod.example/s%20p/", clean_urls=self.random.random() < 0.5),
            owner_name=self.maybe(self.text()) or "",
            owner_email="ann@pod.example",
            guid="9b024349-ccf0-5f69-a609-6b82873eab3c",
            categories=(Category(name, self.random.choice([*category_tree()[name], ""])),),
            explicit=self.random.random() < 0.5,
            type=ShowType.EPISODIC,
            copyright=self.maybe(self.text()) or "",
            locked=self.random.choice([None, True, False]),
            complete=self.random.random() < 0.2,
            people=tuple(self.person() for _ in range(self.random.randint(0, 2))),
            feed=FeedSettings(hubs=tuple(filter(None, [self.maybe("https://hub.example/")]))),
            elements=self.elements("channel"),
        )

    def item(self, number):
        name = f"media/{number:04x}/{number}.mp3"
        notes = f"<p>{escape(self.text(), quote=False)}</p>"
        marks = [
            Chapter(start_ms=at * 20_500, title=self.text(), url="https://a.example/c")
            for at in range(self.random.choice([0, 3]))
        ]
        return Item(
            episode=Episode(
                slug=str(number),
                path=f"episodes/{number}.md",
                title=self.text(),
                notes="",
                number=number + 1,
                season=self.maybe(1),
                type=self.random.choice(list(EpisodeType)),
                explicit=self.random.choice([None, True, False]),
                tags=tuple(self.text() for _ in range(self.random.randint(0, 2))),
            ),
            guid=f"{self.random.getrandbits(64):016x}-{number}",
            date=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=self.random.randrange(6 * 365 * 86_400)),
            url=f"https://pod.example/s%20p/episodes/{number}/",
            enclosure=Media(
                key=name, sha256="", bytes=self.random.randrange(20_000, 10**9), mime="audio/mpeg", seconds=90.4
            ),
            enclosure_url=f"https://pod.example/s%20p/{name}",
            description=notes,
            content=notes + notes,
            chapters=tuple(marks),
            chapters_url="https://pod.example/c.json" if marks else "",
            transcripts=(Transcript(url=f"https://pod.example/{number}.vtt", mime="text/vtt"),),
            people=tuple(self.person() for _ in range(self.random.randint(0, 1))),
            elements=self.elements("item"),
        )


def clean_element(element):
    """The element without characters that XML cannot hold."""
    return Element(
        element.name,
        clean_xml_text(element.text),
        tuple((name, clean_xml_text(value)) for name, value in element.attributes),
        tuple(clean_element(child) for child in element.children),
    )


def with_line_feeds(html):
    """As XML parsers return it: they turn carriage returns in CDATA into line feeds."""
    return clean_xml_text(html).replace("\r\n", "\n").replace("\r", "\n")


def assert_read_back(feed, show, items):
    channel = feed.channel
    assert [channel.child_text(key) for key in ("title", "description", "itunes:author", "language")] == [
        clean_xml_text(text) for text in (show.title, show.description, show.author, show.language)
    ]
    written = {to_element(node) for node in channel.children}
    assert {clean_element(element) for element in show.elements} <= written
    assert [item.child_text("guid") for item in feed.items] == [
        item.guid for item in sorted(items, key=lambda item: item.date, reverse=True)
    ]
    by_guid = {item.guid: item for item in items}
    for node in feed.items:
        item = by_guid[node.child_text("guid")]
        assert (node.child_text("title"), node.child_text("description")) == (
            clean_xml_text(item.episode.title),
            clean_xml_text(item.description),
        )
        assert node.child_text("content:encoded") == with_line_feeds(item.content)
        enclosure = node.child("enclosure").attributes
        assert enclosure == {"url": item.enclosure_url, "length": str(item.enclosure.bytes), "type": "audio/mpeg"}
        assert node.child_text("itunes:duration") == "90"
        assert [child.text for child in node.children_named("category")] == [
            clean_xml_text(tag) for tag in item.episode.tags
        ]
        assert [child.text for child in node.children_named("podcast:person")][: len(item.people)] == [
            clean_xml_text(p.name) for p in item.people
        ]
        assert {clean_element(element) for element in item.elements} <= {to_element(child) for child in node.children}


@pytest.mark.slow
@given(TEXTS, st.integers(0, 2**32 - 1))
@settings(max_examples=SHOWS, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_shows_are_well_formed_pass_the_check_and_parse_to_the_same_values(texts, seed):
    maker = ShowMaker(texts, seed)
    show = maker.show()
    items = [maker.item(number) for number in range(maker.random.randint(1, 3))]
    data = render_rss(show, items, artwork=Image(url="https://pod.example/cover.jpg"))
    assert_read_back(parse_feed(data), show, items)
    problems = check.check_feed(data, "feed.xml", now=NOW, url=show.feed_url)
    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []
