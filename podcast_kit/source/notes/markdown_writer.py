"""Writes blocks as Markdown that renders as the same text, formats, links and images."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from podcast_kit.source.notes.html_blocks import (
    Block,
    CodeBlock,
    Container,
    RuleBlock,
    Run,
    TableBlock,
    TextBlock,
    merge_runs,
)
from podcast_kit.source.notes.markdown import normalize_link, parse_inline, parse_markdown
from podcast_kit.source.notes.renderer import alt_text

if TYPE_CHECKING:
    from markdown_it.token import Token

Format = Literal["bold", "italic", "struck"]
InlineWriter = Callable[[Sequence[Run], bool], str]
"""Writes runs as Markdown; the flag is whether they are a paragraph."""
Attribute = Literal["url", "bold", "italic", "struck"]
_FORMAT_MARKS: dict[Format, str] = {"struck": "~~", "bold": "**", "italic": "*"}
_ATTRIBUTES: tuple[Attribute, ...] = ("url", "bold", "italic", "struck")
_HARD_BREAK = "  \n"
_BARE_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_URL_END = re.compile(r"[.,:;!?'\")\]*_]+$")
_UNSAFE_IN_BARE_URL = re.compile(r"[^!-~]|[*\[\]\\`(){}|%!<>\"]|_(?![A-Za-z0-9])|(?<![A-Za-z0-9])_|~~|&(?=#|\w+;)")
_SPECIAL = re.compile(
    r"[\\`*\[\]]|~(?=~)|(?<=~)~|<(?=[A-Za-z/!?])|&(?=#|[A-Za-z][A-Za-z0-9]*;)|\{(?=[{%])|(?<=\{)\{"
    r"|(?<![^\W_])_|_(?![^\W_])|[!~]$"
)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_LINE_START = re.compile(
    r"(?P<mark>[-+](?=\s|$)|\#(?=\#{0,5}(?:\s|$))|>|\||[-=:](?=[-=:|\s]*$))|(?P<number>\d{1,9})(?=[.)](?:\s|$))"
)
_URL_UNSAFE = re.compile(r"[\s<>\\`|\x00-\x1f]")
_ENTITY = re.compile(r"&(?=#|[A-Za-z][A-Za-z0-9]*;)")
_BACKTICKS = re.compile(r"`+")
_RISKY = re.compile(r"_|[^\w\s.,;!?'()\"–—…’“”%+=$€£-]|//|www\.")
"""Characters with a meaning in Markdown, also those that make links: text with any of them is parsed to be sure."""


def write_blocks(document: Container) -> tuple[str, list[Token]]:
    """The Markdown of a document, and its tokens.

    First, every paragraph is written as it reads best; if that does not render as the document, each is verified alone.
    """
    written: list[Sequence[Run]] = []

    def write_first_attempt(runs: Sequence[Run], is_paragraph: bool) -> str:
        attempt, writer = next(_inline_attempts([*_with_links_of_urls(runs)]))
        written.append(attempt)
        text = writer.write(attempt)
        return _escape_line_starts(text) if is_paragraph else text

    markdown = "\n".join(_write_container(document, write_first_attempt))
    tokens = parse_markdown(markdown)
    inline = [token.children for token in tokens if token.type == "inline" and token.children]
    expected = [runs for runs in written if runs]
    if len(inline) == len(expected) and all(map(_is_shown, inline, expected)):
        return markdown, tokens
    markdown = "\n".join(_write_container(document, write_inline))
    return markdown, parse_markdown(markdown)


def write_plain_paragraphs(document: Container) -> str:
    """The text of a document as paragraphs, with every sign of Markdown escaped."""
    paragraphs = [_escape_line_starts(_escape_everything(text)) for text in _texts(document)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())


def _texts(container: Container) -> Iterator[str]:
    for block in container.blocks:
        match block:
            case Container():
                yield from _texts(block)
            case TextBlock():
                yield "".join(run.text for run in block.runs)
            case CodeBlock():
                yield "\n".join(line.strip() for line in block.text.split("\n") if line.strip())
            case TableBlock():
                for row in block.rows:
                    yield " ".join(run.text for cell in row for run in cell)


def _escape_everything(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\g<0>", text).replace("\n", _HARD_BREAK)


def _write_container(container: Container, inline: InlineWriter) -> list[str]:
    """The lines of the blocks in a container, with a blank line between blocks."""
    lines: list[str] = []
    previous: Container | None = None
    for block in container.blocks:
        is_list = isinstance(block, Container) and block.kind == "list"
        if isinstance(block, Container) and is_list:
            is_second = previous is not None and previous.is_ordered == block.is_ordered
            block_lines = _write_list(block, inline, is_alternate=is_second)
            # a third list in a row gets the sign of the first again
            previous = None if is_second else block
        else:
            block_lines = _write_block(block, inline, is_top_level=container.kind == "document")
            previous = None if block_lines else previous
        if block_lines:
            if lines:
                lines.append("")
            lines += block_lines
    return lines


def _write_block(block: Block, inline: InlineWriter, *, is_top_level: bool) -> list[str]:
    match block:
        case TextBlock() if block.level:
            text = re.sub(r"(#+)$", r"\\\1", inline(block.runs, False))
            return [f"{'#' * block.level} {text}"] if text else []
        case TextBlock():
            return inline(block.runs, True).split("\n")
        case CodeBlock():
            fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(block.text)), default=0))
            return [fence, *block.text.split("\n"), fence]
        case RuleBlock():
            return ["---" if is_top_level else "___"]  # `- ---` would be a line without an item
        case TableBlock():
            return _write_table(block, inline)
        case Container():
            return [f"> {line}".rstrip(" ") if not line else f"> {line}" for line in _write_container(block, inline)]


def _write_list(container: Container, inline: InlineWriter, *, is_alternate: bool) -> list[str]:
    items = [item for item in container.blocks if isinstance(item, Container)]
    contents = [_write_container(item, inline) for item in items]
    if not container.is_ordered:
        filled = [(item, lines) for item, lines in zip(items, contents, strict=True) if lines]
        items, contents = [item for item, _ in filled], [lines for _, lines in filled]
    is_tight = all(_is_tight(item) for item in items)
    written: list[str] = []
    for number, lines in enumerate(contents, container.start):
        mark = f"{number}{')' if is_alternate else '.'}" if container.is_ordered else "*" if is_alternate else "-"
        indent = " " * (len(mark) + 1)
        if is_tight:
            lines = [line for line in lines if line]  # noqa: PLW2901
        elif written:
            written.append("")
        first, *others = lines or [""]
        written.append(f"{mark} {first}" if first else mark)
        written += [f"{indent}{line}" if line else "" for line in others]
    return written


def _is_tight(item: Container) -> bool:
    """Whether an item is one paragraph, with or without a list below that may follow it without a blank line."""
    if not item.blocks:
        return True
    if not isinstance(item.blocks[0], TextBlock) or item.blocks[0].level:
        return False
    if len(item.blocks) == 1:
        return True
    second = item.blocks[1]
    return (
        len(item.blocks) == 2  # noqa: PLR2004
        and isinstance(second, Container)
        and second.kind == "list"
        and (not second.is_ordered or second.start == 1)
        and bool(second.blocks)
        and all(isinstance(nested, Container) and nested.blocks and _is_tight(nested) for nested in second.blocks)
    )


def _write_table(table: TableBlock, inline: InlineWriter) -> list[str]:
    rows = [[_escape_pipes(inline(cell, False)) for cell in row] for row in table.rows]
    header = rows.pop(0) if table.has_header else [""] * len(rows[0])
    lines = [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]
    return [re.sub(r"(?<=\|) +(?=\|)", " ", line) for line in lines]


def _escape_pipes(text: str) -> str:
    return text.replace("|", "\\|")


def _escape_line_starts(text: str) -> str:
    return "\n".join(
        _LINE_START.sub(_escape_mark, line, count=1) if _LINE_START.match(line) else line for line in text.split("\n")
    )


def _escape_mark(match: re.Match[str]) -> str:
    return f"\\{match['mark']}" if match["mark"] else f"{match['number']}\\"


def write_inline(runs: Sequence[Run], is_paragraph: bool) -> str:
    """The Markdown of some runs: of the forms that render as the runs, the one that reads best."""
    if len(runs) == 1 and runs[0] == Run(runs[0].text) and not _RISKY.search(runs[0].text):
        return _escape_line_starts(runs[0].text) if is_paragraph else runs[0].text
    runs = [*_with_links_of_urls(runs)]
    for attempt, writer in _inline_attempts(runs):
        text = writer.write(attempt)
        if is_paragraph:
            text = _escape_line_starts(text)
        if _renders_as(text, attempt, is_paragraph=is_paragraph):
            return text
    return _escape_everything("".join(run.text for run in runs))


def _inline_attempts(runs: Sequence[Run]) -> Iterator[tuple[Sequence[Run], _InlineWriter]]:
    """Ways to write some runs, the one that reads best first, and the one with the least formats last."""
    yield _without_edge_formats(runs), _InlineWriter()
    yield (by_link := [*_format_each_link(runs)]), _InlineWriter(is_link_first=True)
    bold = [*_format_each_link([run._replace(italic=False, struck=False) for run in runs])]
    yield bold, _InlineWriter(is_link_first=True)
    for formatted in (by_link, bold, merge_runs(Run(run.text, url=run.url, image_url=run.image_url) for run in runs)):
        yield formatted, _InlineWriter(is_link_first=True, escapes_all=True)


@dataclass(frozen=True, slots=True)
class _InlineWriter:
    is_link_first: bool = False
    """Whether formats are inside of links, never around them; then URLs are not written bare either."""
    escapes_all: bool = False

    def write(self, runs: Sequence[Run], attributes: Sequence[Attribute] = _ATTRIBUTES) -> str:
        """Nest the formats of some runs: at each place, the one that goes on for longest is outside."""
        pieces: list[str] = []
        index = 0
        while index < len(runs):
            ends = {name: end for name in attributes if (end := _extent(runs, index, name)) > index}
            if not ends:
                pieces.append(self.write_leaf(runs[index]))
                index += 1
                continue
            outer: Attribute = "url" if self.is_link_first and "url" in ends else max(ends, key=ends.__getitem__)
            end = ends[outer]
            if self.is_link_first and outer != "url" and "url" in attributes:
                end = _first_link(runs, index, end)
            inner = self.write(runs[index:end], [name for name in attributes if name != outer])
            pieces.append(self.enclose(inner, outer, runs[index:end]))
            index = end
        return "".join(pieces)

    def enclose(self, inner: str, attribute: Attribute, runs: Sequence[Run]) -> str:
        """Put a link or a format around some Markdown."""
        if attribute != "url":
            mark = _FORMAT_MARKS[attribute]
            return f"{mark}{inner}{mark}"
        url = runs[0].url
        if not self.is_link_first and len(runs) == 1 and runs[0] == Run(url, url=url) and _is_safe_bare_url(url):
            return url
        return f"[{inner}]({_write_target(url)})"

    def write_leaf(self, run: Run) -> str:
        """The Markdown of a run without its link and formats."""
        if run.image_url:
            return f"![{self.escape(run.text)}]({_write_target(run.image_url)})"
        if run.text == "\n":
            return _HARD_BREAK
        return _write_code(run.text) if run.code else self.escape(run.text)

    def escape(self, text: str) -> str:
        """Escape what has a meaning in Markdown, except in URLs, which become links."""
        if self.escapes_all:
            return _escape_everything(text)
        pieces: list[str] = []
        position = 0
        for match in _BARE_URL.finditer(text):
            url = _URL_END.sub("", match[0])
            if _is_safe_bare_url(url):
                pieces += [_SPECIAL.sub(r"\\\g<0>", text[position : match.start()]), url]
                position = match.start() + len(url)
        return "".join([*pieces, _SPECIAL.sub(r"\\\g<0>", text[position:])])


def _extent(runs: Sequence[Run], start: int, name: Attribute) -> int:
    """The end of the runs from `start` on that share a format or a link."""
    value = getattr(runs[start], name)
    end = start
    while value and end < len(runs) and getattr(runs[end], name) == value:
        end += 1
    return end


def _first_link(runs: Sequence[Run], start: int, end: int) -> int:
    """Where the first link between two runs begins, else the end."""
    return next((index for index in range(start, end) if runs[index].url), end)


def _write_code(text: str) -> str:
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    needs_blank = text[0] == "`" or text[-1] == "`" or (text[0] == " " == text[-1] and text.strip(" "))
    blank = " " if needs_blank else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _write_target(url: str) -> str:
    """A link's URL in the brackets of Markdown."""
    url = _URL_UNSAFE.sub(lambda match: quote(match[0]), url)
    url = _ENTITY.sub("&amp;", url)
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
    return f"<{url}>" if depth or not url else url


