import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import Person
from podcast_kit.site import collections
from tests.support.site_factories import make_episode, make_item


@given(st.text())
def test_a_slug_is_one_path_segment(name):
    slug = collections.slugify_name(name)
    assert re.fullmatch(r"[^\W_](?:-?[^\W_])*", slug)
    assert slug == collections.slugify_name(name)
    assert len(slug) <= 80


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Ann Lee", "ann-lee"), ("Jürgen  O'Neil", "jürgen-o-neil"), ("李雷", "李雷"), ("../..", "x0cfd1c96")],
)
def test_slugs_of_names(name, slug):
    assert collections.slugify_name(name) == slug


def test_tags_that_differ_only_in_case_are_merged():
    items = [make_item(2, episode=make_episode(2, tags=("AI", "ai"))), make_item(1, episode=make_episode(tags=("Ai",)))]
    (collection,) = collections.group_by_tag(items)
    assert (collection.name, collection.key, len(collection.items)) == ("AI", "tags/ai/index.html", 2)


def test_a_single_season_is_not_a_collection():
    assert collections.group_by_season([make_item(1, episode=make_episode(season=1))]) == ()


def test_seasons_are_sorted_latest_first():
    items = [make_item(n, episode=make_episode(n, season=season)) for n, season in ((3, 2), (2, 1), (1, None))]
    assert [(season.name, len(season.items)) for season in collections.group_by_season(items)] == [("2", 1), ("1", 1)]


def test_a_person_with_two_roles_is_one_collection_described_by_the_newest_episode():
    ann = Person(name="Ann", url="https://new.example/")
    items = [make_item(2, people=(ann, Person(name="Ann", role="editor"))), make_item(1, people=(Person(name="ann"),))]
    (collection,) = collections.group_by_person(items)
    assert (collection.person, len(collection.items)) == (ann, 2)


@given(st.integers(0, 300))
def test_pagination_puts_every_episode_on_one_page(count):
    items = list(range(count))
    pages = collections.paginate(items)
    assert [item for page in pages for item in page] == items
    assert all(len(page) <= 50 for page in pages)
    assert pages
