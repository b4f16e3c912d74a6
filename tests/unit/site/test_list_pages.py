"""Lists of a large show: pages of bounded size that a new or edited episode leaves as they are, and all linked."""

import html
import re
from dataclasses import replace
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.model import OwnPage, Person, PublishedPage, ShowType
from podcast_kit.site import collections, list_pages
from podcast_kit.site.templates import default_templates, load_templates
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show

COUNT = 560
LIST_PAGE = re.compile(r"(?:index\.html|(?:page|tags|people|seasons)/.*)")


def make_items(count, **settings):
    """Episodes about the same topic and with the same host, newest first."""
    return [make_item(n, episode=make_episode(n, tags=("talk",)), **settings) for n in range(count, 0, -1)]


def make_guests(count):
    """Episodes with a guest each, the first of whom is in two."""
    items = [make_item(n, people=(Person(name=f"Guest {n:03}", role="guest"),)) for n in range(count, 0, -1)]
    items[0] = replace(items[0], people=(*items[0].people, *items[-1].people))
    return items


@pytest.fixture
def list_pages_of(tmp_path):
    """The pages with lists, by key: what they depend on, and how they are rendered."""

    def list_pages_of(items, **settings):
        show_site = site.Site(show=make_show(**settings), folder=tmp_path, artwork=ART)
        return {page.key: page for page in show_site.build_pages(items) if LIST_PAGE.fullmatch(page.key)}

    return list_pages_of


def changed(before, after):
    return {key for key, page in after.items() if key not in before or before[key].digest != page.digest}


def read_links(page, key):
    links = re.findall(r'<a href="([^"]*)"[^>]*>(?:\d+)</a>', page.render().decode())
    return [urljoin(BASE + key, html.unescape(link)).removeprefix(BASE) for link in links]


@pytest.fixture
def few_collections(monkeypatch):
    """The index lists no more than 30 people, and each page of all of them has 25."""
    monkeypatch.setattr(list_pages, "MAX_INDEX_COLLECTIONS", 30)
    monkeypatch.setattr(list_pages, "COLLECTIONS_PER_PAGE", 25)


@pytest.fixture
def own_template(tmp_path):
    def own_template(name, text):
        path = tmp_path / "templates" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")

    return own_template


def test_pages_of_tags_and_people_are_paginated_as_the_index_is(list_pages_of):
    pages = list_pages_of(make_items(120))
    for first, name in (("tags/talk/", "Topic: talk"), ("people/ada-voice/", "Ada Voice")):
        texts = [pages[f"{first}{part}index.html"].render().decode() for part in ("", "page/2/", "page/3/")]
        assert [text.count('class="card"') for text in texts] == [50, 50, 20]
        assert f'<link rel="canonical" href="{BASE}{first}page/2/index.html">' in texts[1]
        assert f'<link rel="prev" href="../../../../{first}index.html">' in texts[1]
        assert f'<link rel="next" href="../../../../{first}page/3/index.html">' in texts[1]
        assert f"<title>{name} – Page 2 – Talking Back</title>" in texts[1]
        assert "120 episodes of Talking Back" in texts[0]
        assert 'rel="prev"' not in texts[0]
        assert 'rel="next"' not in texts[2]


def test_a_short_list_is_one_page_without_links_to_others(list_pages_of):
    pages = list_pages_of(make_items(50))
    assert set(pages) == {"index.html", "tags/talk/index.html", "people/ada-voice/index.html"}
    assert not any('class="pages"' in page.render().decode() for page in pages.values())


def test_a_new_episode_changes_the_first_page_of_each_list(list_pages_of):
    before, after = list_pages_of(make_items(COUNT)), list_pages_of(make_items(COUNT + 1))
    assert len(after) == 3 * 12
    assert changed(before, after) == {"index.html", "tags/talk/index.html", "people/ada-voice/index.html"}


def test_a_new_episode_of_a_serial_show_changes_the_last_page_of_the_index(list_pages_of):
    before = list_pages_of(make_items(COUNT), type=ShowType.SERIAL)
    after = list_pages_of(make_items(COUNT + 1), type=ShowType.SERIAL)
    assert {key for key in changed(before, after) if key.startswith("page/")} == {"page/12/index.html"}


def test_an_edited_title_changes_one_page_of_each_list(list_pages_of):
    items = make_items(COUNT)
    before = list_pages_of(items)
    items[50] = replace(items[50], episode=replace(items[50].episode, title="Another"))
    key = "page/2/index.html"
    assert changed(before, list_pages_of(items)) == {key, f"tags/talk/{key}", f"people/ada-voice/{key}"}


