"""Whatever a podcaster said in the old feed is in the feed of the imported show, compared as values."""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_kit import builder, importer
from podcast_kit.feed import parse_feed
from podcast_kit.feed.repair import parse_feed_leniently
from podcast_kit.namespaces import NAMESPACES
from podcast_kit.source import project
from podcast_kit.source.yaml.errors import CONTROL_CHARACTER
from podcast_kit.text.xml_clean import clean_xml_text
from tests.golden.test_namespaces import CASES, feed_of
from tests.support.feed_comparison import compare_feeds_by_value
from tests.unit.feed.test_random_shows import TEXTS, ShowMaker

NEW = "https://new.example/"
EXAMPLES = int(os.environ.get("RANDOM_IMPORTS", "20"))
LATER = datetime(2199, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
RECORDED = ROOT / "tests" / "golden" / "before" / "feeds"
RECORDED_FEEDS = sorted(
    path
    for path in RECORDED.rglob("*.xml")
    if b"<item>" in path.read_bytes() and "namespace" not in path.parts and "private" not in path.parts
)


def imported_feed(old, folder, cover=None):
    """The feed of the show that is imported from a parsed feed, and the import."""
    feed = importer.convert_feed(old)
    downloads = importer.DownloadedFiles()
    if cover:
        shutil.copy(cover, folder / "cover.jpg")
        downloads = importer.DownloadedFiles({feed.show.artwork: "cover.jpg"})
    not_written = importer.write_imported_show(feed, downloads, folder, url=NEW, to="public")
    assert not_written == ()
    show = project.load_project(folder)
    build = builder.build(show, now=LATER, feeds_only=True)
    return parse_feed((build.folder / "feed.xml").read_bytes()), feed


def assert_nothing_is_lost(old, folder, cover=None):
    new, feed = imported_feed(old, folder, cover)
    comparison = compare_feeds_by_value(old, new, has_cover=cover is not None)
    messages = "\n".join(map(str, feed.problems))
    assert comparison.lost == [], messages
    assert comparison.compared > 0
    return new, feed


@pytest.mark.parametrize("case", CASES)
def test_every_tag_of_the_namespaces_is_kept(tmp_path, case):
    _, _, feed = feed_of(case)
    assert_nothing_is_lost(parse_feed(feed), tmp_path)


@pytest.mark.parametrize("path", RECORDED_FEEDS, ids=lambda path: path.parent.name)
def test_every_recorded_feed_is_kept(tmp_path, path):
    assert_nothing_is_lost(parse_feed(path.read_bytes()), tmp_path)


def test_a_recorded_feed_is_kept_with_its_cover(tmp_path):
    old = parse_feed((RECORDED / "sample" / "feed.xml").read_bytes())
    assert_nothing_is_lost(old, tmp_path, ROOT / "episodes/art/cover.jpg")


class FeedMaker(ShowMaker):
    """Makes feeds as other programs write them: attributes in any order, blanks around values, every known element."""

    def xml(self, element):
        attributes = list(element.attributes)
        self.random.shuffle(attributes)
        space = self.random.choice([" ", "  ", "\n   "])
        written = "".join(f"{space}{name}={quoteattr(self.padded(value))}" for name, value in attributes)
        inner = self.padded(escape(element.text)) + "".join(map(self.xml, element.children))
        return f"<{element.name}{written}>{inner}</{element.name}>"

    def padded(self, value):
        """The value with blanks around it, as hand-written feeds have."""
        return f"{self.random.choice(['', '', ' ', chr(10)])}{value}{self.random.choice(['', '', '  '])}"

    def feed(self):
        channel = "".join(map(self.xml, self.elements("channel")))
        items = "".join(
            f"<item><guid>g-{number}</guid><title>{escape(clean_xml_text(self.text()))}</title>"
            f"<pubDate>{self.random.choice(DATES)}</pubDate>"
            f"<enclosure {self.random.choice(ENCLOSURES)}/><description>Words {number}.</description>"
            f"{''.join(map(self.xml, self.elements('item')))}</item>"
            for number in range(self.random.randint(2, 4))
        )
        return f"{ROOT_TAG}<channel><title>A show</title><language>en</language>{channel}{items}</channel></rss>"


DATES = (
    "Mon, 02 Nov 2026 10:00:00 GMT",
    "Mon, 02 Nov 2026 10:00:00 +02:00",
    "Mon, 02 Nov 2026 10:00:00 GMT+2",
    "Mon, 02 Nov 2026 10:00:00 CEST",
    "2026-11-02T10:00:00-03:00",
)
ENCLOSURES = (
    'url="https://old.example/1.mp3" length="1234" type="audio/mpeg"',
    'type="audio/mpeg"  length="1234"\n url="https://old.example/1.mp3"',
    'length="" type=" Audio/MPEG " url="https://old.example/1.mp3"',
)
ROOT_TAG = (
    "<rss version='2.0' "
    + " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix != "xml")
    + ">"
)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), TEXTS)
def test_random_feeds_are_kept(tmp_path_factory, seed, texts):
    maker = FeedMaker([CONTROL_CHARACTER.sub("", clean_xml_text(text)) for text in texts], seed)
    assert_nothing_is_lost(parse_feed(maker.feed().encode()), tmp_path_factory.mktemp("show"))


SAMPLE = (ROOT / "tests/samples/import/namespace-examples.xml").read_text("utf-8")
VALUES = [match.span() for match in re.finditer(r'"[^"<>]*"|>[^<>]+<', SAMPLE)]
ODD_VALUES = (
    "", "]]&gt;", "&lt;b&gt;x&lt;/b&gt;", "http://x y/", "-1", "1e9", "9" * 20, "2020-13-45", ": ", "- a", "{{ x }}",
    "&#10;---&#10;", "../../x", "#", "%zz", "https://[::1", "https://a.example:99999/x", "file:///etc/passwd", "?",
    "\u2028", "\u202e",
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(ODD_VALUES)), min_size=1, max_size=8),
    st.tuples(st.integers(600, len(SAMPLE) - 100), st.integers(0, 30)),
)
def test_feeds_with_odd_values_give_a_show_that_can_be_built(tmp_path_factory, replacements, cut):
    text = SAMPLE[: cut[0]] + " " * cut[1] + SAMPLE[cut[0] + cut[1] :]
    for (start, end), value in sorted(replacements, reverse=True):
        text = f"{text[: start + 1]}{value}{text[end - 1 :]}"
    feed = importer.convert_feed(parse_feed_leniently(text.encode()))
    if feed.episodes:
        folder = tmp_path_factory.mktemp("show")
        importer.write_imported_show(feed, importer.DownloadedFiles(), folder, url=NEW, to="public")
        assert builder.build(project.load_project(folder), now=LATER, feeds_only=True).outputs
