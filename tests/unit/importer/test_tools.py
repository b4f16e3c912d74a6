"""Shows of other tools: what their feeds say is what the imported show says."""

import hashlib
import html
import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import builder
from podcast_kit.cli import cli
from podcast_kit.feed.repair import parse_feed_leniently
from podcast_kit.source import project
from podcast_kit.text.feed_dates import parse_feed_date
from podcast_kit.text.timecode import parse_duration, parse_timecode

NEW = "https://new.example/"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples" / "import"
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/feed.xml"))
DIFFERENCES = tomllib.loads((SAMPLES / "differences.toml").read_text("utf-8"))["difference"]
TEXT_KEYS = ("content:encoded", "description", "itunes:summary")


def sample_source(name):
    """The folder or file of a sample that is imported: what is beside the feed."""
    [source] = [path for path in (SAMPLES / name).iterdir() if path.name != "feed.xml"]
    return source


def import_source(source, folder, *options):
    """The result of the command and its JSON."""
    arguments = ("import", source, folder, "--url", NEW, "--to", "public", "--json", *options)
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert (folder / "podcast.yaml").is_file(), result.output
    return result, json.loads(result.stdout)


def build_feed(folder):
    build = builder.build(project.load_project(folder), now=NOW, feeds_only=True)
    return parse_feed_leniently((build.folder / "feed.xml").read_bytes())


def item_values(item):
    """What apps show and keep of an item."""
    enclosure = item.child("enclosure").attributes
    chapters = item.child("psc:chapters")
    return {
        "title": " ".join(item.child_text("title").split()),
        "date": parse_feed_date(item.child_text("pubDate"))[0],
        "recording": enclosure["url"],
        "length": enclosure.get("length") or "0",
        "type": enclosure["type"].replace("audio/mp3", "audio/mpeg"),
        "duration": round(parse_duration(item.child_text("itunes:duration")) or 0),
        "number": item.child_text("itunes:episode"),
        "season": item.child_text("itunes:season"),
        "chapters": [
            (parse_timecode(chapter.attributes["start"]), chapter.attributes["title"])
            for chapter in (chapters.children if chapters else ())
        ],
        "text": words(item.child_text("content:encoded"))
        or max((words(item.child_text(key)) for key in TEXT_KEYS), key=len),
    }


def words(markup):
    return "".join(re.findall(r"\w+", html.unescape(re.sub(r"<[^<>]*>", " ", markup))))


@pytest.mark.parametrize("name", NAMES)
def test_the_imported_show_says_what_the_feed_of_the_tool_says(tmp_path, name):
    import_source(sample_source(name), tmp_path / "show", "--no-files")
    old = {item.child_text("guid"): item_values(item) for item in feed_items(name)}
    new_items = {item.child_text("guid"): item for item in build_feed(tmp_path / "show").items}
    new = {guid: item_values(item) for guid, item in new_items.items()}
    new_texts = {guid: " ".join(words(item.child_text(key)) for key in TEXT_KEYS) for guid, item in new_items.items()}
    assert old.keys() == new.keys()
    differing = {
        (guid, value): (before, new[guid][value])
        for guid, values in old.items()
        for value, before in values.items()
        if not (before in new_texts[guid] if value == "text" else before in ("", 0, [], new[guid][value]))
    }
    assert differing.keys() == {(row["guid"], row["value"]) for row in DIFFERENCES if row["sample"] == name}


def feed_items(name):
    """The items of a sample's feed that are episodes; WordPress has other posts in it, too."""
    return [item for item in parse_feed_leniently(feed_bytes(name)).items if item.child("enclosure")]


def feed_bytes(name):
    return (SAMPLES / name / "feed.xml").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_guids_of_the_live_feed_are_those_of_the_tools_rule(tmp_path, name):
    result, output = import_source(
        sample_source(name), tmp_path / "show", "--no-files", "--feed", SAMPLES / name / "feed.xml"
    )
    guids = {item.child_text("guid") for item in feed_items(name)}
    assert {item.child_text("guid") for item in build_feed(tmp_path / "show").items} == guids
    messages = [problem["message"] for problem in output["problems"]]
    assert not [text for text in messages if "guid" in text and "the show's guid" not in text]
    assert result.exit_code == 0, result.output


