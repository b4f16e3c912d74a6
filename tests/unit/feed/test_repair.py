"""Feeds with faults of form are read as apps read them, and each fault is reported at its line and column."""

import codecs
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse_feed
from podcast_kit.feed.repair import MAX_FAULTS_OF_A_KIND, parse_feed_leniently
from podcast_kit.io.stored_values import StoredValues

FEED = (
    '<?xml version="1.0"%s?>\n<rss version="2.0"><channel><title>A show</title>\n'
    '<item><title>One</title><enclosure url="https://a.example/1.mp3" length="1" type="audio/mpeg"/>%s</item>\n'
    "</channel></rss>"
)


def feed_with(item, encoding=""):
    return FEED % (f' encoding="{encoding}"' if encoding else "", item)


def read(data):
    """The texts of the first item by key, and each fault as `line:column text`."""
    data = data if isinstance(data, bytes) else data.encode()
    document, stored = parse_feed_leniently(data), parse_feed_leniently(data, items=StoredValues())
    assert (list(stored.items), stored.faults) == (list(document.items), document.faults)
    [item] = document.items
    faults = [f"{fault.location.line}:{fault.location.column} {fault.text}" for fault in document.faults]
    return {child.key: child.text for child in item.children}, faults


@pytest.mark.parametrize(
    ("item", "key", "text", "fault"),
    [
        ("<itunes:author>Ann</itunes:author>", "itunes:author", "Ann", "3:96 the prefix 'itunes' is not declared"),
        ("<description>a&nbsp;b</description>", "description", "a\u00a0b", "3:110 &nbsp; is not an XML entity"),
        ("<description>a&foo;b</description>", "description", "a&foo;b", "3:110 &foo; is not an XML entity"),
        ("<description>a & b</description>", "description", "a & b", "3:111 a bare & must be written as &amp;"),
        ("<description>a < b</description>", "description", "a < b", "3:111 a bare < must be written as &lt;"),
        ("<description>a\x0bb</description>", "description", "ab", "3:110 control character U+000B"),
        ("<description>a&#11;b</description>", "description", "ab", "3:110 &#11; is not a character"),
        ("<description>a]]>b</description>", "description", "a]]>b", None),
        ("<description><p>Hi <br>you</description>", "description", "<p>Hi <br>you", "3:109 the markup in"),
        ("<link>https://a.example/<guid>g</guid>", "link", "https://a.example/", "3:96 <link> is not closed"),
        ("</b><guid>g</guid>", "guid", "g", "3:96 </b> closes nothing"),
        ("<guid isPermaLink=false>g</guid>", "guid", "g", "3:96 <guid> has attributes that XML does not allow"),
        ('<guid a="1" a="2">g</guid>', "guid", "g", "3:96 <guid> has attributes that XML does not allow"),
        ("<description><![CDATA[a\x01b]]></description>", "description", "ab", "3:119 control character U+0001"),
    ],
)
def test_faults_in_an_item_are_repaired_and_reported(item, key, text, fault):
    texts, faults = read(feed_with(item))
    assert texts[key] == text
    assert texts["title"] == "One"
    if fault:
        assert faults[0].startswith(fault)
    with pytest.raises(InvalidInput):
        parse_feed(feed_with(item).encode())


def test_the_url_of_an_enclosure_may_have_a_bare_ampersand():
    document = parse_feed_leniently(feed_with("").replace("1.mp3", "1.mp3?a=1&b=2").encode())
    assert document.items[0].child("enclosure").attributes["url"] == "https://a.example/1.mp3?a=1&b=2"
    assert [(fault.location.line, fault.location.column) for fault in document.faults] == [(3, 68)]


def test_a_stray_byte_is_read_as_windows_1252():
    data = feed_with("<description>Don~t</description>").encode().replace(b"~", b"\x92")
    texts, faults = read(data)
    assert texts["description"] == "Don’t"
    assert faults == ["3:112 byte 0x92 is not utf-8"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("Shift_JIS", "日本語"),
        ("EUC-JP", "日本語"),
        ("GB2312", "中国"),
        ("GBK", "中国"),
        ("Big5", "中國"),
        ("EUC-KR", "한국"),
        ("windows-1251", "Привет"),
        ("KOI8-R", "Привет"),
        ("ISO-8859-15", "5 €"),
    ],
)
def test_other_encodings_are_read(encoding, text):
    texts, _ = read(feed_with(f"<description>{text}</description>", encoding).encode(encoding))
    assert texts["description"] == text


def test_multi_byte_encodings_are_reported():
    _, faults = read(feed_with("<description>日本</description>", "Shift_JIS").encode("Shift_JIS"))
    assert faults == ["1:0 the feed is in shift_jis"]


