import re
import tomllib
from datetime import UTC, date, datetime

import pytest

from podcast_kit.site.i18n import load_translations
from podcast_kit.site.templates import default_templates

FILES = sorted((default_templates() / "strings").glob("*.toml"))
ENGLISH = tomllib.loads((default_templates() / "strings" / "en.toml").read_text("utf-8"))


@pytest.fixture
def translations(tmp_path):
    return lambda language, zone="UTC": load_translations(language, zone, tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_language_has_every_string_with_the_same_placeholders(path):
    strings = tomllib.loads(path.read_text("utf-8"))
    assert strings.keys() == ENGLISH.keys()
    for key, text in strings.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", ENGLISH[key])), key
    assert len(strings["months"].split()) == 12


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "1 March 2026"), ("de-AT", "1. März 2026"), ("fr", "1 mars 2026"), ("es", "1 de marzo de 2026")],
)
def test_dates_are_in_the_form_of_the_language(translations, language, expected):
    assert translations(language).date(datetime(2026, 3, 1, 12, tzinfo=UTC)) == expected


def test_dates_are_in_the_shows_time_zone(translations):
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert translations("en", "Europe/Vienna").date(late) == "2 March 2026"
    assert translations("en", "America/New_York").date(late) == "1 March 2026"


@pytest.mark.parametrize(
    ("seconds", "expected"),
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
def test_durations_are_rounded(translations, seconds, expected):
    assert translations("en").duration(seconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (23_456_789, "23 MB"), (1_250_000_000, "1.2 GB")],
)
def test_sizes_are_in_decimal_units(translations, count, expected):
    assert translations("en").size(count) == expected


def test_numbers_have_the_decimal_mark_of_the_language(translations):
    assert translations("de").size(1_500_000) == "1,5 MB"


@pytest.mark.parametrize(
    ("role", "expected"), [("guest", "Guest"), ("Co-Host", "Co-host"), ("Foley Artist", "Foley Artist")]
)
def test_an_unknown_role_is_not_translated(translations, role, expected):
    assert translations("en").role(role) == expected


def test_an_unknown_language_falls_back_to_english(translations):
    assert translations("tlh")("download") == "Download"


@pytest.mark.parametrize(("count", "expected"), [(1, "1 episode of X"), (2, "2 episodes of X"), (0, "0 episodes of X")])
def test_singular_and_plural(translations, count, expected):
    assert translations("en")("shelf_episodes", n=count, title="X") == expected


@pytest.mark.parametrize(
    ("language", "direction"), [("en", "ltr"), ("he-IL", "rtl"), ("ar", "rtl"), ("zh-Hant", "ltr")]
)
def test_text_direction_of_a_language(translations, language, direction):
    assert translations(language).direction == direction


def test_units_of_a_language(translations):
    assert translations("fr").size(23_456_789) == "23 Mo"
    assert translations("es").size(1_500_000) == "1,5 MB"


def test_a_date_without_a_time_is_not_converted(translations):
    assert translations("de", "America/New_York").date(date(2026, 8, 18)) == "18. August 2026"


def test_every_string_is_translated():
    """Strings that are equal to English in some language are listed; all others must differ."""
    untranslated = {
        "units", "decimal", "colon", "hours", "minutes", "seconds", "hours_minutes", "date", "trailer", "bonus", "by",
        "tag", "page", "pages", "season", "transcript", "feeds", "role_reporter", "role_composer",
        "role_sound_designer", "role_transcriber", "role_narrator", "role_editor", "role_researcher",
    }  # fmt: skip
    for path in FILES:
        if path.stem != "en":
            strings = tomllib.loads(path.read_text("utf-8"))
            assert {key for key, text in strings.items() if text == ENGLISH[key]} <= untranslated, path.stem


def test_templates_have_no_text_of_their_own():
    """Text for listeners is in the strings files; templates only have values, symbols and proper names between tags.

    The report of downloads is for the podcaster, in English as everything that the commands print.
    """
    names = {"RSS", "JSON", "OPML", "s", "Apple", "Podcasts", "Mastodon"}
    for path in default_templates().rglob("*.html"):
        if path.name == "stats.html":
            continue
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!doctype html>", " ", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"#\w+", " ", text)  # a link within the page
        visible = re.sub(
            r"<style>.*?</style>|<script>.*?</script>|<[a-z/](?:[^<>\"]|\"[^\"]*\")*>", " ", text, flags=re.DOTALL
        )
        assert set(re.findall(r"[^\W\d_]+", visible)) <= names, path.name
