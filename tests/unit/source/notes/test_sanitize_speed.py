"""Text of many ampersands is sanitized to the same HTML as text of few."""

import pytest

from podcast_kit.source.notes.sanitize import sanitize_transcript_html


@pytest.mark.parametrize(
    "piece", ["a & b ", "&amp; ", "&copy; ", "&copy 2026 ", "&#8217; ", "&#x41;b ", "&lt;b&gt; ", "&none; ", '&"x" ']
)
def test_many_references_mean_what_few_mean(piece):
    few = sanitize_transcript_html(f"<p>{piece * 10}</p>")
    many = sanitize_transcript_html(f"<p>{piece * 2_000}</p>")
    assert many.removeprefix("<p>").startswith(few.removeprefix("<p>").removesuffix("</p>").rstrip())
    assert len(many) > 100 * len(few)
