"""Somebody's HTML as the Markdown of show notes. The only home of markdownify."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

ADDRESS = re.compile(r"https?://[^\s<>\"]+")
UNSEEN = ("script", "style", "iframe", "object", "embed", "form", "template", "noscript")
"""Elements that no notes mean to show."""
MOST = 1_000_000
"""Characters of one text; the longest of real shows have a hundredth."""
MARKUP = re.compile(r"<(?:p|br|a|ul|ol|li|div|span|h[1-6]|b|i|strong|em|img|blockquote|hr)\b[^>]*>", re.IGNORECASE)


def markdown(html: str, base: str = "") -> str:
    """Markdown that renders as the HTML did: text, links, lists, headings, pictures; what runs is left out.

    Text without any markup keeps its lines. Addresses are made whole by `base`, the page's own that it stood on; a
    picture that still has none on the web gives way to its words.
    """
    html = html[:MOST]
    if not MARKUP.search(html):
        html = _paragraphs(html)
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "lxml")
    for element in soup(UNSEEN):
        element.decompose()
    _whole(soup, base)
    try:
        said = _converter().convert_soup(soup)
    except RecursionError:  # tags within tags, a thousand deep
        said = soup.get_text("\n")
    said = said.replace("{{", "{ {").replace("{%", "{ %")
    return re.sub(r"\n{3,}", "\n\n", said).strip()


def _whole(soup: Any, base: str) -> None:  # noqa: ANN401  # beautifulsoup's, imported late
    """Every address as it is for who does not read it on its page: an importer's folder has other files."""
    for element, name in ((one, key) for key in ("href", "src") for one in soup.find_all(attrs={key: True})):
        with suppress(ValueError):  # an address that is none stays as it is
            element[name] = urljoin(base, element[name].strip())
    for picture in soup.find_all("img"):
        if not picture.get("src", "").lower().startswith(("https://", "http://", "data:")):
            picture.replace_with(picture.get("alt", ""))


def text(html: str) -> str:
    """The words alone, a paragraph a line."""
    if not MARKUP.search(html) and "&" not in html:
        return "\n".join(" ".join(line.split()) for line in html.strip().splitlines() if line.strip())
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html[:MOST], "lxml")
    for element in soup(UNSEEN):
        element.decompose()
    for element in soup(("p", "br", "li", "div", "h1", "h2", "h3", "blockquote")):
        element.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return "\n".join(line for line in lines if line)


def _paragraphs(plain: str) -> str:
    """Lines of plain text as HTML; its entities are the letters that they stand for, a lone `<` is itself."""
    parts = re.split(r"\n\s*\n", plain.replace("\r\n", "\n").replace("<", "&lt;").strip())
    return "".join(f"<p>{'<br>'.join(part.strip().splitlines())}</p>" for part in parts)


def _converter() -> Any:  # noqa: ANN401  # markdownify's class is made here, where it is imported
    from markdownify import ATX, SPACES, MarkdownConverter

    class Notes(MarkdownConverter):
        """Escapes what Markdown would take for markup, but not inside addresses, which the notes link by themselves."""

        def escape(self, text: str, parent_tags: Any) -> str:  # noqa: ANN401
            whole = super().escape  # type: ignore[misc]  # its stubs leave it out
            found, at = [], 0
            for address in ADDRESS.finditer(text):
                found += [whole(text[at : address.start()], parent_tags), address[0]]
                at = address.end()
            return "".join([*found, whole(text[at:], parent_tags)])

    return Notes(heading_style=ATX, bullets="-", newline_style=SPACES, escape_misc=True)
