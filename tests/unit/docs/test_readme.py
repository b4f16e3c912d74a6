"""The README tells the truth: every command and option in it exists, and the reference is the help itself."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from podcast_kit.cli import cli
from podcast_kit.source import scaffold
from tests.docs import reference
from tests.support.browsing import PAGES

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
PROSE = README.split(reference.BEGIN)[0]
LINKED = re.sub(r"^```.*?^```|`[^`]+`", "", README, flags=re.MULTILINE | re.DOTALL)


def test_the_reference_is_what_the_commands_say():
    written_anew = reference.placed(README)
    assert written_anew == README, "run `make docs`"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"podcast-kit ([a-z][a-z-]+)", PROSE))))
def test_every_command_in_the_readme_exists(name):
    assert name in cli.commands


@pytest.mark.parametrize("option", sorted(set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", PROSE))))
def test_every_option_in_the_readme_exists(option):
    assert option in reference.options()


def test_the_first_episode_is_begun_as_the_readme_shows_it():
    shown = re.findall(r"^```markdown\n(---\n.*?)^```", PROSE, re.MULTILINE | re.DOTALL)
    title, guid = "More social, less media", "5b322f44-25b3-4fbd-8b64-22c5a5b52877"
    written = scaffold.episode_text(title=title, guid=guid, date=datetime.fromisoformat("2026-11-22 08:00"), number=1)
    assert shown == [written]


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_reference(name):
    assert f"### `podcast-kit {name}`" in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z]+)", PROSE))))
def test_every_target_in_the_readme_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!https?:|#)[^)]+)\)", LINKED))))
def test_every_link_into_the_project_leads_somewhere(path):
    assert (ROOT / path.partition("#")[0]).exists()


@pytest.mark.parametrize("kind", PAGES)
def test_every_kind_of_page_is_shown(kind):
    assert f"(tests/docs/pages/{kind.replace(',', '').replace(' ', '-')}.webp)" in README


def test_the_pictures_of_pages_are_small():
    pictures = list((ROOT / "tests/docs").rglob("*.webp"))
    assert pictures
    assert max(path.stat().st_size for path in pictures) < 150_000
