"""Two thousand random shows: every feed is well-formed, passes the check without an error, and reads back equal.

Hypothesis makes the texts (control characters, markup, right-to-left, anything); what the shows are made of
follows from a number, by the table of tags, so that each tag and attribute comes up with values of its kind.
"""

import os
from datetime import UTC, datetime, timedelta
from html import escape
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_kit import check
from podcast_kit.errors import Severity
from podcast_kit.feed import parse, render
from podcast_kit.model import (
    Category,
    Chapter,
    Element,
    Episode,
    EpisodeType,
    FeedSettings,
    Item,
    Media,
    Person,
    Image,
    PublishSettings,
    Show,
    ShowType,
    Transcript,
)
from podcast_kit.namespaces import TAGS, Kind, Need, rows
from podcast_kit.namespaces.categories import tree
from podcast_kit.text.xml_clean import clean_xml_text
from tests.support.feed_factories import to_element

SHOWS = int(os.environ.get("RANDOM_SHOWS", "2000"))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TEXTS = st.lists(st.text(st.characters(codec=None), max_size=30), min_size=8, max_size=8)
VALUES = {
    Kind.FLAG: ["false"],
    Kind.YES_NO: ["yes", "no"],
    Kind.YES: ["Yes"],
    Kind.WHOLE: ["1", "12", "1234567"],
    Kind.NUMBER: ["1", "0.00000015", "95"],
    Kind.SECONDS: ["16", "61.5"],
    Kind.URL: ["https://a.example/", "https://a.example/x%20y?z=1&w=%C3%A4#t"],
    Kind.URI: ["https://a.example/f.mp3", "ipfs://QmdwGqd3d2gFPGeJNLLCshdiPert45fMu84552Y4XHTy4y"],
    Kind.MAIL: ["ann@pod.example"],
    Kind.HOST: ["irc.example.org"],
    Kind.RFC2822: ["Sun, 01 Mar 2026 09:00:00 +0000"],
    Kind.ISO8601: ["2026-03-01T09:00:00+01:00"],
    Kind.UUID: ["917393e3-1b1e-5cef-ace4-edaa54e1f810"],
    Kind.MIME: ["audio/mpeg", "application/x-mpegURL"],
    Kind.LANGUAGE: ["en", "pt-br"],
    Kind.COUNTRY: ["DE"],
    Kind.COUNTRIES: ["de at"],
    Kind.GEO: ["geo:52.5,-13.4;u=35"],
    Kind.OSM: ["R62422"],
    Kind.RRULE: ["FREQ=WEEKLY;BYDAY=MO"],
    Kind.RATIO: ["16/9"],
    Kind.SRCSET: ["https://a.example/a.jpg 600w"],
    Kind.TIME: ["00:01:02.500"],
}
PARTICULAR = {
    ("podcast:liveItem", "end"): "2026-03-01T11:00:00+01:00",
    ("podcast:integrity", "type"): "sri",
    ("podcast:integrity", "value"): "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
}
"""What hangs together beyond the table."""


