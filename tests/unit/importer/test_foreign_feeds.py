"""Feeds as other programs write them: what is odd is taken over or reported, never lost in silence."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import builder, importer
from podcast_kit.cli import cli
from podcast_kit.errors import InvalidInput, OperationError, Severity
from podcast_kit.feed import parse_feed
from podcast_kit.feed.repair import parse_feed_leniently
from podcast_kit.model import show_guid
from podcast_kit.source import project
from tests.support.feed_comparison import compare_feeds_by_value, is_left_out

NEW = "https://new.example/"
LATER = datetime(2199, 1, 1, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples" / "import"
NAMES = sorted(path.name for path in SAMPLES.glob("*.xml"))
TEMPLATE = (SAMPLES / "item-block.xml").read_text("utf-8").replace("<itunes:block>yes</itunes:block>", "%s")


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def import_file(path, folder, *options):
    """The result of the command, its JSON, and the show's new feed."""
    result = run("import", path, folder, "--no-files", "--url", NEW, "--to", "public", "--json", *options)
    assert (folder / "podcast.yaml").is_file(), result.output
    build = builder.build(project.load_project(folder), now=LATER, feeds_only=True)
    return result, json.loads(result.stdout), parse_feed((build.folder / "feed.xml").read_bytes())


def convert(item, replacements=()):
    """What is converted from the template's feed with more elements in its item, and the messages."""
    text = TEMPLATE % item
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    feed = importer.convert_feed(parse_feed_leniently(text.encode()))
    return feed, [str(problem) for problem in feed.problems]


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_imported_and_nothing_of_it_is_lost(tmp_path, name):
    result, output, new = import_file(SAMPLES / name, tmp_path / "show")
    old = parse_feed_leniently((SAMPLES / name).read_bytes())
    lost = compare_feeds_by_value(old, new, has_cover=False).lost
    reported = "\n".join(problem["message"] for problem in output["problems"])
    if name == "person-http.xml":
        assert [re.search(r"<[\w:]+>", line)[0] for line in lost] == ["<podcast:person>"]
        assert "the picture http://p.example/a.jpg is left out: https was not tried" in reported
        assert new.items[0].child("podcast:person").text == "Bo"
    elif name == "image-enclosure-first.xml":
        assert new.items[0].child("enclosure").attributes["url"] == "https://old.example/1.mp3"
        assert "'https://old.example/1.jpg', is left out" in reported
    else:
        assert lost == []
    assert result.exit_code == 0, result.output


def test_numbers_and_names_that_only_the_podcast_tags_have_are_kept(tmp_path):
    _, _, new = import_file(SAMPLES / "season-only-podcast.xml", tmp_path)
    [item] = new.items
    assert (item.child_text("itunes:season"), item.child_text("itunes:episode")) == ("2", "204")
    assert item.child("podcast:season").attributes == {"name": "Egg"}
    assert item.child("podcast:episode").attributes == {"display": "Ch. 3"}
    notes = next(tmp_path.glob("episodes/*.md")).read_text()
    assert "season: 2\n" in notes
    assert "season_name: " in notes
    assert "episode_display: " in notes


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<itunes:episode>0</itunes:episode>", [("itunes:episode", "0")]),
        ("<podcast:episode>204.5</podcast:episode>", [("podcast:episode", "204.5")]),
        ("<itunes:title>Another</itunes:title>", [("itunes:title", "Another")]),
        ("<itunes:title>One</itunes:title>", []),
        ("<itunes:author>Bo</itunes:author>", [("itunes:author", "Bo")]),
        ("<itunes:author>Ann</itunes:author>", []),
        ("<itunes:subtitle>Quite another text</itunes:subtitle>", [("itunes:subtitle", "Quite another text")]),
        ("<itunes:subtitle>Words.</itunes:subtitle>", []),
        ('<category domain="urn:x">Food</category>', [("category", "Food")]),
        ('<atom:link rel="payment" href="https://pay.example/"/>', [("atom:link", "")]),
        ('<x:y xmlns:x="urn:x" a="1"><x:z/></x:y>', [("x:y", "")]),
        ("<source>Elsewhere</source>", [("source", "Elsewhere")]),
    ],
)
def test_what_a_key_does_not_say_becomes_an_element(xml, expected):
    feed, _ = convert(xml)
    assert [(element.name, element.text) for element in feed.episodes[0].elements] == expected


