import pytest

from podcast_kit.source import foreign_keys
from podcast_kit.source import show as shows
from podcast_kit.problem_codes import PROBLEM_CODES
from podcast_kit.source.episode import EpisodeContext, parse_episode
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.yaml import parse_yaml_table

TABLES = {
    "episode": foreign_keys.EPISODE_KEYS,
    "show": foreign_keys.SHOW_KEYS,
    "publish": foreign_keys.PUBLISH_KEYS,
    "audio": foreign_keys.AUDIO_KEYS,
}


def told(tmp_path, front):
    """What an episode's front matter is told, by key."""
    problems = []
    source = f"---\ntitle: x\ndate: 2026-01-01\n{front}---\n"
    parse_episode(source.encode(), EpisodeContext(ShowFolder(tmp_path), "episodes/one.md", {}), problems)
    return {problem.text.split("'")[1]: problem.hint for problem in problems}


def test_an_episode_of_castanet_is_told_every_key_in_one_run(tmp_path):
    front = (
        "Description: About.\npodcast_file: ep.mp3\npodcast_duration: '1:02:03'\npodcast_bytes: 123\nepisode: 7\n"
        "episode_image: a.png\nhosts: [ann]\nguests: [bob]\nupcoming: true\nexplicit: 'no'\n"
    )
    assert told(tmp_path, front) == {
        "Description": "write 'summary' instead",
        "podcast_file": "write 'audio' instead",
        "podcast_duration": "remove the line",
        "podcast_bytes": "remove the line",
        "episode_image": "write 'image' instead",
        "hosts": "write 'people' instead",
        "guests": "write 'people' instead",
        "upcoming": "write 'draft: true' instead",
    }


def test_an_episode_of_octopod_is_told_every_key_in_one_run(tmp_path):
    front = (
        "layout: post\nsubtitle: About.\naudio:\n  mp3: ep.mp3\n  m4a: ep.m4a\n"
        "chapters: ['00:00:00.000 Intro', '00:01:00.000 Main']\n"
        "explicit: 'no'\nduration: '1:02:03'\n"
    )
    assert told(tmp_path, front) == {
        "layout": "remove the line, or begin the key with 'x-'",
        "subtitle": "write 'summary' instead",
        "mp3": "write 'file' instead",
        "m4a": "write 'file' instead",
        "duration": "remove the line",
    }


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_foreign_key_has_a_mend_and_a_known_code(table):
    assert {key for key in table if key != key.casefold()} == set()
    assert {known.code for known in table.values()} <= PROBLEM_CODES.keys()
    assert all(known.hint for known in table.values())


@pytest.mark.parametrize("key", sorted(foreign_keys.EPISODE_KEYS))
def test_a_foreign_key_is_told_and_what_is_to_be_written_instead_is_known(tmp_path, key):
    assert told(tmp_path, f"{key}: x\n")[key] == foreign_keys.EPISODE_KEYS[key].fix
    hint = foreign_keys.EPISODE_KEYS[key].fix
    if hint.startswith("write "):
        ours = hint.removeprefix("write ").removesuffix(" instead").strip("'").partition(":")[0]
        assert "did you mean" not in told(tmp_path, f"{ours}:\n").get(ours, "")


@pytest.mark.parametrize("key", sorted(foreign_keys.SHOW_KEYS))
def test_a_foreign_key_of_a_show_is_told(tmp_path, key):
    table = parse_yaml_table(f"{key}: x\n", "podcast.yaml")
    shows.show_from_table(table, ShowFolder(tmp_path))
    assert foreign_keys.SHOW_KEYS[key].fix in [problem.fix for problem in table.problems]


def test_a_foreign_key_that_the_reader_knows_is_read():
    table = parse_yaml_table("episode: 7", "x")
    assert table.optional("number", int, 0, other_names=("episode",)) == 7
    table.finish(foreign_keys.EPISODE_KEYS)
    assert table.problems == []
