"""Files of other tools that are hostile, damaged or cut: our errors only, and nothing outside of the folder is read."""

import gzip
import os
import re
import shutil
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import importer
from podcast_kit.cli import cli
from podcast_kit.errors import InvalidInput, PodcastKitError
from podcast_kit.feed import parse_feed
from podcast_kit.importer import tools
from podcast_kit.importer.cut_feed import find_cut
from podcast_kit.importer.tools import source_folder

NOW = datetime(2026, 11, 29, tzinfo=UTC)
NEW = "https://new.example/"
SAMPLES = Path(__file__).parents[2] / "samples" / "import"
HUGO_CONFIG = 'baseURL = "https://a.example/"\n[params]\nmedia_prefix = "https://m.example/"\n'
PAGE = '+++\ntitle = "A"\ndate = 2024-01-01\n{}\n+++\nWords.\n'


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def import_folder(source, target, *options):
    return run("import", source, target, "--url", NEW, "--to", "public", *options)


def hugo_site(folder, page="", config=HUGO_CONFIG):
    page = page or PAGE.format('podcast_file = "a.mp3"')
    (folder / "content" / "episode").mkdir(parents=True)
    (folder / "hugo.toml").write_text(config)
    (folder / "content" / "episode" / "a.md").write_text(page)
    return folder


def convert_site(folder, choice=tools.GuidChoice.AUTO):
    with tools.open_source_folder(str(folder)) as origin:
        return tools.convert_tool_show(tools.read_tool_source(origin, NOW), None, NOW, choice, origin).imported