def test_chapters_in_the_feed_itself_become_chapters(tmp_path):
    xml = (
        '<psc:chapters xmlns:psc="http://podlove.org/simple-chapters" version="1.2">'
        '<psc:chapter start="00:00:00" title="Hello"/><psc:chapter title="Bye" start="00:01:00.500" '
        'href="https://a.example/"/></psc:chapters>'
    )
    (tmp_path / "feed.xml").write_text(TEMPLATE % xml)
    _, _, new = import_file(tmp_path / "feed.xml", tmp_path / "show")
    chapters = new.items[0].child("psc:chapters").children
    assert [chapter.attributes["title"] for chapter in chapters] == ["Hello", "Bye"]
    assert chapters[1].attributes["href"] == "https://a.example/"
    assert new.items[0].child("podcast:chapters")


@pytest.mark.parametrize(
    ("old", "new", "url", "reported"),
    [
        ("https://old.example/1.mp3", "https://old.example/a b.mp3", "https://old.example/a%20b.mp3", "cannot have"),
        ("https://old.example/1.mp3", "/media/1.mp3", "https://old.example/media/1.mp3", "was relative"),
        ("https://old.example/1.mp3", "//cdn.example/1.mp3", "https://cdn.example/1.mp3", "was relative"),
        ("https://old.example/1.mp3", "https://me:secret@old.example/1.mp3", "https://old.example/1.mp3", "password"),
        ("https://old.example/1.mp3", " https://old.example/1.mp3\n", "https://old.example/1.mp3", ""),
    ],
)
def test_recordings_with_odd_urls_are_imported_and_reported(old, new, url, reported):
    feed, messages = convert("", [(old, new)])
    assert feed.episodes[0].recording.url == url
    assert any(reported in message for message in messages) or not reported
    assert "secret" not in "\n".join(messages)


def test_links_that_become_text_are_named():
    more = "<content:encoded>&lt;p&gt;At length.&lt;/p&gt;</content:encoded>"
    short = '&lt;a href="https://a.example/?x=1&amp;amp;y=2"&gt;Short&lt;/a&gt;'
    feed, messages = convert(more, [("Words.", short), ("About.", short)])
    assert (feed.episodes[0].summary, feed.episodes[0].notes) == ("Short", "At length.")
    assert sum("become text; left out: https://a.example/?x=1&y=2" in message for message in messages) == 2


def test_if_no_recording_can_be_used_the_reasons_are_said(tmp_path):
    (tmp_path / "feed.xml").write_text((TEMPLATE % "").replace("https://old.example/1.mp3", "ftp://old.example/1.mp3"))
    result = run("import", tmp_path / "feed.xml", tmp_path / "new", "--url", NEW)
    assert result.exit_code == 1
    assert "has no episodes that can be imported" in result.stderr
    assert "“One” has an enclosure without a web URL" in result.stderr


def test_a_date_without_a_zone_is_reported():
    feed, messages = convert("", [("10:00:00 GMT", "10:00:00")])
    assert feed.episodes[0].date == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert any("the date of “One” has no time zone; UTC is assumed" in message for message in messages)


def test_iso_dates_are_not_drafts():
    feed, _ = convert("", [("Mon, 02 Nov 2026 10:00:00 GMT", "2026-11-02T10:00:00+02:00")])
    assert feed.episodes[0].date == datetime(2026, 11, 2, 8, tzinfo=UTC)


def test_an_item_that_is_lost_by_its_guid_ends_with_exit_code_1(tmp_path):
    text = TEMPLATE % ""
    item = re.search(r"<item>.*</item>", text, re.DOTALL)[0]
    twin = item.replace("<title>One", "<title>Two").replace("1.mp3", "2.mp3").replace("02 Nov", "03 Nov")
    (tmp_path / "feed.xml").write_text(text.replace(item, item + twin))
    result, output, _ = import_file(tmp_path / "feed.xml", tmp_path / "show")
    assert result.exit_code == 1
    [error] = [problem for problem in output["problems"] if problem["severity"] == "error"]
    assert "“Two” has the guid of another item" in error["message"]
    assert "1 episode lost" in result.stderr


def test_the_guid_of_a_show_in_a_file_is_made_of_the_url_that_it_names():
    feed, _ = convert("")
    assert feed.show.guid == show_guid("https://old.example/feed.xml")
    feed, messages = convert("", [('rel="self"', 'rel="hub"')])
    assert feed.show.guid == show_guid("Show")
    assert any("made of its title" in message for message in messages)


