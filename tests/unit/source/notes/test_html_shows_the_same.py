"""HTML of any host and the notes made of it show the same text, links, images and bold words."""

import re
import time

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podcast_kit.source import notes
from podcast_kit.source.chapters import chapters_from_notes
from podcast_kit.source.notes import from_html as html_notes

PAGE = "https://pod.example/episodes/x/index.html"
WORDS = st.sampled_from(
    "Ann|Host:|これは|「太字」|です。|bold|snake_case_name|_x_|__init__|*|**|***|5 * 3|~~|~|`code`|``|# one|- two|1. three"
    "|2) four|+|>|> quote|[1]|[^1]|[a](b)|![c](d)|]|[|\\|\\*|<b>|&|&amp;|&copy;|{{ prompts }}|{% if %}|00:00|01:20 - Topic"
    "|(02:30)|[03:40]|00:00 – 00:10|---|===|***|| a | b ||--|--||🎙️|👩‍💻|é|¿Qué?|“quoted”|don’t|!|!!|?|…|$5|100%|a|1|\u00a0"
    "|\u3000|\u200b|https://a.example/b_c_d|https://a.example/x?a=1&b=2#c|https://a.example/(x)|http://a.example/%D0%B0"
    "|www.a.example|ann_b@a.example|@ann|#tag|C++|:|::|:-)|;|'|\"|x|y|z|/|//a.example|```|~~~|    indented|\t|  ".split("|")
)
URLS = st.sampled_from([
    "https://a.example/",
    "https://a.example/my file.pdf",
    "https://a.example/foo_(bar)",
    "https://a.example/foo)",
    "https://a.example/[x]",
    "https://a.example/a*b*c_d_",
    "https://a.example/?a=1&b=2&copy;=3",
    "https://a.example/日本",
    "https://a.example/`x`|y",
    'https://a.example/"q"',
    "https://a.example/a\\b",
    "mailto:ann@a.example",
    "tel:+1-555",
    "#t=60",
    "/relative/path",
    "https://b_c.example/x_y",
])
INLINE = ("b", "strong", "i", "em", "u", "s", "code", "span", "font", "small", "sub", "a")
BLOCKS = ("p", "div", "blockquote", "center", "pre", "section", "h1", "h2", "h3", "h4", "h5", "h6")


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@st.composite
def texts(draw):
    return escape(draw(st.sampled_from(["", " ", "\n"])).join(draw(st.lists(WORDS, min_size=1, max_size=3))))


def elements(children):
    @st.composite
    def element(draw):
        name = draw(st.sampled_from(INLINE + BLOCKS + ("ul", "ol", "table", "br", "hr", "img")))
        if name in {"br", "hr"}:
            return f"<{name}>"
        if name == "img":
            return f'<img src="{escape(draw(URLS))}" alt="pic {draw(texts())}">'
        parts = draw(st.lists(children, min_size=1, max_size=3))
        if name in {"ul", "ol"}:
            start = draw(st.sampled_from(["", ' start="5"', ' start="1"']))
            return f"<{name}{start}>" + "".join(f"<li>{part}</li>" for part in parts) + f"</{name}>"
        if name == "table":
            cell = draw(st.sampled_from(["td", "th"]))
            rows = [draw(st.lists(children, min_size=1, max_size=3)) for _ in parts]
            return (
                "<table>"
                + "".join(f"<tr>{''.join(f'<{cell}>{part}</{cell}>' for part in row)}</tr>" for row in rows)
                + "</table>"
            )
        attributes = f' href="{escape(draw(URLS))}"' if name == "a" else ""
        return f"<{name}{attributes}>" + draw(st.sampled_from(["", " "])).join(parts) + f"</{name}>"

    return element()


HTML = st.lists(st.recursive(texts(), elements, max_leaves=12), min_size=1, max_size=4).map("".join)


def page_of(markdown):
    return notes.render_notes(markdown, page_url=PAGE).before.page_html


def shown_text(html, *, with_images):
    soup = BeautifulSoup(f"<body>{html}", "lxml")
    for image in soup("img"):
        if with_images:
            src = image.get("src", "")
            is_on_web = src.startswith("https://") or src.startswith("/")
            is_in_link = image.find_parent("a", href=True) is not None
            alt = " ".join(image["alt"].split())
            image.replace_with(alt or ("" if not is_on_web or is_in_link else src))
    return "".join(soup.get_text().split())


