"""HTML of other hosts becomes Markdown: visible content stays, scripts go."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.source import notes
from podcast_kit.source.chapters import find_chapter_list
from podcast_kit.source.notes import from_html as html_notes

PAGE = "https://pod.example/episodes/x/index.html"


def render(markdown):
    return notes.render_notes(markdown, page_url=PAGE).before


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One <b>two</b> <i>three</i></p>", "One **two** *three*"),
        ('<a href="https://a.example/b_c?d=1&amp;e=2">a link</a>', "[a link](https://a.example/b_c?d=1&e=2)"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<h2>Links</h2><p>x</p>", "## Links\n\nx"),
        ("<p>00:00 Intro<br/>01:20 Second</p>", "00:00 Intro  \n01:20 Second"),
        ("plain\nlines & more\n\nanother <paragraph>", "plain  \nlines & more\n\nanother \\<paragraph>"),
        ("see https://a.example/b_c_d_e.", "see https://a.example/b_c_d_e."),
        ("<p>x</p><script>alert(1)</script><style>p {}</style>", "x"),
    ],
)
def test_html_becomes_idiomatic_markdown(html, markdown):
    assert html_notes.html_to_markdown(html) == markdown


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80))
def test_words_survive_html_to_markdown_to_text(words):
    from html import escape

    text = render(html_notes.html_to_markdown(f"<p>{escape(words)}</p>")).plain_text
    assert re.sub(r"\W", "", text) == re.sub(r"\W", "", " ".join(words.split()))


def test_timestamps_in_html_stay_chapters():
    markdown = html_notes.html_to_markdown(
        "<p>00:00 Intro<br>01:20 <a href='https://a.example'>Second</a><br />02:30 End</p>"
    )
    timestamps, _ = find_chapter_list(markdown)
    assert [timestamp.start_ms for timestamp in timestamps] == [0, 80_000, 150_000]


def test_html_to_text_lines_has_a_line_per_paragraph():
    assert (
        html_notes.html_to_text_lines("<p>a <b>b</b></p><ul><li>c</li></ul>Tom &amp; Ann<br>d")
        == "a b\nc\nTom & Ann\nd"
    )
    assert html_notes.html_to_text_lines("one\n\n  two  three") == "one\ntwo three"


def test_deeply_nested_html_is_converted():
    assert "deep" in html_notes.html_to_markdown("<div>" * 5000 + "deep" + "</div>" * 5000)


def test_relative_urls_become_absolute():
    html = '<p><img src="/a.png" alt="A"> <img src="//cdn.example/b.png" alt="B"> <a href="about">us</a></p>'
    whole = "![A](https://old.example/a.png) ![B](https://cdn.example/b.png) [us](https://old.example/talks/about)"
    assert html_notes.html_to_markdown(html, "https://old.example/talks/1") == whole


def test_image_without_web_url_becomes_its_alternative_text():
    assert (
        html_notes.html_to_markdown('<p>So <img src="../../etc/x.png" alt="a chart"> it is<img src="y"></p>')
        == "So a chart it is"
    )