def test_locked_no_and_channel_elements_are_kept():
    channel = "<podcast:locked>no</podcast:locked><category>Food</category><itunes:keywords>a,b</itunes:keywords>"
    feed, _ = convert("", [("<itunes:author>", f"{channel}<itunes:author>")])
    assert feed.show.flags == {"locked": False}
    assert [element.name for element in feed.show.elements] == ["category", "itunes:keywords"]


def test_an_import_can_be_repeated_after_it_failed(tmp_path, monkeypatch):
    def fail(*_arguments, **_options):
        raise OperationError("the disk is full")

    arguments = ("import", SAMPLES / "person-http.xml", tmp_path / "show", "--no-files", "--url", NEW, "--to", "public")
    with monkeypatch.context() as context:
        context.setattr(builder, "build", fail)
        assert run(*arguments).exit_code == 1
    assert run(*arguments).exit_code == 0


def test_two_namespaces_with_one_prefix_are_both_kept(tmp_path):
    xml = '<a:x xmlns:a="urn:one"/><a:y xmlns:a="urn:two"/><media:z xmlns:media="urn:three">t</media:z>'
    (tmp_path / "feed.xml").write_text(TEMPLATE % xml)
    _, _, new = import_file(tmp_path / "feed.xml", tmp_path / "show")
    written = {(child.uri, child.name.rpartition(":")[2]) for child in new.items[0].children}
    assert written >= {("urn:one", "x"), ("urn:two", "y"), ("urn:three", "z")}


def test_relative_urls_of_pictures_and_other_formats_become_absolute():
    xml = '<podcast:image href="banner.jpg"/>'
    feed, _ = convert(xml)
    assert feed.episodes[0].elements[0].attributes == (("href", "https://old.example/banner.jpg"),)


