"""ch.*: what the feed says of itself: its address, its identity, whether it is hidden, moved or done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import RFC_4122, UUID

from podcast_kit.check.context import Channel, misdated, web
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.channel import EMAIL
from podcast_kit.errors import Severity
from podcast_kit.model import show_guid
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count

DAYS = frozenset({"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"})
HOURS = frozenset(str(hour) for hour in range(24))
DEPRECATED = ("itunes:keywords", "itunes:subtitle", "itunes:summary", "itunes:order", "itunes:isClosedCaptioned")
VERSION = re.compile(r"\d+\.\d+")
NAME_BASED = 5


@rule(
    "ch.self",
    Severity.ERROR,
    of=Channel,
    platforms="psp1 podcastindex",
    sources="PSP RSSP WS",
    why="Aggregators know a feed by the address that it gives itself; a hub pushes nothing without it.",
    mend="the address comes from publish.url and feed.path in podcast.yaml",
)
def self_link(channel: Channel) -> Iterator[Finding]:
    """The feed names its own address, once, as it is configured."""
    links = channel.links("self")
    if len(links) != 1:
        found = "has no link to itself" if not links else f"names {len(links)} addresses as its own"
        yield Finding(f"the feed {found}", links[1] if links else None, key="publish.url")
        return
    address = channel.self_url
    wanted = channel.facts.feed_url
    if not web(address):
        yield Finding(f"the feed's own address is {address[:80]!r}", links[0], key="publish.url")
    elif wanted and address != wanted:
        text = f"the feed calls itself {address[:100]}, and is at {wanted[:100]}"
        level = Severity.ERROR if channel.facts.ours else Severity.WARNING  # a feed may well be fetched through another
        yield Finding(text, links[0], key="publish.url", severity=level)
    elif links[0].attributes.get("type", "application/rss+xml") != "application/rss+xml":
        text = f"the feed's link to itself has type {links[0].attributes['type'][:40]!r}"
        yield Finding(text, links[0], severity=Severity.WARNING)


@rule(
    "ch.newfeed",
    Severity.ERROR,
    of=Channel,
    platforms="apple podcastindex",
    sources="APRSS AN",
    why="Apps move every subscriber to that address at once; AntennaPod does not even ask for a redirect.",
    mend="give the whole address of the new feed, and keep it there for four weeks together with a redirect 301",
)
def new_feed(channel: Channel) -> Iterator[Finding]:
    """itunes:new-feed-url is a whole address, and the feed is not already there under another name."""
    node = channel.first("itunes:new-feed-url")
    address = channel.text("itunes:new-feed-url")
    if node is None:
        return
    if not web(address):
        yield Finding(f"itunes:new-feed-url is {address[:80]!r}", node, key="feed.moved_to")
    elif channel.url and address != channel.url:
        text = f"the feed sends every subscriber on to {address[:100]}"
        mend = "keep it for four weeks at the old address, with the redirect; remove it if the show does not move"
        yield Finding(text, node, "feed.moved_to", mend, Severity.WARNING)


@rule(
    "ch.guid",
    Severity.WARNING,
    of=Channel,
    platforms="podcastindex psp1",
    sources="PN PSP",
    why="It is what the show keeps when the feed moves; one that is not a UUID of version 5 is not taken.",
    mend="write guid: once, and never change it; `podcast-kit init` does so for a new show",
)
def guid(channel: Channel) -> Iterator[Finding]:
    """podcast:guid is a UUID of version 5."""
    node = channel.first("podcast:guid")
    said = channel.text("podcast:guid")
    if node is None:
        own = f"write guid: {show_guid(channel.url)}, once and for good" if channel.url else ""
        yield Finding("the show has no podcast:guid", key="guid", mend=own)
        return
    try:
        found = UUID(said)
    except ValueError:
        yield Finding(f"podcast:guid is {said[:60]!r}, not a UUID", node, "guid", severity=Severity.ERROR)
        return
    if found.variant != RFC_4122 or found.version != NAME_BASED:
        text = f"podcast:guid is a UUID of version {found.version}, not 5"
        yield Finding(text, node, "guid", severity=Severity.ERROR)
    elif said != said.lower() or len(said) != len(str(found)):
        yield Finding("podcast:guid is not in the usual form, lower case with hyphens", node, "guid")


@rule(
    "ch.guid.url",
    Severity.HINT,
    of=Channel,
    platforms="podcastindex",
    sources="PN",
    why="For a feed that never moved it is derived from the address; after a move it stays, and differs rightly.",
    mend="nothing, if the feed has moved; else the guid was not made by the rule, and must stay all the same",
    asked=True,
)
def guid_url(channel: Channel) -> Iterator[Finding]:
    """podcast:guid is the one that belongs to the feed's first address."""
    said = channel.text("podcast:guid")
    if said and channel.url and said.lower() != show_guid(channel.url):
        yield Finding("podcast:guid is not the one of this address", channel.first("podcast:guid"), key="guid")


