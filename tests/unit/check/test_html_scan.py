import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.check import html_scan


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<p>one<p>two", ""),
        ("<ul><li>one<li>two</ul>", ""),
        ("a<br>b<img src=x>", ""),
        ("<b>one", "<b> is never closed"),
        ("one</b>", "</b> has no start tag"),
        ("<b><i>one</b></i>", "<i> is not closed before </b>"),
    ],
)
def test_unclosed_elements_are_found(html, problem):
    assert html_scan.find_unclosed_element(html) == problem


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ('<a href="https://pod.example/">x</a><a href="mailto:a@b.example">y</a>', ""),
        ('<a href="page.html">x</a>', "page.html"),
        ("<img src=a.png>", "a.png"),
        ('<a href="">x</a>', "(empty)"),
    ],
)
def test_relative_links_are_found(html, url):
    assert html_scan.find_relative_link(html) == url


@pytest.mark.parametrize(("text", "html"), [("A & B < C", ""), ("A &amp; B", "&amp;"), ("<b>A</b>", "<b>")])
def test_html_in_plain_text_is_found(text, html):
    assert html_scan.find_html(text) == html


def test_blocks_and_breaks_are_lines():
    assert list(html_scan.html_lines("<p>one<br>two &amp; three</p>")) == ["", "one", "two & three"]


@given(st.text())
def test_any_text_can_be_scanned(text):
    for scan in (html_scan.find_unclosed_element, html_scan.find_relative_link, html_scan.find_html):
        scan(text)
    html_scan.element_names(text)
    list(html_scan.html_lines(text))
