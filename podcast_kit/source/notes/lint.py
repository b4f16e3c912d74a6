"""What listeners would not get of the notes, though Markdown sees nothing wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_SPACED = re.compile(
    r"!\[[^\]\n]{0,300}\]\(([^()<>\"'\s]+(?: [^()<>\"'\s]+)+\.(?:png|jpe?g|gif|webp|svg|avif))\)", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"(?<!!)\[[^\[\]\n]{1,300}\]\(<?((?![a-zA-Z][a-zA-Z0-9+.-]*:|[/#?])[^()<>\"'\s#?]+)[^()\n]{0,300}\)"
)
_HTML = re.compile(
    r"</?(?:a|abbr|audio|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|script|small|span|strong"
    r"|sub|sup|table|td|th|tr|u|ul|video)(?:\s[^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?:(?!\1).)+\1")
BEGUN = (
    "One paragraph that says what the episode is about; apps show it first.",
    "Then the show notes, in Markdown.",
)
"""What a new episode's notes begin with."""
UNWRITTEN = "notes.begun"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in the notes that is probably not what the author means."""

    line: int
    text: str
    hint: str
    code: str


def doubts(markdown: str, is_file: Callable[[str], bool]) -> list[Doubt]:
    """What listeners would not get: pictures that Markdown does not see, links to files that nobody publishes.

    `is_file` tells whether a path relative to the notes is a file of the show.
    """
    found = [*_begun(markdown), *_html(markdown)]
    for number, line in enumerate(markdown.split("\n")) if "](" in markdown else ():
        for spaced in _SPACED.finditer(line):
            text = f"Markdown sees no picture in {spaced[0]!r}: its path has a blank"
            found.append(Doubt(number, text, f"write ![...](<{spaced[1]}>)", "notes.picture"))
        for link in _RELATIVE.finditer(line):
            path = unquote(link[1])
            if path.endswith(".md") and not is_file(path):
                found.append(Doubt(number, f"links to {path!r}, which is not there", "correct the name", "notes.link"))
            elif not path.endswith((".md", ".html")) and is_file(path):
                text = f"links to {path!r}, and only pictures are published with the notes"
                found.append(Doubt(number, text, "put it on the web and link to its address", "notes.link"))
    return found


def _begun(markdown: str) -> Iterator[Doubt]:
    """Sentences that `new` wrote, and that nobody means to publish."""
    if any(sentence in markdown for sentence in BEGUN):
        for number, line in enumerate(markdown.split("\n")):
            if line.strip() in BEGUN:
                text = "this sentence only says what to write here"
                yield Doubt(number, text, "write your own in its place, or delete it", UNWRITTEN)


def _html(markdown: str) -> Iterator[Doubt]:
    """The first HTML outside of code: it is shown as text."""
    if "<" not in markdown:
        return
    fence = ""
    for number, line in enumerate(markdown.split("\n")):
        if (mark := _FENCE.match(line)) and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and not line.startswith("    ") and (tag := _HTML.search(_CODE.sub("", line))):
            text = f"HTML is not read in notes: listeners would see {tag[0][:40]!r} as it stands"
            yield Doubt(number, text, "write it in Markdown: **bold**, [a link](https://...), - a list", "notes.html")
            return
