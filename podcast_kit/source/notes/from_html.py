"""Converts the HTML of other hosts to the Markdown of show notes, and compares what both show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

from podcast_kit.source.notes.html_blocks import parse_html_blocks, parse_html_tree
from podcast_kit.source.notes.markdown import parse_markdown
from podcast_kit.source.notes.markdown_writer import write_blocks, write_plain_paragraphs
from podcast_kit.source.notes.renderer import alt_text
from podcast_kit.text.html_depth import is_nested_too_deep

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_HTML_LEN = 256_000
"""Characters of one text; real shows have at most a tenth of that, and longer notes could not be published."""
MAX_HTML_PARTS = 20_000
"""Tags and lines of one text; with more of them, only its words are kept."""
_ELEMENTS = (
    "a|abbr|address|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|del"
    "|details|dfn|div|dl|dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input"
    "|ins|kbd|label|li|link|main|mark|menu|meta|nav|noscript|object|ol|p|pre|q|s|samp|script|section|small|source|span"
    "|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|tfoot|th|thead|time|title|tr|tt|u|ul|var|video"
    "|wbr"
)
MARKUP = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>|<!--|<!\[CDATA\[|<!doctype", re.IGNORECASE)
_LINE_MARKUP = re.compile(
    r"<(?:p|br|div|ul|ol|li|h[1-6]|table|tr|blockquote|pre|hr|section|article|dl)\b", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[^<>]*>")
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKING_ELEMENTS = ("p", "br", "li", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "tr", "dt", "dd", "pre")
_INVISIBLE_ELEMENTS = (
    "script", "style", "iframe", "object", "embed", "form", "template", "noscript", "head", "title",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConvertedNotes:
    """Show notes that were HTML."""

    markdown: str
    losses: tuple[str, ...] = ()
    """What the HTML shows and the notes do not, in words."""


def convert_html_notes(html: str, base: str = "") -> ConvertedNotes:
    """Markdown that renders like the HTML: the same text, formats, links, lists, headings, tables and images.

    Scripts and the like are left out. Text without any markup keeps its lines. URLs are made absolute against `base`,
    the URL of the page with the HTML; an image that is still not on the web becomes its alternative text.
    """
    html, losses = _bound_html(_ILLEGAL.sub("", html))
    if not MARKUP.search(html):
        html = _text_to_html_paragraphs(html)
    has_lines = bool(_LINE_MARKUP.search(html))  # else it is text with a few links, whose line breaks are meant
    blocks = parse_html_blocks(html, base, keeps_lines=not has_lines)
    losses += blocks.losses
    markdown, tokens = write_blocks(blocks.document)
    if _visible_text(tokens) != blocks.text:
        markdown = write_plain_paragraphs(blocks.document)
        losses += ("the formats and links, because Markdown would change the text",)
        if _visible_text(parse_markdown(markdown)) != blocks.text:
            losses += ("some of the text",)
    return ConvertedNotes(markdown.strip("\n"), losses)


def _bound_html(html: str) -> tuple[str, tuple[str, ...]]:
    """HTML that parsers read quickly, and what it lacks of the original; of HTML that no person wrote only the text."""
    losses: tuple[str, ...] = (f"the text after {MAX_HTML_LEN:,} characters",) if len(html) > MAX_HTML_LEN else ()
    html = html[:MAX_HTML_LEN]
    if html.count("<") + html.count("\n") <= MAX_HTML_PARTS and not is_nested_too_deep(html):
        return html, losses
    losses += ("the formats and links, because the text has too many tags or lines",)
    return f"<p>{escape(' '.join(unescape(_ANY_TAG.sub(' ', html)).split()), quote=False)}</p>", losses


def html_to_markdown(html: str, base: str = "") -> str:
    """The Markdown of some HTML; see `convert_html_notes`."""
    return convert_html_notes(html, base).markdown


def _visible_text(tokens: list[Token]) -> str:
    """The text that Markdown shows, without blanks; of images, the alternative text."""
    pieces: list[str] = []
    for token in tokens:
        if token.type in {"fence", "code_block"}:
            pieces.append(token.content)
        pieces += [alt_text(child) if child.type == "image" else child.content for child in token.children or ()]
    return "".join("".join(pieces).split())


def html_to_text_lines(html: str) -> str:
    """The text of some HTML, one paragraph per line."""
    if not MARKUP.search(html) and "&" not in html:
        return "\n".join(" ".join(line.split()) for line in html.strip().splitlines() if line.strip())
    soup = parse_html_tree(_bound_html(html)[0])
    for element in soup(_INVISIBLE_ELEMENTS):
        element.decompose()
    for element in soup(_BREAKING_ELEMENTS):
        element.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return "\n".join(line for line in lines if line)


def _text_to_html_paragraphs(text: str) -> str:
    """Lines of plain text as HTML; entities stay entities, a lone `<` is escaped."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("<", "&lt;").strip())
    return "".join(f"<p>{'<br>'.join(paragraph.strip().splitlines())}</p>" for paragraph in paragraphs)
