"""lk.*, and the other forms of a feed: paging, push, JSON Feed, OPML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podcast_kit.check.context import Branch, Channel, Document, web
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import SourceLocation, Severity
from podcast_kit.model import FeedDocument, Node
from podcast_kit.namespaces import Kind, fault

PAGES = ("first", "last", "next", "previous")
ARCHIVES = ("current", "prev-archive", "next-archive")
HEAD = ("title", "link", "description", "language")


@rule(
    "lk.paging",
    Severity.ERROR,
    of=Channel,
    platforms="podcastindex",
    sources="RFC5005 FV AN",
    why="An app that follows a wrong link loses the older episodes, or goes in circles.",
    mend="let the feed be paged by feed: {page_size: 100}",
)
def paging(channel: Channel) -> Iterator[Finding]:
    """Links between pages are absolute, stand once, and lead on: first, last, next and previous, not prev."""
    for link in channel.links("prev"):
        yield Finding("a page is linked with rel=prev; RFC 5005 says previous", link, "feed")
    for rel in (*PAGES, *ARCHIVES):
        links = channel.links(rel)
        for link in links[:1]:
            href = link.attributes.get("href", "").strip()
            if not web(href):
                yield Finding(f"the link to the {rel} page is {href[:80]!r}", link, "feed")
            elif rel in {"next", "previous", "prev-archive", "next-archive"} and href == channel.self_url:
                yield Finding(f"the {rel} page is this very page", link, "feed")
        if len(links) > 1:
            yield Finding(f"the feed names {len(links)} {rel} pages", links[1], "feed")


@dataclass(frozen=True, slots=True)
class Pages:
    """A feed that is cut in pages, in the order in which an app meets them."""

    pages: tuple[FeedDocument, ...]
    place: SourceLocation


@rule(
    "lk.pages",
    Severity.ERROR,
    of=Pages,
    platforms="podcastindex",
    sources="RFC5005",
    why="An episode on two pages is shown twice; a page of another show is another show.",
    mend="let the feed be paged by feed: {page_size: 100}",
)
def pages(paged: Pages) -> Iterator[Finding]:
    """The pages of a feed have the same head, and no episode is on two of them."""
    seen: dict[str, FeedDocument] = {}
    head = _head(paged.pages[0]) if paged.pages else {}
    for page in paged.pages:
        for name, text in _head(page).items():
            if text != head[name]:
                yield Finding(f"the page {page.path} has another {name} than the first", page.location_of())
                break
        for item in page.items:
            guid = item.child_text("guid")
            if guid and seen.setdefault(guid, page) is not page:
                text = f"“{item.child_text('title')[:60]}” is on the page {seen[guid].path} and on {page.path}"
                yield Finding(text, page.location_of(item))
                break


def _head(page: FeedDocument) -> Mapping[str, str]:
    return {name: page.channel.child_text(name) if page.channel else "" for name in HEAD}


@rule(
    "lk.archive",
    Severity.HINT,
    of=Channel,
    sources="RFC5005",
    why="Readers keep archive pages for ever; one without its links breaks the chain.",
    mend="an archive has fh:archive, and links to current and prev-archive",
)
def archive(channel: Channel) -> Iterator[Finding]:
    """An archive page says that it is one, and links to the current feed."""
    marked = channel.first("fh:archive")
    if marked is not None and not channel.links("current"):
        yield Finding("an archive page has no link to the current feed", marked, "feed")
    elif marked is None and channel.links("current"):
        yield Finding(
            "a page links to the current feed, and does not say that it is an archive", channel.links("current")[0]
        )


@rule(
    "lk.hub",
    Severity.ERROR,
    of=Channel,
    platforms="podcastindex",
    sources="WS",
    why="A hub knows a feed by the address that it gives itself.",
    mend="hub: is the hub's whole address; the feed's own comes from publish.url",
)
def hub(channel: Channel) -> Iterator[Finding]:
    """A feed that names a hub gives the hub's whole address, and its own once."""
    for link in channel.links("hub"):
        if not web(link.attributes.get("href", "").strip()):
            yield Finding(f"the hub is {link.attributes.get('href', '')[:80]!r}", link, "feed.hub")


