"""Feed HTML, cut to a number of bytes or turned into plain text."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>")
_BREAKING_TAGS = {"p", "br", "li", "ul", "ol", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "blockquote"}


def html_to_plain_text(markup: str) -> str:
    """HTML as one line of plain text."""
    text = _TAG.sub(lambda tag: " " if tag[2].lower() in _BREAKING_TAGS else "", markup)
    return " ".join(html.unescape(text).split())


def truncate_html(markup: str, max_bytes: int, tail: str = "") -> str:
    """As much feed HTML as fits into `max_bytes` of UTF-8, tail included.

    It is cut after a block; if that leaves less than half of what fits, after a list item; else between words. Open
    tags are closed. The tail is never cut, even if it is longer than the limit.
    """
    max_markup_bytes = max_bytes - len(tail.encode())
    if len(markup.encode()) <= max_markup_bytes:
        return markup + tail
    best = {"block": "", "item": "", "word": ""}
    pieces: list[str] = []
    open_tags: list[str] = []
    size = 0
    for piece in re.findall(r"<[^<>]*>|[^<\s]+\s*|\s+|<", markup):
        tag = _TAG.fullmatch(piece)
        pieces.append(piece)
        size += len(piece.encode())
        if tag and not tag[1] and not tag[3] and tag[2].lower() != "br":
            open_tags.append(tag[2])
        elif tag and tag[1] and tag[2] in open_tags:
            while open_tags.pop() != tag[2]:
                pass
        closing_tags = "".join(f"</{name}>" for name in reversed(open_tags))
        if size + len(closing_tags) > max_markup_bytes:
            break
        if tag and not tag[1] and open_tags:
            continue  # an opened tag without content is not a place to cut
        cut = "block" if not open_tags else "item" if tag and tag[1] and tag[2] == "li" else "word"
        best[cut] = "".join(pieces).rstrip() + closing_tags
    for cut in ("block", "item", "word"):
        if len(best[cut].encode()) >= max_markup_bytes // 2:
            return best[cut] + tail
    return max(best.values(), key=len) + tail