def pack(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def site_entries(prefix=""):
    root = SAMPLES / "hugo-castanet" / "site"
    return [
        (f"{prefix}{path.relative_to(root)}", path.read_bytes()) for path in sorted(root.rglob("*")) if path.is_file()
    ]


def test_a_zip_archive_of_a_site_is_imported_like_its_folder(tmp_path):
    result = import_folder(pack(tmp_path / "site.zip", site_entries("kettle-main/")), tmp_path / "show")
    assert result.exit_code == 0, result.output
    import_folder(SAMPLES / "hugo-castanet" / "site", tmp_path / "other")
    names = [path.relative_to(tmp_path / "other") for path in (tmp_path / "other" / "episodes").rglob("*.*")]
    assert len(names) == 6
    for name in (*names, "podcast.yaml", "podcast.lock", "cover.png"):
        assert (tmp_path / "show" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


@pytest.mark.parametrize(
    "name", ["../evil.md", "/etc/evil.md", "a/../../evil.md", "..\\evil.md", "C:/evil.md", "a\x07.md"]
)
def test_paths_that_lead_out_of_an_archive_are_refused(tmp_path, name):
    archive = pack(tmp_path / "site.zip", [*site_entries(), (name, b"x")])
    result = import_folder(archive, tmp_path / "in" / "show")
    assert (result.exit_code, "leads out of it" in result.stderr) == (1, True), result.output
    assert list(tmp_path.rglob("evil*")) == []


def test_links_in_an_archive_are_not_made(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    info = zipfile.ZipInfo("content/episode/leak.md")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(pack(tmp_path / "site.zip", site_entries()), "a") as archive:
        archive.writestr(info, str(secret))
    result = import_folder(tmp_path / "site.zip", tmp_path / "show")
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "show" / "episodes" / "leak.md").exists()


def test_links_in_a_folder_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.mp3").write_bytes(b"secret words")
    (secret / "b.md").write_text(PAGE.format('podcast_file = "b.mp3"'))
    site = hugo_site(tmp_path / "site")
    (site / "static").symlink_to(secret)
    (site / "content" / "episode" / "b.md").symlink_to(secret / "b.md")
    (site / "content" / "loop").symlink_to(site / "content")
    assert [episode.slug for episode in convert_site(site).episodes] == ["a"]
    import_folder(site, tmp_path / "show")
    assert not list((tmp_path / "show").rglob("*.mp3"))


@pytest.mark.parametrize(
    "file", ["../../secret.mp3", "/etc/passwd", "static/../../../secret.mp3", "a\\..\\..\\secret.mp3"]
)
def test_paths_of_recordings_cannot_lead_out_of_the_folder(tmp_path, file):
    (tmp_path / "secret.mp3").write_bytes(b"secret words")
    site = hugo_site(tmp_path / "site", PAGE.format(f"podcast_file = '{file}'"))
    import_folder(site, tmp_path / "show")
    copies = [
        path for path in (tmp_path / "show").rglob("*") if path.is_file() and b"secret words" in path.read_bytes()
    ]
    assert copies == []


def test_a_pipe_in_the_folder_does_not_block(tmp_path):
    site = hugo_site(tmp_path / "site")
    os.mkfifo(site / "content" / "episode" / "pipe.md")
    assert len(convert_site(site).episodes) == 1


def test_zip_bombs_are_refused_before_they_are_unpacked(tmp_path):
    archive = pack(tmp_path / "bomb.zip", [("hugo.toml", b"a=1\n"), ("content/a.md", bytes(60_000_000))])
    assert archive.stat().st_size < 100_000
    result = import_folder(archive, tmp_path / "show")
    assert (result.exit_code, "would unpack to 60,000,004 bytes" in result.stderr) == (1, True), result.output


def test_archives_that_lie_about_their_size_are_refused(tmp_path):
    archive = pack(tmp_path / "site.zip", [("hugo.toml", b"a" * 10_000)])
    data = archive.read_bytes()
    for size_at in (data.find(b"PK\x01\x02") + 24,):
        data = data[:size_at] + (100).to_bytes(4, "little") + data[size_at + 4 :]
    archive.write_bytes(data)
    result = import_folder(archive, tmp_path / "show")
    assert result.exit_code == 1
    assert re.search(r"damaged|more than it says", result.stderr), result.output


def test_archives_with_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(source_folder, "MAX_SOURCE_FILES", 5)
    archive = pack(tmp_path / "site.zip", [(f"{number}.md", b"") for number in range(6)])
    assert "has more than 5 files" in import_folder(archive, tmp_path / "show").stderr
    site = hugo_site(tmp_path / "site")
    for number in range(6):
        (site / f"{number}.md").write_text("")
    assert "has more than 5 files" in import_folder(site, tmp_path / "show").stderr


@pytest.mark.parametrize("cut", [0, 3, 100, -50, -5])
def test_cut_and_encrypted_archives_are_refused(tmp_path, cut):
    archive = pack(tmp_path / "site.zip", site_entries())
    data = archive.read_bytes()
    archive.write_bytes(
        data[:cut]
        if cut
        else data.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    )
    result = import_folder(archive, tmp_path / "show")
    assert result.exit_code == 1, result.output
    assert not (tmp_path / "show" / "podcast.yaml").exists()


BOMB = b"<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
WXR = b'<rss xmlns:wp="http://wordpress.org/export/1.2/" version="2.0"><channel>%s</channel></rss>'
PODLOVE = b'<wpe:export xmlns:wpe="urn:a">%s</wpe:export>'


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xml", BOMB + WXR % (b"<title>&b;</title>" * 20_000), "entities|episodes"),
        ("a.xml", BOMB + PODLOVE % (b"<wpe:a>&b;</wpe:a>" * 10), "declares the entity"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + PODLOVE % b"&x;", "declares the entity"),
        ("a.xml", PODLOVE % (b"<a>" * 200 + b"</a>" * 200), "nested more than"),
        ("a.xml", WXR % (b"<a>" * 200 + b"</a>" * 200), "nested more than"),
        ("a.xml.gz", gzip.compress(PODLOVE % bytes(60_000_000), mtime=0), "limit is|not well-formed|longer than"),
        ("a.xml.gz", gzip.compress(PODLOVE % b"<wpe:episodes/>", mtime=0)[:-9], "compressed, but damaged"),
        (
            "a.xml",
            PODLOVE % b'<wpe:options><wpe:podlove_podcast>O:1:"a":0:{}</wpe:podlove_podcast></wpe:options>',
            "an object",
        ),
        ("a.xml", WXR[:-10], "no element|not well-formed|episodes"),
    ],
)
def test_bombs_and_tricks_in_exports_are_our_errors(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    result = import_folder(tmp_path / name, tmp_path / "show")
    assert result.exit_code == 1, result.output
    assert re.search(reason, result.stderr), result.stderr
    assert "root:" not in result.output


@pytest.mark.parametrize(
    ("matter", "reason"),
    [
        ("---\na: &a [x]\nb: [*a, *a]\n---\n", "aliases|anchor"),
        ("---\na: !!python/object/apply:os.system [id]\n---\n", "tag"),
        ("---\n" + "[" * 1_000 + "\n---\n", "nested|not closed|closed|flow"),
        ("---\ntitle: a\n", "no closing"),
        ("+++\n" + "a." * 30 + "b = 1\n+++\n", "longer keys"),
        ("+++\na = " + "[" * 5_000 + "\n+++\n", "nested too deep|not valid TOML"),
        ("+++\na = 1\na = 2\n+++\n", "not valid TOML"),
        ("+++\n" + "a = 1 # " + "x" * 100_001 + "\n+++\n", "more than 100,000"),
        ("---\n\x00\n---\n", "control character|unreadable|NUL"),
        ("\ufeff+++\ntitle = ''\n", "no closing"),
    ],
)
def test_hostile_front_matter_is_reported_and_other_episodes_are_imported(tmp_path, matter, reason):
    site = hugo_site(tmp_path / "site")
    (site / "content" / "episode" / "evil.md").write_text(matter)
    imported = convert_site(site)
    messages = "\n".join(str(problem) for problem in imported.problems if "evil.md" in str(problem))
    assert re.search(reason, messages), messages
    assert [episode.slug for episode in imported.episodes] == ["a"]


@pytest.mark.parametrize(
    "lines",
    [
        "podcast_file = ['a.mp3']",
        "podcast_file = {a = 1}",
        "podcast_file = 5",
        "podcast_file = 'a.mp3'\nhosts = 5\nguests = [[1], {a = 2}]\nepisode = 'x'",
        "podcast_file = 'a.mp3'\naliases = [1, [2], '//', '/../x', '']",
        "podcast_file = 'a.mp3'\ndate = 'yesterday'\nchapters = [1, 'x', {start = 'a'}]\ntags = {a = 'b'}",
        "podcast_file = 'a.mp3'\npodcast_bytes = -5\npodcast_duration = 1e400\nexplicit = 'maybe'\nguid = ['a']",
        "podcast_file = 'http://[x'\nepisode_image = 'http://[y'\nurl = '::'\nslug = '../..'",
    ],
)
def test_wrong_types_are_our_errors(tmp_path, lines):
    lines = lines if "date" in lines else f"date = 2024-01-01\n{lines}"
    site = hugo_site(tmp_path / "site", f"+++\ntitle = 'A'\n{lines}\n+++\n")
    try:
        imported = convert_site(site, tools.GuidChoice.NEW)
    except PodcastKitError:
        return
    assert all(re.fullmatch(r"[a-z0-9-]+", episode.slug) for episode in imported.episodes)


def test_a_site_of_hugo_with_a_template_of_its_own_asks_for_the_live_feed(tmp_path):
    page = PAGE.format('audio = "/audio/a.mp3"')
    site = hugo_site(tmp_path / "site", page, 'baseURL = "https://a.example/"\ntitle = "Own"\n')
    with pytest.raises(InvalidInput) as caught:
        convert_site(site)
    [problem] = caught.value.problems
    assert "no guid for “A”" in problem.text
    assert "Hugo does not say how it makes guids" in problem.text
    assert "--guids new" in problem.fix
    first, second = (convert_site(site, tools.GuidChoice.NEW).episodes[0].guid for _ in range(2))
    assert re.fullmatch(r"[0-9a-f-]{36}", first)
    assert first == second
    feed = SAMPLES / "item-block.xml"
    (tmp_path / "feed.xml").write_text(
        feed.read_text("utf-8").replace("https://old.example/1.mp3", "https://count.example/x/a.example/audio/a.mp3")
    )
    result = import_folder(site, tmp_path / "show", "--no-files", "--feed", tmp_path / "feed.xml", "--guids", "feed")
    assert result.exit_code == 0, result.output
    guid = parse_feed(feed.read_bytes()).items[0].child_text("guid")
    assert f"guid: {guid}" in (tmp_path / "show" / "episodes" / "a.md").read_text("utf-8").replace('"', "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('Episode Title,Release Date\n"Second cup","Apr 1, 2024"\n', "2024-04-01"),
        ("name,plays,date\nsecond  CUP!,5,2024-04-03 10:00\n", "2024-04-03"),
        ("Title,Published\nSecond cup,1 April 2024\nSecond cup,2024-04-05\n", "2024-04-02"),
        ("Title,Published\nSecond cup,04/01/2024\n", "2024-04-02"),
        ("Title,Plays\nSecond cup,2024-04-05\n", "2024-04-02"),
        ('"' + "a" * 200_000, "2024-04-02"),
    ],
)
def test_lists_of_apple_and_spotify_give_dates_that_only_files_have(tmp_path, rows, expected):
    shutil.copytree(SAMPLES / "podcast-generator" / "pg", tmp_path / "pg")
    (tmp_path / "pg" / "episodes.csv").write_text(rows)
    [episode] = [episode for episode in convert_site(tmp_path / "pg").episodes if episode.title == "Second cup"]
    assert episode.date.date().isoformat() == expected


