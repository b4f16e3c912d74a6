"""Rules xml.*: the file itself, before its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from podcast_kit.check.context import MAX_ITEMS, DocumentView
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Node
from podcast_kit.namespaces import NAMESPACES, usual_prefix
from podcast_kit.text.numbers import format_count

PAGING_BYTES, MAX_FEED_BYTES = 1_000_000, 5_000_000
PAGING_ITEMS = 500
MAX_VALUE_LEN = 255

TEXTUAL_PREFIXES = ("itunes", "content", "atom", "podcast")
"""Prefixes that some apps compare as text, ignoring the namespace's URI."""
KEYS_WITH_OWN_RULE = frozenset(
    {"title", "description", "link", "language", "guid", "pubDate", "channel", "item"}
    | {"itunes:author", "itunes:explicit", "itunes:duration", "itunes:email", "itunes:type", "itunes:episodeType"}
    | {"itunes:episode", "itunes:season", "itunes:block", "itunes:complete", "itunes:new-feed-url"}
)
KEYS_WITH_LEN_LIMIT = frozenset(
    {"itunes:title", "itunes:subtitle", "itunes:keywords", "itunes:name", "itunes:email", "copyright"}
)
ITUNES_NAMES = frozenset(
    {"applepodcastsverify", "author", "block", "category", "complete", "duration", "email", "episode", "episodeType"}
    | {"explicit", "image", "isClosedCaptioned", "keywords", "name", "new-feed-url", "order", "owner", "season"}
    | {"subtitle", "summary", "title", "type"}
)


@rule(
    "xml.utf8",
    Severity.ERROR,
    subject=DocumentView,
    platforms="apple psp1 podcastindex stitcher",
    sources="PSP FV AN GPO",
    why="A byte-order mark, white space before the declaration or another encoding makes several parsers fail at the "
    "first byte, so the show is missing in their apps.",
    fix="save the feed as UTF-8 without a byte-order mark, with <?xml as its first bytes",
)
def check_xml_utf8(document: DocumentView) -> Iterator[Finding]:
    """The file is UTF-8, declares it, and starts with the XML declaration, without a byte-order mark."""
    start = SourceLocation(document.feed.path, 1, 1)
    if document.feed.bom:
        yield Finding("the file starts with a byte-order mark", start)
    if document.feed.leading:
        yield Finding(f"{document.feed.leading} bytes of white space before the first element", start)
    if document.feed.encoding not in {"", "utf-8", "utf8"}:
        yield Finding(f"the XML declaration says {document.feed.encoding[:40]!r}, not UTF-8", start)


@rule(
    "xml.wellformed",
    Severity.ERROR,
    subject=DocumentView,
    platforms="",
    sources="XML APRSS FV",
    why="Directories use strict parsers: a single unescaped & makes them reject the whole feed.",
    fix="write & as &amp; and < as &lt;, and remove control characters",
)
def check_xml_wellformed(_document: DocumentView) -> Iterator[Finding]:
    """The file is well-formed XML 1.0, with only XML's five named entities and no control characters."""
    return iter(())  # the parser reports this with line and column; a file that fails never becomes a document


@rule(
    "xml.rss2",
    Severity.ERROR,
    subject=DocumentView,
    platforms="apple spotify amazon stitcher",
    sources="APRSS RSS2",
    why="Directories accept RSS 2.0 only; Apple rejects Atom.",
    fix='use <rss version="2.0"> as the root, with one <channel> in it',
)
def check_xml_rss2(document: DocumentView) -> Iterator[Finding]:
    """The root element is <rss version="2.0"> with exactly one <channel>."""
    root = document.feed.root
    if root.key != "rss":
        yield Finding(f"the root element is <{root.name[:40]}>, not <rss>", root)
        return
    if root.attributes.get("version") != "2.0":
        yield Finding(f"<rss> has version {root.attributes.get('version', 'none')[:20]!r}, not '2.0'", root)
    channels = document.root.children_named("channel")
    if len(channels) != 1:
        text = f"<rss> has {format_count(len(channels), 'channel')}, not one"
        yield Finding(text, channels[1] if channels else root)


