"""Turns sanitized feed HTML into the plain text of a mail."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LISTS = frozenset({"ol", "ul"})


def feed_html_to_text(markup: str) -> str:
    """Plain text: blank lines between paragraphs, `- ` before items, links as `label (URL)`.

    >>> feed_html_to_text('<p>See <a href="https://a.example/">A</a></p><ul><li>one</li></ul>')
    'See A (https://a.example/)\\n\\n- one'
    """
    writer = _TextWriter()
    writer.feed(markup)
    writer.close()
    return writer.finish()


class _TextWriter(HTMLParser):
    """Collects blocks of text while the HTML is parsed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.pieces: list[str] = []
        """Of the line that is being written."""
        self.item_numbers: list[int | None] = []
        """The number of the current item in each open list; None in a bullet list."""
        self.item_prefix = ""
        self.links: list[tuple[int, str]] = []
        """The position in `pieces` and the URL of each open link."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._end_line()
        elif tag == "a":
            self.links.append((len(self.pieces), dict(attrs).get("href") or ""))
        elif tag in _LISTS:
            self._end_block()
            self.item_numbers.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._end_line()
            number = self.item_numbers[-1] if self.item_numbers else None
            if self.item_numbers and number is not None:
                self.item_numbers[-1] = number + 1
            self.item_prefix = "- " if number is None else f"{number + 1}. "
        elif tag == "p":
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.links:
            start, url = self.links.pop()
            label = "".join(self.pieces[start:]).strip()
            address = url.removeprefix("mailto:").removeprefix("tel:")
            if address.rstrip("/") not in {label.rstrip("/"), f"https://{label.rstrip('/')}"}:
                self.pieces.append(f" ({address})" if label else address)
        elif tag in _LISTS:
            self._end_line()
            if self.item_numbers:
                self.item_numbers.pop()
            self._end_block()
        elif tag == "li":
            self._end_line()
        elif tag == "p":
            self._end_block()

    def handle_data(self, data: str) -> None:
        self.pieces.append(re.sub(r"\s+", " ", data))

    def finish(self) -> str:
        """The text of everything that was read."""
        self._end_line()
        return "\n".join(self.lines).strip("\n")

    def _end_line(self) -> None:
        text = "".join(self.pieces).strip()
        self.pieces, self.links = [], []
        if text:
            depth = len(self.item_numbers)
            indent = "  " * (depth - 1 if self.item_prefix else depth)
            self.lines.append(f"{indent}{self.item_prefix}{text}")
            self.item_prefix = ""

    def _end_block(self) -> None:
        """End the line, and the paragraph unless it is in a list."""
        self._end_line()
        if not self.item_numbers and self.lines and self.lines[-1]:
            self.lines.append("")
