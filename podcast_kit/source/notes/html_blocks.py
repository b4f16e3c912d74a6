"""Reads the HTML of other hosts as the blocks that show notes can have. The only module with beautifulsoup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from podcast_kit.text.html_depth import flatten_html, is_nested_too_deep

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

INVISIBLE_ELEMENTS = frozenset({"head", "noscript", "script", "style", "template", "title"})
"""Elements whose content is never shown."""
EMBEDDED_ELEMENTS = frozenset({
    "applet", "audio", "canvas", "embed", "iframe", "input", "object", "select", "svg", "textarea", "video",
})  # fmt: skip
"""Elements that show what notes cannot have."""
MAX_NESTING = 10
"""Levels of quotes and lists, where a list counts as two; the Markdown parser has a limit of 12."""
MAX_LIST_START = 999_999_999
MAX_SHOWN_URL_LEN = 200
_LINE_BREAKING = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html",
    "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul", "xmp", "plaintext", "listing",
})  # fmt: skip
_ITALIC = frozenset({"i", "em"})
_BOLD = frozenset({"b", "strong"})
_STRUCK = frozenset({"s", "del", "strike"})
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_PREFORMATTED = frozenset({"pre", "xmp", "listing", "plaintext"})
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(bold|[6-9]00|normal|[1-4]00)", re.IGNORECASE)
_ITALIC_STYLE = re.compile(r"font-style\s*:\s*(italic|normal)", re.IGNORECASE)
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SPACES = re.compile("[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")
_LINE_END = re.compile("\r\n|[\n\r\u2028\u2029\x85]")
_URL_SPACES = re.compile(r"[\t\n\r]+")
_ASCII_CONTROL = re.compile(r"[\x00-\x20]+")


class Run(NamedTuple):
    """Text of one format."""

    text: str
    """`\\n` is a line break; of an image, its alternative text."""
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    url: str = ""
    """The URL that it links to."""
    image_url: str = ""

    def with_text(self, text: str) -> Run:
        """Other text in the same format."""
        return Run(text, *self[1:])

    def is_break(self) -> bool:
        """Whether it is a line break."""
        return self.text == "\n" and not self.image_url


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph or a heading."""

    runs: tuple[Run, ...]
    level: int = 0
    """Of a heading, 1 to 6."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines whose spaces are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class RuleBlock:
    """A horizontal line."""


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows of cells, all of the same length."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]
    has_header: bool


@dataclass(slots=True)
class Container:
    """Blocks inside of a quote, a list, an item or a cell."""

    kind: Literal["document", "quote", "list", "item", "table", "row", "cell"]
    blocks: list[Block] = field(default_factory=list)
    nesting: int = 0
    is_ordered: bool = False
    start: int = 1
    """Of an ordered list."""
    is_header: bool = False
    """Of a cell."""


Block = TextBlock | CodeBlock | RuleBlock | TableBlock | Container


@dataclass(frozen=True, slots=True)
class HtmlBlocks:
    """What some HTML shows."""

    document: Container
    text: str
    """Everything that is visible, without blanks: to compare with."""
    losses: tuple[str, ...]
    """What is not in the blocks, in words."""


def parse_html_blocks(html: str, base: str = "", *, keeps_lines: bool = False) -> HtmlBlocks:
    """The blocks of some HTML; relative URLs are resolved against `base`."""
    builder = BlockBuilder(base, keeps_lines=keeps_lines)
    builder.add_tree(parse_html_tree(html))
    return HtmlBlocks(builder.document, "".join("".join(builder.visible).split()), tuple(dict.fromkeys(builder.losses)))


def parse_html_tree(html: str) -> BeautifulSoup:
    """The tree of some HTML; of text and line breaks alone where more elements are open than parsers bear."""
    from bs4 import BeautifulSoup

    if is_nested_too_deep(html):
        html = flatten_html(html)
    return BeautifulSoup(f"<body>{html}", "lxml")


@dataclass(frozen=True, slots=True)
class _OpenTag:
    children: Iterator[object]
    name: str
    style: Run
    depth: int
    heading: int


class BlockBuilder:
    """Walks a tree without recursion, because HTML can be nested a thousand deep."""

    _heading_levels: ClassVar = {f"h{level}": level for level in range(1, 7)}

    def __init__(self, base: str, *, keeps_lines: bool) -> None:
        self.base = base
        self.keeps_lines = keeps_lines
        self.document = Container("document")
        self.containers = [self.document]
        self.runs: list[Run] = []
        self.style = Run("")
        self.heading = 0
        self.preformatted = 0
        self.visible: list[str] = []
        self.losses: list[str] = []

    def add_tree(self, tree: Tag) -> None:
        """Add everything in a tree."""
        from bs4 import Tag
        from bs4.element import CData, NavigableString

        open_tags = [_OpenTag(iter(tree.contents), "", self.style, 1, 0)]
        while open_tags:
            node = next(open_tags[-1].children, None)
            if node is None:
                self.close_tag(open_tags.pop())
            elif isinstance(node, Tag):
                if node.name in INVISIBLE_ELEMENTS:
                    continue
                open_tags.append(
                    _OpenTag(iter(node.contents), node.name, self.style, len(self.containers), self.heading)
                )
                if not self.open_tag(node):
                    open_tags.pop()
            elif type(node) in {NavigableString, CData}:
                self.add_text(str(node))
        self.flush()

    def open_tag(self, tag: Tag) -> bool:
        """Begin an element; returns whether its content is shown."""
        name = tag.name
        if name in EMBEDDED_ELEMENTS:
            self.report_embedded(tag)
            return False
        if name in _LINE_BREAKING:
            self.flush()
            self.open_block(tag)
        elif name == "br":
            self.runs.append(Run("\n"))
        elif name in {"img", "image"}:
            self.add_image(tag)
        else:
            self.style = self.inline_style(tag)
        return True

    def open_block(self, tag: Tag) -> None:
        """Begin an element that starts a new line."""
        name = tag.name
        if name in self._heading_levels:
            self.heading = self._heading_levels[name]
        elif name in _PREFORMATTED:
            self.preformatted += 1
        elif name == "hr":
            self.parent().blocks.append(RuleBlock())
        elif name == "blockquote":
            self.push("quote", 1)
        elif name in _LISTS:
            self.open_list(tag)
        elif name == "li":
            self.open_item(tag)
        elif name == "table":
            self.containers.append(Container("table", nesting=self.containers[-1].nesting))
        elif name == "tr" and self.containers[-1].kind == "table":
            self.push("row", 0)
        elif name in {"td", "th"} and self.containers[-1].kind == "row":
            self.push("cell", 0).is_header = name == "th"

    def open_list(self, tag: Tag) -> None:
        """Begin a list, if that is possible at this depth."""
        target = self.push("list", 2)
        if target.kind == "list":
            target.is_ordered = tag.name == "ol"
            target.start = _list_number(tag.get("start"))

    def open_item(self, tag: Tag) -> None:
        """Begin an item; one outside of a list begins a list."""
        if self.containers[-1].kind != "list":
            last = self.parent().blocks[-1:]
            if last and isinstance(last[0], Container) and last[0].kind == "list" and not last[0].is_ordered:
                self.containers.append(last[0])
            else:
                self.push("list", 2)
        if self.containers[-1].kind == "list":
            parent = self.containers[-1]
            if parent.is_ordered and not parent.blocks and tag.get("value"):
                parent.start = _list_number(tag["value"])
            item = Container("item", nesting=parent.nesting)
            parent.blocks.append(item)
            self.containers.append(item)

    def push(self, kind: Literal["quote", "list", "row", "cell"], weight: int) -> Container:
        """Open a container in the current one; returns the current one where the nesting is too deep."""
        parent = self.containers[-1] if kind in {"row", "cell"} else self.parent()
        if parent.nesting + weight > MAX_NESTING:
            return parent
        container = Container(kind, nesting=parent.nesting + weight)
        parent.blocks.append(container)
        self.containers.append(container)
        return container

    def parent(self) -> Container:
        """The container for the next block: text right inside of a list belongs to its last item."""
        container = self.containers[-1]
        if container.kind == "list":
            if not container.blocks:
                container.blocks.append(Container("item", nesting=container.nesting))
            last = container.blocks[-1]
            assert isinstance(last, Container)  # noqa: S101  # a list has only items
            return last
        if container.kind in {"table", "row"}:
            return self.parent_of_stray_text(container)
        return container

    def parent_of_stray_text(self, container: Container) -> Container:
        """Where text between cells belongs: before the table, as its caption, or into a cell of its own."""
        if container.kind == "table" and not container.blocks:
            return next(other for other in reversed(self.containers) if other.kind not in {"table", "row", "list"})
        if container.kind == "table":
            container.blocks.append(row := Container("row", nesting=container.nesting))
            container = row
        container.blocks.append(cell := Container("cell", nesting=container.nesting))
        return cell

    def close_tag(self, tag: _OpenTag) -> None:
        """End an element."""
        if tag.name in _LINE_BREAKING:
            self.flush()
        if tag.name in _PREFORMATTED:
            self.preformatted -= 1
        self.style, self.heading = tag.style, tag.heading
        while len(self.containers) > tag.depth:
            container = self.containers.pop()
            if container.kind == "table":
                self.parent().blocks.extend(_table_blocks(container))

    def inline_style(self, tag: Tag) -> Run:
        """The format inside of an element."""
        name, style = tag.name, self.style
        if name in _BOLD:
            style = style._replace(bold=True)
        elif name in _ITALIC:
            style = style._replace(italic=True)
        elif name in _STRUCK:
            style = style._replace(struck=True)
        elif name in _CODE:
            style = style._replace(code=True)
        elif name == "a" and tag.get("href") is not None:
            style = style._replace(url=self.link_url(str(tag["href"])))
        css = str(tag.get("style") or "")
        if css and (match := _BOLD_STYLE.search(css)):
            style = style._replace(bold=match[1].lower() in {"bold", "600", "700", "800", "900"})
        if css and (match := _ITALIC_STYLE.search(css)):
            style = style._replace(italic=match[1].lower() == "italic")
        return style

    def link_url(self, href: str) -> str:
        """A link's absolute URL; empty where no page or app would follow it."""
        url = self.absolute_url(href)
        try:
            parts = urlsplit(url)
            is_allowed = parts.scheme.lower() in _LINK_SCHEMES and bool(parts.netloc or parts.path)
        except ValueError:
            is_allowed = False
        if not is_allowed and url and not url.startswith("#"):
            self.losses.append(f"the link to {url[:MAX_SHOWN_URL_LEN]!r}")
        return url if is_allowed else ""

    def absolute_url(self, href: str) -> str:
        """A URL, resolved against the page's."""
        url = _URL_SPACES.sub("", href.strip())
        with suppress(ValueError):
            url = urljoin(self.base, url)
        return url

    def add_image(self, tag: Tag) -> None:
        """Add an image on the web, or the alternative text of any other."""
        if _is_tracking_pixel(tag):
            return
        alt = " ".join(str(tag.get("alt") or "").split())
        self.visible.append(alt)
        url = self.absolute_url(str(tag.get("src") or ""))
        is_emoji = bool(alt) and "emoji" in str(tag.get("class") or "")
        if not is_emoji and url.lower().startswith(("https://", "http://")):
            self.runs.append(self.style._replace(text=alt, code=False, image_url=url))
            return
        if not is_emoji:
            self.losses.append(f"the image {url[:MAX_SHOWN_URL_LEN]!r}")
        self.runs.append(self.style.with_text(alt))

    def add_text(self, text: str) -> None:
        """Add text in the current format."""
        self.visible.append(text)
        if self.preformatted:
            text = _LINE_END.sub("\n", text.expandtabs(4))
        elif self.keeps_lines:
            text = _LINE_END.sub("\n", text)
        else:
            text = _SPACES.sub(" ", text)
        self.runs.append(self.style.with_text(text))

    def report_embedded(self, tag: Tag) -> None:
        """Say that a player, a form or the like is left out."""
        if tag.name == "input" and str(tag.get("type")).lower() == "hidden":
            return
        source = str(tag.get("src") or tag.get("data") or "")
        url = f" of {self.absolute_url(source)[:MAX_SHOWN_URL_LEN]!r}" if source else ""
        self.losses.append(f"the <{tag.name}>{url}")

    def flush(self) -> None:
        """End the current block of text."""
        if not self.runs:
            return
        runs, self.runs = self.runs, []
        if self.preformatted and _is_code(runs):
            text = "".join(run.text for run in runs).rstrip().removeprefix("\n")
            if text.strip():
                self.parent().blocks.append(CodeBlock(text))
            return
        paragraphs = [*_split_paragraphs(list(_collapse_spaces(runs)))]
        if not paragraphs:
            return
        parent = self.parent()
        for paragraph in paragraphs:
            if self.heading:
                parent.blocks.extend(TextBlock(line, self.heading) for line in _split_runs(paragraph))
            else:
                parent.blocks.append(TextBlock(tuple(paragraph)))


