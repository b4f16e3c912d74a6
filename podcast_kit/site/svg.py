"""What an SVG at the show's own address may contain: opened there, it runs whatever is in it.

Pages show a logo as an image, in which browsers run nothing and load nothing; opened directly it is a document.
So only the elements, attributes and style properties of drawings are allowed. Data of editors in namespaces that no
browser knows passes (Inkscape's settings, metadata, Illustrator's `foreignObject` of nothing but its own data), and so
do document types and entities as Illustrator writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from podcast_kit.errors import Problem, SourceLocation
from podcast_kit.site.svg_names import (
    ANIMATED_ATTRIBUTES,
    ATTRIBUTES,
    ELEMENTS,
    INERT_PREFIXES,
    STYLE_PROPERTIES,
    XLINK_ATTRIBUTES,
    XML_ATTRIBUTES,
)

_CODE = "theme.svg"
SVG, XLINK, XML = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "http://www.w3.org/XML/1998/namespace"
MAX_SVG_PROBLEMS = 10
"""Problems that are reported of one file at most."""
_BROWSER_NAMESPACES = re.compile(r"https?://www\.(?:w3|mozilla)\.org/")
_W3C_DATA = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#")
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ADOBE = "http://ns.adobe.com/"
_IMAGES = {"image", "feImage"}
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|\s)?|(.))", re.DOTALL)
_FILE = r"""@import|image-set\(|src\(|url\(\s*+["']?+(?!\s*+(?:\#|["')]%s))"""
_LOADS_IN_ATTRIBUTE = re.compile(_FILE % "", re.IGNORECASE)
_LOADS_IN_STYLE_SHEET = re.compile(_FILE % "|data:", re.IGNORECASE)
"""A style sheet may contain a font or an image itself."""
_STRING = r"""(?:"[^"\\\n\r\f]*"|'[^'\\\n\r\f]*')"""
_CSS_TOKENS = re.compile(
    rf"""(?P<group>\(\s*{_STRING}\s*\)|\((?:[^()"'/\\]|/(?!\*))*\))"""
    rf"""|(?P<hidden>"[^"\\\n\r\f]*(?:"|\Z)|'[^'\\\n\r\f]*(?:'|\Z)|/\*.*?(?:\*/|\Z))|(?P<text>[^()"'/\\]+|/(?!\*))|(?P<open>\()|(?P<close>\))""",
    re.DOTALL,
)
"""What every browser reads in the same way: no escapes, and no quotes or comments in the middle of `url(`."""
_CSS_VENDOR = re.compile(r"-(?:inkscape|webkit|moz|ms|o)-(?!binding)[a-z-]+|--[\w-]+")
_DOCTYPES = "-//W3C//DTD SVG "
_PLAIN = "save it as plain SVG, with text converted to paths and images embedded"


def check_svg(data: bytes, path: str) -> list[Problem]:
    """What is not allowed in an SVG, each at its line; or that the file is not SVG."""
    reader = _Reader(path)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        location = SourceLocation(path, error.lineno, error.offset + 1)
        cause = expat.errors.messages.get(error.code, "unreadable")
        reader.problems.append(Problem(location, f"is not well-formed XML: {cause}", "export it again", _CODE))
    return reader.problems[:MAX_SVG_PROBLEMS]


class _Reader:
    """Expat's handlers; internal entities are already replaced, others are refused."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.style: list[str] | None = None
        """The text of the style sheet so far; None outside of one."""
        self.has_root = False
        self.depth_refused = 0
        """How deep the parser is inside an element that is not allowed: one problem covers all of it."""
        self.parser = expat.ParserCreate(namespace_separator="\n")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.EntityDeclHandler = self.entity
        self.parser.StartDoctypeDeclHandler = self.doctype

    def refuse(self, text: str, fix: str = _PLAIN) -> None:
        location = SourceLocation(self.path, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        self.problems.append(Problem(location, text, fix, _CODE))

    def start(self, full: str, attributes: dict[str, str]) -> None:
        if self.depth_refused:
            self.depth_refused += 1
            return
        space, _, name = full.rpartition("\n")
        fix = _PLAIN
        if not self.has_root and (space, name) != (SVG, "svg"):
            problem, fix = f"is not SVG: it begins with <{name[:40]}>", f'its first element is <svg xmlns="{SVG}">'
        else:
            problem = _element_problem(space, name, attributes)
        self.has_root = True
        if problem:
            self.depth_refused = 1
            self.refuse(problem, fix)
            return
        if space == SVG:
            for text in _attribute_problems(name, attributes):
                self.refuse(text)
        if self.style is not None:
            # Browsers skip an element inside a style sheet; a check of the CSS would not know what they read.
            self.refuse(f"its style sheet contains <{name[:40]}>")
            self.style = None
        elif space == SVG and name == "style":
            self.style = []

    def end(self, full: str) -> None:
        if self.depth_refused:
            self.depth_refused -= 1
            return
        if self.style is not None and full == f"{SVG}\nstyle":
            if _loads_file("".join(self.style), _LOADS_IN_STYLE_SHEET):
                self.refuse("its style sheet loads another file")
            self.style = None

    def text(self, text: str) -> None:
        if self.style is not None:
            self.style.append(text)

    def instruction(self, target: str, _data: str) -> None:
        if target.lower() == "xml-stylesheet":
            self.refuse("names another file as its style sheet", "save it with its style inside")

    def doctype(self, _name: str, _system: str | None, public: str | None, _internal: int) -> None:
        # With a doctype of XHTML or MathML, browsers know 2,000 entities such as `&commat;` that expat skips.
        if public and not " ".join(public.split()).startswith(_DOCTYPES):
            self.refuse("its document type is not that of SVG", "remove its <!DOCTYPE ...>")

    def entity(self, name: str, parameter: int, value: str | None, *_external: object) -> None:
        if parameter or value is None:
            self.refuse(f"the entity {name[:40]!r} names another file", "save it as plain SVG")


def _element_problem(space: str, name: str, attributes: dict[str, str]) -> str:
    """Why an element is not allowed; elements in namespaces that no browser knows do nothing, and pass."""
    if space != SVG:
        return f"contains <{name[:40]}>, which is not SVG" if _is_known_to_browsers(space) else ""
    if name in {"script", "handler"}:
        return "contains a script"
    from_illustrator = name == "foreignObject" and attributes.get("requiredExtensions", "").startswith(_ADOBE)
    return "" if name in ELEMENTS or from_illustrator else f"contains <{name[:40]}>, which is not allowed"


def _attribute_problems(name: str, attributes: dict[str, str]) -> Iterator[str]:
    for full, value in attributes.items():
        key_space, _, key = full.rpartition("\n")
        if not _is_allowed(key_space, key):
            is_handler = key.lower().startswith("on")
            yield f"runs a script: {key[:40]}" if is_handler else f"the attribute {key[:40]} is not allowed"
        elif key_space in {"", XLINK}:
            yield from _value_problems(name, key, value)


def _is_known_to_browsers(space: str) -> bool:
    """Whether a browser may know a namespace."""
    return bool(_BROWSER_NAMESPACES.match(space)) and not space.startswith(_W3C_DATA)


def _is_allowed(space: str, key: str) -> bool:
    if not space:
        return key in ATTRIBUTES or key.startswith(INERT_PREFIXES)
    if space in {XLINK, XML}:
        return key in (XLINK_ATTRIBUTES if space == XLINK else XML_ATTRIBUTES)
    return space == _XSI or not _is_known_to_browsers(space)


def _value_problems(name: str, key: str, value: str) -> Iterator[str]:
    if key == "href":
        if not _is_harmless_address(name, value):
            address = value if len(value) <= 60 else f"{value[:59]}…"  # noqa: PLR2004  # fits on a line
            yield f"<{name[:40]}> links to {address!r}"
    elif key == "attributeName" and value.strip() not in ANIMATED_ATTRIBUTES:
        yield f"animates {value.strip()[:40]}, which is not allowed"
    elif _loads_file(value, _LOADS_IN_ATTRIBUTE):
        yield f"{key[:40]} loads another file"
    elif key == "style" and (unknown := next(_unknown_properties(value), "")):
        yield f"its style sets {unknown[:40]}, which is not allowed"


def _unknown_properties(style: str) -> Iterator[str]:
    position, depth, code = 0, 0, []
    while position < len(style):
        token = _CSS_TOKENS.match(style, position)
        if not token or (token["hidden"] and depth):  # browsers do not agree on what is hidden then
            yield style[position:].strip()
            return
        depth = max(0, depth + (token["open"] is not None) - (token["close"] is not None))
        code.append(" " if token["group"] or token["hidden"] else token[0])
        position = token.end()
    for declaration in "".join(code).split(";"):
        name = declaration.partition(":")[0].strip().lower()
        if name and name not in STYLE_PROPERTIES and not _CSS_VENDOR.fullmatch(name):
            yield name


def _is_harmless_address(name: str, address: str) -> bool:
    plain = address.strip().lower()
    if not plain or plain.startswith("#"):
        return True
    if name in _IMAGES:
        return plain.startswith("data:image/")
    return name == "a" and plain.startswith(("https://", "http://", "mailto:"))


def _loads_file(css: str, pattern: re.Pattern[str]) -> bool:
    """Whether a style asks for a file; what is within the drawing, as `url(#a)`, does not."""
    if "\\" in css:
        css = _ESCAPE.sub(lambda match: chr(min(int(match[1], 16), 0xFFFD)) if match[1] else match[2], css)
    return bool(pattern.search(css))
