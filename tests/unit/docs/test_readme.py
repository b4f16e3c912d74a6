"""The README: short, and its links and pictures exist."""

import re

import pytest

from tests.support import documents
from tests.support.shows import ROOT

README = (ROOT / "README.md").read_text("utf-8")
MAX_LINES = 150


def test_readme_is_short():
    assert len(README.splitlines()) <= MAX_LINES


def test_readme_shows_exactly_one_picture():
    assert len(re.findall(r"^!\[", documents.without_code(README), re.MULTILINE)) == 1


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_of_top_level_documents_resolve(name):
    text = (ROOT / name).read_text("utf-8")
    missing = [path for path in documents.local_links(text) if not (ROOT / path.partition("#")[0]).exists()]
    assert missing == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", *documents.DOCUMENT_NAMES])
def test_make_targets_in_documents_exist(name):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))
    missing = [target for target in sorted(targets) if not re.search(rf"^{target}:", makefile, re.MULTILINE)]
    assert missing == []


def test_paths_in_the_contributing_guide_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`([\w./-]*(?:/|\.py|\.toml))`", text)
    missing = [path for path in named if not any((base / path).exists() for base in (ROOT, ROOT / "podcast_kit"))]
    parts = {"mastering/", "rules/", "commands/", "__init__.py", "site/"}  # named beside the package that has them
    assert set(missing) - parts == set()
    assert len(named) > 20


def test_pictures_of_pages_are_small():
    pictures = list((ROOT / "docs/images").rglob("*.webp"))
    assert pictures
    assert max(path.stat().st_size for path in pictures) < 150_000