@rule(
    "ch.locked",
    Severity.HINT,
    of=Channel,
    platforms="psp1",
    sources="PN PSP",
    why="With yes, other hosts refuse to import the show behind your back.",
    mend="write locked: true",
)
def locked(channel: Channel) -> Iterator[Finding]:
    """podcast:locked says whether other hosts may import the feed."""
    if channel.first("podcast:locked") is None:
        yield Finding("the feed does not say whether other hosts may import it", key="locked")


@rule(
    "ch.complete",
    Severity.WARNING,
    of=Channel,
    platforms="apple",
    sources="APRSS",
    why="Apple stops looking for new episodes at Yes, and no other value means anything.",
    mend="write complete: true when the show has ended, else leave it out",
)
def complete(channel: Channel) -> Iterator[Finding]:
    """itunes:complete is Yes or absent, and nothing comes after a show is complete."""
    node = channel.first("itunes:complete")
    if node is None:
        return
    said, now = node.text.strip(), channel.facts.now
    if said.lower() not in {"yes", "true"} or (channel.facts.ours and said != "Yes"):
        yield Finding(f"itunes:complete is {said[:40]!r}; only Yes means anything", node, key="complete")
    later = [entry for entry in channel.entries if now and entry.date and entry.date > now]
    if said.lower() in {"yes", "true"} and later:
        text = f"the show is complete, and {later[0].name} is still to come"
        yield Finding(text, later[0].node, "complete", severity=Severity.ERROR)


@rule(
    "ch.block",
    Severity.WARNING,
    of=Channel,
    platforms="apple",
    sources="APRSS",
    why="Yes takes the whole show out of Apple Podcasts; any other value does nothing.",
    mend="remove block: unless the show is meant to be hidden",
)
def block(channel: Channel) -> Iterator[Finding]:
    """itunes:block is Yes or absent; Yes hides the show."""
    node = channel.first("itunes:block")
    if node is None:
        return
    hidden = node.text.strip().lower() in {"yes", "true"}
    what = "hides the whole show" if hidden else f"is {node.text.strip()[:40]!r}, which does nothing"
    yield Finding(f"itunes:block {what}", node, key="block")


@rule(
    "ch.verify",
    Severity.HINT,
    of=Channel,
    platforms="apple",
    sources="AP5497 PN",
    why="The code is only needed while Apple looks for it, and proves ownership to whoever can write it.",
    mend="remove it once the show is claimed",
)
def verify(channel: Channel) -> Iterator[Finding]:
    """Apple's code for claiming a show is in the feed only while it is being claimed."""
    codes = [n for n in channel.all("podcast:txt") if n.attributes.get("purpose") == "applepodcastsverify"]
    for node in [*codes, *channel.all("itunes:applepodcastsverify")][:1]:
        yield Finding("the feed still carries the code that claims it at Apple", node, key="txt")


