"""The HTML in descriptions, scanned with regular expressions: a parser would be too slow for thousands of notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[\s/][^<>]*)?)>")
_LINK = re.compile(r"\s(href|src)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|[lr]squo|[lr]dquo|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_ABSOLUTE_URL = re.compile(r"(?:https?://|mailto:|tel:|feed:|podcast:|itpc:|sms:)", re.IGNORECASE)
_BLOCK_OR_BREAK = re.compile(r"<(?:br|/?p|/?li|/?div|/?ul|/?ol)\b[^<>]*>", re.IGNORECASE)

DISPLAYED_ELEMENTS = frozenset({"p", "ol", "ul", "li", "a", "b", "i", "strong", "em", "br"})
"""Elements that directories display or safely ignore."""
DANGEROUS_ELEMENTS = frozenset(
    {"script", "style", "iframe", "form", "object", "embed", "input", "button", "textarea", "select"}
    | {"link", "meta", "base", "svg"}
)
VOID_ELEMENTS = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "base", "embed", "source", "wbr", "area", "col", "track"}
)
"""Elements without an end tag."""
SELF_CLOSING_ELEMENTS = frozenset({"p", "li"})
"""Elements whose end tag may be left out."""
MAX_SCAN_LEN = 200_000
"""Characters that are scanned: twenty times what Apple accepts, so other rules already complain."""


def element_names(html: str) -> set[str]:
    """The names of the elements that are used, in lower case."""
    return {match[1].lower() for match in _ELEMENT.findall(html[:MAX_SCAN_LEN])} if "<" in html else set()


def find_html(text: str) -> str:
    """The first tag or entity in a text that should be plain; empty if there is none."""
    match = _ELEMENT.search(text[:MAX_SCAN_LEN]) or _ENTITY.search(text[:MAX_SCAN_LEN])
    return match[0][:40] if match else ""


def find_relative_link(html: str) -> str:
    """The first link that is not absolute, so it is broken in an app; empty if there is none."""
    for _closing, _name, attributes in _ELEMENT.findall(html[:MAX_SCAN_LEN]):
        for _attribute, double_quoted, single_quoted, unquoted in _LINK.findall(attributes):
            url = (double_quoted or single_quoted or unquoted).strip()
            if not _ABSOLUTE_URL.match(url):
                return url[:80] or "(empty)"
    return ""


def find_unclosed_element(html: str) -> str:
    """The first start or end tag without its counterpart, in words; empty if all match."""
    if len(html) > MAX_SCAN_LEN:
        return ""
    open_names: list[str] = []
    for closing, raw_name, attributes in _ELEMENT.findall(html):
        name = raw_name.lower()
        if name in VOID_ELEMENTS or attributes.endswith("/"):
            continue
        if not closing:
            open_names.append(name)
        elif name not in open_names:
            return f"</{name}> has no start tag"
        else:
            while (innermost := open_names.pop()) != name:
                if innermost not in SELF_CLOSING_ELEMENTS:
                    return f"<{innermost}> is not closed before </{name}>"
    unclosed = [name for name in open_names if name not in SELF_CLOSING_ELEMENTS]
    return f"<{unclosed[-1]}> is never closed" if unclosed else ""


def html_to_text(html: str) -> str:
    """The text without tags and with entities decoded."""
    html = html[:MAX_SCAN_LEN]
    return unescape(_ELEMENT.sub(" ", html)) if "<" in html or "&" in html else html


def html_lines(html: str) -> Iterator[str]:
    """The text line by line, as blocks and breaks divide it."""
    yield from html_to_text(_BLOCK_OR_BREAK.sub("\n", html[:MAX_SCAN_LEN])).splitlines()