@pytest.mark.parametrize("url", ["https://[::1", "//[x", "http://a.example:99999/", "\u2100.example", "https://"])
def test_addresses_of_nothing_are_no_obstacle(url):
    xml = (
        f'<podcast:transcript url="{url}" type="x"/><podcast:image href="{url}"/><itunes:image href="{url}"/>'
        f'<podcast:person href="{url}" img="{url}">Bo</podcast:person><link>{url}</link><media:content url="{url}" '
        'xmlns:media="http://search.yahoo.com/mrss/"/>'
    )
    feed, _ = convert(xml, [("https://old.example/</link>", f"{url}</link>")])
    assert len(feed.episodes) == 1
    feed, _ = convert("", [("https://old.example/1.mp3", url)])
    assert all(episode.recording.url.isascii() for episode in feed.episodes)


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<title>An Atom show</title><subtitle>About.</subtitle><link rel="self" href="https://old.example/atom.xml"/>
<id>urn:feed</id><author><name>Ann</name></author><updated>2026-11-03T10:00:00Z</updated>
<entry><title>One</title><id>urn:uuid:1  2</id><published>2026-11-02T10:00:00+02:00</published>
<updated>2026-11-05T10:00:00Z</updated><link rel="alternate" href="https://old.example/1"/>
<link rel="enclosure" href="https://old.example/1.mp3" length="1234" type="audio/mpeg"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>bold</b> word.</p></div></content>
<podcast:season name="Egg">2</podcast:season></entry></feed>"""


def test_atom_feeds_are_imported(tmp_path):
    (tmp_path / "atom.xml").write_text(ATOM)
    result, output, new = import_file(tmp_path / "atom.xml", tmp_path / "show")
    assert result.exit_code == 0
    assert (output["episodes"], new.channel.child_text("title")) == (1, "An Atom show")
    [item] = new.items
    assert item.child_text("guid") == "urn:uuid:1  2"
    assert item.child_text("pubDate") == "Mon, 02 Nov 2026 08:00:00 +0000"
    assert item.child("enclosure").attributes["url"] == "https://old.example/1.mp3"
    assert "One <strong>bold</strong> word." in item.child_text("content:encoded")
    assert item.child("podcast:season").attributes == {"name": "Egg"}
    assert any("in Atom" in problem["message"] for problem in output["problems"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"PK\x03\x04rest", "is a damaged or encrypted archive"),
        (b"---\ntitle: x\n---\ntext", "is a text with front matter"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "is a JSON Feed"),
        (b'{"a": 1}', "is JSON, not a feed"),
        (
            b'<!doctype html><link rel=alternate type="application/rss+xml" href="https://a.example/feed?x=1&amp;y=2">',
            "https://a.example/feed?x=1&y=2",
        ),
        (b'<opml version="2.0"><body><outline xmlUrl="https://a.example/f"/></body></opml>', "https://a.example/f"),
        (
            b'<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>x</title></item></channel></rss>',
            "WordPress has no episodes that can be imported",
        ),
        (
            b'<wpe:export xmlns:wpe="urn:podlove"><wpe:a/></wpe:export>',
            "Podlove Publisher has no episodes that can be imported",
        ),
        (b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><item/></rdf:RDF>', "is RSS 1.0"),
    ],
)
def test_other_files_are_recognized(tmp_path, data, expected):
    path = tmp_path / "given"
    path.write_bytes(data)
    result = run("import", path, tmp_path / "new", "--url", NEW)
    assert (result.exit_code, expected in result.stderr) == (1, True), result.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hugo.toml", "is a Hugo site"),
        ("_config.yml", "is a Jekyll site"),
        ("podcast.yaml", "is a show of podcast_kit"),
        ("other", "is a folder that no known tool has made"),
    ],
)
def test_folders_of_other_tools_are_recognized(tmp_path, name, expected):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / name).write_text("")
    with pytest.raises(OperationError, match=expected):
        importer.read_old_feed(str(tmp_path / "site"))


def test_a_page_with_no_feed_in_it_raises_no_other_error():
    with pytest.raises(InvalidInput):
        parse_feed_leniently(b"<html><p>Not & a feed</html>")


MANY = """
<itunes:author>Bo</itunes:author><itunes:title>Other</itunes:title><itunes:keywords>a, b</itunes:keywords>
<itunes:summary>Words.</itunes:summary><itunes:explicit>perhaps</itunes:explicit><itunes:season>x</itunes:season>
<itunes:duration>1:02</itunes:duration><itunes:duration>1:03</itunes:duration><comments>https://old.example/c</comments>
<itunes:image href="https://old.example/c.jpg"/><itunes:image href="nowhere"/><enclosure url="https://old.example/2.jpg"/>
<link>https://old.example/1</link><slash:comments xmlns:slash="http://purl.org/rss/1.0/modules/slash/">3</slash:comments>
<acast:id xmlns:acast="https://schema.acast.com/1.0/">1</acast:id><foo:bar>1</foo:bar><dc:creator
xmlns:dc="http://purl.org/dc/elements/1.1/">Ann</dc:creator><media:thumbnail url="https://old.example/t.jpg"
xmlns:media="http://search.yahoo.com/mrss/"/><podcast:chapters url="" type="x"/><podcast:person>Ann</podcast:person>
<podcast:person img="x" href="y">Bo</podcast:person>
<podcast:transcript url="https://old.example/1.vtt" type="text/vtt"/>
<podcast:transcript url="https://old.example/2.vtt" type="text/vtt"/><podcast:transcript url="" type="text/vtt"/>
"""


def test_every_element_comes_out_or_has_a_line(tmp_path):
    """Count the elements in and out: what is missing is named in a line."""
    (tmp_path / "feed.xml").write_text(TEMPLATE % MANY)
    result, output, new = import_file(tmp_path / "feed.xml", tmp_path / "show")
    old = parse_feed_leniently((TEMPLATE % MANY).encode())
    before = Counter(child.name for child in old.items[0].children)
    after = Counter(child.name for child in new.items[0].children)
    lines = "\n".join([*(problem["message"] for problem in output["problems"]), result.stderr])
    counted = Counter(output["left_out"]) + Counter(output["repeated"])
    expressed = {"guid", "pubDate", "description", "itunes:keywords"}
    for name, count in (before - after).items():
        missing = count - counted[name]
        is_named = missing <= 0 or lines.count(f"<{name}>") + lines.count(name.rpartition(":")[2]) >= missing
        assert is_named or name in expressed, name
    assert {"comments", "link", "slash:comments", "acast:id"} <= output["left_out"].keys()
    for text in (
        "a second <itunes:duration>",
        "<foo:bar> has no namespace",
        "<itunes:explicit> is 'perhaps'",
        "<itunes:season> is 'x'",
        "a second enclosure, 'https://old.example/2.jpg'",
        "the chapters '' have no web URL",
    ):
        assert text in lines
    assert all(is_left_out(child) for child in old.items[0].children if child.name == "link")
    assert all(problem["severity"] != Severity.ERROR for problem in output["problems"])
