"""The Markdown of other tools, which has HTML and relative links: as HTML, and as notes if they can keep it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from podcast_kit.limits import MAX_NOTES_BYTES
from podcast_kit.source.notes.linear_rules import use_linear_rules

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|#)", re.IGNORECASE)
_ATTRIBUTE_LIST = re.compile(r"^[ \t]*\{:[^{}\n]{0,500}\}[ \t]*\n?|\{:[^{}\n]{0,500}\}", re.MULTILINE)
"""Of kramdown: `{: .class}`, `{:toc}`."""
_LIKELY_HTML = re.compile(r"<[a-zA-Z/!?]")
_ILLEGAL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ForeignNotes:
    """Notes of another tool."""

    html: str
    """As the tool shows them; links are as they were written."""
    markdown: str
    """As they were written, if notes show the same; else empty."""


@cache
def _foreign_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    from podcast_kit.source.notes.inline_parser import InlineParser

    parser = MarkdownIt("commonmark", {"html": True, "linkify": False, "maxNesting": 12})
    parser.enable(["table", "strikethrough"])
    use_linear_rules(parser)
    parser.inline = InlineParser(parser.inline)
    return parser


def render_foreign_markdown(markdown: str) -> ForeignNotes:
    """The notes of another tool as HTML, and as Markdown if they have neither HTML nor relative links.

    Text over the limit of notes is cut: such notes could not be published.
    """
    text = _ILLEGAL_CHARACTER.sub("", _ATTRIBUTE_LIST.sub("", markdown)).strip("\n")
    text = text.encode("utf-8", "replace")[:MAX_NOTES_BYTES].decode("utf-8", "ignore")
    parser = _foreign_parser()
    tokens = parser.parse(text)
    children = [child for token in tokens for child in token.children or ()]
    urls = [str(token.attrGet("href") or token.attrGet("src") or "") for token in children]
    is_plain = all(not url or _ABSOLUTE.match(url) for url in urls) and not any(
        token.type in {"html_block", "html_inline"} for token in (*tokens, *children)
    )
    html = str(parser.renderer.render(tokens, parser.options, {}))
    return ForeignNotes(html, text if is_plain else "")
