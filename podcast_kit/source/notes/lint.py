"""Finds what is valid Markdown but would not reach listeners: unseen pictures, links to unpublished files, HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

PLACEHOLDERS = (
    "Write a short paragraph about this episode. Apps show it first.",
    "Then add the show notes, in Markdown.",
)
"""Placeholder text in the notes of a new episode."""
PLACEHOLDER_CODE = "notes.begun"
_SPACED_IMAGE = re.compile(
    r"!\[[^\]\n]{0,300}\]\(([^()<>\"'\s]+(?: [^()<>\"'\s]+)+\.(?:png|jpe?g|gif|webp|svg|avif))\)", re.IGNORECASE
)
_RELATIVE_LINK = re.compile(
    r"(?<!!)\[[^\[\]\n]{1,300}\]\(<?((?![a-zA-Z][a-zA-Z0-9+.-]*:|[/#?])[^()<>\"'\s#?]+)[^()\n]{0,300}\)"
)
_HTML_TAG = re.compile(
    r"</?(?:a|abbr|audio|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|script|small|span|strong"
    r"|sub|sup|table|td|th|tr|u|ul|video)(?:\s[^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(`+)(?:(?!\1).)+\1")


@dataclass(frozen=True, slots=True)
class NoteWarning:
    """Something in the notes that is probably not what the author means."""

    line: int
    text: str
    fix: str
    code: str


def lint_notes(markdown: str, is_file: Callable[[str], bool]) -> list[NoteWarning]:
    """Warnings of what listeners would not get: pictures that are not Markdown, links to files that are not published.

    `is_file` returns whether a path relative to the notes is a file of the show.
    """
    warnings = [*_find_placeholders(markdown), *_find_html_tag(markdown)]
    for number, line in enumerate(markdown.split("\n")) if "](" in markdown else ():
        for image in _SPACED_IMAGE.finditer(line):
            text = f"{image[0]!r} is not a picture in Markdown: its path has a space"
            warnings.append(NoteWarning(number, text, f"write ![...](<{image[1]}>)", "notes.picture"))
        for link in _RELATIVE_LINK.finditer(line):
            path = unquote(link[1])
            if path.endswith(".md") and not is_file(path):
                text = f"links to {path!r}, which does not exist"
                warnings.append(NoteWarning(number, text, "correct the name", "notes.link"))
            elif not path.endswith((".md", ".html")) and is_file(path):
                text = f"links to {path!r}, but only pictures are published with the notes"
                warnings.append(NoteWarning(number, text, "upload it elsewhere and link to its URL", "notes.link"))
    return warnings


def _find_placeholders(markdown: str) -> Iterator[NoteWarning]:
    """Sentences that `podcast-kit new` wrote."""
    if any(sentence in markdown for sentence in PLACEHOLDERS):
        for number, line in enumerate(markdown.split("\n")):
            if line.strip() in PLACEHOLDERS:
                yield NoteWarning(number, "placeholder text", "replace or delete it", PLACEHOLDER_CODE)


def _find_html_tag(markdown: str) -> Iterator[NoteWarning]:
    """The first HTML tag outside of code: listeners would see it as text."""
    if "<" not in markdown:
        return
    fence = ""
    for number, line in enumerate(markdown.split("\n")):
        if (mark := _FENCE.match(line)) and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and not line.startswith("    ") and (tag := _HTML_TAG.search(_CODE_SPAN.sub("", line))):
            text = f"HTML is not supported in notes: listeners would see {tag[0][:40]!r} as text"
            fix = "write it in Markdown: **bold**, [a link](https://...), - a list"
            yield NoteWarning(number, text, fix, "notes.html")
            return
