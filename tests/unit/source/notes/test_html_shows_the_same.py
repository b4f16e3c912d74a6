"""HTML of any host and the notes made of it show the same text, links, images and bold words."""

import gc
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.source import notes
from podcast_kit.source.chapters import chapters_from_notes
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.notes import markdown as markdown_notes

PAGE = "https://pod.example/episodes/x/index.html"
WORDS = st.sampled_from((Path(__file__).parent / "odd_words.txt").read_text("utf-8").split("\n"))
"""A word or a sign on each line."""
URLS = st.sampled_from(
    [
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
    ]
)
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
            is_on_web = src.startswith(("https://", "/"))
            is_in_link = image.find_parent("a", href=True) is not None
            alt = " ".join(image["alt"].split())
            image.replace_with(alt or ("" if not is_on_web or is_in_link else src))
    return "".join(soup.get_text().split())


def letters_in(html, names, except_in=()):
    """The letters with a format."""
    soup = BeautifulSoup(f"<body>{html}", "lxml")
    for image in soup("img"):
        image.replace_with("" if except_in else image["alt"])
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
    urls = [urljoin("https://old.example/page", url) for label, url in links_in(html) if label]
    targets = {markdown_notes.normalize_link(url.replace("`", "%60").replace("\\", "%5C")) for url in urls}
    missing = targets - {markdown_notes.normalize_link(url) for _, url in links_in(page)}
    assert not missing, converted.markdown
    bold = letters_in(page, ["strong"])
    assert is_within(letters_in(html, ["b", "strong"], ["code", "pre"]), bold), converted.markdown
    assert is_within(bold, letters_in(html, ["b", "strong"])), converted.markdown
    assert is_within(letters_in(page, ["em"]), letters_in(html, ["i", "em"])), converted.markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p><b>Host:</b>Ann</p>", "**Host**:Ann"),
        ("<p>これは<b>「太字」</b>です。</p>", "これは「**太字**」です。"),
        ("<b>太字。</b>です", "**太字**。です"),
        ("Host<b><a href='https://a.example/'>Ann</a></b>", "Host[**Ann**](https://a.example/)"),
        ("<a href='https://a.example/my file.pdf'>pdf</a>", "[pdf](https://a.example/my%20file.pdf)"),
        ("<a href='https://a.example/foo_(bar)'>x</a>", "[x](https://a.example/foo_(bar))"),
        ("<a href='https://a.example/foo)'>x</a>", "[x](<https://a.example/foo)>)"),
        ("<a href='https://a.example/x'>https://a.example/x</a>", "https://a.example/x"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li>a<ol><li>b<li>c</ol><li>d</ul>", "- a\n  1. b\n  2. c\n- d"),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n* b"),
        ("<table><tr><th>a<th>b<tr><td>c<td>d|e</table>", "| a | b |\n| --- | --- |\n| c | d\\|e |"),
        ("<pre>one\ntwo</pre>", "one  \ntwo"),
        ("<pre><code>if x:\n    y</code></pre>", "```\nif x:\n    y\n```"),
        ("<center><font color=red>x</font></center>", "x"),
        (
            "<a href='https://a.example/'><img src='https://a.example/x.png' alt='logo'></a>",
            "[![logo](https://a.example/x.png)](https://a.example/)",
        ),
        ("one\n<a href='https://a.example/'>two</a>\n\nthree", "one  \n[two](https://a.example/)\n\nthree"),
        ("<b style='font-weight:normal'>x <span style='font-weight:700'>y</span></b>", "x **y**"),
        ("{{ prompts }}", "\\{\\{ prompts }}"),
    ],
)
def test_html_becomes_markdown_that_a_person_would_write(html, markdown):
    assert html_notes.convert_html_notes(html) == html_notes.ConvertedNotes(markdown)


@pytest.mark.parametrize(
    ("html", "loss"),
    [
        ('<p>x</p><iframe src="https://v.example/1"></iframe>', "the <iframe> of 'https://v.example/1'"),
        ("<p>x <a href='javascript:x()'>y</a></p>", "the link to 'javascript:x()'"),
        ("<p>x<img src='cid:1' alt='y'></p>", "the image 'cid:1'"),
        ("<p>" + "x" * html_notes.MAX_HTML_LEN + "</p>", "the text after 256,000 characters"),
        ("<p>x</p>" * 10_001, "the formats and links, because the text has too many tags or lines"),
        ("<pre><br>" * 101, "the formats and links, because the text has too many tags or lines"),
    ],
)
def test_what_notes_cannot_show_is_named(html, loss):
    assert html_notes.convert_html_notes(html).losses == (loss,)


