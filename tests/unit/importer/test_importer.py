"""A show taken over from its feed: guids letter for letter, and nothing that a subscriber would notice."""

import html
import json
import re
import threading
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_kit import builder, importer, site
from podcast_kit.cli import cli
from podcast_kit.feed import parse_feed, render_rss
from podcast_kit.importer.strip_prompts import PromptStripper
from podcast_kit.source import project
from tests.support.shows import sample, small
from tests.unit.feed.test_random_shows import TEXTS, Maker

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


def written(folder, *items):
    importer.write_imported_show(imported(*items), importer.DownloadedFiles(), folder, url=NEW, to="public")
    return project.load_project(folder)


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments], catch_exceptions=False)


def test_a_show_is_read_back_as_its_feed_told_it(tmp_path):
    found = written(tmp_path / "show", item(more="<itunes:season>2</itunes:season><itunes:episode>7</itunes:episode>"))
    show, [one] = found.show, found.episodes
    assert (show.title, show.description, show.author, show.language) == ("Old show", "About things.", "Ann", "de-AT")
    assert (show.owner_name, show.owner_email, show.explicit) == ("Ann", "ann@pod.example", False)
    assert [element.name for element in show.elements] == ["podcast:funding"]
    assert (one.guid, one.title, one.number, one.season) == ("one", "One", 7, 2)
    assert one.date.isoformat() == "2026-01-05T07:00:00+01:00"
    assert (one.audio, one.slug) == ("https://old.example/1.mp3", "007-one")


def test_guids_are_kept_letter_for_letter(tmp_path):
    odd = [
        "https://old.example/?p=12&amp;x=1",
        "Tag:old.example,2020:a b",
        "'quoted' #1: \"x\"",
        "007",
        "no",
        "ünïcode",
    ]
    found = written(tmp_path, *(item(guid, url=f"https://old.example/{n}.mp3") for n, guid in enumerate(odd)))
    assert {one.guid for one in found.episodes} == {guid.replace("&amp;", "&") for guid in odd}
    assert {entry.guid for entry in found.lock} == {one.guid for one in found.episodes}


def test_old_and_wrong_categories_become_apples_or_are_told():
    found = imported(item())
    assert found.show.categories == ("Business > Marketing", "Sports")
    assert any("Knitting" in problem.text for problem in found.problems)


def test_what_is_no_episode_is_told_at_its_line_and_the_rest_is_taken():
    found = imported(
        item(),
        "<item><guid>two</guid><title>Text</title></item>",
        item("one", "Twin"),
        item("four", "Undated", date="soon"),
    )
    assert [(one.guid, one.date is None) for one in found.episodes] == [("one", False), ("four", True)]
    said = [str(problem) for problem in found.problems]
    assert any("“Text” has no enclosure" in one for one in said)
    assert any("“Twin” has the guid of another item" in one for one in said)
    assert any("“Undated” has no date" in one for one in said)
    assert all(problem.location.line for problem in found.problems)


def test_the_old_hosts_own_elements_are_counted_not_kept():
    assert imported(item(more="<acast:episodeId>x</acast:episodeId>")).dropped == {
        "acast:episodeId": 1,
        "acast:showId": 1,
    }


def test_two_episodes_of_one_title_get_files_of_their_own():
    found = imported(*(item(str(n), "Same", more="<itunes:episode>1</itunes:episode>") for n in range(3)))
    assert [one.slug for one in found.episodes] == ["001-same", "001-same-2", "001-same-3"]


def test_the_services_that_the_notes_link_to_are_known():
    notes = "<description>https://podcasts.apple.com/at/podcast/old/id1234567890</description>"
    assert imported(item(more=notes)).show.listen == {"apple": "1234567890"}
    other = "<description>see https://podcasts.apple.com/podcast/id999999999</description>"
    assert imported(item("1", more=other), item("2"), item("3")).show.listen == {}


def test_a_summary_of_its_own_stays_beside_the_notes():
    more = "<description>In short.</description><content:encoded><![CDATA[<p>At length.</p>]]></content:encoded>"
    [one] = imported(item(more=more)).episodes
    assert (one.summary, one.notes) == ("In short.", "At length.")
    [same] = imported(item(more="<description>In short.</description>")).episodes
    assert (same.summary, same.notes) == ("", "In short.")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), TEXTS)
def test_any_show_of_ours_is_taken_over_without_a_difference(tmp_path_factory, number, texts):
    maker = Maker(texts, number)
    old = parse_feed(render_rss(maker.show(), [maker.item(place) for place in range(maker.random.randint(1, 3))]))
    folder = tmp_path_factory.mktemp("imported")
    importer.write_imported_show(importer.convert_feed(old), importer.DownloadedFiles(), folder, url=NEW, to="public")
    made = builder.build(project.load_project(folder), now=datetime(2199, 1, 1, tzinfo=UTC))
    new = parse_feed((made.folder / "feed.xml").read_bytes())
    assert [str(one) for one in importer.compare_feeds(old, new)] == []


