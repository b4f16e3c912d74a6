"""Feed HTML, made shorter or plain."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>")
_BREAKS = {"p", "br", "li", "ul", "ol", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "blockquote"}


def plain(markup: str) -> str:
    """HTML as one line of plain text."""
    text = _TAG.sub(lambda tag: " " if tag[2].lower() in _BREAKS else "", markup)
    return " ".join(html.unescape(text).split())


def shorten(markup: str, limit: int, tail: str = "") -> str:
    """As much of the feed flavour's HTML as leaves the result, tail included, within `limit` bytes of UTF-8.

    It is cut after a block; where that would leave less than half of what fits, after an item of a list;
    then between words. Open tags are closed, and the tail is always whole, even beyond the limit.
    """
    room = limit - len(tail.encode())
    if len(markup.encode()) <= room:
        return markup + tail
    best = {"block": "", "item": "", "word": ""}
    done, size, opened = [], 0, []  # type: list[str], int, list[str]
    for piece in re.findall(r"<[^<>]*>|[^<\s]+\s*|\s+|<", markup):
        tag = _TAG.fullmatch(piece)
        done.append(piece)
        size += len(piece.encode())
        if tag and not tag[1] and not tag[3] and tag[2].lower() != "br":
            opened.append(tag[2])
        elif tag and tag[1] and tag[2] in opened:
            while opened.pop() != tag[2]:
                pass
        closing = "".join(f"</{name}>" for name in reversed(opened))
        if size + len(closing) > room:
            break
        if tag and not tag[1] and opened:
            continue  # nothing is said yet inside what just opened
        kind = "block" if not opened else "item" if tag and tag[1] and tag[2] == "li" else "word"
        best[kind] = "".join(done).rstrip() + closing
    enough = room // 2
    for kind in ("block", "item", "word"):
        if len(best[kind].encode()) >= enough:
            return best[kind] + tail
    return max(best.values(), key=len) + tail
