"""Show notes as HTML for the feed."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from podcast_kit.source.notes.renderer import SimpleRenderer, alt_text, close_html_link

if TYPE_CHECKING:
    from markdown_it.token import Token

_INLINE_TAGS = {
    "strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>", "hardbreak": "<br>",
}  # fmt: skip


class FeedRenderer(SimpleRenderer):
    """Feed HTML: p ol ul li a b i strong em br, with absolute links."""

    def _start(self) -> None:
        self.html: list[str] = []
        self.list_depth = 0
        self.is_new_item = False

    def _finish(self) -> str:
        return "".join(self.html)

    def _add_paragraph(self, text: str, *, strong: bool) -> None:
        text = f"<b>{text}</b>" if strong else text
        if self.list_depth:
            self.html.append(text if self.is_new_item else f"<br>{text}")
            self.is_new_item = False
        else:
            self.html.append(f"<p>{text}</p>\n")

    def _add_code(self, source: str) -> None:
        self._add_paragraph("<br>".join(escape(line, quote=False) for line in source.split("\n")), strong=False)

    def _add_list_token(self, token: Token) -> None:
        if token.tag == "li":
            self.html.append("<li>" if token.nesting > 0 else "</li>")
            self.is_new_item = token.nesting > 0
            return
        self.list_depth += token.nesting
        line_end = "" if self.list_depth else "\n"
        self.html.append(f"<{token.tag}>" if token.nesting > 0 else f"</{token.tag}>{line_end}")
        self.is_new_item = False

    def _render_inline(self, token: Token) -> str:
        html: list[str] = []
        link_url, label_start = "", 0
        lines = self.split_lines(token)
        for number, (_, children) in enumerate(lines):
            for child in children:
                kind = child.type
                if kind in {"text", "code_inline"}:
                    html.append(escape(child.content, quote=False))
                elif kind in _INLINE_TAGS:
                    html.append(_INLINE_TAGS[kind])
                elif kind == "softbreak":
                    html.append("<br>" if self.is_first_line(token, number + 1) else " ")
                elif kind == "link_open":
                    link_url = self.absolute_link(str(child.attrs.get("href", "")))
                    html.append(f'<a href="{escape(link_url)}">')
                    label_start = len(html)
                elif kind == "link_close":
                    html.append(close_html_link(html[label_start:], link_url))
                    label_start = 0
                elif kind == "image":
                    url, alt = self.published_image(child)[0], alt_text(child)
                    if url and not label_start:
                        html.append(
                            f'<a href="{escape(self.absolute_link(url))}">{escape(alt or url, quote=False)}</a>'
                        )
                    else:
                        html.append(escape(alt, quote=False))
        return "".join(html)
