"""Finds what is valid Markdown but would not reach listeners: unseen pictures, links to unpublished files, HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from podcast_kit.source.notes.footnotes import FOOTNOTE_DEFINITION, FOOTNOTE_REFERENCE
from podcast_kit.source.notes.markdown import find_shown_signs

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
    r"|^ {0,3}\[(?!\^)[^\[\]\n]{1,300}\]:[ \t]*<?((?![a-zA-Z][a-zA-Z0-9+.-]*:|[/#?])[^<>\"'\s#?]+)>?[ \t]*$"
)
"""A relative link, or the definition of one."""
_RELATIVE_LINK_SIGN = re.compile(r"\]\((?![a-zA-Z][a-zA-Z0-9+.-]*:|[/#?])|\]:")
"""What every relative link has, and other notes seldom: their links are complete URLs."""
_STATIC_PATH = re.compile(r"(?:\.\./|\./)*static/")
"""A file that is published as it is."""
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?:/.*)?", re.IGNORECASE)
_PAGE_SUFFIXES = (".html", ".htm", ".php")
_MARKER = re.compile(r"\{\{[^{}\n]{0,200}\}\}")
_PROMPTS_LINE = re.compile(r"\s*\{\{\s*(prompts|links|follow|review|feed|contact|quote)\s*\}\}\s*")
_HTML_TAG = re.compile(
    r"</?(?:a|abbr|audio|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|script|small|span|strong"
    r"|sub|sup|table|td|th|tr|u|ul|video)(?:\s[^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_SIMPLE_BOLD = re.compile(r"(?<![\w*\\])\*\*(?=[^\s*])[^*\n]{0,300}(?<=[^\s*\\])\*\*(?![\w*])")
_SIMPLE_LINK = re.compile(r"\]\([^\s()<>\\]{0,2000}\)")
_UNREAD_LINK = re.compile(r"(?<!!)\[[^\[\]\n]{1,300}\]\((?!<)([^()<>\"'\n]{1,2000})\)")
_BOLD_PART = re.compile(r"\*\*([^*\n]{1,400}+)\*\*(\w?)")
_WORDS = re.compile(r"\w(?:.*\w)?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BACKTICKS = re.compile(r"`+")


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
    warnings = [*_find_placeholders(markdown), *_find_html_tag(markdown), *_find_markers(markdown)]
    warnings += _find_footnote_mistakes(markdown)
    warnings += _find_shown_signs(markdown)
    for number, line in _text_lines(markdown) if _may_have_mistaken_links(markdown) else ():
        for image in _SPACED_IMAGE.finditer(line):
            text = f"{image[0]!r} is not a picture in Markdown: its path has a space"
            warnings.append(NoteWarning(number, text, f"write ![...](<{image[1]}>)", "notes.picture"))
        for link in _RELATIVE_LINK.finditer(line):
            path = unquote(link[1] or link[2])
            is_static = bool(_STATIC_PATH.match(path))
            if (is_static or path.endswith(".md")) and not is_file(path):
                text = f"links to {path!r}, which does not exist"
                warnings.append(NoteWarning(number, text, "correct the name", "notes.link"))
            elif is_static:
                continue
            elif not path.endswith((".md", ".html")) and is_file(path):
                text = f"links to {path!r}, but only pictures are published with the notes"
                fix = "move it into static/, and link to ../static/FILE"
                warnings.append(NoteWarning(number, text, fix, "notes.link"))
            elif not path.endswith(".md") and not path.startswith("../"):
                warnings.append(_dead_link(number, path))
    return warnings


def _may_have_mistaken_links(markdown: str) -> bool:
    """Whether its lines have to be looked at; code may stand between the signs of a link."""
    return "![" in markdown or "`" in markdown or bool(_RELATIVE_LINK_SIGN.search(markdown))


def _dead_link(number: int, path: str) -> NoteWarning:
    """A relative link to nothing that is published: below an episode's page there is only the page."""
    if _HOST.fullmatch(path) and not path.endswith(_PAGE_SUFFIXES):
        text = f"links to {path!r}, which is read as a file of this show"
        return NoteWarning(number, text, f"write https://{path}", "notes.link")
    text = f"links to {path!r}, which is not published"
    fix = "write the complete URL, or the name of another episode's notes, such as 002-two.md"
    return NoteWarning(number, text, fix, "notes.link")


def _text_lines(markdown: str) -> Iterator[tuple[int, str]]:
    """Each line outside of code, without its code spans, and its number (counting from 0)."""
    fence = ""
    for number, line in enumerate(markdown.split("\n")):
        if (mark := _FENCE.match(line)) and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and not line.startswith("    "):
            yield number, _remove_code_spans(line) if "`" in line else line


