"""The HTML inside of descriptions, scanned rather than parsed: thousands of notes in a blink."""

from __future__ import annotations

import re
from collections.abc import Iterator

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[\s/][^<>]*)?)>")
LINK = re.compile(r"\s(href|src)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|[lr]squo|[lr]dquo|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
ABSOLUTE = re.compile(r"(?:https?://|mailto:|tel:|feed:|podcast:|itpc:|sms:)", re.IGNORECASE)

SHOWN = frozenset({"p", "ol", "ul", "li", "a", "b", "i", "strong", "em", "br"})
"""What directories show, or at least do no harm to."""
_DANGEROUS = "script style iframe form object embed input button textarea select link meta base svg"
DANGEROUS = frozenset(_DANGEROUS.split())
_VOID = "br hr img input meta link base embed source wbr area col track"
VOID = frozenset(_VOID.split())


MOST = 200_000
"""Characters that are scanned: twenty times what Apple takes, and other rules have said so by then."""


def names(html: str) -> set[str]:
    """The elements that are used, in lower case."""
    return {found[1].lower() for found in TAG.findall(html[:MOST])} if "<" in html else set()


def is_plain(text: str) -> str:
    """The first piece of HTML in what should be text; empty where there is none."""
    found = TAG.search(text[:MOST]) or ENTITY.search(text[:MOST])
    return found[0][:40] if found else ""


def relative(html: str) -> str:
    """The first link that leads nowhere outside of its page; empty where there is none."""
    for _closing, _name, attributes in TAG.findall(html[:MOST]):
        for _attribute, double, single, bare in LINK.findall(attributes):
            address = (double or single or bare).strip()
            if not ABSOLUTE.match(address):
                return address[:80] or "(empty)"
    return ""


def unbalanced(html: str) -> str:
    """What is opened and not closed, or closed and not open; empty where all is well. `p` and `li` close themselves."""
    if len(html) > MOST:
        return ""
    still: list[str] = []
    for closing, found, rest in TAG.findall(html):
        name = found.lower()
        if name in VOID or rest.endswith("/"):
            continue
        if not closing:
            still.append(name)
        elif name not in still:
            return f"</{name}> closes what is not open"
        else:
            while (last := still.pop()) != name:
                if last not in {"p", "li"}:
                    return f"<{last}> is not closed before </{name}>"
    left = [name for name in still if name not in {"p", "li"}]
    return f"<{left[-1]}> is never closed" if left else ""


def text(html: str) -> str:
    """What is left to read when elements are taken out; entities are turned back."""
    from html import unescape

    html = html[:MOST]
    return unescape(TAG.sub(" ", html)) if "<" in html or "&" in html else html


def lines(html: str) -> Iterator[str]:
    """The text line by line, as blocks and breaks part it."""
    broken = re.sub(r"<(?:br|/?p|/?li|/?div|/?ul|/?ol)\b[^<>]*>", "\n", html[:MOST], flags=re.IGNORECASE)
    yield from text(broken).splitlines()