def _list_number(value: object) -> int:
    """The number that a list begins with."""
    digits = str(value or "").strip()
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len(str(MAX_LIST_START)) else 1
    return min(number, MAX_LIST_START)


def _is_tracking_pixel(tag: Tag) -> bool:
    sizes = {str(tag.get(key) or "").strip().removesuffix("px") for key in ("width", "height")}
    return sizes <= {"0", "1"}


def _is_code(runs: list[Run]) -> bool:
    """Whether preformatted text depends on its blanks: code, a drawing, columns."""
    if any(run.url or run.image_url for run in runs):
        return False
    text = "".join(run.text for run in runs).strip("\n")
    return any(run.code for run in runs) or text.startswith(" ") or "\n " in text or "   " in text


def _collapse_spaces(runs: list[Run]) -> Iterator[Run]:
    """The runs with single blanks between words, and none at either end of a line; line breaks are separate runs."""
    pending: Run | None = None
    at_start = True
    for run in runs:
        if run.image_url:
            if pending and not at_start:
                yield pending
            pending, at_start = None, False
            yield run
            continue
        for number, line in enumerate(run.text.split("\n")):
            if number:
                yield Run("\n")
                pending, at_start = None, True
            words = _SPACES.sub(" ", line)
            core = words.strip()
            if not core:
                if words:
                    pending = pending or run.with_text(" ")
                continue
            before = words[: len(words) - len(words.lstrip())]
            after = words[len(words.rstrip()) :]
            if not at_start and (before or pending):
                yield (pending or run).with_text(before or " ")
            yield run.with_text(core)
            at_start, pending = False, run.with_text(after) if after else None


