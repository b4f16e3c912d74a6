"""ch.*: what the feed says of the show to listeners and directories."""

from __future__ import annotations

import re
from collections.abc import Iterator

from podcast_kit.check import html_scan
from podcast_kit.check.context import Channel, web
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.languages import misnamed
from podcast_kit.errors import Severity
from podcast_kit.model import Category, Node
from podcast_kit.namespaces import categories
from podcast_kit.text.numbers import parse_count

MOST_BYTES = 4000
LONGEST = 255
MANY_CATEGORIES, MOST_CATEGORIES = 3, 20
EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>().]+")
STUFFED = re.compile(r"https?://|\bwww\.|(?:\|[^|]+){3}|(?:,[^,]+){5}", re.IGNORECASE)


@rule(
    "ch.title",
    Severity.ERROR,
    of=Channel,
    platforms="apple psp1 spotify amazon stitcher",
    sources="APRSS PSP RSS2",
    why="A show without a name is refused; tags in it are shown as they are.",
    mend="write title: in podcast.yaml as plain text",
)
def title(channel: Channel) -> Iterator[Finding]:
    """The show has a title, in plain text."""
    if not channel.title:
        yield Finding("the show has no title", channel.first("title"), key="title")
    elif found := html_scan.is_plain(channel.title):
        yield Finding(f"the show's title holds HTML: {found!r}", channel.first("title"), key="title")


@rule(
    "ch.title.stuffing",
    Severity.WARNING,
    of=Channel,
    platforms="apple spotify",
    sources="AP823",
    why="Apple removes shows whose titles carry lists of keywords, prices or addresses.",
    mend="leave the bare name; the description has room for the rest",
)
def stuffing(channel: Channel) -> Iterator[Finding]:
    """The title is a name of at most 255 characters: no list of keywords, no address."""
    if len(channel.title) > LONGEST:
        yield Finding(f"the show's title has {len(channel.title)} characters", channel.first("title"), key="title")
    elif found := STUFFED.search(channel.title):
        yield Finding(f"the show's title looks stuffed: {found[0][:40]!r}", channel.first("title"), key="title")


@rule(
    "ch.description",
    Severity.ERROR,
    of=Channel,
    platforms="apple psp1 spotify amazon",
    sources="APRSS PSP",
    why="Apple refuses a show without one, and counts 4,000 bytes, in which an ä is two.",
    mend="write description: in podcast.yaml, 4,000 bytes at most",
)
def description(channel: Channel) -> Iterator[Finding]:
    """The show has a description of at most 4,000 bytes."""
    size = len(channel.text("description").encode())
    if not size:
        yield Finding("the show has no description", channel.first("description"), key="description")
    elif size > MOST_BYTES:
        yield Finding(f"the show's description has {size:,} bytes", channel.first("description"), key="description")


@rule(
    "ch.description.html",
    Severity.WARNING,
    of=Channel,
    platforms="apple psp1",
    sources="APRSS PSP13",
    why="Apple shows paragraphs, lists and links; everything else is dropped or shown as text.",
    mend="use only p, ol, ul, li, a (b, i, strong, em, br do no harm), with whole addresses",
)
def description_html(channel: Channel) -> Iterator[Finding]:
    """The description uses only paragraphs, lists, links and emphasis, and its links are absolute."""
    html = channel.text("description")
    node = channel.first("description")
    if strange := sorted(html_scan.names(html) - html_scan.SHOWN):
        yield Finding(f"the show's description uses <{strange[0]}>", node, key="description")
    if address := html_scan.relative(html):
        yield Finding(f"the show's description links to {address!r}, which leads nowhere", node, key="description")


@rule(
    "ch.link",
    Severity.ERROR,
    of=Channel,
    platforms="apple psp1 stitcher",
    sources="RSS2 PSP",
    why="RSS demands it, and apps show it as the show's website.",
    mend="give the show's website, a whole https address that is not the feed's",
)
def link(channel: Channel) -> Iterator[Finding]:
    """The channel links to the show's website."""
    address = channel.text("link")
    if not web(address):
        said = f"is not an address: {address[:80]!r}" if address else "is missing"
        yield Finding(f"the link to the show's website {said}", channel.first("link"), key="publish.url")
    elif channel.url and address == channel.url:
        yield Finding("the link to the show's website is the feed itself", channel.first("link"), key="publish.url")