def _remove_code_spans(line: str) -> str:
    """The line without code spans: text between two runs of equally many backticks."""
    runs = [match.span() for match in _BACKTICKS.finditer(line)]
    closing_runs: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        closing_runs.setdefault(runs[number][1] - runs[number][0], []).append(number)
    pieces, position, number = list[str](), 0, 0
    while number < len(runs):
        start, end = runs[number]
        same = closing_runs[end - start]
        while same and same[-1] <= number:
            same.pop()
        if same:
            pieces.append(line[position:start])
            number = same[-1]
            position = runs[number][1]
        number += 1
    return "".join([*pieces, line[position:]])


def _find_markers(markdown: str) -> Iterator[NoteWarning]:
    """Text in double braces that is not a marker on a line of its own."""
    if "{{" not in markdown:
        return
    for number, line in _text_lines(markdown):
        if _PROMPTS_LINE.fullmatch(line):
            continue
        for marker in _MARKER.findall(line):
            is_prompts = bool(_PROMPTS_LINE.fullmatch(marker))
            text = f"{marker} has text beside it" if is_prompts else f"{marker} is not replaced: listeners would see it"
            fix = (
                "put it on a line of its own"
                if is_prompts
                else "the markers are prompts, links, follow, review, feed, contact and quote"
            )
            yield NoteWarning(number, text, fix, "notes.marker")


def _find_footnote_mistakes(markdown: str) -> Iterator[NoteWarning]:
    """References to footnotes that do not exist, and footnotes without a reference."""
    if "[^" not in markdown:
        return
    definitions: dict[str, int] = {}
    references: dict[str, int] = {}
    for number, line in _text_lines(markdown):
        definition = FOOTNOTE_DEFINITION.match(line)
        if definition:
            definitions.setdefault(definition["label"].casefold(), number)
        text = line[definition.end("label") + 1 :] if definition else line
        _add_labels(references, FOOTNOTE_REFERENCE.findall(text), number)
    for label, number in references.items():
        if label not in definitions:
            fix = f"add a line '[^{label}]: ...' at the end of the notes"
            yield NoteWarning(number, f"footnote [^{label}] has no text", fix, "notes.footnote")
    for label, number in definitions.items():
        if label not in references:
            yield NoteWarning(number, f"no text refers to footnote [^{label}]", "delete it", "notes.footnote")


def _add_labels(lines: dict[str, int], labels: Iterable[str], number: int) -> None:
    for label in labels:
        lines.setdefault(label.casefold(), number)


def _find_shown_signs(markdown: str) -> Iterator[NoteWarning]:
    """Bold text and links that Markdown does not read, so that listeners see their signs."""
    remaining = _SIMPLE_LINK.sub("", _SIMPLE_BOLD.sub("", markdown))
    if "**" not in remaining and "](" not in remaining:
        return
    lines = markdown.split("\n")
    for number, shown in find_shown_signs(markdown):
        line = lines[number] if number < len(lines) else ""
        if "](" in shown and not _SPACED_IMAGE.search(line):
            link = _UNREAD_LINK.search(line)
            url = link[1].strip() if link else ""
            has_space = " " in url
            reason = "its URL has a space" if has_space else "its brackets do not match"
            fix = f"write ](<{url}>)" if has_space else "check its brackets, or write the URL as ](<https://...>)"
            yield NoteWarning(number, f"a link is shown as text: {reason}", fix, "notes.emphasis")
        if "**" in shown:
            text = "listeners would see '**': bold text needs a letter at both ends here"
            yield NoteWarning(number, text, _bold_fix(line), "notes.emphasis")


def _bold_fix(line: str) -> str:
    """How to write the first bold text that has a space, or punctuation with a letter on the other side, at an end."""
    for bold in _BOLD_PART.finditer(line):
        inside, next_letter = bold.groups()
        words = _WORDS.search(inside)
        if words is None:
            continue
        before, after = inside[: words.start()], inside[words.end() :]
        is_glued = bool(before) and line[max(0, bold.start() - 1) : bold.start()].isalnum()
        if is_glued or (after and next_letter) or before[-1:] == " " or after[:1] == " ":
            return f"write {before.lstrip()}**{words[0]}**{after.rstrip()}"
    return "put '**' directly before and after the bold words"


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
    for number, line in _text_lines(markdown):
        if tag := _HTML_TAG.search(line):
            text = f"HTML is not supported in notes: listeners would see {tag[0][:40]!r} as text"
            fix = "write it in Markdown: **bold**, [a link](https://...), - a list"
            yield NoteWarning(number, text, fix, "notes.html")
            return