@rule(
    "ch.copyright",
    Severity.HINT,
    of=Channel,
    platforms="psp1",
    sources="PSP",
    why="Apps write the word and the sign themselves, and a year grows old.",
    mend="write only the holder: copyright: Ann Lee",
)
def copyright_holder(channel: Channel) -> Iterator[Finding]:
    """The copyright names the holder, without the word, the sign or a year."""
    said = channel.text("copyright")
    if said and re.search(r"copyright|©|\(c\)|℗|\b(?:19|20)\d\d\b", said, re.IGNORECASE):
        yield Finding(f"copyright says {said[:60]!r}", channel.first("copyright"), key="copyright")


@rule(
    "ch.generator",
    Severity.HINT,
    of=Channel,
    sources="RSS2",
    why="A version in it changes every byte of the feed with each update of a tool.",
    mend="name the tool only",
    asked=False,
)
def generator(channel: Channel) -> Iterator[Finding]:
    """generator, in a feed that is ours, names the tool without its version."""
    said = channel.text("generator")
    if channel.facts.ours and VERSION.search(said):
        yield Finding(f"generator says {said[:60]!r}", channel.first("generator"))


@rule(
    "ch.lastBuildDate",
    Severity.WARNING,
    of=Channel,
    sources="RSS2 FV",
    why="Readers that compare it to their clock think that nothing has changed.",
    mend="write the date of the newest change",
)
def last_build(channel: Channel) -> Iterator[Finding]:
    """lastBuildDate, where it is given, is a date of RSS and not in the future."""
    node = channel.first("lastBuildDate")
    if node is None:
        return
    said = node.text.strip()
    when, now = parse_rfc2822(said), channel.facts.now
    if wrong := misdated(said):
        yield Finding(f"lastBuildDate: {wrong}", node)
    elif when and now and when > now and not channel.facts.scheduled:
        yield Finding(f"lastBuildDate is in the future: {said}", node)


@rule(
    "ch.deprecated",
    Severity.HINT,
    of=Channel,
    platforms="apple",
    sources="APRSS",
    why="Nobody reads them any more, and old texts in them confuse the apps that still do.",
    mend="leave them out",
)
def deprecated(channel: Channel) -> Iterator[Finding]:
    """No tags that Apple has given up."""
    for key in DEPRECATED:
        if found := channel.all(key):
            yield Finding(f"<{found[0].name}> is no longer read", found[0])


@rule(
    "ch.email.rss",
    Severity.WARNING,
    of=Channel,
    sources="RSS2 FV",
    why="Readers take what they find there for an address to write to.",
    mend="write ann@example.com (Ann Lee)",
)
def email(channel: Channel) -> Iterator[Finding]:
    """The addresses of managingEditor and webMaster are e-mail addresses, with a name in brackets."""
    for key in ("managingEditor", "webMaster"):
        for node in channel.all(key):
            address = re.sub(r"\s*\([^()]*\)$", "", node.text.strip())
            if not EMAIL.fullmatch(address):
                yield Finding(f"{key} is {node.text.strip()[:80]!r}", node)


@rule(
    "ch.ttl",
    Severity.HINT,
    of=Channel,
    sources="RSS2 FV",
    why="Readers that honour them skip the wrong hours, or none.",
    mend="ttl is whole minutes, skipHours 0 to 23, skipDays Monday to Sunday, each once",
)
def ttl(channel: Channel) -> Iterator[Finding]:
    """ttl, skipHours and skipDays have the values that RSS knows."""
    node = channel.first("ttl")
    if node is not None and not parse_count(node.text.strip()):
        yield Finding(f"ttl is {node.text.strip()[:40]!r}", node)
    hours = [one.text.strip() for parent in channel.all("skipHours") for one in parent.children_named("hour")]
    if len({hour for hour in hours if hour in HOURS}) != len(hours):
        yield Finding(f"skipHours has {', '.join(hours)[:80]}", channel.first("skipHours"))
    days = [one.text.strip() for parent in channel.all("skipDays") for one in parent.children_named("day")]
    if len(DAYS & set(days)) != len(days):
        yield Finding(f"skipDays has {', '.join(days)[:80]}", channel.first("skipDays"))
