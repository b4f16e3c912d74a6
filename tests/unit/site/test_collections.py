import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import Person
from podcast_kit.site import collections
from tests.support.site_factories import make_episode, make_item


@given(st.text())
def test_a_slug_is_one_part_of_an_address_and_stays_itself(name):
    slug = collections.slug(name)
    assert re.fullmatch(r"[^\W_](?:-?[^\W_])*", slug)
    assert slug == collections.slug(name)
    assert len(slug) <= 80


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Ann Lee", "ann-lee"), ("Jürgen  O'Neil", "jürgen-o-neil"), ("李雷", "李雷"), ("../..", "x0cfd1c96")],
)
def test_names_become_slugs_that_people_recognise(name, slug):
    assert collections.slug(name) == slug


def test_tags_that_differ_in_case_alone_are_one():
    items = [make_item(2, episode=make_episode(2, tags=("AI", "ai"))), make_item(1, episode=make_episode(tags=("Ai",)))]
    (shelf,) = collections.tags(items)
    assert (shelf.name, shelf.key, len(shelf.items)) == ("AI", "tags/ai/index.html", 2)


def test_one_season_is_the_whole_show():
    assert collections.seasons([make_item(1, episode=make_episode(season=1))]) == ()


def test_the_last_season_comes_first():
    items = [make_item(n, episode=make_episode(n, season=season)) for n, season in ((3, 2), (2, 1), (1, None))]
    assert [(shelf.name, len(shelf.items)) for shelf in collections.seasons(items)] == [("2", 1), ("1", 1)]


def test_somebody_with_two_roles_is_one_and_the_newest_word_holds():
    ann = Person(name="Ann", url="https://new.example/")
    items = [make_item(2, people=(ann, Person(name="Ann", role="editor"))), make_item(1, people=(Person(name="ann"),))]
    (shelf,) = collections.people(items)
    assert (shelf.person, len(shelf.items)) == (ann, 2)


@given(st.integers(0, 300))
def test_every_episode_is_on_one_page_of_the_index(count):
    items = list(range(count))
    leaves = collections.leaves(items)
    assert [item for leaf in leaves for item in leaf] == items
    assert all(len(leaf) <= 50 for leaf in leaves)
    assert leaves
