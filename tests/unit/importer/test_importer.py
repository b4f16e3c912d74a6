"""Importing a show from its feed: guids letter for letter, and nothing that subscribers would notice."""

import html
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_kit import builder, importer, site
from podcast_kit.cli import cli
from podcast_kit.feed import parse_feed, render_rss
from podcast_kit.importer.strip_prompts import PromptStripper
from podcast_kit.model import RemoteUrl
from podcast_kit.source import project
from tests.support.shows import small
from tests.unit.feed.test_random_shows import TEXTS, ShowMaker

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEW = "https://new.example/"
FEED = """<?xml version="1.0"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:acast="https://schema.acast.com/1.0/"
     xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>Old  show</title><description>&lt;p&gt;About &lt;b&gt;things&lt;/b&gt;.&lt;/p&gt;</description>
<language>de_AT</language><itunes:author>Ann</itunes:author>
<itunes:owner><itunes:email>ann@pod.example</itunes:email></itunes:owner>
<itunes:category text="Business"><itunes:category text="Marketing"/></itunes:category>
<itunes:category text="Sports &amp; Recreation"/><itunes:category text="Knitting"/>
<itunes:explicit>clean</itunes:explicit>
<podcast:funding url="https://ann.example/tip">Tip</podcast:funding><acast:showId>1</acast:showId>
%s</channel></rss>"""


def item(guid="one", title="One", date="Mon, 05 Jan 2026 07:00:00 +0100", more="", url="https://old.example/1.mp3"):
    return (
        f"<item><guid>{guid}</guid><title>{title}</title><pubDate>{date}</pubDate>"
        f'<enclosure url="{url}" length="1234" type="audio/mpeg"/><itunes:duration>1:02</itunes:duration>{more}</item>'
    )


def imported(*items, url="https://old.example/feed.xml"):
    return importer.convert_feed(parse_feed((FEED % "".join(items)).encode()), url)


def import_into(folder, *items):
    importer.write_imported_show(imported(*items), importer.DownloadedFiles(), folder, url=NEW, to="public")
    return project.load_project(folder)


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def test_an_imported_show_has_the_values_of_its_feed(tmp_path):
    imported_show = import_into(
        tmp_path / "show", item(more="<itunes:season>2</itunes:season><itunes:episode>7</itunes:episode>")
    )
    show, [episode] = imported_show.show, imported_show.episodes
    assert (show.title, show.description, show.author, show.language) == ("Old show", "About things.", "Ann", "de-AT")
    assert (show.owner_name, show.owner_email, show.explicit) == ("Ann", "ann@pod.example", False)
    assert [element.name for element in show.elements] == ["podcast:funding"]
    assert (episode.guid, episode.title, episode.number, episode.season) == ("one", "One", 7, 2)
    assert episode.date.isoformat() == "2026-01-05T07:00:00+01:00"
    assert (episode.audio, episode.slug) == (RemoteUrl("https://old.example/1.mp3"), "007-one")


def test_guids_are_kept_letter_for_letter(tmp_path):
    odd = [
        "https://old.example/?p=12&amp;x=1",
        "Tag:old.example,2020:a b",
        "'quoted' #1: \"x\"",
        "007",
        "no",
        "ünïcode",
        "ep  1",
        "ep 1",
        "ep\u00a01",
        "ep\u30001",
        "ep\n1",
    ]
    imported_show = import_into(
        tmp_path, *(item(guid, url=f"https://old.example/{n}.mp3") for n, guid in enumerate(odd))
    )
    assert {episode.guid for episode in imported_show.episodes} == {guid.replace("&amp;", "&") for guid in odd}
    assert {entry.guid for entry in imported_show.lock} == {episode.guid for episode in imported_show.episodes}


@pytest.mark.parametrize(
    "xml",
    [
        (
            '<podcast:value type="lightning" method="keysend" suggested="0.00000005000">'
            '<podcast:valueRecipient name="A" type="node" split="95" address="03aa"/></podcast:value>'
        ),
        '<podcast:socialInteract priority="1" uri="https://s.example/@a/1" protocol="activitypub"/>',
        '<podcast:soundbite startTime="73.0" duration="60.0">Best</podcast:soundbite>',
        "<itunes:block>yes</itunes:block>",
    ],
)
def test_elements_are_kept_by_value(tmp_path, xml):
    feed = imported(item(more=xml))
    not_written = importer.write_imported_show(feed, importer.DownloadedFiles(), tmp_path, url=NEW, to="public")
    episode = project.load_project(tmp_path).episodes[0]
    name = re.match("<([a-zA-Z:]+)", xml)[1]
    assert (not_written, [element.name for element in episode.elements]) == ((), [name])
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', xml.partition(">")[0]))
    parsed = dict(episode.elements[0].attributes)
    assert parsed.keys() == attributes.keys()
    assert all(parsed[key] in {value, value.removesuffix(".0")} for key, value in attributes.items())


