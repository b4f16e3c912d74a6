"""Markdown as show notes are written in: the parser, its tokens, the pictures among them.

CommonMark with tables, strikethrough and bare links; raw HTML is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from podcast_kit.source.notes.renderer import ORDINARY, alternative

if TYPE_CHECKING:
    from linkify_it import LinkifyIt
    from linkify_it.main import Match
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MARKER = re.compile(r"\{\{\s*prompts\s*\}\}")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#][^\s<>\"]*)?", re.IGNORECASE)
_TERMINATORS = re.compile(r"[\n!&*:<\[\\\]_`~]")
"""Where text may end: only signs that one of our rules begins with. The parser's own list has those of every plugin."""
_PLAIN_LINK = re.compile(rf"\[([^\n&*:<\[\\\]_`~]+)\]\(({ORDINARY})\)")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry, and the C1 controls, which nobody means."""


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": 12})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.linkify = _bare_links()
    parser.inline.terminator_re = _TERMINATORS
    parser.inline.ruler.before("link", "plain_link", _plain_link)
    parser.block.ruler.before("paragraph", "prompts", _prompts_rule, {"alt": ["paragraph", "blockquote", "list"]})
    return parser


def _prompts_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001 -- the parser's form
    """`{{ prompts }}` alone on a line, also right below a paragraph; not inside a quote or a list."""
    if state.level or state.parentType not in {"root", "paragraph"} or state.is_code_block(start):
        return False
    if not _MARKER.fullmatch(state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()):
        return False
    if not silent:
        state.line = start + 1
        state.push("prompts", "", 0).map = [start, start + 1]
    return True


def _plain_link(state: StateInline, silent: bool) -> bool:
    """`[words](https://pod.example/address)`, as most links are, in one look: what the parser's rule makes of it."""
    found = _PLAIN_LINK.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": found[2]}
        state.push("text", "", 0).content = found[1]
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def _bare_links() -> LinkifyIt:
    """Finds addresses that stand in the text: with a scheme, `www.` or an `@`.

    A name without a scheme is no address: readme.md would lead to Moldova.
    """
    from linkify_it import LinkifyIt

    class Bare(LinkifyIt):  # type: ignore[misc,no-any-unimported,unused-ignore]
        def pretest(self, text: str) -> bool:
            """Text without these signs, which is most, is not searched with the long expressions."""
            return "://" in text or "@" in text or "www." in text

        def test(self, text: str) -> bool:
            return self.pretest(text) and bool(super().test(text))

        def host(self, text: str, at: int) -> int:
            """How many characters after `www.` belong to a bare address."""
            found = _HOST.match(text, at)
            return len(found[0].rstrip(".,:;!?'\")]*_")) if found else 0

        def with_scheme(self, match: Match) -> None:
            match.url = f"https://{match.url}"

    links = Bare(options={"fuzzy_link": False, "fuzzy_ip": False, "fuzzy_email": True})
    links.add("www.", {"validate": links.host, "normalize": links.with_scheme})
    return links


def tokens(markdown: str) -> list[Token]:
    """The tokens of some notes, without the characters that XML cannot carry."""
    return _parser().parse(_ILLEGAL.sub("", markdown))


@dataclass(frozen=True, slots=True)
class Image:
    """A local picture in the notes."""

    source: str
    """As written, percent-encoding undone."""
    line: int
    """From 0, the first line of the notes."""
    alternative: str


def pictures(markdown: str) -> tuple[tuple[str, int], ...]:
    """The sources of the local pictures that the notes show, each with its first line (from 0); in order."""
    found: dict[str, int] = {}
    for image in images(markdown):
        found.setdefault(image.source, image.line)
    return tuple(found.items())


def images(markdown: str) -> tuple[Image, ...]:
    """The local pictures that the notes show, in order."""
    if "![" not in markdown:
        return ()
    parser, blocks, references = _parser(), list["Token"](), dict[str, Any]()
    parser.block.parse(_ILLEGAL.sub("", markdown), parser, references, blocks)
    found: list[Image] = []
    for block in blocks:
        if block.type != "inline" or "![" not in block.content:
            continue  # to look for pictures, most text need not be parsed any further
        line = block.map[0] if block.map else 0
        children: list[Token] = []
        parser.inline.parse(block.content, parser, references, children)
        for child in children:
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            elif child.type == "image" and is_local(source := unquote(str(child.attrs.get("src", "")))):
                found.append(Image(source, line, alternative(child)))
    return tuple(found)


def is_local(address: str) -> bool:
    """Whether it is a path beside the notes and no address of its own."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.path) and not parts.scheme and not parts.netloc
