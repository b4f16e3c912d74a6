"""Show notes as HTML for the episode's page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from podcast_kit.source.notes.renderer import TokenRenderer, alt_text, close_html_link
from podcast_kit.text.timecode import format_seconds

if TYPE_CHECKING:
    from markdown_it.token import Token

    from podcast_kit.model import Image
    from podcast_kit.source.chapters import TimestampLine

MAX_HEADING_LEVEL = 6
_BLOCK_TAGS = {
    "paragraph_open": "<p>", "paragraph_close": "</p>\n", "bullet_list_open": "<ul>\n", "bullet_list_close": "</ul>\n",
    "ordered_list_close": "</ol>\n", "list_item_open": "<li>", "list_item_close": "</li>\n",
    "blockquote_open": "<blockquote>\n", "blockquote_close": "</blockquote>\n", "hr": "<hr>\n",
    "table_open": "<table>\n", "table_close": "</table>\n", "thead_open": "<thead>\n", "thead_close": "</thead>\n",
    "tbody_open": "<tbody>\n", "tbody_close": "</tbody>\n", "tr_open": "<tr>", "tr_close": "</tr>\n",
    "th_close": "</th>", "td_close": "</td>",
}  # fmt: skip
_INLINE_TAGS = {
    "strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>",
    "s_open": "<s>", "s_close": "</s>", "hardbreak": "<br>\n",
}  # fmt: skip


class PageRenderer(TokenRenderer):
    """Page HTML: headings from h2 on, tables, images, code; timestamps of chapters are links that seek."""

    def render(self, tokens: list[Token]) -> str:
        """Some blocks of the notes as HTML."""
        html: list[str] = []
        for token in _without_empty_headers(tokens):
            kind = token.type
            if kind == "inline":
                self._add_inline(token, html)
            elif token.hidden:
                continue
            elif kind in _BLOCK_TAGS:
                html.append(_BLOCK_TAGS[kind])
            elif kind.startswith("heading"):
                tag = f"h{min(int(token.tag[1]) + self.heading_shift, MAX_HEADING_LEVEL)}"
                html.append(f"<{tag}>" if token.nesting > 0 else f"</{tag}>\n")
            elif kind in {"th_open", "td_open"}:
                align = str(token.attrs.get("style", "")).removeprefix("text-align:")
                html.append(f'<{token.tag} class="align-{align}">' if align else f"<{token.tag}>")
            elif kind == "ordered_list_open":
                start = token.attrs.get("start")
                html.append(f'<ol start="{start}">\n' if start is not None else "<ol>\n")
            elif kind in {"fence", "code_block"}:
                language = token.info.split()[0] if token.info.split() else ""
                class_attribute = f' class="language-{escape(language)}"' if language else ""
                html.append(f"<pre><code{class_attribute}>{escape(token.content, quote=False)}</code></pre>\n")
        return "".join(html)

    def _add_inline(self, token: Token, html: list[str]) -> None:
        lines = self.split_lines(token)
        link_url, label_start = "", 0
        for number, (timestamp, children) in enumerate(lines):
            timecode_index = _find_timecode(timestamp, children) if timestamp else None
            for index, child in enumerate(children):
                kind = child.type
                if timestamp and index == timecode_index:
                    html.append(_link_timecode(timestamp, child))
                elif kind in {"text", "code_inline"}:
                    text = escape(child.content, quote=False)
                    html.append(text if kind == "text" else f"<code>{text}</code>")
                elif kind == "link_close":
                    html.append(close_html_link(html[label_start:], link_url))
                    label_start = 0
                elif kind in _INLINE_TAGS:
                    html.append(_INLINE_TAGS[kind])
                elif kind == "softbreak":
                    html.append("<br>\n" if self.is_first_line(token, number + 1) else "\n")
                elif kind == "link_open":
                    url = str(child.attrs.get("href", ""))
                    href = self.published_link(url) or url
                    html.append(f'<a href="{escape(href)}"{_title_attribute(child)}>')
                    link_url, label_start = url, len(html)
                elif kind == "image":
                    html.append(self._render_image(child, in_link=label_start > 0))

    def _render_image(self, token: Token, *, in_link: bool) -> str:
        url, image = self.published_image(token)
        alt = alt_text(token)
        if image is None:  # a page never loads images from other hosts
            if in_link:  # the link around it stays
                return escape(alt, quote=False)
            return f'<a href="{escape(url)}">{escape(alt or url)}</a>' if url else escape(alt, quote=False)
        size = f' width="{image.width}" height="{image.height}"' if image.width and image.height else ""
        return (
            f'<img src="{escape(url)}"{_srcset_attributes(image)} alt="{escape(alt)}"{_title_attribute(token)}{size}'
            ' loading="lazy" decoding="async">'
        )


def _without_empty_headers(tokens: list[Token]) -> Iterator[Token]:
    """The tokens, but of a table only a header with words: Markdown has no table without one."""
    header: list[Token] = []
    for token in tokens:
        if token.type == "thead_open" or header:
            header.append(token)
            if token.type == "thead_close":
                if any(part.content for part in header):
                    yield from header
                header = []
        else:
            yield token


def _find_timecode(timestamp: TimestampLine, children: list[Token]) -> int | None:
    """Which part of a line has the timecode; None where it is in a link already."""
    candidates: list[int] = []
    link_depth = 0
    for index, child in enumerate(children):
        link_depth += child.nesting * (child.type in {"link_open", "link_close"})
        if not link_depth and child.type in {"text", "code_inline"} and timestamp.shown_timecode in child.content:
            candidates.append(index)
    return candidates[-1 if timestamp.is_title_first else 0] if candidates else None


def _link_timecode(timestamp: TimestampLine, child: Token) -> str:
    """The text with a link that seeks to the time."""
    before, timecode, after = (
        child.content.rpartition(timestamp.shown_timecode)
        if timestamp.is_title_first
        else child.content.partition(timestamp.shown_timecode)
    )
    seconds = format_seconds(timestamp.start_ms)
    linked = f'{escape(before, quote=False)}<a href="#t={seconds}">{escape(timecode)}</a>{escape(after, quote=False)}'
    return f"<code>{linked}</code>" if child.type == "code_inline" else linked


def _title_attribute(token: Token) -> str:
    title = token.attrs.get("title")
    return f' title="{escape(str(title))}"' if title else ""


def _srcset_attributes(image: Image) -> str:
    """Attributes that let the browser choose a thumbnail; empty where there are none."""
    if not image.thumbnails:
        return ""
    srcset = ", ".join(f"{copy.url} {copy.width}w" for copy in (*image.thumbnails, image))
    return f' srcset="{escape(srcset)}" sizes="(min-width: 46rem) 44rem, 92vw"'
