import pytest

from podcast_kit.model import Category, show_guid
from podcast_kit.namespaces import categories


def test_apple_has_19_categories_and_91_subcategories():
    assert (len(categories.category_tree()), sum(map(len, categories.category_tree().values()))) == (19, 91)


@pytest.mark.parametrize("written", ["Technology", "Business > Marketing", "TV & Film > After Shows"])
def test_existing_category_is_formatted_as_it_is_parsed(written):
    assert categories.category_exists(categories.parse_category(written))
    assert categories.format_category(categories.parse_category(written)) == written


@pytest.mark.parametrize("wrong", ["technology", "Business > Marketting", "Arts > Marketing", "", "Games & Hobbies"])
def test_category_must_match_exactly(wrong):
    assert not categories.category_exists(categories.parse_category(wrong))


def test_replacements_of_legacy_categories_exist():
    legacy = [
        Category(name, sub) for name, subs in categories._load_categories()["legacy"].items() for sub in ("", *subs)
    ]
    dropped = [category for category in legacy if categories.is_legacy_category(category)]
    replacements = [new for category in dropped if (new := categories.replacement_category(category))]
    assert len(replacements) > 30
    assert [new for new in replacements if not categories.category_exists(new)] == []


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("technolgy", "Technology"),
        ("Society and Culture", "Society & Culture"),
        ("Marketing", "Business > Marketing"),
        ("xyzzy", None),
    ],
)
def test_similar_category_is_suggested(wrong, meant):
    suggestion = categories.suggest_category(categories.parse_category(wrong))
    assert (suggestion and categories.format_category(suggestion)) == meant


@pytest.mark.parametrize("url", ["https://podnews.net/rss", "http://podnews.net/rss/", "podnews.net/rss//"])
def test_show_guid_equals_the_podcast_namespaces_example(url):
    assert show_guid(url) == "9b024349-ccf0-5f69-a609-6b82873eab3c"