def test_former_addresses_that_two_episodes_have_stay_with_the_first(tmp_path):
    site = hugo_site(tmp_path / "site", PAGE.format('podcast_file = "a.mp3"\naliases = ["/one/", "/One", "/b/"]'))
    page = PAGE.format('podcast_file = "b.mp3"\naliases = ["/one/", "/episodes/a/"]').replace("01-01", "01-02")
    (site / "content" / "episode" / "b.md").write_text(page)
    imported = convert_site(site)
    assert [episode.aliases for episode in imported.episodes] == [
        ("/one/", "/b/", "/episode/a/"),
        ("/episode/b/",),
    ]
    texts = [problem.text for problem in imported.problems if "another episode has it" in problem.text]
    assert len(texts) == 2


def test_a_list_alone_is_not_a_show(tmp_path):
    (tmp_path / "list.csv").write_text("Title,Release Date\nA,2024-01-01\n")
    result = import_folder(tmp_path / "list.csv", tmp_path / "show")
    assert (result.exit_code, "is a list of episodes" in result.stderr) == (1, True), result.output


def test_a_password_in_the_address_of_the_live_feed_is_neither_shown_nor_kept(tmp_path):
    site = hugo_site(tmp_path / "site")
    result = import_folder(site, tmp_path / "show", "--no-files", "--feed", "https://ann:s3cret@127.0.0.1:9/feed.xml")
    assert (result.exit_code, "s3cret" in result.output) == (1, False), result.output
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert kept == []


