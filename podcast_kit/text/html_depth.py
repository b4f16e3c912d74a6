"""How deep the elements of some HTML are nested, without a parser: deep nesting makes parsers of HTML quadratic."""

from __future__ import annotations

import re
from collections import Counter

from podcast_kit.limits import MAX_HTML_DEPTH

_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/<>\"'=]{0,30})")
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,30})[^<>]*>")
_BREAKING = frozenset(
    {"p", "br", "li", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "tr", "dt", "dd", "pre", "ul", "ol"}
)
_WITHOUT_END_TAG = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_CLOSED_BY_NEXT = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "optgroup", "rp", "rt", "colgroup"}
    | {"html", "head", "body", "caption"}
)
"""Elements that the next one of the kind ends, so that they are only nested where others are."""


def is_nested_too_deep(html: str) -> bool:
    """Whether more than MAX_HTML_DEPTH elements are open somewhere, counting those that are never closed."""
    if html.count("<") <= MAX_HTML_DEPTH:
        return False
    open_count = 0
    count_by_name: Counter[str] = Counter()
    for tag in _TAG_NAME.finditer(html):
        name = tag[2].lower()
        if name in _WITHOUT_END_TAG or name in _CLOSED_BY_NEXT:
            continue
        if not tag[1]:
            count_by_name[name] += 1
            open_count += 1
            if open_count > MAX_HTML_DEPTH:
                return True
        elif count_by_name[name]:
            count_by_name[name] -= 1
            open_count -= 1
    return False


def flatten_html(html: str) -> str:
    """The HTML without any tag but line breaks, where blocks begin and end."""
    return _TAG.sub(lambda tag: "<br>" if tag[1].lower() in _BREAKING else "", html)
