"""Parses the Markdown of show notes into tokens, and finds its local images.

CommonMark with tables, strikethrough and bare links; raw HTML is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from podcast_kit.limits import MAX_URL_LEN
from podcast_kit.source.notes.footnotes import add_footnote_rules, append_footnotes
from podcast_kit.source.notes.linear_rules import use_linear_rules
from podcast_kit.source.notes.renderer import ORDINARY_URL, alt_text

if TYPE_CHECKING:
    from linkify_it import LinkifyIt
    from linkify_it.main import Match
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_PROMPTS_MARKER = re.compile(r"\{\{\s*prompts\s*\}\}")
_BARE_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}(?:[/?#][^\s<>\"]{0,2000})?", re.IGNORECASE)
"""Bounded, because it is tried at each `www.`."""
_TERMINATORS = re.compile(r"[\n!&*:<\[\\\]_`~]")
"""Characters that can end plain text: those that one of the enabled rules begins with. The parser's own list has those
of every plugin."""
_SPACE = re.compile(r"\s")
_PLAIN_LINK = re.compile(rf"\[([^\n&*:<\[\\\]_`~]+)\]\(({ORDINARY_URL})\)")
_SHOWN_SIGN = re.compile(r"\*\*|\]\(")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 cannot hold, and C1 control characters, which are never meant."""


@cache
def _markdown_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    from podcast_kit.source.notes.inline_parser import InlineParser

    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": 12})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.linkify = _bare_link_finder()
    use_linear_rules(parser)
    parser.inline.terminator_re = _TERMINATORS
    parser.inline.ruler.before("link", "plain_link", _plain_link_rule)
    parser.block.ruler.before("paragraph", "prompts", _prompts_rule, {"alt": ["paragraph", "blockquote", "list"]})
    add_footnote_rules(parser)
    parser.inline = InlineParser(parser.inline)
    return parser


def _prompts_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001 -- the parser calls it so
    """`{{ prompts }}` alone on a line, also right below a paragraph; not inside a quote or a list."""
    if state.level or state.parentType not in {"root", "paragraph"} or state.is_code_block(start):
        return False
    if not _PROMPTS_MARKER.fullmatch(
        state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    ):
        return False
    if not silent:
        state.line = start + 1
        state.push("prompts", "", 0).map = [start, start + 1]
    return True


def _plain_link_rule(state: StateInline, silent: bool) -> bool:
    """`[words](https://pod.example/page)`, as most links are, in one match; same result as the parser's link rule."""
    match = _PLAIN_LINK.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": match[2]}
        state.push("text", "", 0).content = match[1]
        state.push("link_close", "a", -1)
    state.pos = match.end()
    return True


def _bare_link_finder() -> LinkifyIt:
    """Finds URLs and e-mail addresses in the text: with a scheme, `www.` or an `@`.

    A name without a scheme is not a link: readme.md would lead to Moldova.
    """
    from linkify_it import LinkifyIt

    class BareLinkFinder(LinkifyIt):  # type: ignore[misc,no-any-unimported,unused-ignore]
        long_url: tuple[str, int] = ("", 0)
        """The text whose URL was longer than the limit, and where the search for others goes on."""

        def pretest(self, text: str) -> bool:
            """Whether the long expressions are needed: most text has none of these signs."""
            return "://" in text or "@" in text or "www." in text

        def test_schema_at(self, text: str, name: str, position: int) -> int:
            """How many characters after a scheme belong to the URL; 0 where it is none, or longer than the limit."""
            long_text, long_end = self.long_url
            if text is long_text and position < long_end:
                return 0
            start, end = max(0, position - len("://")), position + MAX_URL_LEN
            length: int = super().test_schema_at(text[start:end], name, position - start)
            if length and end < len(text) and not _SPACE.search(text, position + length, end):
                self.long_url = (text, end)
                return 0
            return length

        def test(self, text: str) -> bool:
            return self.pretest(text) and bool(super().test(text))

        def www_url_len(self, text: str, start: int) -> int:
            """How many characters after `www.` belong to a bare URL."""
            match = _BARE_HOST.match(text, start)
            return len(match[0].rstrip(".,:;!?'\")]*_")) if match else 0

        def add_scheme(self, match: Match) -> None:
            match.url = f"https://{match.url}"

    finder = BareLinkFinder(options={"fuzzy_link": False, "fuzzy_ip": False, "fuzzy_email": True})
    finder.add("www.", {"validate": finder.www_url_len, "normalize": finder.add_scheme})
    return finder


