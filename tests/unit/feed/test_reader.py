"""Parsing any feed with locations; a hostile one ends in one clear problem."""

import subprocess
import sys
from pathlib import Path

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import reader
from podcast_kit.io.stored_values import StoredValues

ROOT = Path(__file__).parents[3]
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:it="http://www.itunes.com/dtds/podcast-1.0.dtd">
  <channel>
    <title>Käse &amp; <![CDATA[<Brot>]]></title>
    <it:image href="https://a.example/c.jpg"/>
    <item><title>One</title></item>
    <item><title>Two</title></item>
  </channel>
</rss>
"""


@pytest.mark.parametrize(
    "xml",
    [
        RSS,
        "<rss><channel><item/></channel><channel><item><title>of another channel</title></item></channel></rss>",
        "<rss><item/><channel><item><item><title>inside</title></item></item><image><item/></image></channel></rss>",
        "<rdf><channel/><item><title>beside</title></item></rdf>",
        "<channel><item/></channel>",
        "<item/>",
    ],
)
def test_items_of_the_first_channel_are_stored_instead_of_added_to_it(xml):
    document = reader.parse_feed(xml.encode())
    stored = reader.parse_feed(xml.encode(), items=StoredValues())
    assert list(stored.items) == list(document.items)
    assert (stored.channel is None) == (document.channel is None)
    others = [child for child in document.channel.children if child.key != "item"] if document.channel else []
    assert list(stored.channel.children if stored.channel else ()) == others


def problem(data):
    with pytest.raises(InvalidInput) as caught:
        reader.parse_feed(data, "other.xml")
    (only,) = caught.value.problems
    return only


def test_a_feed_is_parsed_with_lines_text_and_prefixes_as_written():
    feed = reader.parse_feed(RSS.encode(), "feed.xml")
    assert feed.channel.child_text("title") == "Käse & <Brot>"
    image = feed.channel.child("itunes:image")
    assert (image.name, image.line, image.column) == ("it:image", 5, 5)
    assert image.attributes == {"href": "https://a.example/c.jpg"}
    assert [item.child_text("title") for item in feed.items] == ["One", "Two"]
    assert feed.namespaces == (("it", "http://www.itunes.com/dtds/podcast-1.0.dtd"),)
    assert (feed.encoding, feed.size) == ("utf-8", len(RSS.encode()))
    assert str(feed.location_of(feed.items[1])) == "feed.xml:7:5"


def test_content_before_and_after_the_root_is_recorded():
    feed = reader.parse_feed(b"\xef\xbb\xbf\n " + RSS.encode() + b"<!-- served by a plugin -->", "f")
    assert (feed.bom, feed.leading, feed.trailing) == (True, 2, (11,))
    assert feed.channel.child("itunes:image").line == 6


def test_known_namespaces_get_their_usual_prefix_and_others_keep_theirs():
    feed = reader.parse_feed(
        b'<rss xmlns:a="http://www.itunes.com/DTDs/Podcast-1.0.dtd" xmlns:b="urn:b" xmlns="urn:d">'
        b'<a:x/><b:x/><x/><c:x xmlns:c="urn:c"/></rss>'
    )
    assert [child.key for child in feed.root.children] == ["itunes:x", "b:x", "x", "c:x"]
    assert [child.uri for child in feed.root.children][1:] == ["urn:b", "urn:d", "urn:c"]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_other_encodings_are_decoded_and_reported(encoding):
    feed = reader.parse_feed(f'<?xml version="1.0" encoding="{encoding}"?><rss>Käse</rss>'.encode(encoding))
    assert (feed.root.text, feed.encoding) == ("Käse", encoding)


BOMB = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rss>&b;</rss>'


@pytest.mark.parametrize(
    ("data", "place", "code", "expected"),
    [
        pytest.param("", ":1:1", "xml.wellformed", "no element found", id="empty"),
        pytest.param("\n\n<rss>&nbsp;</rss>", ":3:6", "xml.wellformed", "undefined entity", id="an HTML entity"),
        pytest.param("<rss>a & b</rss>", ":1:9", "xml.wellformed", "&amp;", id="a bare ampersand"),
        pytest.param("<rss>\x0b</rss>", ":1:6", "xml.wellformed", "control", id="a control character"),
        pytest.param(b"<rss>\n\xe4</rss>", ":2:1", "xml.utf8", "byte 6 is not UTF-8", id="undeclared Latin-1"),
        pytest.param("<rss>\n<a>\n</rss>", ":3:3", "xml.wellformed", "close <a> from line 2", id="unclosed"),
        pytest.param("<rss><it:a/></rss>", ":1:6", "xml.wellformed", "xmlns:it", id="an undeclared prefix"),
        pytest.param('<rss it:a=""/>', ":1:1", "xml.wellformed", "xmlns:it", id="an undeclared prefix of an attribute"),
        pytest.param(
            '<?xml version="1.0" encoding="klingon"?><rss/>', ":1", "xml.utf8", "klingon", id="an unknown encoding"
        ),
        pytest.param(
            '<?xml version="1.0" encoding="big5"?><rss/>', ":1", "xml.utf8", "multi-byte", id="a multi-byte encoding"
        ),
        pytest.param(BOMB, ":1:25", "xml.wellformed", "custom entities", id="an entity bomb"),
        pytest.param(
            '<!DOCTYPE r SYSTEM "file:///etc/passwd"><rss>&x;</rss>',
            ":1:46",
            "xml.wellformed",
            "&x;",
            id="an external entity",
        ),
        pytest.param("<rss>" * 101, ":1:501", "xml.size", "100 deep", id="nested too deep"),
        pytest.param(f'<rss a="{"x" * 1_000_000}"/>', ":1:1", "xml.size", "attribute", id="an attribute of a megabyte"),
        pytest.param(
            "<rss " + " ".join(f"a{n}=''" for n in range(1_001)) + "/>",
            ":1:1",
            "xml.size",
            "1,000 attr",
            id="many attributes",
        ),
        pytest.param("<rss>\n<a>" + "x" * 2_000_000, ":2", "xml.size", "2,000,000 bytes", id="a very long text"),
        pytest.param(b" " * 50_000_001, "", "xml.size", "50,000,001 bytes", id="larger than any feed"),
    ],
)
def test_invalid_feeds_are_refused_with_a_location_and_a_fix(data, place, code, expected):
    reported = problem(data.encode() if isinstance(data, str) else data)
    assert (str(reported.location), reported.code) == (f"other.xml{place}", code)
    assert expected in f"{reported.text} {reported.fix}"


def test_default_attributes_of_a_doctype_are_ignored():
    feed = reader.parse_feed(b'<!DOCTYPE rss [<!ATTLIST rss a CDATA "x">]><rss/>')
    assert (feed.doctype, feed.root.attributes) == ("rss", {})


@pytest.mark.parametrize("piece", [b"<a/>", b"<!---->", b"<?a?>", b'<a xmlns:n="urn:n"/>'])
def test_too_many_elements_are_refused_at_the_first_one_too_many(monkeypatch, piece):
    monkeypatch.setattr(reader, "MAX_FEED_ELEMENTS", 1_000)
    reported = problem(b"<rss>\n" + b"\n".join([piece] * 2_000) + b"</rss>")
    assert (reported.code, reported.location.line) == ("xml.size", 1_001)


HUNGRY = """
from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse_feed
from tests.support import peak_memory
data = b"<rss>" + b"<a b='1'/>" * 4_900_000 + b"</rss>"
before = peak_memory.megabytes()
try:
    parse_feed(data)
except InvalidInput:
    print(peak_memory.megabytes() - before)
"""


@pytest.mark.slow
def test_a_hostile_feed_needs_bounded_memory():
    """49 MB of the smallest elements need less than 400 MB; a full tree would need more than 2,000 MB."""
    run = subprocess.run([sys.executable, "-c", HUNGRY], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(run.stdout) < 400
