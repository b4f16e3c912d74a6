"""Anybody's feed is read with its places; a hostile one ends in one clear problem."""

import subprocess
import sys
from pathlib import Path

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import reader

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


def problem(data):
    with pytest.raises(InvalidInput) as caught:
        reader.parse(data, "other.xml")
    (found,) = caught.value.problems
    return found


def test_a_feed_is_read_with_lines_text_and_the_prefixes_as_written():
    feed = reader.parse(RSS.encode(), "feed.xml")
    assert feed.channel.child_text("title") == "Käse & <Brot>"
    image = feed.channel.child("itunes:image")
    assert (image.name, image.line, image.column) == ("it:image", 5, 5)
    assert image.attributes == {"href": "https://a.example/c.jpg"}
    assert [item.child_text("title") for item in feed.items] == ["One", "Two"]
    assert feed.namespaces == (("it", "http://www.itunes.com/dtds/podcast-1.0.dtd"),)
    assert (feed.encoding, feed.size) == ("utf-8", len(RSS.encode()))
    assert str(feed.location_of(feed.items[1])) == "feed.xml:7:5"


def test_what_stands_before_and_after_the_root_is_told():
    feed = reader.parse(b"\xef\xbb\xbf\n " + RSS.encode() + b"<!-- served by a plugin -->", "f")
    assert (feed.bom, feed.leading, feed.trailing) == (True, 2, (11,))
    assert feed.channel.child("itunes:image").line == 6


def test_a_namespace_is_known_by_its_address_in_any_case_and_otherwise_by_its_prefix():
    feed = reader.parse(
        b'<rss xmlns:a="http://www.itunes.com/DTDs/Podcast-1.0.dtd" xmlns:b="urn:b" xmlns="urn:d">'
        b'<a:x/><b:x/><x/><c:x xmlns:c="urn:c"/></rss>'
    )
    assert [child.key for child in feed.root.children] == ["itunes:x", "b:x", "x", "c:x"]
    assert [child.uri for child in feed.root.children][1:] == ["urn:b", "urn:d", "urn:c"]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_another_encoding_is_read_and_named(encoding):
    feed = reader.parse(f'<?xml version="1.0" encoding="{encoding}"?><rss>Käse</rss>'.encode(encoding))
    assert (feed.root.text, feed.encoding) == ("Käse", encoding)


BOMB = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rss>&b;</rss>'


@pytest.mark.parametrize(
    ("data", "place", "code", "said"),
    [
        pytest.param("", ":1:1", "xml.wellformed", "no element found", id="empty"),
        pytest.param("\n\n<rss>&nbsp;</rss>", ":3:6", "xml.wellformed", "undefined entity", id="an entity of HTML"),
        pytest.param("<rss>a & b</rss>", ":1:9", "xml.wellformed", "&amp;", id="a bare ampersand"),
        pytest.param("<rss>\x0b</rss>", ":1:6", "xml.wellformed", "control", id="a control character"),
        pytest.param(b"<rss>\n\xe4</rss>", ":2:1", "xml.utf8", "byte 6 is not UTF-8", id="Latin-1 without saying so"),
        pytest.param("<rss>\n<a>\n</rss>", ":3:3", "xml.wellformed", "<a> of line 2 is still open", id="unclosed"),
        pytest.param("<rss><it:a/></rss>", ":1:6", "xml.wellformed", "xmlns:it", id="an undeclared prefix"),
        pytest.param('<rss it:a=""/>', ":1:1", "xml.wellformed", "xmlns:it", id="an undeclared prefix of an attribute"),
        pytest.param('<?xml version="1.0" encoding="klingon"?><rss/>', ":1", "xml.utf8", "klingon", id="no encoding"),
        pytest.param('<?xml version="1.0" encoding="big5"?><rss/>', ":1", "xml.utf8", "multi-byte", id="wide letters"),
        pytest.param(BOMB, ":1:25", "xml.wellformed", "entities of one's own", id="a bomb of entities"),
        pytest.param(
            '<!DOCTYPE r SYSTEM "file:///etc/passwd"><rss>&x;</rss>',
            ":1:46",
            "xml.wellformed",
            "&x;",
            id="a foreign file",
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
        pytest.param("<rss>\n<a>" + "x" * 2_000_000, ":2", "xml.size", "2,000,000 bytes", id="a text of a novel"),
        pytest.param(b" " * 50_000_001, "", "xml.size", "50,000,001 bytes", id="larger than any feed"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_place_and_a_mend(data, place, code, said):
    found = problem(data.encode() if isinstance(data, str) else data)
    assert (str(found.location), found.code) == (f"other.xml{place}", code)
    assert said in f"{found.text} {found.fix}"


def test_defaults_that_a_document_type_gives_are_not_multiplied():
    feed = reader.parse(b'<!DOCTYPE rss [<!ATTLIST rss a CDATA "x">]><rss/>')
    assert (feed.doctype, feed.root.attributes) == ("rss", {})


@pytest.mark.parametrize("piece", [b"<a/>", b"<!---->", b"<?a?>", b'<a xmlns:n="urn:n"/>'])
def test_more_elements_than_any_feed_has_are_refused_at_the_first_too_many(monkeypatch, piece):
    monkeypatch.setattr(reader, "MAX_ELEMENTS", 1_000)
    found = problem(b"<rss>\n" + b"\n".join([piece] * 2_000) + b"</rss>")
    assert (found.code, found.location.line) == ("xml.size", 1_001)


HUNGRY = """
from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse
from tests import peak
data = b"<rss>" + b"<a b='1'/>" * 4_900_000 + b"</rss>"
before = peak.megabytes()
try:
    parse(data)
except InvalidInput:
    print(peak.megabytes() - before)
"""


@pytest.mark.slow
def test_a_hostile_feed_costs_bounded_memory():
    """49 MB of the smallest elements cost less than 400 MB, where a tree of all would take more than 2,000."""
    run = subprocess.run([sys.executable, "-c", HUNGRY], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(run.stdout) < 400
