"""Converts HTML to the Markdown of show notes. The only module with markdownify."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

BARE_URL = re.compile(r"https?://[^\s<>\"]+")
INVISIBLE_ELEMENTS = ("script", "style", "iframe", "object", "embed", "form", "template", "noscript")
"""Elements whose content is never shown."""
MAX_HTML_LEN = 1_000_000
"""Characters of one text; the longest of real shows have a hundredth of that."""
MARKUP = re.compile(r"<(?:p|br|a|ul|ol|li|div|span|h[1-6]|b|i|strong|em|img|blockquote|hr)\b[^>]*>", re.IGNORECASE)


def html_to_markdown(html: str, base: str = "") -> str:
    """Markdown that renders like the HTML: text, links, lists, headings, images; scripts and the like are left out.

    Text without any markup keeps its lines. URLs are made absolute against `base`, the URL of the page with the HTML;
    an image that is still not on the web becomes its alternative text.
    """
    html = html[:MAX_HTML_LEN]
    if not MARKUP.search(html):
        html = _text_to_html_paragraphs(html)
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "lxml")
    for element in soup(INVISIBLE_ELEMENTS):
        element.decompose()
    _make_urls_absolute(soup, base)
    try:
        markdown = _markdown_converter().convert_soup(soup)
    except RecursionError:  # tags nested a thousand deep
        markdown = soup.get_text("\n")
    markdown = markdown.replace("{{", "{ {").replace("{%", "{ %")
    return re.sub(r"\n{3,}", "\n\n", markdown).strip()


def _make_urls_absolute(soup: Any, base: str) -> None:  # noqa: ANN401  # beautifulsoup is imported late
    """Make relative URLs absolute, as they do not work outside of their page."""
    elements = [(element, key) for key in ("href", "src") for element in soup.find_all(attrs={key: True})]
    for element, key in elements:
        with suppress(ValueError):  # an invalid URL stays as it is
            element[key] = urljoin(base, element[key].strip())
    for image in soup.find_all("img"):
        if not image.get("src", "").lower().startswith(("https://", "http://", "data:")):
            image.replace_with(image.get("alt", ""))


def html_to_text_lines(html: str) -> str:
    """The text of some HTML, one paragraph per line."""
    if not MARKUP.search(html) and "&" not in html:
        return "\n".join(" ".join(line.split()) for line in html.strip().splitlines() if line.strip())
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html[:MAX_HTML_LEN], "lxml")
    for element in soup(INVISIBLE_ELEMENTS):
        element.decompose()
    for element in soup(("p", "br", "li", "div", "h1", "h2", "h3", "blockquote")):
        element.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return "\n".join(line for line in lines if line)


def _text_to_html_paragraphs(text: str) -> str:
    """Lines of plain text as HTML; entities stay entities, a lone `<` is escaped."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("<", "&lt;").strip())
    return "".join(f"<p>{'<br>'.join(paragraph.strip().splitlines())}</p>" for paragraph in paragraphs)


def _markdown_converter() -> Any:  # noqa: ANN401  # the class is defined here, where markdownify is imported
    from markdownify import ATX, SPACES, MarkdownConverter

    class NotesConverter(MarkdownConverter):
        """Escapes what Markdown would take for markup, but not inside URLs, which show notes link automatically."""

        def escape(self, text: str, parent_tags: Any) -> str:  # noqa: ANN401
            escape_text = super().escape  # type: ignore[misc]  # its stubs leave it out
            pieces, position = [], 0
            for url in BARE_URL.finditer(text):
                pieces += [escape_text(text[position : url.start()], parent_tags), url[0]]
                position = url.end()
            return "".join([*pieces, escape_text(text[position:], parent_tags)])

    return NotesConverter(heading_style=ATX, bullets="-", newline_style=SPACES, escape_misc=True)