def _is_safe_bare_url(url: str) -> bool:
    return url.startswith(("https://", "http://")) and not _UNSAFE_IN_BARE_URL.search(url) and not _URL_END.search(url)


def _with_links_of_urls(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs, where a URL with signs of Markdown in it is a link to itself."""
    for run in runs:
        position = 0
        if not (run.url or run.code or run.image_url) and "://" in run.text:
            for match in _BARE_URL.finditer(run.text):
                url = _URL_END.sub("", match[0])
                if not _is_safe_bare_url(url):
                    if match.start() > position:
                        yield run.with_text(run.text[position : match.start()])
                    yield run._replace(text=url, url=url)
                    position = match.start() + len(url)
        if position < len(run.text) or run.image_url:
            yield run.with_text(run.text[position:])


def _format_each_link(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs with formats that begin and end within a link, or between two."""
    runs = [run._replace(bold=False, italic=False, struck=False) if run.code else run for run in runs]
    for url, group in groupby(runs, key=lambda run: run.url):
        unlinked = [run._replace(url="") for run in group]
        yield from (run._replace(url=url) for run in _without_edge_formats(unlinked, edge="["))


def _without_edge_formats(runs: Sequence[Run], edge: str = " ") -> list[Run]:
    """The runs, with formats only where Markdown can begin and end them: no blanks at the ends, and no punctuation that
    has a letter on its other side. `edge` is the character before and after the runs.
    """
    changed = [run._replace(bold=False, italic=False, struck=False) if run.image_url else run for run in runs]
    for name in _FORMAT_MARKS:
        if any(getattr(run, name) for run in changed):
            changed = merge_runs(_shrink_format(changed, name, edge))
    return changed


def _shrink_format(runs: Sequence[Run], name: Format, edge: str) -> Iterator[Run]:
    previous = edge
    groups = [(has, [*group]) for has, group in groupby(runs, key=lambda run: bool(getattr(run, name)))]
    for index, (has_format, group) in enumerate(groups):
        if has_format:
            following = _edge_char(groups[index + 1][1][0], 0) if index + 1 < len(groups) else edge
            group = _shrink_group(group, name, previous, following)  # noqa: PLW2901
        yield from group
        previous = _edge_char(group[-1], -1)


def _edge_char(run: Run, index: int) -> str:
    """The character that a run begins or ends with in Markdown."""
    return "[" if _is_enclosed(run) or not run.text else run.text[index]


def _shrink_group(group: list[Run], name: Format, previous: str, following: str) -> list[Run]:
    before, group = _split_edge(group, name, previous)
    after, group = _split_edge([run.with_text(run.text[::-1]) for run in reversed(group)], name, following)
    return [*before, *(run.with_text(run.text[::-1]) for run in reversed([*after, *group]))]


def _split_edge(group: list[Run], name: Format, neighbor: str) -> tuple[list[Run], list[Run]]:
    """The runs at the beginning that cannot have the format, now without it, and those from the first that can."""
    edge: list[Run] = []
    for index, run in enumerate(group):
        if _is_enclosed(run):
            return edge, group[index:]
        count = _edge_len(run.text, neighbor)
        if count:
            edge.append(_without_format(run, name, run.text[:count]))
            neighbor = run.text[count - 1]
        if count < len(run.text):
            return edge, [run.with_text(run.text[count:]), *group[index + 1 :]]
    return edge, []


def _without_format(run: Run, name: Format, text: str) -> Run:
    return Run(
        text,
        bold=run.bold and name != "bold",
        italic=run.italic and name != "italic",
        struck=run.struck and name != "struck",
        code=run.code,
        url=run.url,
    )


def _is_enclosed(run: Run) -> bool:
    """Whether brackets or backticks are around a run in Markdown."""
    return bool(run.url or run.image_url or run.code)


def _edge_len(text: str, neighbor: str) -> int:
    """How many characters at the beginning are blanks, or punctuation with a letter before it."""
    for count, char in enumerate(text):
        is_word_before = not neighbor.isspace() and not _is_punctuation(neighbor)
        if not char.isspace() and not (_is_punctuation(char) and is_word_before):
            return count
        neighbor = char
    return len(text)


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _renders_as(text: str, runs: Sequence[Run], *, is_paragraph: bool) -> bool:
    """Whether some Markdown shows the text, formats, links and images of the runs, apart from links of bare URLs."""
    tokens = parse_markdown(text) if is_paragraph else [parse_inline(text)]
    inline = [token for token in tokens if token.type == "inline"]
    if is_paragraph and [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return False
    return _is_shown(inline[0].children or [], runs)


def _is_shown(tokens: Sequence[Token], runs: Sequence[Run]) -> bool:
    """Whether parsed text has the text, formats, links and images of the runs, apart from links of bare URLs."""
    parsed = [*_parsed_runs(tokens)]
    if _shown_runs(run for run, _ in parsed) != _shown_runs(runs):
        return False
    links = iter(_links(runs))
    expected = next(links, None)
    for run, is_bare in _joined_links(parsed):
        if expected == run:
            expected = next(links, None)
        elif not is_bare:
            return False
    return expected is None


def _shown_runs(runs: Iterable[Run]) -> list[Run]:
    return merge_runs(
        [
            run._replace(url="", image_url=normalize_link(run.image_url) if run.image_url else "")
            for run in runs
            if run.text or run.image_url
        ]
    )


def _links(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """The label and the URL of each link."""
    return [
        (label, normalize_link(url))
        for url, group in groupby(runs, key=lambda run: run.url)
        if url and (label := "".join(run.text for run in group)) is not None
    ]


def _joined_links(parsed: Sequence[tuple[Run, bool]]) -> Iterator[tuple[tuple[str, str], bool]]:
    for (url, is_bare), group in groupby(parsed, key=lambda pair: (pair[0].url, pair[1])):
        if url:
            yield ("".join(run.text for run, _ in group), url), is_bare


def _parsed_runs(tokens: Sequence[Token]) -> Iterator[tuple[Run, bool]]:
    """Parsed Markdown as runs, each with whether its link is made of a bare URL."""
    depths = {"strong": 0, "em": 0, "s": 0}
    url, is_bare = "", False
    for token in tokens:
        name = token.type.rpartition("_")[0]
        if name in depths and token.nesting:
            depths[name] += token.nesting
        elif name == "link":
            url = str(token.attrs.get("href", "")) if token.nesting > 0 else ""
            is_bare = token.markup == "linkify" and token.nesting > 0
        else:
            is_break = token.type in {"hardbreak", "softbreak"}
            style = Run(
                "\n" if token.type == "hardbreak" else " " if is_break else token.content,
                bold=depths["strong"] > 0,
                italic=depths["em"] > 0,
                struck=depths["s"] > 0,
                code=token.type == "code_inline",
                url=url,
            )
            if is_break:
                style = Run(style.text)
            elif token.type == "image":
                style = Run(alt_text(token), url=url, image_url=str(token.attrs.get("src", "")))
            yield style, is_bare
