"""The search index: what a row has, and files of bounded size that a new or edited episode leaves as they are."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.model import ListedShow, NetworkEpisode, OwnPage, Person, PublishedPage
from podcast_kit.site import search_index
from podcast_kit.site.i18n import load_translations
from podcast_kit.site.templates import default_templates
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show

SHARD = re.compile(r"search(-\d+)?\.js")


def make_items(count, first=1):
    return [make_item(number) for number in range(first + count - 1, first - 1, -1)]


def read_rows(text):
    return json.loads(re.match(r"window\.episodes=(.*);\n", text)[1])


def read_shard_keys(text):
    found = re.search(r"window\.searchShards=(.*);\n", text)
    return json.loads(found[1]) if found else []


@pytest.fixture
def index_files(tmp_path):
    """The files of the search index of a show, by key."""

    def index_files(items, show_site=None):
        pages = (show_site or site.Site(show=make_show(), folder=tmp_path, artwork=ART)).build_pages(items)
        return {page.key: page.render().decode() for page in pages if SHARD.fullmatch(page.key)}

    return index_files


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(search_index, "EPISODES_PER_SHARD", 10)


def test_a_row_has_title_url_date_summary_and_words(index_files):
    assert index_files([make_item(episode=make_episode(tags=("Habits",)))]) == {
        "search.js": 'window.episodes=[["Number 1","episodes/001-one/index.html","12 January 2026",'
        '"What number 1 is about.","Habits Ada Voice 1"]];\n'
    }


@pytest.mark.usefixtures("small_shards")
def test_a_large_show_has_its_older_episodes_in_shards(index_files):
    files = index_files(make_items(47))
    assert read_shard_keys(files["search.js"]) == ["search-3.js", "search-2.js", "search-1.js"]
    assert {key: len(read_rows(text)) for key, text in files.items()} == {
        "search-1.js": 10,
        "search-2.js": 10,
        "search-3.js": 10,
        "search.js": 17,
    }
    read = [row[0] for key in ["search.js", *read_shard_keys(files["search.js"])] for row in read_rows(files[key])]
    assert read == [f"Number {number}" for number in range(47, 0, -1)]


@pytest.mark.usefixtures("small_shards")
def test_a_new_episode_changes_no_shard(index_files):
    before, after = index_files(make_items(47)), index_files(make_items(48))
    assert {key for key in after if after[key] != before[key]} == {"search.js"}
    with_new_shard = index_files(make_items(50))
    assert {key for key in with_new_shard if with_new_shard[key] != before.get(key)} == {"search.js", "search-4.js"}


@pytest.mark.usefixtures("small_shards")
def test_an_edit_changes_one_file(index_files):
    items = make_items(47)
    before = index_files(items)
    items[47 - 14] = make_item(14, summary="Other words.")
    after = index_files(items)
    assert {key for key in after if after[key] != before[key]} == {"search-2.js"}


@pytest.mark.usefixtures("small_shards")
def test_an_own_page_is_in_the_first_file(tmp_path):
    page = PublishedPage(
        page=OwnPage(slug="imprint", path="pages/imprint.md", title="Imprint", text=""), content="", summary="Us"
    )
    show_site = site.Site(show=make_show(), folder=tmp_path, own_pages=(page,))
    files = {
        key.key: key.render().decode() for key in show_site.build_pages(make_items(30)) if SHARD.fullmatch(key.key)
    }
    assert read_rows(files["search.js"])[-1] == ["Imprint", "imprint/index.html", "", "Us", ""]


@given(st.integers(0, 5_000))
def test_every_episode_is_in_one_file_of_bounded_length(count):
    entries = range(count)
    newest, shards = search_index.split_search_index(entries)
    assert [*newest, *(entry for shard in shards.values() for entry in shard)] == list(entries)
    assert {len(shard) for shard in shards.values()} <= {search_index.EPISODES_PER_SHARD}
    assert len(newest) < 2 * search_index.EPISODES_PER_SHARD
    assert len(newest) >= min(count, search_index.EPISODES_PER_SHARD)


@pytest.mark.parametrize("count", [10_000, 50_000])
def test_files_of_a_very_large_show_are_small(count):
    item = make_item(
        episode=make_episode(title="A title of ordinary length, as many shows have", tags=("one tag", "another")),
        summary="Words of the summary. " * 40,
        people=(Person(name="Ada Voice"), Person(name="Bo Guest")),
    )
    translations = load_translations("en", "UTC", default_templates())
    row = search_index.episode_row(item, "episodes/001-one/index.html", translations)
    newest, shards = search_index.split_search_index([row] * count)
    sizes = [len(search_index.render_search_index(rows)) for rows in (newest, *list(shards.values())[:2])]
    assert max(sizes) < 400_000
    assert len(search_index.render_search_index(newest, shards)) - sizes[0] < 3_000


def test_a_row_is_bounded():
    row = search_index.search_row("t" * 9_000, f"{BASE}x", "today", "s" * 9_000, "w" * 9_000)
    assert sum(map(len, row)) < 3_000


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("name", ["site.js", "episode-search.js"])
def test_a_script_of_the_shows_own_that_knows_one_file_gets_one(tmp_path, index_files, name):
    own = tmp_path / "templates" / name
    own.parent.mkdir()
    own.write_text("const episodes = window.episodes;", "utf-8")
    files = index_files(make_items(47))
    assert set(files) == {"search.js"}
    assert len(read_rows(files["search.js"])) == 47
    own.write_text((default_templates() / name).read_text("utf-8"), "utf-8")
    assert len(index_files(make_items(47))) == 4


@pytest.mark.usefixtures("small_shards")
def test_the_index_of_a_network_has_shards_across_its_shows(tmp_path, index_files):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    shows = tuple(
        ListedShow(
            name=name,
            title=name,
            description="",
            author="",
            language="en",
            url=f"{BASE}{name}/index.html",
            feed_url=f"{BASE}{name}/feed.xml",
            guid=name,
            episodes=tuple(
                NetworkEpisode(
                    guid=str(n), title=f"{name} {n}", url=f"{BASE}{name}/{n}", date=start + timedelta(days=n)
                )
                for n in range(20, 0, -1)
            ),
        )
        for name in ("one", "two")
    )
    network = site.NetworkSite(show=make_show(), folder=tmp_path, listed_shows=shows)
    files = index_files((), network)
    assert sorted(files) == ["search-1.js", "search-2.js", "search-3.js", "search.js"]
    assert {row[0] for row in read_rows(files["search-1.js"])} == {
        f"{s} {n}" for s in ("one", "two") for n in range(1, 6)
    }
    assert read_rows(files["search.js"])[0] == ["two 20", "two/20", "two · 21 January 2026", "", ""]
    longer = (
        replace(
            shows[0], episodes=(replace(shows[0].episodes[0], date=start + timedelta(days=99)), *shows[0].episodes)
        ),
        shows[1],
    )
    after = index_files((), replace(network, listed_shows=longer))
    assert {key for key in after if after[key] != files[key]} == {"search.js"}


@pytest.mark.usefixtures("small_shards")
def test_hostile_text_stays_text_in_every_file(index_files):
    hostile = """</script><img src=x onerror=alert(1)>\u2028"];alert(1);//"""
    items = [make_item(n, episode=make_episode(n, title=f"{hostile}{n}")) for n in range(25, 0, -1)]
    for text in index_files(items).values():
        assert all(row[0].startswith(hostile) for row in read_rows(text))
        assert "\u2028" not in text