def letters_in(html, names, except_in=()):
    """The letters with a format."""
    soup = BeautifulSoup(f"<body>{html}", "lxml")
    strings = [string for string in soup.find_all(string=True) if string.find_parent(names)]
    return "".join(
        char for string in strings if not string.find_parent(except_in or [""]) for char in string if char.isalnum()
    )


def is_within(letters, others):
    """Whether all letters are in the others, in order."""
    remaining = iter(others)
    return all(letter in remaining for letter in letters)


def links_in(html):
    soup = BeautifulSoup(f"<body>{html}", "lxml")
    return [("".join(link.get_text().split()), link["href"]) for link in soup("a", href=True)]


CASES = [
    "<p><strong>Host:</strong>Ann, and これは<strong>「太字」</strong>です。</p>",
    '<p><a href="https://a.example/my file.pdf">pdf</a></p>',
    "x<b>(y)</b>z <i>“q”</i>z<b>!</b>a",
    "a<b>b</b><i>c</i><b><i>d</i></b>e<i>f<b>g</b></i><b>h</b>",
    "<b>bold </b>and <b> bold</b>er<b>\u00a0x\u00a0</b>y",
    'Host<b><a href="https://a.example/">Ann</a> x</b>y',
    "Host<b><code>x</code></b>y",
    "<ul><li>a</li><ul><li>b</li></ul></ul>",
    "<ol><li>a<ol start=5><li>b</ol></ol><ol><li>c</ol><ol><li>d</ol>",
    "<ol><li></li><li>b</li></ol>",
    "<ul><li><hr></li><li><pre>  x\n   y</pre></li><li><h2>#</h2></li></ul>",
    "<h2>C#</h2><h3>a<br>b</h3>",
    "{{ prompts }}<br>{{prompts}}<p>[^1]: x</p><p>[x]: https://a.example/</p>",
    "<table><tr><th>a|b<th>c<tr><td><code>x|y</code><td>z</table>",
    "<table><tr><td>only</table><table><tr><td><p>x</p><p>y</p><td>z</table>",
    "<table><caption>c</caption><tr><td>a<td>b<tr><td>c</table>",
    "a | b<br>--|--<br>c | d",
    "a<br>===<p>b<br>---",
    "<pre>00:00 Intro\n01:20 - Topic</pre>",
    "<pre>a  b   c\n    d</pre>",
    '<a href="https://a.example/"><img src="https://a.example/x.png" alt="logo"></a>',
    '<a href="https://a.example/"><h2>x</h2><p>y</p></a>',
    "<p>a<p>b<div>c<div>d</div></div>e",
    "<li>a<li>b",
    "<blockquote>" * 30 + "deep" + "</blockquote>" * 30,
    "<ul><li>x" * 30,
    "wow!<a href='https://a.example/'>x</a> !<img src='https://a.example/x.png' alt='y'>",
    "&lt;p&gt;x&lt;/p&gt; &amp;copy; &amp;#65; AT&amp;T",
    "a\\<br>b\\\\<br>c",
    "<code>`</code> <code> x </code> <code>``a</code>",
    "https://a.example/%D0%B0 https://a.example/*x* https://a.example/a~~b~~c",
]


@settings(max_examples=300, deadline=None)
@given(HTML)
def test_notes_show_the_text_of_the_html(html):
    check_same(html)


@pytest.mark.parametrize("html", CASES)
def test_notes_of_real_forms_show_the_text_of_the_html(html):
    check_same(html)


def check_same(html):
    converted = html_notes.convert_html_notes(html, "https://old.example/page")
    page = page_of(converted.markdown)
    if not html_notes.MARKUP.search(html):
        html = html.replace("<", "&lt;")
    assert shown_text(page, with_images=False) == shown_text(html, with_images=True), converted.markdown
    assert [loss for loss in converted.losses if not loss.startswith(("the link", "the image"))] == []
    bold = letters_in(page, ["strong"])
    assert is_within(letters_in(html, ["b", "strong"], ["code", "pre"]), bold), converted.markdown
    assert is_within(bold, letters_in(html, ["b", "strong"])), converted.markdown
    assert is_within(letters_in(page, ["em"]), letters_in(html, ["i", "em"])), converted.markdown