@rule(
    "ch.language",
    Severity.ERROR,
    of=Channel,
    platforms="apple psp1 spotify amazon",
    sources="APRSS PSP",
    why="Apple refuses anything that is not on its list.",
    mend="write two letters, with a country or none: en, en-us, pt-br",
)
def language(channel: Channel) -> Iterator[Finding]:
    """The language is a code of ISO 639-1, with a country of ISO 3166-1 or none."""
    code = channel.text("language")
    wrong = misnamed(code) if code else "the feed says no language"
    if wrong:
        yield Finding(wrong, channel.first("language"), key="language")


def chosen(channel: Channel) -> Iterator[tuple[Node, Category]]:
    """Apple's categories as the feed names them, each with its element."""
    for node in channel.all("itunes:category")[:MOST_CATEGORIES]:
        name = node.attributes.get("text", "")
        subs = node.children_named("itunes:category")
        yield from ((sub, Category(name, sub.attributes.get("text", ""))) for sub in subs[:MOST_CATEGORIES])
        if not subs:
            yield node, Category(name)


@rule(
    "ch.category",
    Severity.ERROR,
    of=Channel,
    platforms="apple psp1 spotify amazon",
    sources="AP1691 PSP",
    why="Apple takes only the names of its own list, letter for letter.",
    mend="choose from Apple's list, such as Business > Marketing",
)
def category(channel: Channel) -> Iterator[Finding]:
    """There is at least one category, and each is on Apple's list in exactly that spelling."""
    found = list(chosen(channel))
    if not found:
        yield Finding("the show has no category", key="categories")
    for node, one in found:
        if not categories.exists(one) and not categories.is_legacy(one):
            near = categories.nearest(one)
            mend = f"did you mean {categories.written(near)}?" if near else ""
            yield Finding(
                f"{categories.written(one)[:80]!r} is not one of Apple's categories", node, "categories", mend
            )


@rule(
    "ch.category.legacy",
    Severity.ERROR,
    of=Channel,
    platforms="apple",
    sources="AP1691",
    why="Apple renamed its categories in August 2019 and ignores the old names.",
    mend="choose the name that took its place",
)
def category_legacy(channel: Channel) -> Iterator[Finding]:
    """No category has a name from before August 2019."""
    for node, one in chosen(channel):
        if categories.is_legacy(one):
            now = categories.replacement(one)
            mend = f"write {categories.written(now)}" if now else ""
            text = f"{categories.written(one)!r} is gone from Apple's list since August 2019"
            yield Finding(text, node, "categories", mend)


@rule(
    "ch.category.many",
    Severity.HINT,
    of=Channel,
    platforms="apple",
    sources="APRSS",
    why="Apple ranks a show in the first category and its first subcategory only.",
    mend="keep the one to three that fit best, the best first",
)
def category_many(channel: Channel) -> Iterator[Finding]:
    """There are at most three categories."""
    count = len(list(chosen(channel)))
    if count > MANY_CATEGORIES:
        yield Finding(f"the show is in {count} categories", channel.all("itunes:category")[-1], key="categories")


@rule(
    "ch.explicit",
    Severity.ERROR,
    of=Channel,
    platforms="apple psp1 spotify amazon",
    sources="APRSS AP5440 PSP",
    why="Apple demands it, and reads only true and false since it dropped yes, no and clean.",
    mend="write explicit: true or explicit: false",
)
def explicit(channel: Channel) -> Iterator[Finding]:
    """itunes:explicit is there, and is true or false."""
    said = channel.text("itunes:explicit")
    node = channel.first("itunes:explicit")
    if said in {"true", "false"}:
        return
    if said.lower() in {"yes", "no", "clean", "true", "false"}:
        level = Severity.ERROR if channel.facts.ours else Severity.WARNING
        yield Finding(f"itunes:explicit is {said!r}, an old spelling", node, "explicit", severity=level)
    else:
        text = f"itunes:explicit is {said[:40]!r}" if said else "the feed does not say whether the show is explicit"
        yield Finding(text, node, "explicit")


@rule(
    "ch.explicit.agree",
    Severity.WARNING,
    of=Channel,
    platforms="apple",
    sources="AP5440",
    why="Apple hides a show that it finds to be explicit and that says it is not.",
    mend="write explicit: true for the show",
)
def explicit_agree(channel: Channel) -> Iterator[Finding]:
    """A show of which most episodes are explicit says so itself."""
    loud = sum(entry.text("itunes:explicit").lower() in {"true", "yes"} for entry in channel.entries)
    if channel.text("itunes:explicit").lower() in {"false", "no", "clean"} and 2 * loud > len(channel.entries):
        text = f"{loud} of {len(channel.entries)} episodes are explicit, the show says it is not"
        yield Finding(text, channel.first("itunes:explicit"), "explicit")


