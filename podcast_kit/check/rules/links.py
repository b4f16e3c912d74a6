"""Rules lk.* and the feed's other formats: pagination, WebSub, JSON Feed, OPML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podcast_kit.check.context import ChannelView, DocumentView, ElementView, is_complete_url
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import FeedDocument, Node
from podcast_kit.namespaces import ValueType, find_value_error

PAGE_RELATIONS = ("first", "last", "next", "previous")
ARCHIVE_RELATIONS = ("current", "prev-archive", "next-archive")
NEIGHBOUR_RELATIONS = frozenset({"next", "previous", "prev-archive", "next-archive"})
COMMON_ELEMENTS = ("title", "link", "description", "language")
"""Elements that must be the same on every page of a feed."""


@rule(
    "lk.paging",
    Severity.ERROR,
    subject=ChannelView,
    platforms="podcastindex",
    sources="RFC5005 FV AN",
    why="An app that follows a wrong link loses the older episodes, or follows links in a loop.",
    fix="let podcast-kit split the feed: feed: {page_size: 100}",
)
def check_pagination_links(channel: ChannelView) -> Iterator[Finding]:
    """Pagination links are absolute and unique, and use the relations first, last, next and previous, not prev."""
    for link in channel.atom_links("prev"):
        yield Finding("a pagination link has rel=prev; RFC 5005 calls it previous", link, "feed")
    for rel in (*PAGE_RELATIONS, *ARCHIVE_RELATIONS):
        links = channel.atom_links(rel)
        for link in links[:1]:
            url = link.attributes.get("href", "").strip()
            if not is_complete_url(url):
                yield Finding(f"the link to the {rel} page is {url[:80]!r}", link, "feed")
            elif rel in NEIGHBOUR_RELATIONS and url == channel.self_url:
                yield Finding(f"the link to the {rel} page leads to the same page", link, "feed")
        if len(links) > 1:
            yield Finding(f"the feed has {len(links)} links to the {rel} page", links[1], "feed")


@dataclass(frozen=True, slots=True)
class FeedPages:
    """A feed that is split into pages, in the order in which an app reads them."""

    pages: tuple[FeedDocument, ...]
    location: SourceLocation


@rule(
    "lk.pages",
    Severity.ERROR,
    subject=FeedPages,
    platforms="podcastindex",
    sources="RFC5005",
    why="An episode on two pages appears twice; a page with another title belongs to another show.",
    fix="let podcast-kit split the feed: feed: {page_size: 100}",
)
def check_feed_pages(feed: FeedPages) -> Iterator[Finding]:
    """The pages of a feed describe the same show, and no episode is on two of them."""
    page_by_guid: dict[str, FeedDocument] = {}
    first_values = _common_values(feed.pages[0]) if feed.pages else {}
    for page in feed.pages:
        for name, text in _common_values(page).items():
            if text != first_values[name]:
                yield Finding(f"the {name} of page {page.path} differs from the first page's", page.location_of())
                break
        for item in page.items:
            guid = item.child_text("guid")
            if guid and page_by_guid.setdefault(guid, page) is not page:
                title = item.child_text("title")[:60]
                text = f"“{title}” is on two pages: {page_by_guid[guid].path} and {page.path}"
                yield Finding(text, page.location_of(item))
                break


def _common_values(page: FeedDocument) -> Mapping[str, str]:
    return {name: page.channel.child_text(name) if page.channel else "" for name in COMMON_ELEMENTS}


@rule(
    "lk.archive",
    Severity.HINT,
    subject=ChannelView,
    sources="RFC5005",
    why="Readers keep archive pages permanently; a page without its links breaks the chain.",
    fix="write fh:archive and links to current and prev-archive in each archive page",
)
def check_archive_page(channel: ChannelView) -> Iterator[Finding]:
    """An archive page is marked as one, and links to the current feed."""
    archive = channel.child("fh:archive")
    links = channel.atom_links("current")
    if archive is not None and not links:
        yield Finding("an archive page has no link to the current feed", archive, "feed")
    elif archive is None and links:
        yield Finding("a page links to the current feed, but is not marked as an archive", links[0])


@rule(
    "lk.hub",
    Severity.ERROR,
    subject=ChannelView,
    platforms="podcastindex",
    sources="WS",
    why="Apps subscribe to updates at this URL.",
    fix="set hub: to the hub's complete URL",
)
def check_hub_link(channel: ChannelView) -> Iterator[Finding]:
    """The URL of a WebSub hub is complete."""
    for link in channel.atom_links("hub"):
        if not is_complete_url(link.attributes.get("href", "").strip()):
            yield Finding(f"the hub is {link.attributes.get('href', '')[:80]!r}, not a URL", link, "feed.hub")


@rule(
    "lk.podping",
    Severity.HINT,
    subject=ChannelView,
    platforms="podcastindex",
    sources="PN",
    why="Apps that trust it poll less often, and wait for a notification that never comes.",
    fix="write `podping: true`, or remove it unless a program of yours sends podpings",
)
def check_podping(channel: ChannelView) -> Iterator[Finding]:
    """A feed written by podcast-kit declares podping only with `podping: true`, which makes publishing send them."""
    node = channel.child("podcast:podping")
    declared = node is not None and node.attributes.get("usesPodping", "").lower() == "true"
    project = channel.context.project
    is_sent = project is not None and project.show.notify.podping
    if declared and channel.context.own_feed and not is_sent:
        yield Finding("the feed declares podping, but publishing does not send podpings", node, "podping")


@rule(
    "xslt.pi",
    Severity.HINT,
    subject=DocumentView,
    sources="RSSP",
    why="Browsers are removing XSLT, so the feed must work without it.",
    fix="link to the show's page instead",
)
def check_xslt_stylesheet(document: DocumentView) -> Iterator[Finding]:
    """The feed has no XSLT stylesheet."""
    if "xml-stylesheet" in document.feed.instructions:
        yield Finding("the feed has an xml-stylesheet", SourceLocation(document.feed.path, 1))


@dataclass(frozen=True, slots=True)
class JsonFeedFile:
    """A JSON Feed."""

    text: str
    location: SourceLocation


@rule(
    "jf.required",
    Severity.ERROR,
    subject=JsonFeedFile,
    sources="JF",
    why="Readers reject a feed without them.",
    fix="let `podcast-kit build` write the file",
)
def check_json_feed(feed: JsonFeedFile) -> Iterator[Finding]:
    """A JSON Feed has version, title and items; each item an id and content; each attachment a url and a type."""
    try:
        content = json.loads(feed.text)
    except (ValueError, RecursionError) as error:
        yield Finding(f"the JSON feed is not valid JSON: {str(error)[:100]}")
        return
    if not isinstance(content, dict) or not isinstance(content.get("items"), list):
        yield Finding("the JSON feed has no list of items")
        return
    if not str(content.get("version", "")).startswith("https://jsonfeed.org/version/1"):
        yield Finding(f"the JSON feed has version {str(content.get('version'))[:40]!r}")
    if not _is_nonempty_text(content.get("title")):
        yield Finding("the JSON feed has no title")
    for number, item in enumerate(content["items"], 1):
        if problem := _find_json_item_error(item):
            yield Finding(f"item {number} of the JSON feed {problem}")
            return


def _is_nonempty_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _find_json_item_error(item: Any) -> str:  # noqa: ANN401  # any JSON value
    """What is wrong with an item of a JSON Feed, in words; empty if nothing is."""
    if not isinstance(item, dict) or not _is_nonempty_text(item.get("id")):
        return "has no id, or its id is not text"
    if not _is_nonempty_text(item.get("content_html")) and not _is_nonempty_text(item.get("content_text")):
        return "has neither content_html nor content_text"
    attachments = item.get("attachments", [])
    for attachment in attachments if isinstance(attachments, list) else [None]:
        if not isinstance(attachment, dict) or not (
            _is_nonempty_text(attachment.get("url")) and _is_nonempty_text(attachment.get("mime_type"))
        ):
            return "has an attachment without url or mime_type"
        for name in ("size_in_bytes", "duration_in_seconds"):
            value = attachment.get(name, 0)
            if not isinstance(value, int | float) or isinstance(value, bool):
                return f"has an attachment whose {name} is not a number"
    return ""


@dataclass(frozen=True, slots=True)
class OpmlFile:
    """An OPML document."""

    document: FeedDocument


@rule(
    "opml.form",
    Severity.ERROR,
    subject=OpmlFile,
    sources="OPML",
    why="Apps import only outlines of type rss with text and xmlUrl.",
    fix="let `podcast-kit build` write the file",
)
def check_opml(opml: OpmlFile) -> Iterator[Finding]:
    """An OPML file has version 2.0, a title, and outlines of type rss with text and xmlUrl."""
    root = ElementView(opml.document.root)
    head, body = root.child("head"), root.child("body")
    location = opml.document.location_of(root.node)
    if root.node.key != "opml" or root.node.attributes.get("version") not in {"2.0", "1.1", "1.0"}:
        yield Finding('the root element is not <opml version="2.0">', location)
    elif head is None or not head.child_text("title"):
        yield Finding("the OPML file has no title", location)
    elif body is None or not body.children_named("outline"):
        yield Finding("the OPML file has no outlines", location)
    else:
        for node in _leaf_outlines(body):
            attributes = node.attributes
            has_url = not find_value_error(ValueType.URL, attributes.get("xmlUrl", ""))
            if attributes.get("type") != "rss" or not attributes.get("text") or not has_url:
                yield Finding("an outline lacks type=rss, text or xmlUrl", opml.document.location_of(node))
                return


def _leaf_outlines(node: Node) -> Iterator[Node]:
    """The outlines that are feeds, not folders."""
    for outline in node.children_named("outline"):
        if outline.children:
            yield from _leaf_outlines(outline)
        else:
            yield outline
