"""What all renderers of show notes have in common: lines, links and images."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

if TYPE_CHECKING:
    from markdown_it.token import Token

    from podcast_kit.model import Image
    from podcast_kit.source.chapters import TimestampLine

ORDINARY_URL = r"https?://(?:[a-z0-9-]{1,63}\.){1,4}[a-z0-9-]{1,63}(?:/[A-Za-z0-9/._~-]*)?(?:\?[A-Za-z0-9/._~=&-]+)?"
"""A URL like most: nothing in it has to be encoded, joined or normalized, so it stays as written."""
_ORDINARY_URL = re.compile(ORDINARY_URL)


@dataclass
class TokenRenderer:
    """Renders Markdown tokens, in order."""

    images: Mapping[str, Image]
    timestamps: Mapping[int, TimestampLine]
    """The timestamps of chapters, by their line in the notes."""
    page_url: str = ""
    base_url: str = ""
    heading_shift: int = 0
    """Levels that headings move down: one where the notes have an h1, which is the page's own title."""
    first_lines: frozenset[int] = frozenset()
    """The lines that begin with the time or the title of a chapter, also of one after the end of the recording."""
    is_own_page: bool = False
    """Whether the text is a page of the podcaster's own, whose files are in `pages/`, not notes of an episode."""

    def __post_init__(self) -> None:
        self._marked_lines = self.first_lines | self.timestamps.keys()

    def is_first_line(self, token: Token, number: int) -> bool:
        """Whether a line of an inline token, counted from 0, begins with the time or the title of a chapter."""
        return (token.map[0] if token.map else 0) + number in self.first_lines

    def split_lines(self, token: Token) -> list[tuple[TimestampLine | None, list[Token]]]:
        """The children of an inline token by line, each line with its timestamp; all as one line where none has any."""
        first, end = token.map or (0, None)
        if not self.first_lines or (end and not any(line in self._marked_lines for line in range(first, end))):
            return [(None, token.children or [])]
        lines: list[tuple[TimestampLine | None, list[Token]]] = [(self.timestamps.get(first), [])]
        for child in token.children or ():
            if child.type in {"softbreak", "hardbreak"}:
                timestamp = self.timestamps.get(first + len(lines))
                lines[-1][1].append(child)
                lines.append((timestamp, []))
            else:
                lines[-1][1].append(child)
        return lines

    def absolute_link(self, url: str) -> str:
        """A link's URL, made absolute; empty where that is not possible."""
        if _ORDINARY_URL.fullmatch(url):
            return url
        page = self.published_link(url)
        try:
            return urljoin(self.page_url if page or url.startswith("#") else self.base_url, page or url)
        except ValueError:
            return ""

    def published_link(self, url: str) -> str:
        """A link to a source file of the show as a link to what is published of it, relative to the page; else empty.

        To the notes of an episode (`002-two.md`), a page (`../pages/about.md`), or a file in `static/`.
        """
        path, mark, fragment = url.partition("#")
        if ":" in path or path.startswith("/"):
            return ""
        folders = [part for part in path.split("/")[:-1] if part not in {"", ".", ".."}]
        to_root = "../" if self.is_own_page else "../../"
        if folders[:1] == ["static"]:
            return f"{to_root}{path.partition('static/')[2]}{mark}{fragment}"
        if not path.endswith(".md"):
            return ""
        to_own_page = folders[:1] == ["pages"] or (self.is_own_page and folders[:1] != ["episodes"])
        if not to_own_page and not self.is_own_page:
            return episode_page_link(url, self.page_url)
        page = "index.html" if self.page_url.endswith("/index.html") else ""
        parts = path.removesuffix(".md").split("/")
        slug = parts[-2] if parts[-1] == "index" and len(parts) > 1 else parts[-1]
        return f"{to_root}{'' if to_own_page else 'episodes/'}{slug}/{page}{mark}{fragment}"

    def published_image(self, token: Token) -> tuple[str, Image | None]:
        """An image's URL (empty for a local image that is not published), and the published image if it is local."""
        source = str(token.attrs.get("src", ""))
        image = self.images.get(unquote(source))
        if image is not None:
            return image.url, image
        return (source if source.startswith(("https://", "http://")) else ""), None


class SimpleRenderer(TokenRenderer, ABC):
    """What feed HTML and plain text have in common: paragraphs and lists, and nothing that apps do not show."""

    def render(self, tokens: list[Token]) -> str:
        """Some blocks of the notes."""
        self._start()
        self.cells: list[str] | None = None
        self.strong = False
        for token in tokens:
            kind = token.type
            if kind == "inline":
                self._add_line(self._render_inline(token))
            elif kind in {"fence", "code_block"}:
                self._add_code(token.content.rstrip("\n"))
            elif kind in {"heading_open", "heading_close", "thead_open", "thead_close"}:
                self.strong = token.nesting > 0
            elif token.tag == "tr":
                self._add_row(opened=token.nesting > 0)
            elif token.tag in {"ul", "ol", "li"}:
                self._add_list_token(token)
        return self._finish()

    def _add_line(self, line: str) -> None:
        if self.cells is not None:
            self.cells.append(line)
        elif line.strip():
            self._add_paragraph(line, strong=self.strong)

    def _add_row(self, *, opened: bool) -> None:
        """A table row becomes a paragraph."""
        cells, self.cells = self.cells, [] if opened else None
        if row := " – ".join(cell for cell in cells or () if cell.strip()):
            self._add_paragraph(row, strong=self.strong)

    @abstractmethod
    def _start(self) -> None:
        """Begin with an empty output."""

    @abstractmethod
    def _finish(self) -> str:
        """The output."""

    @abstractmethod
    def _render_inline(self, token: Token) -> str:
        """The text of an inline token."""

    @abstractmethod
    def _add_paragraph(self, text: str, *, strong: bool) -> None:
        """Add a paragraph; inside a list it belongs to its item."""

    @abstractmethod
    def _add_code(self, source: str) -> None:
        """Add lines whose breaks are kept."""

    @abstractmethod
    def _add_list_token(self, token: Token) -> None:
        """Open or close a list or an item."""


def episode_page_link(url: str, page_url: str) -> str:
    """A link to another episode's notes (`002-two.md`) as a link to its page, relative to a page; else empty."""
    path, mark, fragment = url.partition("#")
    if not path.endswith(".md") or ":" in path or path.startswith("/"):
        return ""
    parts = path.removesuffix(".md").split("/")
    slug = parts[-2] if parts[-1] == "index" and len(parts) > 1 else parts[-1]
    page = "index.html" if page_url.endswith("/index.html") else ""
    return f"../{slug}/{page}{mark}{fragment}"


def close_html_link(label: list[str], url: str) -> str:
    """The end of a link; one that shows nothing, such as an image without alternative text, gets its URL as label."""
    has_label = any(piece.strip() for piece in label)
    return "</a>" if has_label else f"{escape(url, quote=False)}</a>"


def alt_text(token: Token) -> str:
    """An image's alternative text."""
    return " ".join("".join(child.content or " " for child in token.children or ()).split()) or token.content