def test_guids_of_the_live_feed_win_by_title_and_date_and_what_only_it_has_comes_along(tmp_path):
    page = PAGE.format('podcast_file = "renamed.mp3"')
    page = page.replace('"A"', '"First: Flush! (K1)"').replace("2024-01-01", "2024-03-05")
    site = hugo_site(tmp_path / "site", page)
    result = import_folder(site, tmp_path / "show", "--no-files", "--feed", SAMPLES / "hugo-castanet" / "feed.xml")
    text = " ".join(result.stderr.split())
    assert "1 episode of the live feed is not in the files (imported from the feed)" in text
    assert "the live feed has another guid than the files for “First: Flush! (K1)”" in text
    notes = (tmp_path / "show" / "episodes" / "a.md").read_text("utf-8")
    assert "guid: https://media.kettle.example/001-first-flush.mp3" in notes
    assert "audio: https://media.kettle.example/001-first-flush.mp3" in notes
    assert (tmp_path / "show" / "episodes" / "002-water-k2.md").is_file()


def feed_of(*numbers, season=1):
    items = "".join(
        f"<item><guid>{number}</guid><pubDate>{day:02} Jan 2026 10:00:00 GMT</pubDate>"
        f"<itunes:episode>{number}</itunes:episode>"
        f'<itunes:season>{season}</itunes:season><enclosure url="https://a.example/{number}.mp3"/></item>'
        for day, number in enumerate(numbers, 1)
    )
    return parse_feed(
        f'<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>{items}</channel></rss>'.encode()
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (feed_of(1, 2, 3), []),
        (feed_of(*range(1, 11)), ["exactly 10 episodes"]),
        (feed_of(5, 6, 7), ["number 5: 4 episodes before it are not in the feed"]),
        (feed_of(2, 3), ["number 2: 1 episode before it is not in the feed"]),
        (feed_of(3, 4, season=2), []),
        (feed_of(9, 1, 2), []),
        (feed_of(*range(11, 21)), ["exactly 10 episodes", "number 11: 10 episodes before it"]),
    ],
)
def test_feeds_that_look_cut_are_reported(document, expected):
    texts = [problem.text for problem in find_cut(document)]
    assert len(texts) == len(expected)
    assert all(part in text for part, text in zip(expected, texts, strict=True))


def test_the_program_that_wrote_a_feed_is_named(tmp_path):
    result = run("import", SAMPLES / "castopod.xml", tmp_path, "--no-files", "--url", NEW, "--to", "public")
    assert "recognized: feed of Castopod 1.13.5 - https://castopod.org/, by its <generator>" in result.stderr


def test_python_callers_import_tools_too(tmp_path):
    source = SAMPLES / "hugo-castanet" / "site"
    result = importer.import_feed(str(source), tmp_path, url=NEW, to="public", files=False, now=NOW)
    assert (result.episodes, result.downloaded) == (3, 0)
    assert result.dropped["key images"] == 1
