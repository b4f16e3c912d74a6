"""Text of many characters that nh3 is slow with is sanitized to the same HTML as text of few."""

import pytest

from podcast_kit.source.notes.sanitize import sanitize_comment_html, sanitize_transcript_html


@pytest.mark.parametrize(
    "piece",
    [
        "a & b ",
        "&amp; ",
        "&copy; ",
        "&copy 2026 ",
        "&#8217; ",
        "&#x41;b ",
        "&lt;b&gt; ",
        "&none; ",
        '&"x" ',
        "a\xa0b ",
        "a&nbsp;b ",
    ],
)
def test_many_references_mean_what_few_mean(piece):
    few = sanitize_transcript_html(f"<p>{piece * 10}</p>")
    many = sanitize_transcript_html(f"<p>{piece * 2_000}</p>")
    assert many.removeprefix("<p>").startswith(few.removeprefix("<p>").removesuffix("</p>").rstrip())
    assert len(many) > 100 * len(few)


@pytest.mark.parametrize(
    "piece", ["\xa0", "&nbsp;", "&", "\xa9", "\x85\xbf", '<a href="https://pod.example/?a=1&b=\xa0">\xa0</a>']
)
def test_replies_of_many_references_mean_what_few_mean(piece):
    few, many = sanitize_comment_html(piece * 5), sanitize_comment_html(piece * 2_000)
    assert many == few[: len(few) // 5] * 2_000