def test_what_nobody_sees_is_left_out_in_silence():
    html = '<p>x</p><img src="https://t.example/p" width="1" height="1"><script>y</script><!-- z --><style>p {}</style>'
    assert html_notes.convert_html_notes(html) == html_notes.ConvertedNotes("x")


def test_links_of_the_html_are_in_the_notes():
    html = '<p><a href="https://a.example/my file">a</a> <a href="/b">b</a> <a href="mailto:c@a.example">c</a></p>'
    page = page_of(html_notes.html_to_markdown(html, "https://old.example/"))
    assert links_in(page) == [
        ("a", "https://a.example/my%20file"),
        ("b", "https://old.example/b"),
        ("c", "mailto:c@a.example"),
    ]


def test_linked_image_is_one_link_on_the_page_and_in_the_feed():
    for alt, label in (("logo", "logo"), ("", "https://a.example/")):
        html = f'<a href="https://a.example/"><img src="https://a.example/x.png" alt="{alt}"></a>'
        shown = notes.render_notes(html_notes.html_to_markdown(html), page_url=PAGE).before
        link = f'<p><a href="https://a.example/">{label}</a></p>'
        assert (shown.page_html.strip(), shown.feed_html.strip()) == (link, link)
        assert "https://a.example/" in shown.plain_text


def test_table_without_header_shows_no_header():
    html = "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
    shown = notes.render_notes(html_notes.html_to_markdown(html), page_url=PAGE).before
    assert "<th" not in shown.page_html
    assert shown.page_html.count("<td>") == 4


@pytest.mark.parametrize(
    "html",
    [
        "<p>00:00 - Intro<br>01:20 - Topic</p>",
        "<p>- 00:00 Intro<br>- 01:20 Topic</p>",
        "<p>* 00:00 Intro<br>* 01:20 Topic</p>",
        "<p>1. 00:00 Intro<br>2. 01:20 Topic</p>",
        "<p>(00:00) Intro<br>(01:20) Topic</p>",
        "<p>[00:00] Intro<br>[01:20] Topic</p>",
        "<p>00:00 | Intro<br>01:20 | Topic</p>",
        "<p>00:00: Intro<br>01:20: Topic</p>",
        "<p>00:00 – Intro</p><p>01:20 – Topic</p>",
        "<ul><li>00:00 - Intro</li><li>01:20 - Topic</li></ul>",
        "<p><b>00:00</b> - Intro<br><strong>01:20</strong> - Topic</p>",
        "<p><b>00:00 -</b>Intro<br><b>01:20 -</b>Topic</p>",
        "<p><a href='https://a.example/'>00:00</a> - Intro<br><a href='https://a.example/'>01:20</a> - Topic</p>",
        "<pre>00:00 Intro\n01:20 Topic</pre>",
        "<div>00:00 Intro</div><div>01:20 Topic</div>",
        "<table><tr><td>00:00</td><td>Intro</td></tr><tr><td>01:20</td><td>Topic</td></tr></table>",
        "<h3>00:00 Intro</h3><p>x</p><h3>01:20 Topic</h3>",
        "00:00 Intro\n01:20 <a href='https://a.example/'>Topic</a>",
    ],
)
def test_timestamps_in_html_become_chapters_with_their_titles(html):
    markdown = html_notes.html_to_markdown(html)
    chapters, _ = chapters_from_notes(markdown)
    assert [(chapter.start_ms, chapter.title) for chapter in chapters] == [(0, "Intro"), (80_000, "Topic")], markdown


ADVERSARIAL = {
    "bold": "<b>a</b> ", "bold beside letters": "x<b>(a)</b>", "open bold": "<b>", "open lists": "<ul><li>x",
    "open tables": "<table><tr><td>x", "rows": "<tr><td>x<td>y", "stars": "*", "underscores": "_a", "brackets": "[",
    "link ends": "](", "less than": "<", "backticks": "`a", "www": "www.", "schemes": "http://",
    "urls": "https://a.example/*x ",
    "mail": "a@",
    "breaks": "x<br>", "comments": "<!--", "braces": "{", "pipes": "|", "backslashes": "\\",
    "tags": "x <p",
    "times": "00:00 a<br>", "cjk": "「<b>「a」</b>」",
}  # fmt: skip


@pytest.fixture
def frozen_garbage():
    """What earlier tests left, which would be looked through again and again, is not."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.slow
@pytest.mark.usefixtures("frozen_garbage")
def test_adversarial_html_is_converted_in_linear_time():
    for name, piece in ADVERSARIAL.items():
        seconds = []
        for length in (2_000, 8_000):
            started = time.process_time()
            html_notes.convert_html_notes(piece * (length // len(piece)))
            seconds.append(time.process_time() - started)
        assert seconds[1] < 10 * seconds[0] + 0.3, f"{name}: {seconds}"
