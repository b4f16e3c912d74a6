"""Turns an Atom feed (RFC 4287) into the elements of RSS, so that it is imported like any other feed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from podcast_kit.errors import Problem, Severity
from podcast_kit.model import FeedDocument, Node

ATOM_ROOT = "atom:feed"
_TEXT_KEYS = {
    "atom:title": "title",
    "atom:subtitle": "description",
    "atom:rights": "copyright",
    "atom:generator": "generator",
    "atom:updated": "lastBuildDate",
    "atom:published": "pubDate",
    "atom:id": "guid",
    "atom:summary": "description",
    "atom:content": "content:encoded",
}
_FEED_ONLY, _ENTRY_ONLY = {"atom:subtitle", "atom:generator"}, {"atom:summary", "atom:content", "atom:published"}
_NOTE = "the feed is in Atom, and is imported like RSS"


def convert_atom(document: FeedDocument) -> FeedDocument:
    """An Atom feed with the elements of RSS, at the same locations; any other feed unchanged."""
    root = document.root
    if root.key != ATOM_ROOT:
        return document
    children = [child for child in root.children if child.key != "atom:entry"]
    entries = [_convert_entry(child) for child in root.children_named("atom:entry")]
    channel = replace(
        root, name="channel", key="channel", uri="", children=(*_convert_children(children, is_feed=True), *entries)
    )
    note = Problem(document.location_of(root), _NOTE, "compare its notes with the old ones", "import", Severity.HINT)
    rss = Node("rss", "rss", children=(channel,), line=root.line, column=root.column)
    return replace(document, root=rss, faults=(*document.faults, note), stored_items=None)


def _convert_entry(entry: Node) -> Node:
    children = list(_convert_children(entry.children, is_feed=False))
    if not any(child.key == "pubDate" for child in children):
        updated = entry.child("atom:updated")
        children += [_renamed(updated, "pubDate")] if updated else []
    return Node("item", "item", children=tuple(children), line=entry.line, column=entry.column)


def _convert_children(nodes: Iterator[Node] | tuple[Node, ...] | list[Node], *, is_feed: bool) -> Iterator[Node]:
    for node in nodes:
        if node.key == "atom:link":
            yield _convert_link(node)
        elif node.key == "atom:author":
            yield from (_renamed(name, "itunes:author") for name in node.children_named("atom:name"))
        elif node.key == "atom:category":
            yield replace(
                _renamed(node, "category"), text=node.attributes.get("label") or node.attributes.get("term", "")
            )
        elif node.key in {"atom:logo", "atom:icon"}:
            yield replace(_renamed(node, "image"), children=(replace(node, name="url", key="url"),))
        elif is_feed and node.key == "atom:id":
            continue  # only the URL of the feed
        elif node.key == "atom:updated" and not is_feed:
            continue  # the date of the last change
        elif node.key in _TEXT_KEYS and node.key not in (_ENTRY_ONLY if is_feed else _FEED_ONLY):
            yield _renamed(node, _TEXT_KEYS[node.key])
        else:
            yield node


def _convert_link(node: Node) -> Node:
    relation = node.attributes.get("rel", "alternate")
    url = node.attributes.get("href", "")
    if relation == "enclosure":
        attributes = {"url": url, "length": node.attributes.get("length", ""), "type": node.attributes.get("type", "")}
        return replace(_renamed(node, "enclosure"), attributes=attributes)
    return replace(_renamed(node, "link"), text=url) if relation == "alternate" else node


def _renamed(node: Node, key: str) -> Node:
    return Node(key, key, text=node.text, line=node.line, column=node.column)