class Host:
    """A host whose answers a test decides; `asked` lists the paths, `moved` leads some of them elsewhere."""

    def __init__(self, folder):
        self.folder, self.asked, self.broken, self.moved = folder, [], set(), {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                path = outer.folder / self.path.lstrip("/")
                data = path.read_bytes() if path.is_file() else b""
                self.send_response(301 if self.path in outer.moved else 200 if path.is_file() else 404)
                if self.path in outer.moved:
                    self.send_header("Location", outer.moved[self.path])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) // 2] if self.path in outer.broken else data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def host(tmp_path):
    """The sample show, published on another host."""
    source = sample(tmp_path / "source")
    (source / "talk.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n")
    notes = source / "episodes/001-more-social.md"
    (source / "talk.vtt").rename(source / "episodes/talk.vtt")
    notes.write_text(notes.read_text().replace("number: 1\n", "number: 1\ntranscript: talk.vtt\n", 1))
    there = Host(tmp_path / "source/build")
    text = (source / "podcast.yaml").read_text()
    (source / "podcast.yaml").write_text(text.replace("https://talking-back.example/", there.url))
    builder.build(project.load_project(source), now=NOW)
    yield there
    there.close()


def test_an_import_fetches_what_the_feed_names_and_its_proof_finds_nothing(host, tmp_path):
    done = run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW, "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    assert said["episodes"] == 3
    found = {problem["code"]: problem for problem in said["problems"]}
    assert list(found) == ["import", "import.https"]  # this host speaks http alone
    assert found["import"]["severity"] == "hint"
    assert "invitations" in found["import"]["message"]
    assert found["import.https"]["message"].startswith("3 recordings lie at an http address")
    new = tmp_path / "new"
    names = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    assert {"cover.jpg", "podcast.yaml", "podcast.lock", ".gitignore"} <= names
    assert {"episodes/001-more-social-less-media.chapters.json", "episodes/001-more-social-less-media.en.vtt"} <= names
    assert not any(name.endswith(".mp3") for name in names)
    assert "every guid as it was" in done.stderr


LISTED = (
    "listen:\n  apple: 1000000001\n  spotify: 0123456789abcdefghijkl\n  overcast: https://overcast.fm/itunes1000000001\n"
    "  antennapod: https://antennapod.org/deeplink/subscribe?url=https%3A%2F%2Fpod.example%2Ffeed.xml\n"
    "  custom: [{label: The Club, url: 'https://club.pod.example/join?a=1&b=2'}]\n"
)
NOTES = "First of all.\n\n{{ prompts }}\n\nSee also:  \nThe paper: [here](https://papers.example/1)\n"


def hrefs(text):
    return Counter(site.normalize_url(html.unescape(url)) for url in re.findall(r'<a href="([^"]*)"', text))


def test_invitations_of_a_show_of_ours_stand_once_and_lead_to_the_new_one(tmp_path):
    old = small(tmp_path / "old", episodes=2, notes=NOTES)
    yaml = (old / "podcast.yaml").read_text().replace("listen: {apple: 1000000001}\n", LISTED)
    (old / "podcast.yaml").write_text(yaml)
    made = builder.build(project.load_project(old), now=NOW)
    feed = made.folder / "feed.xml"
    assert run("import", feed, tmp_path / "new", "--url", NEW, "--no-files").exit_code == 0
    new = project.load_project(tmp_path / "new")
    assert new.warnings == ()
    notes = "First of all.\n\nSee also:  \nThe paper: [here](https://papers.example/1)\n"
    assert [episode.notes for episode in new.episodes] == [notes, notes]
    assert {(one.service, one.value) for one in new.show.listen} == {
        ("apple", "1000000001"),
        ("spotify", "0123456789abcdefghijkl"),
        ("overcast", "https://overcast.fm/itunes1000000001"),
        ("custom", "https://club.pod.example/join?a=1&b=2"),
    }
    before, after = (hrefs(each.items[0].content) for each in (made, builder.build(new, now=NOW)))
    follow = site.normalize_url(f"{NEW}follow/index.html")
    assert after[follow] == 1
    assert set(after.values()) == {1}
    there = {one for one in before if "deeplink" not in one and not one.endswith("pod.example/follow/index.html")}
    assert after.keys() == there | {follow}


@pytest.mark.parametrize(
    "notes",
    [
        '<p>Hear us.<br>Links: <a href="https://ann.example/">Ann</a></p>',
        '<p>Follow us <a href="https://pod.example/follow/index.html">here</a>.</p>',
        '<p>My guest has a podcast.<br>Listen: <a href="https://open.spotify.com/show/guest">Her show</a></p>',
    ],
)
def test_what_only_looks_like_an_invitation_stays_in_the_notes(notes):
    ours = PromptStripper("https://pod.example/")
    assert (ours.strip(notes), ours.has_stripped) == (notes, False)


@pytest.mark.parametrize("label", ["Kostenlos abonnieren:", "Suivre gratuitement\u00a0:", "Seguir gratis:"])
def test_the_invitations_of_another_program_are_notes(label):
    channel = parse_feed((FEED % item()).encode()).channel
    notes = f'<p>Gut?<br>{label} <a href="https://open.spotify.com/show/0123456789abcdefghijkl">Spotify</a></p>'
    assert PromptStripper.for_channel(channel).strip(notes) == notes
    assert PromptStripper("https://pod.example/").strip(notes) == ""


