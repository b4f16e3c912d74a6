"""Rules for the Markdown parser that take linear time where its own are quadratic: labels in brackets, bare URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_SCHEME_END = re.compile(r"(?:^|[^a-z0-9.+-])([a-z][a-z0-9.+-]*)$", re.IGNORECASE)
_URL_SCHEMES = ("http", "https", "ftp")
_MAX_SCHEME_LEN = 64
_MAX_PARENTHESES = 32
_TOO_MANY_PARENTHESES = re.compile(rf"[^()\\\x00-\x20\x7f]*+(?:\([^()\\\x00-\x20\x7f]*+){{{_MAX_PARENTHESES + 1}}}")
_POINTED_DESTINATION = re.compile(r"<((?:[^\n<>\\]++|\\.)*+)>", re.DOTALL)
_DESTINATION_SIGN = re.compile(r"\\[^ ]|[()\\\x00-\x20\x7f]", re.DOTALL)
"""What an address ends at, or what has a meaning in it; `\\` escapes what follows."""


def use_linear_rules(parser: MarkdownIt) -> None:
    """Replace the quadratic rules of a parser; what they recognize stays the same, but for URLs over MAX_URL_LEN."""
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]  # the module that it is by default
        parseLinkDestination=parse_link_destination,
        parseLinkLabel=find_label_end,
        parseLinkTitle=parser.helpers.parseLinkTitle,
    )
    parser.inline.ruler.at("linkify", _bare_url_rule)


@dataclass(slots=True)
class LinkDestination:
    """The address of `[label](address)`, as the parser's rules read it."""

    ok: bool = False
    pos: int = 0
    """The position after it."""
    str: str = ""


def parse_link_destination(text: str, start: int, end: int) -> LinkDestination:
    """The address of a link at `start`; as markdown-it's parseLinkDestination, but it looks at few characters."""
    from markdown_it.common.utils import unescapeAll

    if text.startswith("<", start):
        closed = _POINTED_DESTINATION.match(text, start, end)
        return LinkDestination(True, closed.end(), unescapeAll(closed[1])) if closed else LinkDestination()
    if _TOO_MANY_PARENTHESES.match(text, start, end):
        return LinkDestination()
    depth, position = 0, start
    for sign in _DESTINATION_SIGN.finditer(text, start, end):
        character = sign[0]
        position = sign.start()
        if character == "(":
            depth += 1
            if depth > _MAX_PARENTHESES:
                return LinkDestination()
        elif character == ")" and depth:
            depth -= 1
        elif len(character) == 1 and (character != "\\" or text.startswith("\\ ", position)):
            break
    else:
        position = end
    if position == start or depth:
        return LinkDestination()
    return LinkDestination(True, position, unescapeAll(text[start:position]))


class _BracketMemo:
    """What is known of the opening brackets of a text: the end of each label, and whether a link is inside of it."""

    def __init__(self, text: str) -> None:
        self.last_end = text.rfind("]")
        self.ends: dict[int, tuple[int, bool]] = {}
        """By the position of `[`: that of its `]`, or -1, and whether a link begins between them."""


def find_label_end(state: StateInline, start: int, disableNested: bool = False) -> int:  # noqa: N803
    """The position of the `]` that belongs to the `[` at `start`, or -1; as markdown-it's parseLinkLabel.

    One walk over the text answers for every bracket that it passes, so that a text of brackets takes linear time.
    """
    memo: _BracketMemo | None = state.__dict__.get("bracket_memo")
    if memo is None:
        memo = state.__dict__["bracket_memo"] = _BracketMemo(state.src)
    if start > memo.last_end:
        return -1
    if start not in memo.ends:
        _walk_brackets(state, start, memo)
    end, has_link = memo.ends[start]
    if end >= state.posMax or (disableNested and has_link):
        return -1
    return end


def _walk_brackets(state: StateInline, start: int, memo: _BracketMemo) -> None:
    """Find the ends of the bracket at `start` and of all that are open inside of it."""
    before = state.pos
    state.pos = start + 1
    open_brackets = [start]
    last_link = -1
    while open_brackets and state.pos < state.posMax:
        position = state.pos
        marker = state.src[position]
        if marker == "]":
            opening = open_brackets.pop()
            memo.ends[opening] = (position, last_link > opening)
            if not open_brackets:
                break
        if marker == "[" and position in memo.ends and memo.ends[position][0] < 0:
            open_brackets.append(position)
            break  # an earlier walk went on from here to the end
        state.md.inline.skipToken(state)
        if marker == "[":
            if state.pos == position + 1:
                open_brackets.append(position)
            else:
                last_link = position
    for opening in open_brackets:
        memo.ends[opening] = (-1, False)
    state.pos = before


def _bare_url_rule(state: StateInline, silent: bool) -> bool:  # the parser calls it so
    """`https://pod.example/page` without any markup, as markdown-it's linkify rule."""
    position, finder = state.pos, state.md.linkify
    if state.linkLevel > 0 or finder is None or not state.src.startswith("://", position):
        return False
    if not state.src[max(0, position - len("https")) : position].lower().endswith(_URL_SCHEMES):
        return False
    length = finder.test_schema_at(state.src, "http:", position + 1)
    scheme = _SCHEME_END.search(state.pending[-_MAX_SCHEME_LEN:]) if length else None
    if not scheme or scheme[1].lower() not in _URL_SCHEMES:
        return False
    url = state.src[position - len(scheme[1]) : position + 1 + length].rstrip("*")  # `*` would conflict with emphasis
    full_url = state.md.normalizeLink(url)
    if not state.md.validateLink(full_url):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[1])]
        token = state.push("link_open", "a", 1)
        token.attrs = {"href": full_url}
        token.markup, token.info = "linkify", "auto"
        state.push("text", "", 0).content = state.md.normalizeLinkText(url)
        token = state.push("link_close", "a", -1)
        token.markup, token.info = "linkify", "auto"
    state.pos += len(url) - len(scheme[1])
    return True