@rule(
    "xml.ns.exact",
    Severity.ERROR,
    subject=DocumentView,
    platforms="apple psp1 podcastindex",
    sources="APRSS PN AN GPO",
    why="Apps compare namespace URIs byte for byte; with one wrong letter, all its tags are ignored.",
    fix="copy the namespace URI from its specification",
)
def check_xml_namespace_uris(document: DocumentView) -> Iterator[Finding]:
    """The URIs of known namespaces are spelled exactly as specified."""
    for prefix, uri in dict.fromkeys(document.feed.namespaces):
        meant = usual_prefix(uri) or (prefix if prefix in NAMESPACES else "")
        if meant and NAMESPACES[meant] != uri:
            yield Finding(
                f"the URI of the {meant} namespace is misspelled: {uri[:100]!r}",
                document.feed.root,
                fix=f'write xmlns:{meant}="{NAMESPACES[meant]}"',
            )


@rule(
    "xml.ns.prefix",
    Severity.ERROR,
    subject=DocumentView,
    platforms="podcastindex",
    sources="AN PT",
    why="AntennaPod and the Podcast Index compare prefixes as text: with another prefix they lose all tags of the "
    "namespace, and no validator reports it.",
    fix="use the prefixes itunes, content, atom and podcast",
)
def check_xml_namespace_prefixes(document: DocumentView) -> Iterator[Finding]:
    """Tags of the itunes, content, atom and podcast namespaces use exactly these prefixes."""
    reported_prefixes: set[str] = set()
    for node in document.nodes if document.channel else ():
        expected = node.key.partition(":")[0]
        prefix = node.name.partition(":")[0] if ":" in node.name else ""
        if prefix != expected and expected in TEXTUAL_PREFIXES and ":" in node.key and prefix not in reported_prefixes:
            reported_prefixes.add(prefix)
            yield Finding(f"<{node.name[:60]}> does not use the prefix {expected}", node)


@rule(
    "xml.order.channel",
    Severity.WARNING,
    subject=DocumentView,
    sources="FV",
    why="Readers that stop at the first episodes miss everything about the show that comes after them.",
    fix="write all elements of the channel before the first <item>",
)
def check_xml_channel_order(document: DocumentView) -> Iterator[Finding]:
    """The channel's own elements come before its first item."""
    after_item = False
    for node in document.channel.node.children if document.channel else ():
        after_item = after_item or node.key == "item"
        if after_item and node.key not in {"item", "podcast:liveItem"}:
            yield Finding(f"<{node.name[:60]}> of the channel comes after the first item", node)
            return


@rule(
    "xml.trailing",
    Severity.WARNING,
    subject=DocumentView,
    platforms="apple",
    sources="APRSS",
    why="Hosts report that Apple sometimes rejects a feed with anything after its end, such as a cache's comment.",
    fix="end the file with </rss>",
)
def check_xml_trailing(document: DocumentView) -> Iterator[Finding]:
    """Nothing follows </rss>, not even a comment."""
    for line in document.feed.trailing[:1]:
        yield Finding("there is content after the end of the feed", SourceLocation(document.feed.path, line))


@rule(
    "xml.whitespace",
    Severity.WARNING,
    subject=DocumentView,
    platforms="apple psp1",
    sources="APRSS PSP",
    why="Apple keeps the white space, and reads an empty element as a value.",
    fix="remove spaces and line breaks around the value, and leave out empty elements",
)
def check_xml_whitespace(document: DocumentView) -> Iterator[Finding]:
    """No element has white space around its text, and none is empty."""
    nodes_by_problem: dict[tuple[str, str], list[Node]] = {}
    for node in document.nodes:
        text = node.text
        if node.children or not (text or not node.attributes) or node.key == "content:encoded":
            continue
        prefix = node.key.partition(":")[0] if ":" in node.key else ""
        if prefix and prefix not in NAMESPACES:
            continue
        if not text.strip():
            if not node.attributes and prefix != "podcast" and node.key not in KEYS_WITH_OWN_RULE:
                nodes_by_problem.setdefault((node.name, "is empty"), []).append(node)
        elif text[0].isspace() or text[-1].isspace():
            nodes_by_problem.setdefault((node.name, "has white space around its text"), []).append(node)
    for (name, problem), nodes in nodes_by_problem.items():
        yield Finding(f"<{name[:60]}> {problem}{_format_repetitions(len(nodes))}", nodes[0])