def test_the_encoding_of_the_bytes_counts_more_than_the_declared_one():
    utf16 = codecs.BOM_UTF16_LE + feed_with("<guid>é</guid>", "utf-16").encode("utf-16-le")
    assert read(utf16)[0]["guid"] == "é"
    assert read(feed_with("<guid>é</guid>", "utf-16"))[0]["guid"] == "é"
    assert read(feed_with("<guid>é</guid>", "zip"))[0]["guid"] == "é"


def test_text_around_the_feed_is_ignored_and_lines_stay():
    texts, faults = read("\n\nWarning: mysql\n" + feed_with("<guid>g</guid>") + "\n<script>1</script>")
    assert texts["guid"] == "g"
    assert faults == ["3:1 there is text before the feed", "8:1 there is text after the end of the feed"]


def test_a_feed_that_was_cut_off_keeps_its_items():
    texts, faults = read(feed_with("<guid>g</guid><description>Wor").rpartition("</item>")[0])
    assert texts["guid"] == "g"
    assert [fault.rpartition("<")[2] for fault in faults][:3] == [
        "rss> is not closed",
        "channel> is not closed",
        "item> is not closed",
    ]


def test_html_that_is_not_escaped_is_read_in_order():
    texts, [fault] = read(feed_with("<description><p>One <b>two</b> three</p></description>"))
    assert texts["description"] == "<p>One <b>two</b> three</p>"
    assert fault.startswith("3:109 the markup in <description> is not escaped")


def test_many_faults_of_a_kind_are_summarized():
    _, faults = read(feed_with(f"<description>{'&nbsp;' * 100}</description>"))
    assert len(faults) == MAX_FAULTS_OF_A_KIND
    assert faults[-1].endswith("; 80 more like this")


def test_an_entity_of_the_feed_itself_is_expanded():
    texts, _ = read('<!DOCTYPE rss [<!ENTITY dash "&#8211;">]>' + feed_with("<guid>a&dash;b</guid>")[22:])
    assert texts["guid"] == "a–b"


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        f'<!ENTITY b "{"x" * 2000}">',
        '<!ENTITY a "&b;"><!ENTITY b "&a;">',
    ],
)
def test_entity_bombs_are_refused(subset):
    with pytest.raises(InvalidInput, match="1 problem"):
        parse_feed_leniently((f"<!DOCTYPE rss [{subset}]>" + feed_with("<guid>&b;</guid>")[22:]).encode())


def test_one_entity_cannot_expand_without_bound():
    bomb = f'<!DOCTYPE rss [<!ENTITY b "{"x" * 1000}">]>' + feed_with(f"<guid>{'&b;' * 5000}</guid>")[22:]
    with pytest.raises(InvalidInput):
        parse_feed_leniently(bomb.encode())


@pytest.mark.parametrize(
    "piece", ["<!--", "<![CDATA[", "<?", "<a ", "<a b='", "&", "]]>", "<title>", "</", "<!DOCTYPE ["]
)
def test_hostile_repetitions_take_linear_time(piece):
    data = (feed_with("")[:-25] + piece * 30_000).encode()
    start = process_time()
    with suppress(InvalidInput):
        parse_feed_leniently(data)
    assert process_time() - start < 5


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_gives_a_feed_or_problems(data):
    feed = bytearray(feed_with("<guid>g</guid><description>&lt;p&gt;a&lt;/p&gt;<![CDATA[b]]></description>").encode())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(feed) - 1))
        piece = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from([b"<", b"&", b"</item>", b"<!--", b"]]>"])))
        feed[place : place + data.draw(st.integers(0, 5))] = piece
    try:
        document = parse_feed_leniently(bytes(feed))
    except InvalidInput as error:
        problems = error.problems
    else:
        problems = document.faults
        assert document.root.children
    assert all(problem.location.path == "feed.xml" for problem in problems)


@pytest.mark.parametrize(
    ("markup", "fix"),
    [
        (b"&nbsp;", "read as U+00A0 NO-BREAK SPACE"),
        (b"&zwj;", "read as U+200D ZERO WIDTH JOINER"),
        (b"&rsquo;", "read as '\u2019'"),
        (b"\x92", "read as '\u2019'"),
        (b"\xa0", "read as U+00A0 NO-BREAK SPACE"),
        (b"&foo;", "read as these characters"),
    ],
)
def test_what_a_fault_was_read_as_can_be_seen(markup, fix):
    data = feed_with("<description>a@b</description>").encode().replace(b"@", markup)
    assert [fault.fix for fault in parse_feed_leniently(data).faults] == [fix]
