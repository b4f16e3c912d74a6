"""What a drawing must not hold that lies at the show's own address: whoever opens it there runs what is in it.

Pages show a logo as a picture, in which browsers run nothing and load nothing; opened by itself it is a document.
What editors write is let through: document types and entities as Illustrator has them, its `foreignObject` of nothing
but its own data, metadata and settings of Inkscape in namespaces that no browser knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from podcast_kit.errors import SourceLocation, Problem

CODE = "theme.svg"
SVG, XHTML, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1999/xlink"
MATHML = "http://www.w3.org/1998/Math/MathML"
MOST = 10
"""Faults that are told of one file."""
_SCRIPTS = {"script", "handler"}
_PICTURES = {"image", "feImage"}
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|\s)?|(.))", re.DOTALL)
_LOADING = re.compile(r"""@import|image-set\(|src\(|url\(\s*+["']?+(?!\s*+(?:\#|data:|["')]))""", re.IGNORECASE)
_DOCTYPES = "-//W3C//DTD SVG "
_PLAIN = "save it as plain SVG, with text made into paths and pictures embedded"


def faults(data: bytes, path: str) -> list[Problem]:
    """What in an SVG would run or load something, each at its line; or that it is none."""
    reader = _Reader(path)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        place = SourceLocation(path, error.lineno, error.offset + 1)
        said = expat.errors.messages.get(error.code, "unreadable")
        reader.found.append(Problem(place, f"is not well-formed XML: {said}", "export it again", CODE))
    return reader.found[:MOST]


class _Reader:
    """Listens to what expat calls out; internal entities are replaced by then, others are refused."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Problem] = []
        self.style: list[str] | None = None
        """What a style sheet said so far; None outside of one."""
        self.begun = False
        self.parser = expat.ParserCreate(namespace_separator="\n")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.EntityDeclHandler = self.entity
        self.parser.StartDoctypeDeclHandler = self.doctype

    def refuse(self, text: str, hint: str = _PLAIN) -> None:
        place = SourceLocation(self.path, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        self.found.append(Problem(place, text, hint, CODE))

    def start(self, full: str, attributes: dict[str, str]) -> None:
        space, _, name = full.rpartition("\n")
        if not self.begun and (space, name) != (SVG, "svg"):
            self.refuse(f"is no SVG: it begins with <{name[:40]}>", f'its first element is <svg xmlns="{SVG}">')
        self.begun = True
        if space == XHTML:
            self.refuse(f"holds HTML, <{name[:40]}>")
        elif space in {SVG, MATHML}:
            for fault in _of_element(space, name, attributes):
                self.refuse(fault)
        if self.style is not None:
            # Browsers read the style sheet without what stands in it: no reader of CSS would know where they look.
            self.refuse(f"its style sheet holds <{name[:40]}>")
            self.style = None
        elif space == SVG and name == "style":
            self.style = []

    def end(self, full: str) -> None:
        if self.style is not None and full == f"{SVG}\nstyle":
            if _loads("".join(self.style)):
                self.refuse("its style sheet loads something from elsewhere")
            self.style = None

    def text(self, said: str) -> None:
        if self.style is not None:
            self.style.append(said)

    def instruction(self, target: str, _said: str) -> None:
        if target.lower() == "xml-stylesheet":
            self.refuse("names a style sheet of its own", "save it with its style inside of it")

    def doctype(self, _name: str, _system: str | None, public: str | None, _own: int) -> None:
        # With that of XHTML or MathML browsers know two thousand entities, as `&commat;`; expat passes over them.
        if public and not " ".join(public.split()).startswith(_DOCTYPES):
            self.refuse("is said to be another kind of document", "remove its <!DOCTYPE ...>")

    def entity(self, name: str, parameter: int, value: str | None, *_outside: object) -> None:
        if parameter or value is None:
            self.refuse(f"the entity {name[:40]!r} stands for another file", "save it as plain SVG")


def _of_element(space: str, name: str, attributes: dict[str, str]) -> Iterator[str]:
    if name in _SCRIPTS:
        yield "holds a script"
        return
    for full, value in attributes.items():
        where, _, key = full.rpartition("\n")
        if where not in {"", XLINK}:
            continue
        if not where and key.lower().startswith("on"):
            yield f"runs a script: {key[:40]}"
        elif key == "href" and not _harmless(space, name, value):
            shown = value if len(value) <= 60 else f"{value[:59]}…"  # noqa: PLR2004  # what a line holds
            yield f"<{name[:40]}> leads to {shown!r}"
        elif key == "attributeName" and value.strip().rpartition(":")[2].lower().startswith(("on", "href")):
            yield f"changes {value.strip()[:40]} as it plays"
        elif not where and _loads(value):
            yield f"{key[:40]} loads something from elsewhere"


def _harmless(space: str, name: str, address: str) -> bool:
    plain = address.strip().lower()
    if not plain or plain.startswith("#"):
        return True
    if space == SVG and name in _PICTURES:
        return plain.startswith("data:image/")
    return space == SVG and name == "a" and plain.startswith(("https://", "http://", "mailto:"))


def _loads(css: str) -> bool:
    """Whether a style asks for a file; what lies within the drawing, as `url(#a)` or `url(data:...)`, does not."""
    if "\\" in css:
        css = _ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0xFFFD)) if found[1] else found[2], css)
    return bool(_LOADING.search(css))