@rule(
    "ch.image",
    Severity.ERROR,
    of=Channel,
    platforms="apple spotify psp1 amazon stitcher",
    sources="APRSS AP896 SPM",
    why="No directory takes a show without artwork.",
    mend="write artwork: cover.jpg, a square picture of 1400 to 3000 pixels",
)
def image(channel: Channel) -> Iterator[Finding]:
    """itunes:image names the artwork by its whole address."""
    address = channel.attribute("itunes:image", "href")
    if not web(address):
        said = f"is not an address: {address[:80]!r}" if address else "is missing"
        yield Finding(f"the show's artwork {said}", channel.first("itunes:image"), key="artwork")


@rule(
    "ch.image.rss",
    Severity.HINT,
    of=Channel,
    sources="RSS2 RSSP FV",
    why="Old readers know only this picture; RSS wants its title and link to be the channel's.",
    mend="give url, the channel's title and the channel's link, and leave width and height out",
)
def image_rss(channel: Channel) -> Iterator[Finding]:
    """Where there is an RSS <image>, it has a url, the channel's title and link, and sizes within RSS's limits."""
    node = channel.first("image")
    if node is None:
        return
    wrong = [
        text
        for text, bad in (
            ("no url that is an address", not web(node.child_text("url"))),
            ("another title than the channel", node.child_text("title") != channel.title),
            ("another link than the channel", node.child_text("link") != channel.text("link")),
            ("a width above 144", (parse_count(node.child_text("width")) or 0) > 144),  # noqa: PLR2004
            ("a height above 400", (parse_count(node.child_text("height")) or 0) > 400),  # noqa: PLR2004
        )
        if bad
    ]
    if wrong:
        yield Finding(f"the RSS <image> has {wrong[0]}", node, key="artwork")


@rule(
    "ch.author",
    Severity.ERROR,
    of=Channel,
    platforms="spotify apple",
    sources="SPM APRSS",
    why="Spotify takes no show without one; Apple shows it under the title.",
    mend="write author: in podcast.yaml",
)
def author(channel: Channel) -> Iterator[Finding]:
    """itunes:author names who makes the show, in at most 255 characters."""
    said = channel.text("itunes:author")
    if not said:
        yield Finding("the feed names no author", channel.first("itunes:author"), key="author")
    elif len(said) > LONGEST:
        yield Finding(f"the author has {len(said)} characters", channel.first("itunes:author"), key="author")


@rule(
    "ch.owner.email",
    Severity.WARNING,
    of=Channel,
    platforms="youtube spotify amazon stitcher",
    sources="YT SPM",
    why="YouTube answers “Missing Owner Email”; Spotify and Amazon send the code that proves the show is yours there.",
    mend="write owner: {name: ..., email: ...} in podcast.yaml",
)
def owner(channel: Channel) -> Iterator[Finding]:
    """itunes:owner holds a valid e-mail address."""
    node = channel.first("itunes:owner")
    address = node.child_text("itunes:email") if node else ""
    if not address:
        yield Finding("the feed has no owner's e-mail address", node, key="owner.email")
    elif not EMAIL.fullmatch(address):
        yield Finding(f"{address[:80]!r} is not an e-mail address", node, key="owner.email")


@rule(
    "ch.type",
    Severity.WARNING,
    of=Channel,
    platforms="apple psp1",
    sources="APRSS PSP",
    why="Anything else is read as episodic, newest first, also for a story told from its beginning.",
    mend="write type: episodic or type: serial",
)
def kind(channel: Channel) -> Iterator[Finding]:
    """itunes:type is episodic or serial."""
    node = channel.first("itunes:type")
    if node is not None and node.text.strip() not in {"episodic", "serial"}:
        yield Finding(f"itunes:type is {node.text.strip()[:40]!r}", node, key="type")


@rule(
    "ch.items",
    Severity.ERROR,
    of=Channel,
    platforms="apple spotify amazon",
    sources="AP823 SPM",
    why="A directory takes a show once there is something to hear.",
    mend="publish a first episode; a trailer will do",
)
def items(channel: Channel) -> Iterator[Finding]:
    """There is at least one item with an enclosure."""
    if not channel.entries:
        yield Finding("the feed has no episode", key="")