@rule(
    "xml.255",
    Severity.WARNING,
    subject=DocumentView,
    platforms="apple psp1",
    sources="APRSS PSP",
    why="Apple cuts off or drops longer values.",
    fix=f"shorten it to {MAX_VALUE_LEN} characters, and move the rest to the description",
)
def check_xml_value_length(document: DocumentView) -> Iterator[Finding]:
    """Short texts such as titles and names have at most 255 characters."""
    for node in document.nodes:
        if node.key in KEYS_WITH_LEN_LIMIT and len(node.text) > MAX_VALUE_LEN:
            yield Finding(f"<{node.name}> has {len(node.text)} characters", node, key=node.key.partition(":")[2])
    for item in document.channel.items if document.channel else ():
        for key in ("title", "itunes:author"):
            child = item.child(key)
            if child is not None and len(child.text) > MAX_VALUE_LEN:
                yield Finding(f"<{child.name}> has {len(child.text)} characters", child, key="title")


@rule(
    "xml.size",
    Severity.WARNING,
    subject=DocumentView,
    platforms="",
    sources="FV RFC5005",
    why="Every app downloads the whole feed again and again; the W3C validator rejects more than 5 MB.",
    fix="split the feed into pages with feed: {page_size: 100}, or shorten the notes",
)
def check_xml_size(document: DocumentView) -> Iterator[Finding]:
    """The feed has at most 5,000,000 bytes, and is split into pages from 1,000,000 bytes or 500 items."""
    count = len(document.channel.children_named("item")) if document.channel else 0
    if count > MAX_ITEMS:
        text = f"the feed has {count:,} items; only the first {MAX_ITEMS:,} are checked"
        yield Finding(text, key="feed", severity=Severity.ERROR)
    elif document.feed.size > MAX_FEED_BYTES:
        yield Finding(f"the feed has {document.feed.size:,} bytes", key="feed")
    elif (document.feed.size >= PAGING_BYTES or count >= PAGING_ITEMS) and not _has_pagination(document):
        text = f"the feed has {document.feed.size:,} bytes and {format_count(count, 'item')}"
        yield Finding(text, key="feed", severity=Severity.HINT)


def _has_pagination(document: DocumentView) -> bool:
    """Whether the feed is already split into pages."""
    channel = document.channel
    return channel is not None and bool(channel.atom_links("next") or channel.atom_links("prev-archive"))


@rule(
    "xml.unknown",
    Severity.WARNING,
    subject=DocumentView,
    platforms="podcastindex",
    sources="FV PN",
    why="A misspelled tag is ignored without notice.",
    fix="correct the tag's spelling, or remove it",
)
def check_itunes_tag_names(document: DocumentView) -> Iterator[Finding]:
    """Tags in the itunes and podcast namespaces exist there."""
    counts = Counter(node.key for node in document.nodes)
    for node in document.nodes:
        prefix, _, name = node.key.partition(":")
        if prefix == "itunes" and name not in ITUNES_NAMES and counts.pop(node.key, 0):
            text = f"<{node.name[:60]}> does not exist in the itunes namespace"
            yield Finding(text, node, fix=_suggest_itunes_name(name))


def _suggest_itunes_name(name: str) -> str:
    exact = [known_name for known_name in ITUNES_NAMES if known_name.casefold() == name.casefold()]
    near = exact or get_close_matches(name[:40], sorted(ITUNES_NAMES), n=1)
    return f"did you mean itunes:{near[0]}?" if near else "remove it"


def _format_repetitions(count: int) -> str:
    return f" (and {format_count(count - 1, 'more time')})" if count > 1 else ""