def prepare_parser() -> None:
    """Do now what parsing the first notes would do: import the parser and compile its expressions."""
    parse_markdown("text www.pod.example")


def parse_markdown(markdown: str) -> list[Token]:
    """The tokens of some notes, without the characters that XML cannot hold."""
    parser, env = _markdown_parser(), dict[str, Any]()
    tokens = parser.parse(_ILLEGAL.sub("", markdown), env)
    if "[^" in markdown:
        append_footnotes(parser, tokens, env)
    return tokens


def parse_inline(markdown: str) -> Token:
    """Text within a line, as a token with children."""
    return _markdown_parser().parseInline(markdown, {})[0]


def normalize_link(url: str) -> str:
    """A URL as the parser writes it."""
    return str(_markdown_parser().normalizeLink(url))


@dataclass(frozen=True, slots=True)
class NoteImage:
    """A local image in the notes."""

    source: str
    """As written, but percent-decoded."""
    line: int
    """Counts from 0, the first line of the notes."""
    alt: str


def local_image_lines(markdown: str) -> tuple[tuple[str, int], ...]:
    """The source of each local image in the notes with its first line (counting from 0), in order."""
    lines: dict[str, int] = {}
    for image in find_local_images(markdown):
        lines.setdefault(image.source, image.line)
    return tuple(lines.items())


def find_local_images(markdown: str) -> tuple[NoteImage, ...]:
    """The local images in the notes, in order."""
    if "![" not in markdown:
        return ()
    return tuple(
        NoteImage(source, line, alt_text(child))
        for line, child in _inline_tokens(markdown, "![")
        if child.type == "image" and is_local_path(source := unquote(str(child.attrs.get("src", ""))))
    )


def find_shown_signs(markdown: str) -> Iterator[tuple[int, str]]:
    """Each line (counting from 0) with signs of bold or of a link that have no effect, and its text as shown.

    Escaped signs and code do not count.
    """
    if "**" not in markdown and "](" not in markdown:
        return
    line, texts = -1, list[str]()
    for number, child in _inline_tokens(markdown, "**", "]("):
        if number != line:
            if (text := "".join(texts)) and _SHOWN_SIGN.search(text):
                yield line, text
            line, texts = number, []
        texts.append(child.content if child.type == "text" else " " if child.type == "softbreak" else "\0")
    if (text := "".join(texts)) and _SHOWN_SIGN.search(text):
        yield line, text


def _inline_tokens(markdown: str, *signs: str) -> Iterator[tuple[int, Token]]:
    """The tokens within the paragraphs that have one of the signs, each with its line (counting from 0)."""
    for paragraph in _parse_paragraphs(markdown):
        if not any(sign in paragraph.content for sign in signs):
            continue  # other text need not be parsed any further
        line = paragraph.line
        for child in paragraph.children:
            yield line, child
            line += child.type in {"softbreak", "hardbreak"}


class _Paragraph:
    """Text of a block, parsed when it is asked for."""

    def __init__(self, block: Token, references: dict[str, Any]) -> None:
        self.content, self.line = block.content, block.map[0] if block.map else 0
        self._references = references

    @cached_property
    def children(self) -> list[Token]:
        children: list[Token] = []
        parser = _markdown_parser()
        parser.inline.parse(self.content, parser, self._references, children)
        return children


@lru_cache(maxsize=1)  # the notes of an episode are looked at several times, one episode after the other
def _parse_paragraphs(markdown: str) -> tuple[_Paragraph, ...]:
    parser, blocks, references = _markdown_parser(), list["Token"](), dict[str, Any]()
    parser.block.parse(_ILLEGAL.sub("", markdown), parser, references, blocks)
    return tuple(_Paragraph(block, references) for block in blocks if block.type == "inline")


def is_local_path(source: str) -> bool:
    """Whether an image's source is a path, not a URL."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return bool(parts.path) and not parts.scheme and not parts.netloc