def test_wordpress_takes_drafts_scheduled_posts_settings_of_powerpress_and_former_addresses(tmp_path):
    _, output = import_source(sample_source("wordpress"), tmp_path, "--no-files")
    assert output["recognized"] == "WordPress with PowerPress, by thepot.WordPress.2026-11-28.xml"
    lock = (tmp_path / "podcast.lock").read_text("utf-8")
    episodes = {episode.slug: episode for episode in project.load_project(tmp_path).episodes}
    assert {slug: episode.draft for slug, episode in episodes.items()} == {
        "classic-words": False,
        "pots": False,
        "soon": False,
        "003-unfinished": True,
    }
    assert (episodes["pots"].number, episodes["pots"].season) == (1, 2)
    assert ("pots" in lock, "slug: soon" in lock, "004-unfinished" in lock) == (True, False, False)
    assert 'aliases: ["/2024/04/classic-words/", "/2024/04/classic/"]' in (
        tmp_path / "episodes" / "classic-words.md"
    ).read_text("utf-8")
    assert output["left_out"] == {
        "comments": 1,
        "pages": 3,
        "postmeta mood": 1,
        "posts without a recording": 1,
        "tag powerpress": 1,
    }
    [unknown] = [problem for problem in output["problems"] if "template tag" in problem["message"]]
    assert (unknown["line"], "contact-form-7" in unknown["message"]) == (235, True)


def wxr(meta, content="Words."):
    entries = "".join(
        f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"
        for key, value in meta
    )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:wp="http://wordpress.org/export/1.2/" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"><channel>'
        "<title>T</title><link>https://a.example</link><item><title>One</title><link>https://a.example/one/</link>"
        "<guid>https://a.example/?p=1</guid><pubDate>Mon, 04 Mar 2024 06:00:00 +0000</pubDate>"
        "<wp:post_id>1</wp:post_id>"
        "<wp:post_date_gmt>2024-03-04 06:00:00</wp:post_date_gmt><wp:post_name>one</wp:post_name>"
        f"<wp:status>publish</wp:status><wp:post_type>podcast</wp:post_type>{entries}"
        f"<content:encoded><![CDATA[{content}]]></content:encoded></item></channel></rss>"
    )


def test_seriously_simple_podcasting_keeps_what_it_knows_in_metadata(tmp_path):
    meta = [
        ("audio_file", "https://media.a.example/1.mp3"),
        ("duration", "00:01:02"),
        ("filesize_raw", "744000"),
        ("itunes_episode_number", "7"),
        ("itunes_season_number", "2"),
        ("itunes_episode_type", "bonus"),
        ("explicit", "on"),
        ("date_recorded", "01-03-2024"),
        ("enclosure", "https://media.a.example/1.mp3\n744000\naudio/mpeg"),
        ("castos_file_data", "a:0:{}"),
    ]
    (tmp_path / "a.xml").write_text(wxr(meta, "[ss_player]\n\nWords, and a [sic] word."))
    _, output = import_source(tmp_path / "a.xml", tmp_path / "show", "--no-files")
    assert output["recognized"] == "WordPress with Seriously Simple Podcasting, by a.xml"
    notes = (tmp_path / "show" / "episodes" / "one.md").read_text("utf-8")
    for line in ("number: 7", "season: 2", "type: bonus", "explicit: true", "Words, and a \\[sic\\] word."):
        assert f"{line}\n" in notes
    [entry] = project.load_project(tmp_path / "show").lock
    assert (entry.guid, entry.media.bytes, entry.media.seconds) == ("https://a.example/?p=1", 744_000, 62)
    assert output["left_out"] == {"postmeta castos_file_data": 1, "tag ss_player": 1}


def test_settings_of_powerpress_that_are_not_data_are_left_out(tmp_path):
    lines = 'https://media.a.example/1.mp3\n5\naudio/mpeg\nO:8:"stdClass":0:{}'
    (tmp_path / "a.xml").write_text(wxr([("enclosure", lines)]))
    _, output = import_source(tmp_path / "a.xml", tmp_path / "show", "--no-files")
    assert any("has an object, which is never read," in problem["message"] for problem in output["problems"])


def test_dropcaster_has_the_hash_of_each_file_as_its_guid(tmp_path):
    import_source(sample_source("dropcaster"), tmp_path)
    show = project.load_project(tmp_path)
    by_guid = {episode.guid: episode.slug for episode in show.episodes}
    for path in sample_source("dropcaster").glob("*.mp3"):
        slug = by_guid[hashlib.sha1(path.read_bytes()).hexdigest()]
        assert (tmp_path / "episodes" / f"{slug}.mp3").read_bytes() == path.read_bytes()