@given(st.integers(0, 60_000))
def test_a_long_list_has_as_many_pages_as_if_all_were_full(count):
    pages = collections.paginate(range(count))
    assert [item for page in pages for item in page] == list(range(count))
    assert len(pages) == max(1, -(-count // 50))
    assert all(len(page) <= 75 for page in pages)
    if len(pages) > 10:
        assert len(pages[0]) > 25
        assert {len(page) for page in pages[1:-1]} == {50}


@given(st.integers(501, 60_000).filter(lambda count: count % 50))
def test_pages_of_a_long_list_stay_when_an_episode_is_added(count):
    before, after = (collections.paginate(range(-newest, 0)) for newest in (count, count + 1))
    assert before[1:] == after[1:]


@given(st.data(), st.integers(1, 1_200))
def test_a_page_links_to_few_others_and_all_can_be_reached(data, count):
    number = data.draw(st.integers(1, count))
    numbers = collections.select_page_numbers(number, count)
    linked = [page for page in numbers if page]
    assert linked == sorted(set(linked))
    assert {1, count, number, max(1, number - 1), min(count, number + 1)} <= set(linked) <= set(range(1, count + 1))
    assert len(linked) <= 20
    assert all(
        after > before + 2 for before, gap, after in zip(numbers, numbers[1:], numbers[2:], strict=False) if not gap
    )


def test_pages_of_a_very_large_show_are_small(tmp_path):
    """Each episode has a guest of its own and a tag of its week."""
    count = 10_000
    base = make_item(summary="Words of the summary. " * 12)
    items = [
        replace(
            base,
            guid=str(n),
            episode=make_episode(n, tags=("talk", f"week {n // 7}"), season=n // 400),
            people=(Person(name="Ada"), Person(name=f"Guest {n}")),
        )
        for n in range(count, 0, -1)
    ]
    show_site = site.Site(show=make_show(), folder=tmp_path, artwork=ART)
    lists = list_pages.EpisodeLists(show_site.show, items, load_templates(tmp_path))
    index = list(lists.list_index_pages(lambda: {"ld": ""}))
    overviews = list(lists.list_overview_pages())
    assert len(index) == count // 50
    assert {content.key for content in overviews} >= {"people/index.html", "tags/index.html"}
    assert len([content for content in overviews if content.key.startswith("people/")]) == count // 200 + 1
    for content in (*index[:3], index[-1], *overviews[:2], overviews[-1]):
        assert len(show_site._template_page(content).render()) < 120_000


@pytest.mark.usefixtures("few_collections")
def test_the_index_of_a_show_with_many_guests_leads_to_all_of_them(list_pages_of):
    pages = list_pages_of(make_guests(42))
    index = pages["index.html"].render().decode()
    assert index.count('href="people/guest-') == 24
    assert 'href="people/guest-001/index.html">Guest 001 <span class="count">2<' in index
    assert re.search(r'<a class="button quiet" href="people/index.html"[^>]*>Show all 42</a>', index)
    overviews = [pages[key].render().decode() for key in ("people/index.html", "people/page/2/index.html")]
    assert [text.count("people/guest-") for text in overviews] == [25, 17]
    assert [text.count('class="badge"') for text in overviews] == [25, 17]
    assert '<link rel="next" href="../people/page/2/index.html">' in overviews[0]
    assert "<title>People – Page 2 – Talking Back</title>" in overviews[1]


def test_the_index_lists_collections_on_its_first_page_only(list_pages_of):
    pages = list_pages_of(make_items(60))
    assert "shelf-1" in pages["index.html"].render().decode()
    assert "shelf-1" not in pages["page/2/index.html"].render().decode()


@pytest.mark.usefixtures("few_collections")
def test_an_own_page_has_the_place_of_the_list_of_all_people(tmp_path):
    page = OwnPage(slug="people", path="pages/people.md", title="Our guests", text="")
    own = PublishedPage(page=page, content="<p>Guests.</p>", summary="")
    pages = site.render_site(make_show(), make_guests(31), folder=tmp_path, own_pages=(own,))
    assert "Our guests" in pages["people/index.html"].decode()
    assert "people/page/2/index.html" not in pages
    assert 'href="people/index.html"' in pages["index.html"].decode()


EJECTED = "{% for item in items %}<a href='{{ here(item.url) }}'>{{ item.title }}</a>{% endfor %}"


def test_an_own_template_that_knows_no_pages_lists_all_episodes_of_a_tag(list_pages_of, own_template):
    own_template(
        "shelf.html", '{% extends "base.html" %}{% block main %}{{ items | length }}' + EJECTED + "{% endblock %}"
    )
    pages = list_pages_of(make_items(120))
    assert "tags/talk/page/2/index.html" not in pages
    text = pages["tags/talk/index.html"].render().decode()
    assert "120<a" in text
    assert text.count("Number ") == 120


@pytest.mark.parametrize(
    "text",
    [
        '{% extends "default/shelf.html" %}{% block title %}Mine{% endblock %}',
        '{% extends "default/shelf.html" %}{% block main %}<p>Mine</p>{{ super() }}{% endblock %}',
        EJECTED + "{{ pages | length }} of {{ count }}",
    ],
)
def test_an_own_template_that_knows_pages_gets_them(list_pages_of, own_template, text):
    own_template("shelf.html", text)
    pages = list_pages_of(make_items(120))
    assert "tags/talk/page/3/index.html" in pages
    assert pages["tags/talk/page/3/index.html"].render().decode().count("Number ") == 20


@pytest.mark.usefixtures("few_collections")
def test_an_own_template_of_the_index_that_knows_no_overviews_lists_everybody(list_pages_of, own_template):
    own_template("index.html", "{{ count }} {% for person in people %}[{{ person.name }}]{% endfor %}{{ number }}")
    pages = list_pages_of(make_guests(52))
    assert "people/index.html" not in pages
    assert [pages[key].render().decode().count("[") for key in ("index.html", "page/2/index.html")] == [52, 52]


@pytest.mark.parametrize("name", ["index.html", "shelf.html", "shelves.html", "lists.html"])
@pytest.mark.usefixtures("few_collections")
def test_an_ejected_template_makes_the_same_pages(list_pages_of, own_template, name):
    items = make_guests(60)
    before = {key: page.render() for key, page in list_pages_of(items).items()}
    own_template(name, (default_templates() / name).read_text("utf-8"))
    assert {key: page.render() for key, page in list_pages_of(items).items()} == before


def test_every_page_of_a_long_list_is_linked(list_pages_of):
    pages = list_pages_of(make_items(1_200))
    reached, queue = set(), ["index.html"]
    while queue:
        key = queue.pop()
        if key not in reached:
            reached.add(key)
            queue += [link for link in read_links(pages[key], key) if "page/" in link or link == "index.html"]
    assert reached == {key for key in pages if not key.startswith(("tags", "people"))}
