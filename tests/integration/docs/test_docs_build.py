"""`make docs`: the website builds without a warning and loads nothing from other hosts."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.shows import ROOT

pytest.importorskip("material", reason="`make docs` installs MkDocs and its theme")
pytestmark = pytest.mark.slow
LOADED = re.compile(r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=\"?((?:https?:)?//[^\s\">]+)")
STYLES = re.compile(
    r"<link\b(?=[^>]*\brel=\"?(?:stylesheet|preconnect|preload|icon))[^>]*\bhref=\"?((?:https?:)?//[^\s\">]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def test_pages_load_nothing_from_other_hosts(site):
    pages = [path for path in site.rglob("*.html") if path.is_file()]  # one page is about the code notes.html
    assert len(pages) > 300
    loaded = {url for page in pages for pattern in (LOADED, STYLES) for url in pattern.findall(page.read_text("utf-8"))}
    assert loaded == set()


def test_styles_load_nothing_from_other_hosts(site):
    styles = [path.read_text("utf-8") for path in site.rglob("*.css")]
    assert styles
    assert [
        url for text in styles for url in re.findall(r"(?:url\(|@import)\s*[\"']?(https?://[^\s\"')]+)", text)
    ] == []


def test_reference_can_be_searched(site):
    index = (site / "search/search_index.json").read_text("utf-8")
    for location in ("reference/commands/publish/", "reference/keys/title/", "reference/problems/it.guid.stable/"):
        assert f'"{location}"' in index
