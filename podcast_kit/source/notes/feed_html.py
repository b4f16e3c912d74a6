"""The tokens of show notes as HTML for the feed, and as plain text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from podcast_kit.source.notes.renderer import Walk, alternative

if TYPE_CHECKING:
    from markdown_it.token import Token


class _Plainer(Walk, ABC):
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

    @abstractmethod
    def _begin(self) -> None:
        """Nothing said yet."""

    @abstractmethod
    def _end(self) -> str:
        """All that was said."""

    @abstractmethod
    def _inline(self, token: Token) -> str:
        """A line of text in this flavour."""

    @abstractmethod
    def _block(self, said: str, *, strong: bool) -> None:
        """A paragraph, which in a list belongs to its item."""

    @abstractmethod
    def _code(self, source: str) -> None:
        """Lines that must stay lines."""

    @abstractmethod
    def _listing(self, token: Token) -> None:
        """A list or an item opens or closes."""


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