def test_an_image_is_not_taken_for_the_recording():
    image = '<enclosure url="https://old.example/1.jpg" length="9" type="image/jpeg"/>'
    feed = imported(item().replace("<enclosure", f"{image}<enclosure", 1))
    assert feed.episodes[0].recording.url == "https://old.example/1.mp3"
    assert any("1.jpg" in problem.text for problem in feed.problems)


def test_entities_left_in_titles_become_characters_and_are_reported():
    feed = imported(item(title="Don&amp;#8217;t"))
    assert feed.episodes[0].title == "Don’t"
    assert any("entities in the title became characters: “Don’t”" in problem.text for problem in feed.problems)
    feed = imported(item(title="Rock&amp;notes"))
    assert feed.episodes[0].title == "Rock&notes"
    assert not any("entities" in problem.text for problem in feed.problems)


def test_outdated_categories_are_replaced_and_unknown_ones_reported():
    feed = imported(item())
    assert feed.show.categories == ("Business > Marketing", "Sports")
    assert any("Knitting" in problem.text for problem in feed.problems)


def test_invalid_items_are_reported_at_their_line_and_others_imported():
    feed = imported(
        item(),
        "<item><guid>two</guid><title>Text</title></item>",
        item("one", "Twin"),
        item("four", "Undated", date="soon"),
    )
    assert [(episode.guid, episode.date is None) for episode in feed.episodes] == [("one", False), ("four", True)]
    messages = [str(problem) for problem in feed.problems]
    assert any("“Text” has no enclosure" in message for message in messages)
    assert any("“Twin” has the guid of another item" in message for message in messages)
    assert any("“Undated” has no valid date" in message for message in messages)
    assert all(problem.location.line for problem in feed.problems)


def test_elements_of_the_old_host_are_dropped_and_counted():
    assert imported(item(more="<acast:episodeId>x</acast:episodeId>")).dropped == {
        "acast:episodeId": 1,
        "acast:showId": 1,
    }


def test_episodes_with_the_same_title_get_unique_slugs():
    feed = imported(*(item(str(n), "Same", more="<itunes:episode>1</itunes:episode>") for n in range(3)))
    assert [episode.slug for episode in feed.episodes] == ["001-same", "001-same-2", "001-same-3"]


def test_services_that_the_notes_link_to_are_imported():
    notes = "<description>https://podcasts.apple.com/at/podcast/old/id1234567890</description>"
    assert imported(item(more=notes)).show.listen == {"apple": "1234567890"}
    other = "<description>see https://podcasts.apple.com/podcast/id999999999</description>"
    assert imported(item("1", more=other), item("2"), item("3")).show.listen == {}


def test_a_separate_summary_is_kept():
    more = "<description>In short.</description><content:encoded><![CDATA[<p>At length.</p>]]></content:encoded>"
    [episode] = imported(item(more=more)).episodes
    assert (episode.summary, episode.notes) == ("In short.", "At length.")
    [same] = imported(item(more="<description>In short.</description>")).episodes
    assert (same.summary, same.notes) == ("", "In short.")


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), TEXTS)
def test_any_feed_of_ours_is_imported_without_differences(tmp_path_factory, number, texts):
    maker = ShowMaker(texts, number)
    old = parse_feed(render_rss(maker.show(), [maker.item(place) for place in range(maker.random.randint(1, 3))]))
    folder = tmp_path_factory.mktemp("imported")
    importer.write_imported_show(importer.convert_feed(old), importer.DownloadedFiles(), folder, url=NEW, to="public")
    build = builder.build(project.load_project(folder), now=datetime(2199, 1, 1, tzinfo=UTC))
    new = parse_feed((build.folder / "feed.xml").read_bytes())
    assert [str(problem) for problem in importer.compare_feeds(old, new)] == []


LISTED = (
    "listen:\n  apple: 1000000001\n  spotify: 0123456789abcdefghijkl\n  overcast: https://overcast.fm/itunes1000000001\n"
    "  antennapod: https://antennapod.org/deeplink/subscribe?url=https%3A%2F%2Fpod.example%2Ffeed.xml\n"
    "  custom: [{label: The Club, url: 'https://club.pod.example/join?a=1&b=2'}]\n"
)
NOTES = "First of all.\n\n{{ prompts }}\n\nSee also:  \nThe paper: [here](https://papers.example/1)\n"


def hrefs(text):
    return Counter(site.normalize_url(html.unescape(url)) for url in re.findall(r'<a href="([^"]*)"', text))


