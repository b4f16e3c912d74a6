"""Show notes: one Markdown source, rendered for the page, for the feed and as plain text.

CommonMark with tables, strikethrough and bare links; raw HTML is text. The Markdown is parsed once and its
tokens are walked for each flavour; nh3 is the last guard of what becomes HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from podcast_kit.model import Flavours, Notes, Picture
from podcast_kit.source import chapters
from podcast_kit.source.flavours import Feed, Page, Text, alternative, guard_feed, guard_page

if TYPE_CHECKING:
    from linkify_it import LinkifyIt
    from linkify_it.main import Match
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_MARKER = re.compile(r"\{\{\s*prompts\s*\}\}")
_SPACED = re.compile(
    r"!\[[^\]\n]{0,300}\]\(([^()<>\"'\s]+(?: [^()<>\"'\s]+)+\.(?:png|jpe?g|gif|webp|svg|avif))\)", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"(?<!!)\[[^\[\]\n]{1,300}\]\(<?((?![a-zA-Z][a-zA-Z0-9+.-]*:|[/#?])[^()<>\"'\s#?]+)[^()\n]{0,300}\)"
)
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#][^\s<>\"]*)?", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry, and the C1 controls, which nobody means."""


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": 12})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.linkify = _bare_links()
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


def _tokens(markdown: str) -> list[Token]:
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


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in the notes that is probably not what the author means."""

    line: int
    text: str
    hint: str
    code: str


def doubts(markdown: str, is_file: Callable[[str], bool]) -> list[Doubt]:
    """What listeners would not get: pictures that Markdown does not see, links to files that nobody publishes.

    `is_file` tells whether a path relative to the notes is a file of the show.
    """
    found: list[Doubt] = []
    for number, line in enumerate(markdown.split("\n")) if "](" in markdown else ():
        for spaced in _SPACED.finditer(line):
            text = f"Markdown sees no picture in {spaced[0]!r}: its path has a blank"
            found.append(Doubt(number, text, f"write ![...](<{spaced[1]}>)", "notes.picture"))
        for link in _RELATIVE.finditer(line):
            path = unquote(link[1])
            if path.endswith(".md") and not is_file(path):
                found.append(Doubt(number, f"links to {path!r}, which is not there", "correct the name", "notes.link"))
            elif not path.endswith((".md", ".html")) and is_file(path):
                text = f"links to {path!r}, and only pictures are published with the notes"
                found.append(Doubt(number, text, "put it on the web and link to its address", "notes.link"))
    return found


def is_local(address: str) -> bool:
    """Whether it is a path beside the notes and no address of its own."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.path) and not parts.scheme and not parts.netloc


def render(
    markdown: str,
    *,
    page_url: str,
    pictures: Mapping[str, Picture] | None = None,
    source_url: str = "",
    duration_ms: int | None = None,
) -> Notes:
    """The notes in every flavour, parted at a line `{{ prompts }}`.

    `page_url` is the episode's page: what `#t=` links point into. Other relative links are made absolute
    against `source_url`, by default the page too. `pictures` has what was published for each local picture
    that `pictures()` names; one that is missing there is shown by its alternative text alone.
    Timestamps that form chapters become links on the page that seek there.
    """
    tokens = _tokens(markdown)
    marks = {stamp.line: stamp for stamp in chapters.run(markdown, duration_ms)[0]}
    base = source_url or page_url
    parts = _parted(tokens)
    shown = dict(pictures or {})
    shift = int(any(token.type == "heading_open" and token.tag == "h1" for token in tokens))
    page, feed, text = (flavour(shown, marks, page_url, base, shift) for flavour in (Page, Feed, Text))
    flavours = [
        Flavours(page=guard_page(page.render(part)), feed=guard_feed(feed.render(part)), text=text.render(part))
        for part in parts
    ]
    return Notes(
        before=flavours[0],
        after=flavours[1] if len(flavours) > 1 else None,
        summary=_summary(tokens, marks),
        links=_links(tokens),
    )


def _parted(tokens: list[Token]) -> list[list[Token]]:
    """The tokens before and after the first marker; further markers are dropped."""
    at = next((place for place, token in enumerate(tokens) if token.type == "prompts"), None)
    if at is None:
        return [tokens]
    return [tokens[:at], [token for token in tokens[at + 1 :] if token.type != "prompts"]]


def _summary(tokens: list[Token], marks: Mapping[int, chapters.Stamp]) -> str:
    """The first paragraph that says something, as one line of plain text; a list of chapters says nothing."""
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and token.type == "inline":
            if token.map and token.map[0] in marks:
                continue
            said = "".join(_words(token.children or []))
            if said := " ".join(said.split()):
                return said
    return ""


def _words(children: list[Token]) -> list[str]:
    return [
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for child in children
        if child.type != "image"
    ]


def _links(tokens: list[Token]) -> tuple[str, ...]:
    """Every absolute address that the author linked to, once, in order."""
    found: dict[str, None] = {}
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                address = str(child.attrs.get("href", ""))
                if address.startswith(("http://", "https://")):
                    found[address] = None
    return tuple(found)


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
