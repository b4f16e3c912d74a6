from pathlib import Path

import pytest

from podcast_kit.source.notes import render_notes
from podcast_kit.source.notes.lint import lint_notes

SLIPS = Path(__file__).parents[3] / "golden/notes/mistakes/slips.md"


def plain_text(markdown):
    return render_notes(markdown, page_url="https://pod.example/episodes/one/").before.plain_text


def warnings(markdown, files=()):
    return [(warning.line + 1, warning.code, warning.text) for warning in lint_notes(markdown, set(files).__contains__)]


def test_footnotes_are_numbered_by_their_references_and_end_the_notes():
    notes = render_notes(
        "A[^b] and [^a].\n\n[^a]: **Bold**\nmore [^b].\n[^b]: https://x.example\n\nLast.\n",
        page_url="https://pod.example/episodes/one/",
    )
    assert notes.before.plain_text == "A[1] and [2].\n\nLast.\n\n[1] https://x.example\n\n[2] Bold more [1]."
    assert "<p>[2] <strong>Bold</strong> more [1].</p>" in notes.before.page_html
    assert '<p>[1] <a href="https://x.example">https://x.example</a></p>' in notes.before.feed_html


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("A[^1].\n\n[^1]: Foot.", "A[1].\n\n[1] Foot."),  # else a link to Foot.
        ("A[^1].", "A[^1]."),
        ("A `[^1]`.\n\n[^1]: Unused.", "A [^1].\n\n[1] Unused."),
        ("A[^1].\n\n[^1]: 1:00 is no chapter", "A[1].\n\n[1] 1:00 is no chapter"),
        ("A[^1].\n[^1]: Right below.", "A[1].\n\n[1] Right below."),
    ],
)
def test_nothing_of_a_footnote_vanishes(markdown, text):
    assert plain_text(markdown) == text


def test_slips_are_reported_at_their_lines():
    markdown = SLIPS.read_text()
    assert [(line, code) for line, code, _ in warnings(markdown)] == [
        (1, "notes.marker"),
        (3, "notes.link"),
        (3, "notes.link"),
    ]
    assert "[1] A footnote." in plain_text(markdown)


@pytest.mark.parametrize(
    ("markdown", "code"),
    [
        ("Hi {{ guest }}", "notes.marker"),
        ("Before {{ prompts }} after", "notes.marker"),
        ("- {{promts}}", "notes.marker"),
        ("[x](www.example.com)", "notes.link"),
        ("[x](slides.pdf)", "notes.link"),
        ("[x](example.com/foo#part)", "notes.link"),
        ("[x]\n\n[x]: other.html", "notes.link"),
        ("A[^1]", "notes.footnote"),
        ("A\n\n[^1]: B", "notes.footnote"),
    ],
)
def test_what_listeners_would_see_or_follow_in_vain_is_warned_of(markdown, code):
    assert [warning[1] for warning in warnings(markdown)] == [code]


@pytest.mark.parametrize(
    "markdown",
    [
        "{{ prompts }}",
        "Text\n{{prompts}}\nmore",
        "`{{ user }}` and `[x](a.html)`",
        "```\n{{ user }} [^1] [x](a.html)\n```",
        "[x](https://example.com/foo) [y](#t=60) [z](/follow/) [m](mailto:a@b.example) [n](../../follow/)",
        "[x](002-two.md)",
        "A[^1]\n\n[^1]: B",
    ],
)
def test_what_is_right_or_code_is_not_warned_of(markdown):
    assert warnings(markdown, {"002-two.md"}) == []