def test_prompts_of_an_own_feed_are_replaced_by_those_of_the_new_show(tmp_path):
    old = small(tmp_path / "old", episodes=2, notes=NOTES)
    yaml = (old / "podcast.yaml").read_text().replace("listen: {apple: 1000000001}\n", LISTED)
    (old / "podcast.yaml").write_text(yaml)
    build = builder.build(project.load_project(old), now=NOW)
    feed = build.folder / "feed.xml"
    assert run("import", feed, tmp_path / "new", "--url", NEW, "--no-files").exit_code == 0
    new = project.load_project(tmp_path / "new")
    assert new.warnings == ()
    notes = "First of all.\n\nSee also:  \nThe paper: [here](https://papers.example/1)\n"
    assert [episode.notes for episode in new.episodes] == [notes, notes]
    assert {(link.service, link.value) for link in new.show.listen} == {
        ("apple", "1000000001"),
        ("spotify", "0123456789abcdefghijkl"),
        ("overcast", "https://overcast.fm/itunes1000000001"),
        ("custom", "https://club.pod.example/join?a=1&b=2"),
    }
    before, after = (hrefs(result.items[0].content) for result in (build, builder.build(new, now=NOW)))
    follow = site.normalize_url(f"{NEW}follow/index.html")
    new_page = f"{NEW}episodes/{new.episodes[-1].slug}/index.html"
    assert after[follow] == 1
    assert set(after.values()) == {1}
    own = ("pod.example/follow/index.html", "#share")
    kept = {url for url in before if "deeplink" not in url and not url.endswith(own)}
    assert after.keys() == kept | {follow, site.normalize_url(f"{new_page}#share")}


@pytest.mark.parametrize(
    "notes",
    [
        '<p>Hear us.<br>Links: <a href="https://ann.example/">Ann</a></p>',
        '<p>Follow us <a href="https://pod.example/follow/index.html">here</a>.</p>',
        '<p>My guest has a podcast.<br>Listen: <a href="https://open.spotify.com/show/guest">Her show</a></p>',
    ],
)
def test_paragraphs_similar_to_prompts_stay_in_the_notes(notes):
    stripper = PromptStripper("https://pod.example/")
    assert (stripper.strip(notes), stripper.has_stripped) == (notes, False)


@pytest.mark.parametrize("label", ["Kostenlos abonnieren:", "Suivre gratuitement\u00a0:", "Seguir gratis:"])
def test_prompts_in_a_feed_of_another_program_stay_in_the_notes(label):
    channel = parse_feed((FEED % item()).encode()).channel
    notes = f'<p>Gut?<br>{label} <a href="https://open.spotify.com/show/0123456789abcdefghijkl">Spotify</a></p>'
    assert PromptStripper.for_channel(channel).strip(notes) == notes
    assert PromptStripper("https://pod.example/").strip(notes) == ""


def test_relative_image_urls_in_notes_become_absolute(tmp_path):
    more = (
        "<content:encoded>&lt;p&gt;&lt;img src='/wp/a.png' alt='A'&gt; &lt;img src='x'&gt;&lt;/p&gt;</content:encoded>"
    )
    show = import_into(tmp_path, item(more=more))
    assert "![A](https://old.example/wp/a.png)" in show.episodes[0].notes


def test_a_folder_with_a_show_is_not_overwritten(tmp_path):
    small(tmp_path / "show")
    (tmp_path / "feed.xml").write_text(FEED % item())
    result = run("import", tmp_path / "feed.xml", tmp_path / "show", "--url", NEW)
    assert (result.exit_code, "already exists" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html><body>Not found</body></html>", "is a web page, not a feed"),
        (b"no xml at all", "not well-formed"),
        (b"", "no element"),
        ((FEED % "").encode(), "has no episodes"),
    ],
)
def test_without_a_feed_nothing_is_written(tmp_path, content, expected):
    (tmp_path / "feed.xml").write_bytes(content)
    result = run("import", tmp_path / "feed.xml", tmp_path / "new", "--url", NEW)
    assert (result.exit_code, expected in result.stderr) == (1, True)
    assert not (tmp_path / "new").exists()


def test_hostile_text_is_escaped(tmp_path):
    evil = "}}{{ 7*7 }}{% raw %}&lt;script&gt;alert(1)&lt;/script&gt;---&#10;guid: x&#10;"
    imported_show = import_into(tmp_path, item("../../x", evil, more=f"<description>{evil}</description>"))
    assert [episode.guid for episode in imported_show.episodes] == ["../../x"]
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == [Path(imported_show.episodes[0].path).name]
    build = builder.build(imported_show, now=NOW)
    page = next(build.folder.glob("episodes/*/index.html")).read_text()
    assert "<script>alert" not in page
    assert "49" not in build.items[0].content


@pytest.mark.parametrize(
    "duration", ["9" * 400, f"{'9' * 400}:00", "1e999", "inf", "\N{ARABIC-INDIC DIGIT THREE}", "-5"]
)
def test_an_invalid_duration_is_ignored(tmp_path, duration):
    imported_show = import_into(tmp_path / "show", item(more="").replace("1:02", duration))
    assert [entry.media.seconds for entry in imported_show.lock] == [0.0]
