"""Apple's categories, and suggestions for wrong or outdated names (Apple Podcasters, article 1691)."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from podcast_kit.model import Category

MIN_COMMON_LETTERS = 4
"""Of two words that may mean the same, such as garden and gardening."""


@cache
def _load_categories() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(files("podcast_kit.namespaces").joinpath("categories.json").read_text("utf-8"))
    return data


def category_tree() -> Mapping[str, tuple[str, ...]]:
    """Each category with its subcategories, in Apple's spelling."""
    return {name: tuple(subs) for name, subs in _load_categories()["categories"].items()}


def category_exists(category: Category) -> bool:
    """Whether Apple has it, in exactly this spelling."""
    subs = category_tree().get(category.name)
    return subs is not None and (not category.sub or category.sub in subs)


def is_legacy_category(category: Category) -> bool:
    """Whether Apple dropped it in August 2019."""
    legacy: dict[str, list[str]] = _load_categories()["legacy"]
    is_listed = category.name in legacy and (not category.sub or category.sub in legacy[category.name])
    return is_listed and not category_exists(category)


def replacement_category(category: Category) -> Category | None:
    """The current category for a dropped one; None where Apple has nothing like it."""
    replacements: dict[str, str] = _load_categories()["replacement"]
    replacement = replacements.get(format_category(category)) or replacements.get(category.name)
    return parse_category(replacement) if replacement else None


def suggest_category(category: Category) -> Category | None:
    """The existing category with the most similar spelling or a word in common; also a subcategory without its parent.

    >>> format_category(suggest_category(Category("Gardening")))
    'Leisure > Home & Garden'
    """
    by_name = {format_category(candidate).casefold(): candidate for candidate in _all_categories()}
    tree = category_tree()
    by_name |= {
        candidate.sub.casefold(): candidate
        for candidate in _all_categories()
        if candidate.sub and candidate.sub not in tree
    }
    name = format_category(category).casefold().replace(" and ", " & ")[:100]
    matches = difflib.get_close_matches(name, by_name, n=1, cutoff=0.8)
    return by_name[matches[0]] if matches else _category_with_word(name.rpartition(">")[2])


def _category_with_word(name: str) -> Category | None:
    """The first category that has a word which begins as a word of the name does, or the other way round."""
    for word in sorted(re.findall(r"\w+", name), key=len, reverse=True):
        for candidate in _all_categories():
            for other in re.findall(r"\w+", (candidate.sub or candidate.name).casefold()):
                shorter, longer = sorted((word, other), key=len)
                if len(shorter) >= MIN_COMMON_LETTERS and longer.startswith(shorter):
                    return candidate
    return None


def _all_categories() -> list[Category]:
    tree = category_tree()
    return [Category(name) for name in tree] + [Category(name, sub) for name, subs in tree.items() for sub in subs]


def parse_category(text: str) -> Category:
    """`Business > Marketing` or `Technology` as a category, whether it exists or not."""
    name, _, sub = text.partition(">")
    return Category(name.strip(), sub.strip())


def format_category(category: Category) -> str:
    """A category as podcast.yaml has it."""
    return f"{category.name} > {category.sub}" if category.sub else category.name
