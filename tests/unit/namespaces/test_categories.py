import pytest

from podcast_kit.model import Category, show_guid
from podcast_kit.namespaces import categories


def test_apple_has_19_categories_and_91_subcategories():
    assert (len(categories.category_tree()), sum(map(len, categories.category_tree().values()))) == (19, 91)


@pytest.mark.parametrize("written", ["Technology", "Business > Marketing", "TV & Film > After Shows"])
def test_a_category_that_exists_is_written_as_it_is_read(written):
    assert categories.category_exists(categories.parse_category(written))
    assert categories.format_category(categories.parse_category(written)) == written


@pytest.mark.parametrize("wrong", ["technology", "Business > Marketting", "Arts > Marketing", "", "Games & Hobbies"])
def test_a_category_that_is_not_exactly_there_does_not_exist(wrong):
    assert not categories.category_exists(categories.parse_category(wrong))


def test_every_replacement_of_an_old_name_exists():
    old = [Category(name, sub) for name, subs in categories._load_categories()["legacy"].items() for sub in ("", *subs)]
    gone = [category for category in old if categories.is_legacy_category(category)]
    replaced = [new for category in gone if (new := categories.replacement_category(category))]
    assert len(replaced) > 30
    assert [new for new in replaced if not categories.category_exists(new)] == []


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("technolgy", "Technology"),
        ("Society and Culture", "Society & Culture"),
        ("Marketing", "Business > Marketing"),
        ("xyzzy", None),
    ],
)
def test_the_nearest_category_is_what_was_meant(wrong, meant):
    found = categories.suggest_category(categories.parse_category(wrong))
    assert (found and categories.format_category(found)) == meant


@pytest.mark.parametrize("url", ["https://podnews.net/rss", "http://podnews.net/rss/", "podnews.net/rss//"])
def test_a_shows_guid_is_that_of_the_podcast_namespace(url):
    assert show_guid(url) == "9b024349-ccf0-5f69-a609-6b82873eab3c"
