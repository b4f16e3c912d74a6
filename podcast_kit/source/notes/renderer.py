"""The tokens of show notes as HTML for the page, and what all flavours have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from podcast_kit.text.timecode import format_seconds

if TYPE_CHECKING:
    from markdown_it.token import Token

    from podcast_kit.model import Image
    from podcast_kit.source.chapters import Stamp

ORDINARY = r"https?://(?:[a-z0-9-]{1,63}\.){1,4}[a-z0-9-]{1,63}(?:/[A-Za-z0-9/._~-]*)?(?:\?[A-Za-z0-9/._~=&-]+)?"
"""An address as most are, in which nothing is to be encoded, joined or made even: it stays as it is written."""
_ORDINARY = re.compile(ORDINARY)


@dataclass
class Walk:
    """One flavour: walks tokens in order; a method a kind of token."""

    pictures: Mapping[str, Image]
    marks: Mapping[int, Stamp]
    """The chapters' timestamps by their line in the notes."""
    page_url: str = ""
    base: str = ""
    shift: int = 0
    """How far headings move down: one where the notes use the first level, which is the page's own."""

    def lines(self, token: Token) -> list[tuple[Stamp | None, list[Token]]]:
        """An inline token's children by line, each line with the timestamp that it begins with."""
        first = token.map[0] if token.map else 0
        rows: list[tuple[Stamp | None, list[Token]]] = [(self.marks.get(first), [])]
        for child in token.children or ():
            if child.type in {"softbreak", "hardbreak"}:
                stamp = self.marks.get(first + len(rows))
                rows[-1][1].append(child)
                rows.append((stamp, []))
            else:
                rows[-1][1].append(child)
        return rows

    def link(self, address: str) -> str:
        """An address as this flavour has it: absolute."""
        if _ORDINARY.fullmatch(address):
            return address
        page = _page_of(address, self.page_url)
        try:
            return urljoin(self.page_url if page or address.startswith("#") else self.base, page or address)
        except ValueError:
            return ""

    def picture(self, token: Token) -> tuple[str, Image | None]:
        """A picture's address as published, empty where there is none, and what is known of it."""
        source = str(token.attrs.get("src", ""))
        found = self.pictures.get(unquote(source))
        if found is not None:
            return found.url, found
        return (source if source.startswith(("https://", "http://")) else ""), None


_PAGE_BLOCKS = {
    "paragraph_open": "<p>", "paragraph_close": "</p>\n", "bullet_list_open": "<ul>\n", "bullet_list_close": "</ul>\n",
    "ordered_list_close": "</ol>\n", "list_item_open": "<li>", "list_item_close": "</li>\n",
    "blockquote_open": "<blockquote>\n", "blockquote_close": "</blockquote>\n", "hr": "<hr>\n",
    "table_open": "<table>\n", "table_close": "</table>\n", "thead_open": "<thead>\n", "thead_close": "</thead>\n",
    "tbody_open": "<tbody>\n", "tbody_close": "</tbody>\n", "tr_open": "<tr>", "tr_close": "</tr>\n",
    "th_close": "</th>", "td_close": "</td>",
}  # fmt: skip
_PAGE_INLINES = {
    "strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>",
    "s_open": "<s>", "s_close": "</s>", "link_close": "</a>", "hardbreak": "<br>\n",
}  # fmt: skip


class Page(Walk):
    """The page's HTML: headings from h2 on, tables, pictures, code; timestamps that are chapters seek."""

    def render(self, tokens: list[Token]) -> str:
        """HTML of some of the notes' blocks."""
        out: list[str] = []
        for token in tokens:
            kind = token.type
            if kind == "inline":
                self._inline(token, out)
            elif token.hidden:
                continue
            elif kind in _PAGE_BLOCKS:
                out.append(_PAGE_BLOCKS[kind])
            elif kind.startswith("heading"):
                tag = f"h{min(int(token.tag[1]) + self.shift, 6)}"
                out.append(f"<{tag}>" if token.nesting > 0 else f"</{tag}>\n")
            elif kind in {"th_open", "td_open"}:
                align = str(token.attrs.get("style", "")).removeprefix("text-align:")
                out.append(f'<{token.tag} class="align-{align}">' if align else f"<{token.tag}>")
            elif kind == "ordered_list_open":
                start = token.attrs.get("start")
                out.append(f'<ol start="{start}">\n' if start is not None else "<ol>\n")
            elif kind in {"fence", "code_block"}:
                language = token.info.split()[0] if token.info.split() else ""
                name = f' class="language-{escape(language)}"' if language else ""
                out.append(f"<pre><code{name}>{escape(token.content, quote=False)}</code></pre>\n")
        return "".join(out)

    def _inline(self, token: Token, out: list[str]) -> None:
        rows = self.lines(token) if self.marks else [(None, token.children or [])]
        for number, (stamp, children) in enumerate(rows):
            for place, child in enumerate(children):
                kind = child.type
                if kind == "text":
                    said = child.content
                    if stamp and not place and said.startswith(stamp.mark):
                        out.append(f'<a href="#t={format_seconds(stamp.start_ms)}">{escape(stamp.mark)}</a>')
                        said = said[len(stamp.mark) :]
                    out.append(escape(said, quote=False))
                elif kind in _PAGE_INLINES:
                    out.append(_PAGE_INLINES[kind])
                elif kind == "softbreak":
                    out.append("<br>\n" if rows[number + 1 : number + 2] and rows[number + 1][0] else "\n")
                elif kind == "code_inline":
                    out.append(f"<code>{escape(child.content, quote=False)}</code>")
                elif kind == "link_open":
                    title = child.attrs.get("title")
                    named = f' title="{escape(str(title))}"' if title else ""
                    address = str(child.attrs.get("href", ""))
                    out.append(f'<a href="{escape(_page_of(address, self.page_url) or address)}"{named}>')
                elif kind == "image":
                    out.append(self._image(child))

    def _image(self, token: Token) -> str:
        address, picture = self.picture(token)
        alt = alternative(token)
        if picture is None:  # a page sends nobody's browser to another host
            return f'<a href="{escape(address)}">{escape(alt or address)}</a>' if address else escape(alt, quote=False)
        title = token.attrs.get("title")
        size = f' width="{picture.width}" height="{picture.height}"' if picture.width and picture.height else ""
        named = f' title="{escape(str(title))}"' if title else ""
        sources = _sources(picture)
        return (
            f'<img src="{escape(address)}"{sources} alt="{escape(alt)}"{named}{size} loading="lazy" decoding="async">'
        )


def _sources(picture: Image) -> str:
    """The smaller copies of a picture, for a browser to choose from; nothing where there are none."""
    if not picture.thumbnails:
        return ""
    copies = ", ".join(f"{copy.url} {copy.width}w" for copy in (*picture.thumbnails, picture))
    return f' srcset="{escape(copies)}" sizes="(min-width: 46rem) 44rem, 92vw"'


def _page_of(address: str, page_url: str) -> str:
    """The page of the episode whose notes a link names, relative to another's; empty for any other link."""
    path, mark, fragment = address.partition("#")
    if not path.endswith(".md") or ":" in path or path.startswith("/"):
        return ""
    parts = path.removesuffix(".md").split("/")
    slug = parts[-2] if parts[-1] == "index" and len(parts) > 1 else parts[-1]
    page = "index.html" if page_url.endswith("/index.html") else ""
    return f"../{slug}/{page}{mark}{fragment}"


def alternative(token: Token) -> str:
    """A picture's alternative text."""
    return " ".join("".join(child.content or " " for child in token.children or ()).split()) or token.content
