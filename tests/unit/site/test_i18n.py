import re
import tomllib
from datetime import UTC, date, datetime

import pytest

from podcast_kit.site.i18n import words
from podcast_kit.site.templates import default_templates

FILES = sorted((default_templates() / "strings").glob("*.toml"))
ENGLISH = tomllib.loads((default_templates() / "strings" / "en.toml").read_text("utf-8"))


@pytest.fixture
def say(tmp_path):
    return lambda language, zone="UTC": words(language, zone, tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_language_says_everything_and_leaves_the_same_gaps(path):
    said = tomllib.loads(path.read_text("utf-8"))
    assert said.keys() == ENGLISH.keys()
    for key, text in said.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", ENGLISH[key])), key
    assert len(said["months"].split()) == 12


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "1 March 2026"), ("de-AT", "1. März 2026"), ("fr", "1 mars 2026"), ("es", "1 de marzo de 2026")],
)
def test_a_date_is_written_as_people_write_it(say, language, said):
    assert say(language).date(datetime(2026, 3, 1, 12, tzinfo=UTC)) == said


def test_a_day_is_that_of_the_shows_time_zone(say):
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert say("en", "Europe/Vienna").date(late) == "2 March 2026"
    assert say("en", "America/New_York").date(late) == "1 March 2026"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (9.6, "10 sec"),
        (59.4, "59 sec"),
        (60, "1 min"),
        (3569, "59 min"),
        (3600, "1 hr"),
        (5430, "1 hr 30 min"),
        (7199, "2 hr"),
    ],
)
def test_a_length_is_no_more_exact_than_one_wants_it(say, seconds, said):
    assert say("en").duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (23_456_789, "23 MB"), (1_250_000_000, "1.2 GB")]
)
def test_a_size_is_in_units_of_downloads(say, count, said):
    assert say("en").size(count) == said


def test_numbers_have_the_comma_of_the_language(say):
    assert say("de").size(1_500_000) == "1,5 MB"


@pytest.mark.parametrize(
    ("role", "said"), [("guest", "Guest"), ("Co-Host", "Co-host"), ("Foley Artist", "Foley Artist")]
)
def test_a_role_without_a_word_stays_as_it_was_written(say, role, said):
    assert say("en").role(role) == said


def test_an_unknown_language_speaks_english(say):
    assert say("tlh")("download") == "Download"


@pytest.mark.parametrize(("count", "said"), [(1, "1 episode of X"), (2, "2 episodes of X"), (0, "0 episodes of X")])
def test_one_and_many_are_told_apart(say, count, said):
    assert say("en")("shelf_episodes", n=count, title="X") == said


@pytest.mark.parametrize(
    ("language", "direction"), [("en", "ltr"), ("he-IL", "rtl"), ("ar", "rtl"), ("zh-Hant", "ltr")]
)
def test_the_direction_is_that_of_the_language(say, language, direction):
    assert say(language).direction == direction


def test_units_are_those_of_the_language(say):
    assert say("fr").size(23_456_789) == "23 Mo"
    assert say("es").size(1_500_000) == "1,5 MB"


def test_a_day_without_an_hour_stays_that_day(say):
    assert say("de", "America/New_York").date(date(2026, 8, 18)) == "18. August 2026"


def test_no_english_is_left_in_another_language():
    """Words that are the same by chance are named; all else must have been translated."""
    same = {
        "units", "decimal", "colon", "hours", "minutes", "seconds", "hours_minutes", "date", "trailer", "bonus", "by",
        "tag", "page", "pages", "season", "transcript", "feeds", "role_reporter", "role_composer",
        "role_sound_designer", "role_transcriber", "role_narrator", "role_editor", "role_researcher",
    }  # fmt: skip
    for path in FILES:
        if path.stem != "en":
            said = tomllib.loads(path.read_text("utf-8"))
            assert {key for key, text in said.items() if text == ENGLISH[key]} <= same, path.stem


def test_templates_hold_no_words_of_their_own():
    """What listeners read stands in the files of words: between tags there are only values, signs and proper names."""
    names = {"RSS", "JSON", "OPML", "s", "Apple", "Podcasts"}
    for path in default_templates().rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!doctype html>", " ", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"#\w+", " ", text)  # a link within the page
        said = re.sub(
            r"<style>.*?</style>|<script>.*?</script>|<[a-z/](?:[^<>\"]|\"[^\"]*\")*>", " ", text, flags=re.DOTALL
        )
        assert set(re.findall(r"[^\W\d_]+", said)) <= names, path.name
