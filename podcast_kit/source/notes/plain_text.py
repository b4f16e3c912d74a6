"""Show notes as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from podcast_kit.source.notes.renderer import SimpleRenderer, alt_text

if TYPE_CHECKING:
    from markdown_it.token import Token


class PlainTextRenderer(SimpleRenderer):
    """Plain text: blank lines between paragraphs, `- ` before items, links as `label (URL)`."""

    def _start(self) -> None:
        self.lines: list[str] = []
        self.item_numbers: list[int | None] = []
        """The next item's number in each open list; None in a bullet list."""
        self.item_prefix = ""

    def _finish(self) -> str:
        return "\n".join(self.lines).strip("\n")

    def _add_paragraph(self, text: str, *, strong: bool) -> None:  # noqa: ARG002 -- plain text has no bold
        item_indent = "  " * max(len(self.item_numbers) - 1, 0)
        text_indent = item_indent + ("  " if self.item_numbers else "")
        first, *others = [" ".join(line.split()) for line in text.split("\n")]
        if not self.item_numbers or not self.item_prefix:
            self._add_blank_line()
        self.lines.append(f"{item_indent}{self.item_prefix}{first}" if self.item_prefix else f"{text_indent}{first}")
        self.lines += [f"{text_indent}{line}" for line in others]
        self.item_prefix = ""
        if not self.item_numbers:
            self._add_blank_line()

    def _add_blank_line(self) -> None:
        """Add a blank line outside of lists, unless the last line is blank."""
        if self.lines and self.lines[-1] and not self.item_numbers:
            self.lines.append("")

    def _add_code(self, source: str) -> None:
        self._add_blank_line()
        self.lines += source.split("\n")
        self._add_blank_line()

    def _add_list_token(self, token: Token) -> None:
        if token.tag == "li":
            number = self.item_numbers[-1] if self.item_numbers else None
            self.item_prefix = ("- " if number is None else f"{number}. ") if token.nesting > 0 else ""
            if number is not None and token.nesting > 0:
                self.item_numbers[-1] = number + 1
        elif token.nesting > 0:
            self._add_blank_line()
            self.item_numbers.append(int(token.attrs.get("start", 1)) if token.tag == "ol" else None)
        else:
            self.item_numbers.pop()
            self._add_blank_line()

    def _render_inline(self, token: Token) -> str:
        pieces: list[str] = []
        open_links: list[tuple[int, str]] = []
        lines = self.split_lines(token)
        for number, (_, children) in enumerate(lines):
            for child in children:
                kind = child.type
                if kind in {"text", "code_inline"}:
                    pieces.append(child.content)
                elif kind == "hardbreak":
                    pieces.append("\n")
                elif kind == "softbreak":
                    pieces.append("\n" if self.is_first_line(token, number + 1) else " ")
                elif kind == "link_open":
                    open_links.append((len(pieces), self.absolute_link(str(child.attrs.get("href", "")))))
                elif kind == "link_close" and open_links:
                    label_start, url = open_links.pop()
                    label = "".join(pieces[label_start:])
                    if url and not label_is_url(label, url):
                        address = url.removeprefix("mailto:")
                        pieces.append(f" ({address})" if label.strip() else address)
                elif kind == "image":
                    pieces.append(alt_text(child))
        return "".join(pieces)


def label_is_url(label: str, url: str) -> bool:
    """Whether a link's label is its URL, with or without the scheme."""
    bare_url = url.removeprefix("https://").removeprefix("http://").removeprefix("mailto:").rstrip("/")
    bare_label = label.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare_label in {bare_url, unquote(bare_url)}