def _split_paragraphs(runs: list[Run]) -> Iterator[list[Run]]:
    """The runs between two or more line breaks; adjacent runs of one format become one."""
    paragraph: list[Run] = []
    breaks = 0
    for run in runs:
        if run.is_break():
            breaks += 1
            continue
        if breaks and paragraph:
            if breaks > 1:
                yield merge_runs(paragraph)
                paragraph = []
            else:
                paragraph.append(Run("\n"))
        breaks = 0
        paragraph.append(run)
    if paragraph:
        yield merge_runs(paragraph)


def merge_runs(runs: Iterable[Run]) -> list[Run]:
    """The runs, where adjacent ones of one format are joined; line breaks and images stay alone."""
    merged: list[Run] = []
    texts: list[str] = []
    for run in runs:
        last = merged[-1] if merged else None
        if last and run[1:] == last[1:] and not run.image_url and run.text != "\n" != last.text:
            texts.append(run.text)
            continue
        if len(texts) > 1:
            merged[-1] = merged[-1].with_text("".join(texts))
        merged.append(run)
        texts = [run.text]
    if len(texts) > 1:
        merged[-1] = merged[-1].with_text("".join(texts))
    return merged


def _split_runs(runs: list[Run]) -> Iterator[tuple[Run, ...]]:
    """The runs of each line."""
    line: list[Run] = []
    for run in runs:
        if run.is_break():
            yield tuple(line)
            line = []
        else:
            line.append(run)
    yield tuple(line)


