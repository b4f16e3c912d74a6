"""Properties of tagging with any tags: they are read back, rewriting is stable, and the audio is the same."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.audio import probe_audio, read_tags, write_tags
from podcast_kit.audio.tag_text import clean_tag_line, clean_tag_text, iso639_2, with_chapter_ends
from podcast_kit.model import Chapter, Tags
from tests.support.audio_samples import sample

words = st.text(max_size=60)
chapters = st.lists(
    st.builds(
        Chapter, start_ms=st.integers(0, 5000), title=words, toc=st.booleans(), end_ms=st.none() | st.integers(0, 5000)
    ),
    max_size=6,
).map(tuple)
anything = st.builds(
    Tags,
    title=words.filter(clean_tag_line),
    show=words.filter(clean_tag_line),
    author=words,
    number=st.none() | st.integers(1, 60_000),
    season=st.none() | st.integers(1, 60_000),
    summary=words,
    comment=words,
    description=words,
    link=words,
    guid=words,
    keywords=st.lists(words, max_size=3).map(tuple),
    explicit=st.none() | st.booleans(),
    date=st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    chapters=chapters,
)


@pytest.mark.parametrize("name", ["cbr.mp3", "aac.m4a", "speech.opus", "speech.flac"])
@given(tags=anything)
@settings(max_examples=25, deadline=None)
def test_any_tags_are_read_back_and_rewriting_is_stable(name, tags):
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / name, Path(folder) / f"again-{name}"
        said = write_tags(sample(name), first, tags)
        found = read_tags(first)
        assert (found.title, found.show, found.author) == (
            clean_tag_line(tags.title),
            clean_tag_line(tags.show),
            clean_tag_line(tags.author),
        )
        assert (found.number, found.season) == (tags.number, tags.season)
        assert found.guid == clean_tag_line(tags.guid)
        assert write_tags(first, second, tags) == said
        assert probe_audio(first).payload_sha256 == probe_audio(sample(name)).payload_sha256


@given(words)
def test_cleaning_tag_text_is_idempotent(text):
    assert clean_tag_text(clean_tag_text(text)) == clean_tag_text(text)
    assert clean_tag_line(clean_tag_line(text)) == clean_tag_line(text)
    assert not set(clean_tag_line(text)) & set("\0\n\r\t\x0b\x7f")
    assert clean_tag_text(text).encode("utf-8").decode("utf-8") == clean_tag_text(text)


@given(chapters, st.integers(0, 6000))
def test_chapters_end_after_they_begin_and_within_the_file(marks, end_ms):
    found = with_chapter_ends(marks, end_ms)
    assert [mark.start_ms for mark, _ in found] == sorted(mark.start_ms for mark in marks if mark.start_ms < end_ms)
    assert all(mark.start_ms <= end <= end_ms for mark, end in found)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "deu"), ("en-GB", "eng"), ("pt_BR", "por"), ("gsw", "gsw"), ("", "und"), ("xx", "und"), ("ZH-Hant", "zho")],
)
def test_language_codes_have_three_letters(language, expected):
    assert iso639_2(language) == expected