def test_a_feed_that_has_moved_is_found_where_it_is(host, tmp_path):
    host.moved["/rss"] = "/feed.xml"
    done = run("import", f"{host.url}rss", tmp_path / "new", "--url", NEW, "--no-files")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("to", "said"),
    [("/rss", "is redirected more than 10 times"), ("/plain.txt", "is no feed: not well-formed XML: syntax error")],
)
def test_an_address_that_leads_to_no_feed_is_said_with_where_it_leads(host, tmp_path, to, said):
    (host.folder / "plain.txt").write_text("Nothing.")
    host.moved["/rss"] = to
    done = run("import", f"{host.url}rss", tmp_path / "new", "--url", NEW)
    assert done.exit_code == 1
    # Of an import nobody has published anything yet, nor is there a check to be asked otherwise.
    there = f", redirected to {host.url.rstrip('/')}{to}," if to != "/rss" else ""
    assert f"error: {host.url}rss{there} {said}\n  look at the address\n" in done.stderr


def test_fetched_recordings_are_published_anew_under_their_guids(host, tmp_path):
    assert run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW, "--audio").exit_code == 0
    made = builder.build(project.load_project(tmp_path / "new"), now=NOW)
    assert {item.guid for item in made.items} == {entry.guid for entry in made.project.lock}
    assert all(item.enclosure_url.startswith(f"{NEW}media/") for item in made.items)
    assert all(item.enclosure.seconds > 40 for item in made.items)


def test_an_import_that_was_cut_off_goes_on_and_fetches_nothing_twice(host, tmp_path):
    new = tmp_path / "new"
    run("import", f"{host.url}feed.xml", new, "--url", NEW)
    (new / "podcast.yaml").unlink()  # which comes last
    before = len(host.asked)
    assert run("import", f"{host.url}feed.xml", new, "--url", NEW).exit_code == 0
    assert host.asked[before:] == ["/feed.xml"]


def test_a_file_that_breaks_off_or_is_something_else_is_told_and_leaves_nothing(host, tmp_path):
    cover = next(path for path in (host.folder / "media").rglob("cover.jpg"))
    host.broken.add("/" + cover.relative_to(host.folder).as_posix())
    marks = next(path for path in (host.folder / "media").rglob("*.chapters.json"))
    marks.write_text("<html>gone</html>")
    done = run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW, "--json")
    codes = [problem["code"] for problem in json.loads(done.stdout)["problems"]]
    assert (done.exit_code, codes.count("import.fetch")) == (0, 2)
    assert not list((tmp_path / "new").rglob("*.part"))
    assert not (tmp_path / "new/cover.jpg").exists()


def test_pictures_of_the_old_page_do_not_keep_the_show_from_being_read(tmp_path):
    more = (
        "<content:encoded>&lt;p&gt;&lt;img src='/wp/a.png' alt='A'&gt; &lt;img src='x'&gt;&lt;/p&gt;</content:encoded>"
    )
    show = written(tmp_path, item(more=more))
    assert "![A](https://old.example/wp/a.png)" in show.episodes[0].notes


def test_a_folder_with_a_show_is_not_overwritten(tmp_path):
    small(tmp_path / "show")
    (tmp_path / "feed.xml").write_text(FEED % item())
    done = run("import", tmp_path / "feed.xml", tmp_path / "show", "--url", NEW)
    assert (done.exit_code, "already exists" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body>Not found</body></html>", "no episode is in it"),
        (b"no xml at all", "not well-formed"),
        (b"", "no element"),
        ((FEED % "").encode(), "no episode is in it"),
    ],
)
def test_what_is_no_feed_is_said_and_nothing_is_written(tmp_path, content, words):
    (tmp_path / "feed.xml").write_bytes(content)
    done = run("import", tmp_path / "feed.xml", tmp_path / "new", "--url", NEW)
    assert (done.exit_code, words in done.stderr) == (1, True)
    assert not (tmp_path / "new").exists()


def test_hostile_words_stay_words(tmp_path):
    evil = "}}{{ 7*7 }}{% raw %}&lt;script&gt;alert(1)&lt;/script&gt;---&#10;guid: x&#10;"
    found = written(tmp_path, item("../../x", evil, more=f"<description>{evil}</description>"))
    assert [one.guid for one in found.episodes] == ["../../x"]
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == [Path(found.episodes[0].path).name]
    made = builder.build(found, now=NOW)
    page = next(made.folder.glob("episodes/*/index.html")).read_text()
    assert "<script>alert" not in page
    assert "49" not in made.items[0].content


@pytest.mark.parametrize(
    "duration", ["9" * 400, f"{'9' * 400}:00", "1e999", "inf", "\N{ARABIC-INDIC DIGIT THREE}", "-5"]
)
def test_a_length_that_is_no_number_does_not_spoil_the_lock(tmp_path, duration):
    found = written(tmp_path / "show", item(more="").replace("1:02", duration))
    assert [entry.media.seconds for entry in found.lock] == [0.0]
