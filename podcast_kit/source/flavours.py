"""The tokens of show notes as HTML for the page, HTML for the feed, and plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

if TYPE_CHECKING:
    from markdown_it.token import Token

    from podcast_kit.model import Picture
    from podcast_kit.source.chapters import Stamp

_SCHEMES = {"http", "https", "mailto", "tel"}
_FEED_TAGS = {"p", "ol", "ul", "li", "a", "b", "i", "strong", "em", "br"}
_PAGE_TAGS = _FEED_TAGS | {
    "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "code", "hr", "img", "s", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_PAGE_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height", "loading", "decoding"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"class"},
    "td": {"class"},
}


def guard_page(markup: str) -> str:
    """What notes may bring onto a page, and nothing else."""
    import nh3

    return str(nh3.clean(markup, tags=_PAGE_TAGS, attributes=_PAGE_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None))


def guard_feed(markup: str) -> str:
    """What Apple, Spotify and the apps show of notes, and nothing else."""
    import nh3

    return str(nh3.clean(markup, tags=_FEED_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None))


@dataclass
class _Walk:
    """One flavour: walks tokens in order; a method a kind of token."""

    pictures: Mapping[str, Picture]
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
        page = _page_of(address, self.page_url)
        try:
            return urljoin(self.page_url if page or address.startswith("#") else self.base, page or address)
        except ValueError:
            return ""

    def picture(self, token: Token) -> tuple[str, Picture | None]:
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


class Page(_Walk):
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
                        out.append(f'<a href="#t={seconds(stamp.start_ms)}">{escape(stamp.mark)}</a>')
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


class _Plainer(_Walk):
    """What the feed and the text have in common: paragraphs and lists, and nothing that apps do not show."""

    def render(self, tokens: list[Token]) -> str:
        """Some of the notes' blocks."""
        self._begin()
        self.cells: list[str] | None = None
        self.strong = False
        for token in tokens:
            kind = token.type
            if kind == "inline":
                self._said(self._inline(token))
            elif kind in {"fence", "code_block"}:
                self._code(token.content.rstrip("\n"))
            elif kind in {"heading_open", "heading_close", "thead_open", "thead_close"}:
                self.strong = token.nesting > 0
            elif token.tag == "tr":
                self._row(opened=token.nesting > 0)
            elif token.tag in {"ul", "ol", "li"}:
                self._listing(token)
        return self._end()

    def _said(self, said: str) -> None:
        if self.cells is not None:
            self.cells.append(said)
        elif said.strip():
            self._block(said, strong=self.strong)

    def _row(self, *, opened: bool) -> None:
        """A table's row is a paragraph."""
        cells, self.cells = self.cells, [] if opened else None
        if row := " – ".join(cell for cell in cells or () if cell.strip()):
            self._block(row, strong=self.strong)

    def _begin(self) -> None:
        """Nothing said yet."""
        raise NotImplementedError

    def _end(self) -> str:
        """All that was said."""
        raise NotImplementedError

    def _inline(self, token: Token) -> str:
        """A line of text in this flavour."""
        raise NotImplementedError

    def _block(self, said: str, *, strong: bool) -> None:
        """A paragraph, which in a list belongs to its item."""
        raise NotImplementedError

    def _code(self, source: str) -> None:
        """Lines that must stay lines."""
        raise NotImplementedError

    def _listing(self, token: Token) -> None:
        """A list or an item opens or closes."""
        raise NotImplementedError


class Feed(_Plainer):
    """The feed's HTML: p ol ul li a b i strong em br, every link absolute."""

    def _begin(self) -> None:
        self.out: list[str] = []
        self.depth = 0
        self.fresh = False

    def _end(self) -> str:
        return "".join(self.out)

    def _block(self, said: str, *, strong: bool) -> None:
        said = f"<b>{said}</b>" if strong else said
        if self.depth:
            self.out.append(said if self.fresh else f"<br>{said}")
            self.fresh = False
        else:
            self.out.append(f"<p>{said}</p>\n")

    def _code(self, source: str) -> None:
        self._block("<br>".join(escape(line, quote=False) for line in source.split("\n")), strong=False)

    def _listing(self, token: Token) -> None:
        if token.tag == "li":
            self.out.append("<li>" if token.nesting > 0 else "</li>")
            self.fresh = token.nesting > 0
            return
        self.depth += token.nesting
        line = "" if self.depth else "\n"
        self.out.append(f"<{token.tag}>" if token.nesting > 0 else f"</{token.tag}>{line}")
        self.fresh = False

    def _inline(self, token: Token) -> str:
        out: list[str] = []
        linked = False
        rows = self.lines(token) if self.marks else [(None, token.children or [])]
        for number, (_, children) in enumerate(rows):
            for child in children:
                kind = child.type
                if kind in {"text", "code_inline"}:
                    out.append(escape(child.content, quote=False))
                elif kind in _FEED_INLINES:
                    out.append(_FEED_INLINES[kind])
                elif kind == "softbreak":
                    out.append("<br>" if rows[number + 1 : number + 2] and rows[number + 1][0] else " ")
                elif kind == "link_open":
                    out.append(f'<a href="{escape(self.link(str(child.attrs.get("href", ""))))}">')
                    linked = True
                elif kind == "link_close":
                    out.append("</a>")
                    linked = False
                elif kind == "image":
                    address, alt = self.picture(child)[0], alternative(child)
                    if address and not linked:
                        out.append(f'<a href="{escape(self.link(address))}">{escape(alt or address, quote=False)}</a>')
                    else:
                        out.append(escape(alt, quote=False))
        return "".join(out)


