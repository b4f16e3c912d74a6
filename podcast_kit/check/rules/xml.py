"""xml.*: the file itself, before what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from podcast_kit.check.context import MOST_ITEMS, Document
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import SourceLocation, Severity
from podcast_kit.model import Node
from podcast_kit.namespaces import NAMESPACES, prefix_of

LARGE, TOO_LARGE = 1_000_000, 5_000_000
MANY = 500
LONGEST = 255

PREFIXES_READ_AS_TEXT = ("itunes", "content", "atom", "podcast")
_HAVE_THEIR_OWN_RULE = (
    "title description link language guid pubDate itunes:author itunes:explicit itunes:duration itunes:email "
    "itunes:type itunes:episodeType itunes:episode itunes:season itunes:block itunes:complete itunes:new-feed-url "
    "channel item"
)
HAVE_THEIR_OWN_RULE = frozenset(_HAVE_THEIR_OWN_RULE.split())
_WITHOUT_LIMIT_OF_THEIR_OWN = "itunes:title itunes:subtitle itunes:keywords itunes:name itunes:email copyright"
WITHOUT_LIMIT_OF_THEIR_OWN = frozenset(_WITHOUT_LIMIT_OF_THEIR_OWN.split())
_ITUNES = (
    "applepodcastsverify author block category complete duration email episode episodeType explicit image "
    "isClosedCaptioned keywords name new-feed-url order owner season subtitle summary title type"
)
ITUNES = frozenset(_ITUNES.split())


@rule(
    "xml.utf8",
    Severity.ERROR,
    of=Document,
    platforms="apple psp1 podcastindex stitcher",
    sources="PSP FV AN GPO",
    why="A byte-order mark, a newline before the declaration or another encoding stops several parsers "
    "at the first byte, and the show is not there.",
    mend="save the feed as UTF-8 without a byte-order mark, with <?xml as its first bytes",
)
def utf8(document: Document) -> Iterator[Finding]:
    """The file is UTF-8, says so, and begins with the declaration, without a byte-order mark."""
    start = SourceLocation(document.feed.path, 1, 1)
    if document.feed.bom:
        yield Finding("the file begins with a byte-order mark", start)
    if document.feed.leading:
        yield Finding(f"{document.feed.leading} bytes of white space come before the first element", start)
    if document.feed.encoding not in {"", "utf-8", "utf8"}:
        yield Finding(f"the declaration says {document.feed.encoding[:40]!r}, not UTF-8", start)


@rule(
    "xml.wellformed",
    Severity.ERROR,
    of=Document,
    platforms="",
    sources="XML APRSS FV",
    why="Directories use strict parsers: one bare & and the whole feed is refused.",
    mend="write & as &amp; and < as &lt;, and leave control characters out",
)
def wellformed(_document: Document) -> Iterator[Finding]:
    """The file is strict XML 1.0, with no entities but the five of XML and no control characters."""
    return iter(())  # a file that is not never becomes a document: the parser has said so, with line and column


@rule(
    "xml.rss2",
    Severity.ERROR,
    of=Document,
    platforms="apple spotify amazon stitcher",
    sources="APRSS RSS2",
    why="Directories read RSS 2.0 and nothing else; Apple takes no Atom.",
    mend='the root is <rss version="2.0"> and holds one <channel>',
)
def rss2(document: Document) -> Iterator[Finding]:
    """The root is <rss version="2.0"> with exactly one <channel>."""
    root = document.feed.root
    if root.key != "rss":
        yield Finding(f"the root element is <{root.name[:40]}>, not <rss>", root)
        return
    if root.attributes.get("version") != "2.0":
        yield Finding(f"<rss> has version {root.attributes.get('version', 'none')[:20]!r}, not '2.0'", root)
    channels = document.root.all("channel")
    if len(channels) != 1:
        yield Finding(f"<rss> holds {len(channels)} channels, not one", channels[1] if channels else root)


@rule(
    "xml.ns.exact",
    Severity.ERROR,
    of=Document,
    platforms="apple psp1 podcastindex",
    sources="APRSS PN AN GPO",
    why="Programs compare the address of a namespace byte for byte; a wrong letter and all of its tags are gone.",
    mend="",
)
def namespaces_exact(document: Document) -> Iterator[Finding]:
    """The addresses of known namespaces are written exactly, letter for letter."""
    for prefix, uri in dict.fromkeys(document.feed.namespaces):
        meant = prefix_of(uri) or (prefix if prefix in NAMESPACES else "")
        if meant and NAMESPACES[meant] != uri:
            yield Finding(
                f"the {meant} namespace is written as {uri[:100]!r}",
                document.feed.root,
                mend=f'write xmlns:{meant}="{NAMESPACES[meant]}"',
            )


@rule(
    "xml.ns.prefix",
    Severity.ERROR,
    of=Document,
    platforms="podcastindex",
    sources="AN PT",
    why="AntennaPod and the Podcast Index match prefixes as text: under another prefix they lose the whole "
    "namespace, and no validator notices.",
    mend="use the prefixes itunes, content, atom and podcast",
)
def namespaces_prefix(document: Document) -> Iterator[Finding]:
    """The tags of itunes, content, atom and podcast have these prefixes, literally."""
    seen: set[str] = set()
    for node in document.nodes if document.channel else ():
        meant = node.key.partition(":")[0]
        written = node.name.partition(":")[0] if ":" in node.name else ""
        if written != meant and meant in PREFIXES_READ_AS_TEXT and ":" in node.key and written not in seen:
            seen.add(written)
            yield Finding(f"<{node.name[:60]}> is read as a tag of another namespace than {meant}", node)


@rule(
    "xml.order.channel",
    Severity.WARNING,
    of=Document,
    sources="FV",
    why="Readers that stop at the first episodes do not see what is said of the show below them.",
    mend="write all of the channel's own elements before the first <item>",
)
def order(document: Document) -> Iterator[Finding]:
    """All that is said of the show comes before the first item."""
    below = False
    for node in document.channel.node.children if document.channel else ():
        below = below or node.key == "item"
        if below and node.key not in {"item", "podcast:liveItem"}:
            yield Finding(f"<{node.name[:60]}> of the channel comes after the first item", node)
            return


@rule(
    "xml.trailing",
    Severity.WARNING,
    of=Document,
    platforms="apple",
    sources="APRSS",
    why="Hosts report that Apple now and then refuses a feed with anything after its end, such as a cache's remark.",
    mend="end the file with </rss>",
)
def trailing(document: Document) -> Iterator[Finding]:
    """Nothing follows </rss>, not even a comment."""
    for line in document.feed.trailing[:1]:
        yield Finding("something follows the end of the feed", SourceLocation(document.feed.path, line))


@rule(
    "xml.whitespace",
    Severity.WARNING,
    of=Document,
    platforms="apple psp1",
    sources="APRSS PSP",
    why="Apple keeps the blanks, and an element without a value is read as a value.",
    mend="write the value without blanks or newlines around it, and leave empty elements out",
)
def whitespace(document: Document) -> Iterator[Finding]:
    """No element has blanks around its text, and none is empty."""
    found: dict[tuple[str, str], list[Node]] = {}
    for node in document.nodes:
        text = node.text
        if node.children or not (text or not node.attributes) or node.key == "content:encoded":
            continue
        prefix = node.key.partition(":")[0] if ":" in node.key else ""
        if prefix and prefix not in NAMESPACES:
            continue
        if not text.strip():
            if not node.attributes and prefix != "podcast" and node.key not in HAVE_THEIR_OWN_RULE:
                found.setdefault((node.name, "is empty"), []).append(node)
        elif text[0].isspace() or text[-1].isspace():
            found.setdefault((node.name, "has white space around its text"), []).append(node)
    for (name, what), nodes in found.items():
        yield Finding(f"<{name[:60]}> {what}{_places(len(nodes))}", nodes[0])


@rule(
    "xml.255",
    Severity.WARNING,
    of=Document,
    platforms="apple psp1",
    sources="APRSS PSP",
    why="Apple cuts what is longer, or drops it.",
    mend=f"say it in {LONGEST} characters; the description is the place for more",
)
def longest(document: Document) -> Iterator[Finding]:
    """Values that have no limit of their own end at 255 characters."""
    for node in document.nodes:
        if node.key in WITHOUT_LIMIT_OF_THEIR_OWN and len(node.text) > LONGEST:
            yield Finding(f"<{node.name}> has {len(node.text)} characters", node, key=node.key.partition(":")[2])
    for entry in document.channel.entries if document.channel else ():
        for key in ("title", "itunes:author"):
            said = entry.first(key)
            if said is not None and len(said.text) > LONGEST:
                yield Finding(f"<{said.name}> has {len(said.text)} characters", said, key="title")


@rule(
    "xml.size",
    Severity.WARNING,
    of=Document,
    platforms="",
    sources="FV RFC5005",
    why="Every app fetches the whole feed again and again; the W3C's validator refuses five million bytes.",
    mend="cut the feed in pages (feed: {page_size: 100}) or shorten the notes",
)
def size(document: Document) -> Iterator[Finding]:
    """The feed has at most 5,000,000 bytes, and is cut in pages from 1,000,000 bytes or 500 items on."""
    count = len(document.channel.all("item")) if document.channel else 0
    if count > MOST_ITEMS:
        text = f"the feed has {count:,} items; only the first {MOST_ITEMS:,} are looked at"
        yield Finding(text, key="feed", severity=Severity.ERROR)
    elif document.feed.size > TOO_LARGE:
        yield Finding(f"the feed has {document.feed.size:,} bytes", key="feed")
    elif (document.feed.size >= LARGE or count >= MANY) and not paged(document):
        yield Finding(
            f"the feed has {document.feed.size:,} bytes and {count} items", key="feed", severity=Severity.HINT
        )


def paged(document: Document) -> bool:
    """Whether the feed is cut in pages already."""
    channel = document.channel
    return channel is not None and bool(channel.links("next") or channel.links("prev-archive"))


@rule(
    "xml.unknown",
    Severity.WARNING,
    of=Document,
    platforms="podcastindex",
    sources="FV PN",
    why="A misspelt tag is silently nothing.",
    mend="",
)
def unknown(document: Document) -> Iterator[Finding]:
    """Tags in the iTunes namespace exist there."""
    counted = Counter(node.key for node in document.nodes)
    for node in document.nodes:
        prefix, _, name = node.key.partition(":")
        if prefix == "itunes" and name not in ITUNES and counted.pop(node.key, 0):
            yield Finding(f"<{node.name[:60]}> does not exist", node, mend=_meant(name, ITUNES, "itunes"))


def _meant(name: str, known: frozenset[str], prefix: str) -> str:
    from difflib import get_close_matches

    exact = [one for one in known if one.casefold() == name.casefold()]
    near = exact or get_close_matches(name[:40], sorted(known), n=1)
    return f"did you mean {prefix}:{near[0]}?" if near else "remove it"


def _places(count: int) -> str:
    return f", here and {count - 1} more times" if count > 1 else ""