@rule(
    "lk.podping",
    Severity.HINT,
    of=Channel,
    platforms="podcastindex",
    sources="PN",
    why="Who reads it polls less, and waits for a ping that never comes.",
    mend="say so only when something really pings; else tell the index: api.podcastindex.org/api/1.0/hub/pubnotify",
)
def podping(channel: Channel) -> Iterator[Finding]:
    """A feed of ours says that it uses podping only where something pings: a hub is configured."""
    node = channel.first("podcast:podping")
    used = node is not None and node.attributes.get("usesPodping", "").lower() == "true"
    if used and channel.facts.ours and channel.show is not None and not channel.show.feed.hub:
        yield Finding("the feed says that it pings, and nothing does", node, "podping")


@rule(
    "xslt.pi",
    Severity.HINT,
    of=Document,
    sources="RSSP",
    why="Browsers are taking XSLT out; a feed must do without.",
    mend="link to the show's page instead",
)
def stylesheet(document: Document) -> Iterator[Finding]:
    """The feed names no stylesheet."""
    if "xml-stylesheet" in document.feed.instructions:
        yield Finding("the feed has an xml-stylesheet", SourceLocation(document.feed.path, 1))


@dataclass(frozen=True, slots=True)
class JsonFeed:
    """A JSON Feed, as text."""

    text: str
    place: SourceLocation


@rule(
    "jf.required",
    Severity.ERROR,
    of=JsonFeed,
    sources="JF",
    why="Readers refuse a feed without them.",
    mend="let `podcast-kit build` write it",
)
def json_feed(feed: JsonFeed) -> Iterator[Finding]:
    """A JSON Feed has version, title and items; each item an id and content; each attachment a url and a type."""
    try:
        read = json.loads(feed.text)
    except (ValueError, RecursionError) as error:
        yield Finding(f"the JSON feed is not JSON: {str(error)[:100]}")
        return
    if not isinstance(read, dict) or not isinstance(read.get("items"), list):
        yield Finding("the JSON feed has no list of items")
        return
    if not str(read.get("version", "")).startswith("https://jsonfeed.org/version/1"):
        yield Finding(f"the JSON feed has version {str(read.get('version'))[:40]!r}")
    if not _text(read.get("title")):
        yield Finding("the JSON feed has no title")
    for number, item in enumerate(read["items"], 1):
        if wrong := _amiss(item):
            yield Finding(f"item {number} of the JSON feed {wrong}")
            return


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _amiss(item: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(item, dict) or not _text(item.get("id")):
        return "has no id that is text"
    if not _text(item.get("content_html")) and not _text(item.get("content_text")):
        return "has neither content_html nor content_text"
    attachments = item.get("attachments", [])
    for one in attachments if isinstance(attachments, list) else [None]:
        if not isinstance(one, dict) or not (_text(one.get("url")) and _text(one.get("mime_type"))):
            return "has an attachment without url or mime_type"
        for name in ("size_in_bytes", "duration_in_seconds"):
            if name in one and (not isinstance(one[name], int | float) or isinstance(one[name], bool)):
                return f"has an attachment whose {name} is no number"
    return ""


@dataclass(frozen=True, slots=True)
class Outline:
    """An OPML document."""

    document: FeedDocument


@rule(
    "opml.form",
    Severity.ERROR,
    of=Outline,
    sources="OPML",
    why="Apps import only outlines of type rss with a text and an xmlUrl.",
    mend="let `podcast-kit build` write it",
)
def opml(outline: Outline) -> Iterator[Finding]:
    """An OPML file has version 2.0, a title, and outlines of type rss with text and xmlUrl."""
    root = Branch(outline.document.root)
    head, body = root.first("head"), root.first("body")
    place = outline.document.location_of
    if root.node.key != "opml" or root.node.attributes.get("version") not in {"2.0", "1.1", "1.0"}:
        yield Finding('the file is no <opml version="2.0">', place(root.node))
    elif head is None or not head.child_text("title"):
        yield Finding("the OPML file has no title", place(root.node))
    elif body is None or not body.children_named("outline"):
        yield Finding("the OPML file lists nothing", place(root.node))
    else:
        for node in _feeds(body):
            wrong = not node.attributes.get("text") or fault(Kind.URL, node.attributes.get("xmlUrl", ""))
            if wrong or node.attributes.get("type") != "rss":
                yield Finding("an outline has not type rss, text and xmlUrl", place(node))
                return


def _feeds(node: Node) -> Iterator[Node]:
    """The outlines that are no folders."""
    for outline in node.children_named("outline"):
        if outline.children:
            yield from _feeds(outline)
        else:
            yield outline