class Text(_Plainer):
    """Plain text: paragraphs apart, `- ` before items, links as `label (address)`."""

    def _begin(self) -> None:
        self.out: list[str] = []
        self.numbers: list[int | None] = []
        self.prefix = ""

    def _end(self) -> str:
        return "\n".join(self.out).strip("\n")

    def _block(self, said: str, *, strong: bool) -> None:  # noqa: ARG002 -- text has no bold
        indent = "  " * max(len(self.numbers) - 1, 0)
        inside = indent + ("  " if self.numbers else "")
        first, *rest = [" ".join(line.split()) for line in said.split("\n")]
        if not self.numbers or not self.prefix:
            self._apart()
        self.out.append(f"{indent}{self.prefix}{first}" if self.prefix else f"{inside}{first}")
        self.out += [f"{inside}{line}" for line in rest]
        self.prefix = ""
        if not self.numbers:
            self._apart()

    def _apart(self) -> None:
        """A blank line, unless there is one."""
        if self.out and self.out[-1] and not self.numbers:
            self.out.append("")

    def _code(self, source: str) -> None:
        self._apart()
        self.out += source.split("\n")
        self._apart()

    def _listing(self, token: Token) -> None:
        if token.tag == "li":
            number = self.numbers[-1] if self.numbers else None
            self.prefix = ("- " if number is None else f"{number}. ") if token.nesting > 0 else ""
            if number is not None and token.nesting > 0:
                self.numbers[-1] = number + 1
        elif token.nesting > 0:
            self._apart()
            self.numbers.append(int(token.attrs.get("start", 1)) if token.tag == "ol" else None)
        else:
            self.numbers.pop()
            self._apart()

    def _inline(self, token: Token) -> str:
        out: list[str] = []
        opened: list[tuple[int, str]] = []
        rows = self.lines(token) if self.marks else [(None, token.children or [])]
        for number, (_, children) in enumerate(rows):
            for child in children:
                kind = child.type
                if kind in {"text", "code_inline"}:
                    out.append(child.content)
                elif kind == "hardbreak":
                    out.append("\n")
                elif kind == "softbreak":
                    out.append("\n" if rows[number + 1 : number + 2] and rows[number + 1][0] else " ")
                elif kind == "link_open":
                    opened.append((len(out), self.link(str(child.attrs.get("href", "")))))
                elif kind == "link_close" and opened:
                    at, address = opened.pop()
                    label = "".join(out[at:])
                    if address and not same_address(label, address):
                        said = address.removeprefix("mailto:")
                        out.append(f" ({said})" if label.strip() else said)
                elif kind == "image":
                    out.append(alternative(child))
        return "".join(out)


_FEED_INLINES = {
    "strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>", "hardbreak": "<br>",
}  # fmt: skip


def same_address(label: str, address: str) -> bool:
    """Whether a link's label already says its address."""
    bare = address.removeprefix("https://").removeprefix("http://").removeprefix("mailto:").rstrip("/")
    said = label.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    return said in {bare, unquote(bare)}


def _sources(picture: Picture) -> str:
    """The smaller copies of a picture, for a browser to choose from; nothing where there are none."""
    if not picture.smaller:
        return ""
    copies = ", ".join(f"{copy.url} {copy.width}w" for copy in (*picture.smaller, picture))
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


def seconds(milliseconds: int) -> str:
    """A start in seconds as a media fragment has it: no decimals where there are none."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0") if rest else str(whole)


def alternative(token: Token) -> str:
    """A picture's alternative text."""
    return " ".join("".join(child.content or " " for child in token.children or ()).split()) or token.content
