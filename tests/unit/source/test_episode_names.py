from dataclasses import replace
from pathlib import Path

import pytest

from podcast_kit.model import BrokenEpisode
from podcast_kit.source import project
from podcast_kit.source.episode_names import find_episode, find_notes, resolve_guids
from podcast_kit.source.yaml import InvalidValue
from tests.support import shows


@pytest.fixture
def show(tmp_path):
    folder = shows.small(tmp_path / "show", episodes=2)
    shows.add(folder, 12, season=2)
    return project.load_project(folder)


@pytest.mark.parametrize(
    "name",
    ["002-talk", "2", "002", "#2", "002-t", "episodes/002-talk.md", "./episodes/002-talk.mp3", f"{shows.GUID}0002"],
)
def test_an_episode_has_one_name_everywhere(show, name):
    assert find_episode(show, name).slug == "002-talk"


def test_an_episode_without_a_number_is_found_by_that_of_its_slug(show):
    unnumbered = tuple(replace(episode, number=None) for episode in show.episodes)
    for name in ("12", "012", "#12"):
        assert find_episode(replace(show, episodes=unnumbered), name).slug == "012-talk"
    renumbered = tuple(replace(episode, number=1) if episode.slug == "012-talk" else episode for episode in unnumbered)
    assert find_episode(replace(show, episodes=renumbered), "1").slug == "012-talk"


def test_an_episode_is_found_by_season_and_by_a_path_from_the_working_folder(show, monkeypatch):
    assert find_episode(show, "s2e12").slug == "012-talk"
    monkeypatch.chdir(show.folder / "episodes")
    assert find_episode(show, "002-talk.mp3").slug == "002-talk"
    assert find_episode(show, str(Path.cwd() / "002-talk.md")).slug == "002-talk"


@pytest.mark.parametrize(
    ("name", "text", "fix"),
    [
        ("02-talk", "no episode '02-talk'", "did you mean '002-talk'?"),
        ("zzz", "no episode 'zzz'", "`podcast-kit status` lists all episodes"),
        ("99", "no episode '99'", "`podcast-kit status` lists all episodes"),
        ("00", "'00' means more than one episode: 001-talk, 002-talk", "write one of these"),
        ("", "no episode ''", "`podcast-kit status` lists all episodes"),
    ],
)
def test_an_unknown_episode_gets_a_suggestion(show, name, text, fix):
    with pytest.raises(InvalidValue) as caught:
        find_episode(show, name)
    assert (str(caught.value), caught.value.fix) == (text, fix)


def test_guids_are_resolved_for_episodes_that_are_gone(show):
    assert list(resolve_guids(show, ["gone-guid", "1"], {"gone-guid"})) == ["gone-guid", f"{shows.GUID}0001"]
    with pytest.raises(InvalidValue):
        list(resolve_guids(show, ["nothing"], ()))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("002-broken", "episodes/002-broken.md"),
        ("episodes/002-broken.md", "episodes/002-broken.md"),
        ("2", "episodes/002-broken.md"),
        ("002-br", "episodes/002-broken.md"),
        ("some-guid", "episodes/002-broken.md"),
    ],
)
def test_notes_that_cannot_be_read_are_found_by_the_names_of_their_episode(tmp_path, name, path):
    broken = BrokenEpisode(slug="002-broken", path="episodes/002-broken.md", guid="some-guid")
    other = BrokenEpisode(slug="020-other", path="episodes/020-other.md")
    shown = replace(project.load_project(shows.small(tmp_path)), broken=(broken, other))
    assert find_notes(shown, name) == path
    assert find_notes(shown, "001-talk") == "episodes/001-talk.md"
    with pytest.raises(InvalidValue, match="no episode 'zzz'"):
        find_notes(shown, "zzz")