def _table_blocks(table: Container) -> list[Block]:
    """A table, if each cell is a single line; else the content of its cells, one after the other."""
    rows = [[cell for cell in row.blocks if isinstance(cell, Container)] for row in table.blocks]  # type: ignore[union-attr]
    rows = [row for row in rows if any(cell.blocks for cell in row)]
    columns = max(map(len, rows), default=0)
    cells = [cell for row in rows for cell in row]
    is_grid = columns > 1 and columns * len(rows) <= 2 * len(cells)
    if is_grid and all(_is_line(cell) for cell in cells):
        lines = tuple(
            tuple(_cell_runs(row[index]) if index < len(row) else () for index in range(columns)) for row in rows
        )
        return [TableBlock(lines, has_header=all(cell.is_header for cell in rows[0]))]
    return [block for cell in cells for block in cell.blocks]


def _is_line(cell: Container) -> bool:
    if len(cell.blocks) > 1:
        return False
    return not cell.blocks or (
        isinstance(cell.blocks[0], TextBlock)
        and not cell.blocks[0].level
        and not any(run.is_break() for run in cell.blocks[0].runs)
    )


def _cell_runs(cell: Container) -> tuple[Run, ...]:
    return cell.blocks[0].runs if cell.blocks and isinstance(cell.blocks[0], TextBlock) else ()
