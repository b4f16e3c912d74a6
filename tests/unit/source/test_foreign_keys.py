import pytest

from podcast_kit.problem_codes import is_registered
from podcast_kit.source import foreign_keys
from podcast_kit.source import show as shows
from podcast_kit.source.episode import EpisodeFileContext, parse_episode
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.yaml import parse_yaml_table

TABLES = {
    "episode": foreign_keys.FOREIGN_EPISODE_KEYS,
    "show": foreign_keys.FOREIGN_SHOW_KEYS,
    "publish": foreign_keys.FOREIGN_PUBLISH_KEYS,
    "audio": foreign_keys.FOREIGN_AUDIO_KEYS,
}


def fixes_for(tmp_path, front):
    """The fixes for an episode's front matter, by key."""
    problems = []
    source = f"---\ntitle: x\ndate: 2026-01-01\n{front}---\n"
    parse_episode(source.encode(), EpisodeFileContext(ShowFolder(tmp_path), "episodes/one.md", {}), problems)
    return {problem.text.split("'")[1]: problem.fix for problem in problems}


def test_castanet_episode_gets_a_fix_for_every_key(tmp_path):
    front = (
        "Description: About.\npodcast_file: ep.mp3\npodcast_duration: '1:02:03'\npodcast_bytes: 123\nepisode: 7\n"
        "episode_image: a.png\nhosts: [ann]\nguests: [bob]\nupcoming: true\nexplicit: 'no'\n"
    )
    assert fixes_for(tmp_path, front) == {
        "Description": "use 'summary'",
        "podcast_file": "use 'audio'",
        "podcast_duration": "remove the line",
        "podcast_bytes": "remove the line",
        "episode_image": "use 'image'",
        "hosts": "use 'people'",
        "guests": "use 'people'",
        "upcoming": "use 'draft: true'",
    }


def test_octopod_episode_gets_a_fix_for_every_key(tmp_path):
    front = (
        "layout: post\nsubtitle: About.\naudio:\n  mp3: ep.mp3\n  m4a: ep.m4a\n"
        "chapters: ['00:00:00.000 Intro', '00:01:00.000 Main']\n"
        "explicit: 'no'\nduration: '1:02:03'\n"
    )
    assert fixes_for(tmp_path, front) == {
        "layout": "remove the line, or begin the key with 'x-'",
        "subtitle": "use 'summary'",
        "mp3": "use 'file'",
        "m4a": "use 'file'",
        "duration": "remove the line",
    }


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_foreign_keys_are_lower_case_and_have_a_fix_and_a_registered_code(table):
    assert [key for key in table if key != key.casefold()] == []
    assert [key for key, foreign_key in table.items() if not is_registered(foreign_key.code)] == []
    assert [key for key, foreign_key in table.items() if not foreign_key.fix] == []


def test_foreign_episode_keys_are_reported_and_their_replacements_exist(tmp_path):
    unreported, unknown_replacements = [], []
    for key, foreign_key in foreign_keys.FOREIGN_EPISODE_KEYS.items():
        if fixes_for(tmp_path, f"{key}: x\n")[key] != foreign_key.fix:
            unreported.append(key)
        if foreign_key.fix.startswith("use "):
            replacement = foreign_key.fix.removeprefix("use ").strip("'").partition(":")[0]
            if "did you mean" in fixes_for(tmp_path, f"{replacement}:\n").get(replacement, ""):
                unknown_replacements.append(replacement)
    assert (unreported, unknown_replacements) == ([], [])


def test_foreign_show_keys_are_reported(tmp_path):
    unreported = []
    for key, foreign_key in foreign_keys.FOREIGN_SHOW_KEYS.items():
        table = parse_yaml_table(f"{key}: x\n", "podcast.yaml")
        shows.show_from_table(table, ShowFolder(tmp_path))
        if foreign_key.fix not in [problem.fix for problem in table.problems]:
            unreported.append(key)
    assert unreported == []


def test_foreign_key_that_is_another_name_of_ours_is_read():
    table = parse_yaml_table("episode: 7", "x")
    assert table.optional("number", int, 0, other_names=("episode",)) == 7
    table.finish(foreign_keys.FOREIGN_EPISODE_KEYS)
    assert table.problems == []
