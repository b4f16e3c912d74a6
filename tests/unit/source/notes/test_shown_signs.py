"""Bold text and links that Markdown does not read are reported at their line, with what to write."""

import re

import pytest

from podcast_kit.source import notes
from podcast_kit.source.notes.lint import lint_notes


def problems_in(markdown):
    return [
        (warning.line, warning.fix)
        for warning in lint_notes(markdown, lambda _: True)
        if warning.code == "notes.emphasis"
    ]


@pytest.mark.parametrize(
    ("markdown", "line", "fix"),
    [
        ("**Host:**Ann", 0, "write **Host**:"),
        ("x\n\nこれは**「太字」**です。", 2, "write 「**太字**」"),
        ("one\n**太字。**です", 1, "write **太字**。"),
        ("** bold ** text", 0, "write **bold**"),
        ("- a\n- x**(b)** c", 1, "write (**b**)"),
        ("**not closed", 0, "put '**' directly before and after the bold words"),
        ("see\n[pdf](https://a.example/my file.pdf)", 1, "write ](<https://a.example/my file.pdf>)"),
        ("[x](https://a.example/foo_(bar)", 0, "check its brackets, or write the URL as ](<https://...>)"),
    ],
)
def test_signs_that_listeners_would_see_are_reported(markdown, line, fix):
    assert problems_in(markdown) == [(line, fix)]


@pytest.mark.parametrize(
    "markdown",
    [
        "**Host:** Ann and **bold**, (**x**) un**frigging**believable **a** **b**",
        "**two\nlines** and ***both*** and **a *b* c**",
        "`**` and \\*\\*x\\*\\* and 2\\*\\*8",
        "```\n**Host:**Ann\n```",
        "    **Host:**Ann",
        "[x](<https://a.example/my file.pdf>) [y](https://a.example/foo_(bar)) [z](https://a.example 'title')",
        "**[x](https://a.example/)** and [**y**](https://a.example/)",
        "\\[x](y)",
    ],
)
def test_signs_that_nobody_sees_are_not_reported(markdown):
    assert problems_in(markdown) == []


@pytest.mark.parametrize(
    "markdown", ["**Host:**Ann", "これは**「太字」**です。", "**太字。**です", "** bold ** text", "x**(b)** c"]
)
def test_text_written_as_the_fix_says_is_bold(markdown):
    [(_, fix)] = problems_in(markdown)
    corrected = re.sub(r"\*\*.*\*\*", fix.removeprefix("write "), markdown)
    page = notes.render_notes(corrected, page_url="https://pod.example/x").before.page_html
    assert "<strong>" in page
    assert "*" not in page
    assert problems_in(corrected) == []
