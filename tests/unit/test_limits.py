"""What is over a limit is refused, with a problem that names the limit; the limits leave room for real shows."""

import pytest

from podcast_kit import limits
from podcast_kit.errors import InvalidInput
from podcast_kit.feed.reader import MAX_FEED_BYTES, parse_feed
from podcast_kit.source.chapters.files import parse_chapters
from podcast_kit.source.episode import EpisodeFileContext, parse_episode
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.transcripts import parse_transcript
from podcast_kit.source.transcripts.files import MAX_TRANSCRIPT_BYTES
from podcast_kit.source.yaml import MAX_SOURCE_BYTES
from podcast_kit.text.html_depth import flatten_html, is_nested_too_deep


def test_limits_are_no_lower_than_promised():
    assert limits.MAX_NOTES_BYTES >= 256_000
    assert MAX_TRANSCRIPT_BYTES >= 5_000_000
    assert MAX_FEED_BYTES >= 50_000_000


@pytest.mark.parametrize(
    ("parse", "limit"),
    [
        (lambda data: parse_transcript(data, "a.vtt"), MAX_TRANSCRIPT_BYTES),
        (lambda data: parse_chapters(data, "a.txt"), MAX_SOURCE_BYTES),
        (parse_feed, MAX_FEED_BYTES),
    ],
)
def test_a_file_over_its_limit_is_refused_with_the_limit(parse, limit):
    with pytest.raises(InvalidInput) as caught:
        parse(b"a" * (limit + 1))
    (problem,) = caught.value.problems
    assert f"{limit:,}" in problem.text
    assert problem.fix


def test_notes_over_the_limit_are_refused_with_the_limit_and_those_at_it_are_not(tmp_path):
    def problems_of(length):
        problems = []
        front = b"---\ntitle: Talk\ndate: 2026-11-22\n---\n"
        parse_episode(
            front + b"a" * length, EpisodeFileContext(ShowFolder(tmp_path.resolve()), "episodes/a.md", {}), problems
        )
        return [problem.text for problem in problems if "notes" in problem.text]

    assert problems_of(limits.MAX_NOTES_BYTES) == []
    assert problems_of(limits.MAX_NOTES_BYTES + 1) == ["the notes are longer than 256,000 bytes"]


def test_html_of_too_many_open_elements_is_noticed():
    assert is_nested_too_deep("<div>" * 101)
    assert is_nested_too_deep("<i></b>" * 101)
    assert is_nested_too_deep("<P><B>" * 101)
    for harmless in ("<div></div>", "<p>", "<li>", "<br>", "a < b", "<tr><td>", "<p>one<p>two"):
        assert not is_nested_too_deep(harmless * 1_000)


def test_flat_html_keeps_text_and_line_breaks():
    assert flatten_html("<div>a <b>bold</b></div><p class='x'>b") == "<br>a bold<br><br>b"


def test_html_transcript_of_too_many_open_elements_is_refused():
    with pytest.raises(InvalidInput) as caught:
        parse_transcript(b"<ol>" * 101 + b"<p>Words.</p>", "a.html")
    assert [problem.text for problem in caught.value.problems] == ["more than 100 elements are open at the same time"]
