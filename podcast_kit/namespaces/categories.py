"""Apple's categories: which exist, what a wrong or an old name should be (Apple Podcasters, article 1691)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from podcast_kit.model import Category


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(files("podcast_kit.namespaces").joinpath("categories.json").read_text("utf-8"))
    return data


def tree() -> Mapping[str, tuple[str, ...]]:
    """Each category with its subcategories, in Apple's spelling."""
    return {name: tuple(subs) for name, subs in _data()["categories"].items()}


def exists(category: Category) -> bool:
    """Whether Apple has it, in exactly this spelling."""
    subs = tree().get(category.name)
    return subs is not None and (not category.sub or category.sub in subs)


def is_legacy(category: Category) -> bool:
    """Whether it is a name from before August 2019 that is gone since."""
    old: dict[str, list[str]] = _data()["legacy"]
    named = category.name in old and (not category.sub or category.sub in old[category.name])
    return named and not exists(category)


def replacement(category: Category) -> Category | None:
    """What stands for a dropped name today; None where Apple has nothing like it."""
    known: dict[str, str] = _data()["replacement"]
    found = known.get(written(category)) or known.get(category.name)
    return parse(found) if found else None


def nearest(category: Category) -> Category | None:
    """The existing category that was probably meant, by spelling; also a subcategory written without its parent."""
    everything = {written(one).casefold(): one for one in _all()}
    everything |= {one.sub.casefold(): one for one in _all() if one.sub and one.sub not in tree()}
    wanted = written(category).casefold().replace(" and ", " & ")[:100]
    near = difflib.get_close_matches(wanted, everything, n=1, cutoff=0.7)
    return everything[near[0]] if near else None


def _all() -> list[Category]:
    found = tree()
    return [Category(name) for name in found] + [Category(name, sub) for name, subs in found.items() for sub in subs]


def parse(text: str) -> Category:
    """`Business > Marketing` or `Technology` as a category, whether or not it exists."""
    name, _, sub = text.partition(">")
    return Category(name.strip(), sub.strip())


def written(category: Category) -> str:
    """A category as podcast.yaml has it."""
    return f"{category.name} > {category.sub}" if category.sub else category.name