def test_every_sample_says_how_it_was_made():
    readme = (SAMPLES / "README.md").read_text("utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in readme] == []
    assert {row["sample"] for row in DIFFERENCES} <= set(NAMES)


def test_podlove_takes_texts_from_wordpress_and_the_rest_from_its_own_export(tmp_path):
    _, output = import_source(sample_source("podlove"), tmp_path, "--no-files")
    assert output["recognized"] == (
        "Podlove Publisher, by kanne.podlove.2026-11-28.xml.gz, kanne.WordPress.2026-11-28.xml"
    )
    show = project.load_project(tmp_path)
    assert (show.show.title, show.show.language) == ("Kanne & Kessel", "de-DE")
    first, _, draft = sorted(show.episodes, key=lambda episode: episode.slug)
    assert (draft.draft, draft.title) == (True, "Oolong")
    assert [(person.name, person.role) for person in first.people] == [("Ann Lee", "host"), ("Bo Cho", "guest")]
    notes = (tmp_path / "episodes" / "kk001-anfang.md").read_text("utf-8")
    assert '"title": "Wasser", "url": "https://tea.example/wasser"' in notes
    assert 'aliases: ["/podcast/kk001-anfang/", "/podcast/kk01/"]' in notes
    assert output["left_out"] == {
        "comments": 1,
        "episodes whose post is not in the WordPress export": 1,
        "pages": 1,
        "table templates": 1,
        "tag podlove-episode-contributor-list": 1,
        "tag podlove-episode-web-player": 1,
    }


def test_podlove_alone_asks_for_the_live_feed(tmp_path):
    [path] = sample_source("podlove").glob("*.gz")
    arguments = ["import", str(path), str(tmp_path / "show"), "--url", NEW, "--to", "public", "--no-files"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 1
    assert "no guid for “Anfang”, “Grün”" in " ".join(result.stderr.split())
    assert "pass the live feed with --feed URL" in result.stderr
    assert not (tmp_path / "show").exists()
    import_source(path, tmp_path / "show", "--no-files", "--feed", SAMPLES / "podlove" / "feed.xml")
    episodes = project.load_project(tmp_path / "show").episodes
    guids = {item.child_text("guid") for item in parse_feed_leniently(feed_bytes("podlove")).items}
    assert guids <= {episode.guid for episode in episodes}
    assert all(episode.date for episode in episodes if episode.guid in guids)


def test_hugo_drafts_files_aliases_people_and_leftovers_come_along(tmp_path):
    result, output = import_source(sample_source("hugo-castanet"), tmp_path)
    assert output["recognized"] == "Hugo with Castanet, by hugo.toml, content/episode/first-flush.md"
    assert sorted(path.name for path in tmp_path.glob("episodes/*")) == [
        *("art", "first-flush.md", "first-flush.mp3", "img", "oolong.md", "water.md"),
    ]
    [picture] = tmp_path.glob("episodes/img/*")
    assert f"![A leaf](img/{picture.name})" in (tmp_path / "episodes" / "first-flush.md").read_text("utf-8")
    source = sample_source("hugo-castanet") / "static" / "media" / "001-first-flush.mp3"
    assert (tmp_path / "episodes" / "first-flush.mp3").read_bytes() == source.read_bytes()
    show = project.load_project(tmp_path)
    first, draft, water = sorted(show.episodes, key=lambda episode: episode.slug)
    assert (draft.draft, draft.title, water.guid) == (True, "Oolong [K3]", "tag:kettle.example,2024:water")
    assert [(person.name, person.role) for person in first.people] == [("Ann Lee", "host"), ("Bo Cho", "guest")]
    assert first.tags == ("darjeeling", "spring")
    assert "*why it is green*" in (tmp_path / "episodes" / "first-flush.md").read_text("utf-8")
    assert 'aliases: ["/2/", "/old/water/", "/water/"]' in (tmp_path / "episodes" / "water.md").read_text("utf-8")
    assert output["left_out"] == {"key episode_banner": 1, "key images": 1}
    [unknown] = [problem for problem in output["problems"] if "template tag" in problem["message"]]
    assert (unknown["line"], "teapot" in unknown["message"]) == (19, True)
    assert "recognized: Hugo with Castanet" in result.stderr
