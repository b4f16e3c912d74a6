"""XML as plain data: elements to write into a feed, and any feed that was parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from podcast_kit.errors import Problem, SourceLocation


@dataclass(frozen=True, slots=True)
class Element:
    """An element to write into a feed, in addition to the core tags."""

    name: str
    """With its prefix, such as `podcast:funding`."""
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)
    uri: str = ""
    """The namespace URI of an unknown prefix; empty for known ones."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a parsed feed: its meaning and its spelling."""

    name: str
    """As written, such as `itunes:image`; some apps compare the prefix as text."""
    key: str
    """By its namespace: `itunes:image` whatever its prefix, without prefix for RSS itself, as written if unknown."""
    uri: str = ""
    """The namespace URI as written; empty if none."""
    text: str = ""
    """The element's own text, with its white space."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By name as written, without namespace declarations."""
    children: tuple[Node, ...] = ()
    line: int = 0
    column: int = 0
    """Both count from 1."""
    path: str = ""
    """The file or URL that it is in, if it is not that of the document: a further page of the feed."""

    def children_named(self, key: str) -> tuple[Node, ...]:
        """The children with that key, in file order."""
        return tuple(child for child in self.children if child.key == key)

    def child(self, key: str) -> Node | None:
        """The first child with that key."""
        return next((child for child in self.children if child.key == key), None)

    def child_text(self, key: str) -> str:
        """The text of the first child with that key, without surrounding white space; empty if there is none."""
        child = self.child(key)
        return child.text.strip() if child else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """Any feed as it was parsed from a file or URL."""

    path: str
    """File or URL, for locations."""
    root: Node
    size: int
    """Bytes."""
    encoding: str = ""
    """From the XML declaration, in lower case; empty if not declared."""
    bom: bool = False
    leading: int = 0
    """Bytes of white space before the first `<`."""
    trailing: tuple[int, ...] = ()
    """Lines of comments and instructions after the root element."""
    namespaces: tuple[tuple[str, str], ...] = ()
    """Prefix and URI of every namespace declaration, in file order."""
    instructions: tuple[str, ...] = ()
    """Targets of processing instructions, such as `xml-stylesheet`."""
    doctype: str = ""
    faults: tuple[Problem, ...] = ()
    """Faults of form that were repaired while it was read, as warnings."""
    stored_items: Sequence[Node] | None = None
    """The items of the first channel, if they are kept elsewhere: each access makes new nodes."""

    @property
    def channel(self) -> Node | None:
        """The first channel."""
        return self.root.child("channel")

    @property
    def items(self) -> Sequence[Node]:
        """The items of the first channel, in file order."""
        if self.stored_items is not None:
            return self.stored_items
        return self.channel.children_named("item") if self.channel else ()

    def location_of(self, node: Node | None = None) -> SourceLocation:
        """The location of a node; the file as a whole without one."""
        return SourceLocation(node.path or self.path, node.line, node.column) if node else SourceLocation(self.path)