class Maker:
    """Makes everything of one show out of eight texts and a number."""

    def __init__(self, texts, seed):
        self.random = Random(seed)
        self.texts = texts

    def text(self, limit=30):
        """Something to read, whatever hypothesis thought of; never only characters that XML cannot hold."""
        return self.random.choice(self.texts)[: limit - 1].replace("<", "(") + self.random.choice("aé中🎙")

    def maybe(self, value):
        return value if self.random.random() < 0.5 else None

    def value(self, tag, field):
        if (tag.name, field.name) in PARTICULAR:
            return PARTICULAR[tag.name, field.name]
        if field.choices:
            return self.random.choice(field.choices)
        return self.random.choice(VALUES[field.kind]) if field.kind in VALUES else self.text(field.limit or 30)

    def element(self, tag):
        attributes = [
            (field.name, self.value(tag, field))
            for field in tag.attributes
            if field.need is Need.MUST or self.random.random() < 0.7
        ]
        text = self.value(tag, tag.text) if tag.text else ""
        needed = [TAGS[name] for name in tag.needs]
        if tag.either:
            needed.append(TAGS[self.random.choice(tag.either)])
        elif tag.name != "podcast:publisher":  # which has exactly one show
            allowed = [child for child in rows(tag.name) if child not in needed]
            needed += [child for child in allowed if self.random.random() < 0.3]
        children = [self.element(child) for child in needed]
        if tag.name == "podcast:publisher":
            children = [
                Element(one.name, "", (*(a for a in one.attributes if a[0] != "medium"), ("medium", "publisher")))
                for one in children
            ]
        return Element(tag.name, text, tuple(attributes), tuple(children))

    def elements(self, parent):
        found = [tag for tag in rows(parent) if parent not in tag.own and self.random.random() < 0.2]
        return tuple(self.element(tag) for tag in found for _ in range(self.random.randint(1, 2) if tag.many else 1))

    def person(self):
        return Person(
            name=self.text(), role="guest", url="https://a.example/p", image=self.random.choice(["", "p.jpg"])
        )

    def show(self):
        name = self.random.choice(sorted(tree()))
        return Show(
            title=self.text(),
            description=self.text(),
            author=self.text(),
            language=self.random.choice(["en", "de", "pt-br"]),
            publish=PublishSettings(url="https://pod.example/s%20p/", clean_urls=self.random.random() < 0.5),
            owner_name=self.maybe(self.text()) or "",
            owner_email="ann@pod.example",
            guid="9b024349-ccf0-5f69-a609-6b82873eab3c",
            categories=(Category(name, self.random.choice([*tree()[name], ""])),),
            explicit=self.random.random() < 0.5,
            type=ShowType.EPISODIC,
            copyright=self.maybe(self.text()) or "",
            locked=self.random.choice([None, True, False]),
            complete=self.random.random() < 0.2,
            people=tuple(self.person() for _ in range(self.random.randint(0, 2))),
            feed=FeedSettings(hub=self.maybe("https://hub.example/") or ""),
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


def tidy(element):
    """An element as XML can hold it."""
    return Element(
        element.name,
        clean_xml_text(element.text),
        tuple((name, clean_xml_text(value)) for name, value in element.attributes),
        tuple(tidy(child) for child in element.children),
    )


def with_line_feeds(html):
    """As every XML parser gives it: in CDATA a carriage return cannot be told from a line feed."""
    return clean_xml_text(html).replace("\r\n", "\n").replace("\r", "\n")


def assert_read_back(feed, show, items):
    channel = feed.channel
    assert [channel.value(key) for key in ("title", "description", "itunes:author", "language")] == [
        clean_xml_text(text) for text in (show.title, show.description, show.author, show.language)
    ]
    written = {to_element(node) for node in channel.children}
    assert {tidy(element) for element in show.elements} <= written
    assert [item.value("guid") for item in feed.items] == [
        item.guid for item in sorted(items, key=lambda item: item.date, reverse=True)
    ]
    by_guid = {item.guid: item for item in items}
    for node in feed.items:
        item = by_guid[node.value("guid")]
        assert (node.value("title"), node.value("description")) == (clean_xml_text(item.episode.title), clean_xml_text(item.description))
        assert node.value("content:encoded") == with_line_feeds(item.content)
        enclosure = node.first("enclosure").attributes
        assert enclosure == {"url": item.enclosure_url, "length": str(item.enclosure.bytes), "type": "audio/mpeg"}
        assert node.value("itunes:duration") == "90"
        assert [one.text for one in node.all("category")] == [clean_xml_text(tag) for tag in item.episode.tags]
        assert [one.text for one in node.all("podcast:person")][: len(item.people)] == [
            clean_xml_text(p.name) for p in item.people
        ]
        assert {tidy(element) for element in item.elements} <= {to_element(one) for one in node.children}


@pytest.mark.slow
@given(TEXTS, st.integers(0, 2**32 - 1))
@settings(max_examples=SHOWS, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_shows_are_well_formed_pass_the_check_and_read_back_equal(texts, seed):
    maker = Maker(texts, seed)
    show = maker.show()
    items = [maker.item(number) for number in range(maker.random.randint(1, 3))]
    data = render(show, items, artwork=Image(url="https://pod.example/cover.jpg"))
    assert_read_back(parse(data), show, items)
    found = check.document(data, "feed.xml", now=NOW, url=show.feed_url)
    assert [problem for problem in found if problem.severity is Severity.ERROR] == []
