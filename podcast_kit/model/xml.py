"""XML without XML: elements that a feed carries, and anybody's feed as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from podcast_kit.errors import SourceLocation


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an XML namespace, said without XML: what a feed carries beyond the core tags."""

    name: str
    """With its prefix, such as `podcast:funding`."""
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)
    uri: str = ""
    """The namespace of a prefix that is not among the known ones; empty for those."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a feed that was read: what it means, and how it was written."""

    name: str
    """As written, such as `itunes:image`; some apps match the prefix as text."""
    key: str
    """By its namespace: `itunes:image` under whatever prefix, bare for RSS itself, as written where unknown."""
    uri: str = ""
    """The namespace as written; empty for none."""
    text: str = ""
    """The element's own text, white space kept."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By name as written; without the declarations of namespaces."""
    children: tuple[Node, ...] = ()
    line: int = 0
    column: int = 0
    """Both count from 1."""

    def children_named(self, key: str) -> tuple[Node, ...]:
        """The children of that key, in file order."""
        return tuple(child for child in self.children if child.key == key)

    def child(self, key: str) -> Node | None:
        """The first child of that key."""
        return next((child for child in self.children if child.key == key), None)

    def child_text(self, key: str) -> str:
        """The text of the first child of that key without white space around it; empty when there is none."""
        found = self.child(key)
        return found.text.strip() if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """A feed as it stands in a file, whoever wrote it."""

    path: str
    """File or address, for places."""
    root: Node
    size: int
    """Bytes."""
    encoding: str = ""
    """As the XML declaration says, in lower case; empty without one."""
    bom: bool = False
    leading: int = 0
    """Bytes of white space before the first `<`."""
    trailing: tuple[int, ...] = ()
    """Lines of comments and instructions after the root element."""
    namespaces: tuple[tuple[str, str], ...] = ()
    """Prefix and address of every declaration, in file order."""
    instructions: tuple[str, ...] = ()
    """Targets of processing instructions, such as `xml-stylesheet`."""
    doctype: str = ""

    @property
    def channel(self) -> Node | None:
        """The first channel."""
        return self.root.child("channel")

    @property
    def items(self) -> tuple[Node, ...]:
        """The items of the first channel, in file order."""
        return self.channel.children_named("item") if self.channel else ()

    def location_of(self, node: Node | None = None) -> SourceLocation:
        """Where a node stands; the file itself without one."""
        return SourceLocation(self.path, node.line, node.column) if node else SourceLocation(self.path)
