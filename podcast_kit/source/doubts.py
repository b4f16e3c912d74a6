"""What listeners would not get of the notes, though Markdown sees nothing wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

_SPACED = re.compile(
    r"!\[[^\]\n]{0,300}\]\(([^()<>\"'\s]+(?: [^()<>\"'\s]+)+\.(?:png|jpe?g|gif|webp|svg|avif))\)", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"(?<!!)\[[^\[\]\n]{1,300}\]\(<?((?![a-zA-Z][a-zA-Z0-9+.-]*:|[/#?])[^()<>\"'\s#?]+)[^()\n]{0,300}\)"
)


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
    found: list[Doubt] = []
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
