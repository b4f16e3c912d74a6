"""Rules ch.*: the feed's own URL and identity, and whether it is hidden, moved or complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import RFC_4122, UUID

from podcast_kit.check.context import ChannelView, find_date_error, is_complete_url
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.channel import EMAIL
from podcast_kit.errors import Severity
from podcast_kit.model import show_guid
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count

SKIP_DAYS = frozenset({"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"})
SKIP_HOURS = frozenset(str(hour) for hour in range(24))
DEPRECATED_TAGS = ("itunes:keywords", "itunes:subtitle", "itunes:summary", "itunes:order", "itunes:isClosedCaptioned")
_VERSION_NUMBER = re.compile(r"\d+\.\d+")
_COPYRIGHT_NOISE = re.compile(r"copyright|©|\(c\)|℗|\b(?:19|20)\d\d\b", re.IGNORECASE)
_NAME_IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")
UUID_VERSION = 5
"""The version of a UUID that is derived from a name."""


@rule(
    "ch.self",
    Severity.ERROR,
    subject=ChannelView,
    platforms="psp1 podcastindex",
    sources="PSP RSSP WS",
    why="Aggregators identify a feed by the URL that it gives as its own; WebSub hubs need it to push updates.",
    fix="check publish.url and feed.path in podcast.yaml, from which the URL is made",
)
def check_channel_self_link(channel: ChannelView) -> Iterator[Finding]:
    """The feed links to its own URL, exactly once, and the URL is the configured one."""
    links = channel.atom_links("self")
    if len(links) != 1:
        problem = "has no link to itself" if not links else f"gives {len(links)} URLs as its own"
        yield Finding(f"the feed {problem}", links[1] if links else None, key="publish.url")
        return
    url, expected_url = channel.self_url, channel.context.feed_url
    if not is_complete_url(url):
        yield Finding(f"the feed's own URL is {url[:80]!r}", links[0], key="publish.url")
    elif expected_url and url != expected_url:
        text = f"the feed gives {url[:100]} as its own URL, but is at {expected_url[:100]}"
        severity = Severity.ERROR if channel.context.own_feed else Severity.WARNING  # other feeds may have mirrors
        yield Finding(text, links[0], key="publish.url", severity=severity)
    elif links[0].attributes.get("type", "application/rss+xml") != "application/rss+xml":
        text = f"the feed's link to itself has the type {links[0].attributes['type'][:40]!r}"
        yield Finding(text, links[0], severity=Severity.WARNING)


@rule(
    "ch.newfeed",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple podcastindex",
    sources="APRSS AN",
    why="Apps move every subscriber to this URL at once; AntennaPod does so even without a redirect.",
    fix="give the complete URL of the new feed, and keep it in the feed for four weeks, together with a 301 redirect",
)
def check_channel_new_feed_url(channel: ChannelView) -> Iterator[Finding]:
    """itunes:new-feed-url is a complete URL, and not that of another feed unless the show moves."""
    node = channel.child("itunes:new-feed-url")
    url = channel.child_text("itunes:new-feed-url")
    if node is None:
        return
    if not is_complete_url(url):
        yield Finding(f"itunes:new-feed-url is {url[:80]!r}", node, key="feed.moved_to")
    elif channel.url and url != channel.url:
        text = f"the feed moves every subscriber to {url[:100]}"
        fix = "keep it at the old URL for four weeks, with the redirect; remove it if the show does not move"
        yield Finding(text, node, "feed.moved_to", fix, Severity.WARNING)


@rule(
    "ch.guid",
    Severity.WARNING,
    subject=ChannelView,
    platforms="podcastindex psp1",
    sources="PN PSP",
    why="It identifies the show when the feed moves; apps ignore one that is not a version 5 UUID.",
    fix="set guid: once and never change it; `podcast-kit init` does so for a new show",
)
def check_channel_guid(channel: ChannelView) -> Iterator[Finding]:
    """podcast:guid is a version 5 UUID."""
    node = channel.child("podcast:guid")
    value = channel.child_text("podcast:guid")
    if node is None:
        fix = f"add guid: {show_guid(channel.url)} and never change it" if channel.url else ""
        yield Finding("the show has no podcast:guid", key="guid", fix=fix)
        return
    try:
        guid = UUID(value)
    except ValueError:
        yield Finding(f"podcast:guid is {value[:60]!r}, not a UUID", node, "guid", severity=Severity.ERROR)
        return
    if guid.variant != RFC_4122 or guid.version != UUID_VERSION:
        text = f"podcast:guid is a UUID of version {guid.version}, not {UUID_VERSION}"
        yield Finding(text, node, "guid", severity=Severity.ERROR)
    elif value != value.lower() or len(value) != len(str(guid)):
        yield Finding("podcast:guid is not in the usual form, lower case with hyphens", node, "guid")


@rule(
    "ch.guid.url",
    Severity.HINT,
    subject=ChannelView,
    platforms="podcastindex",
    sources="PN",
    why="The guid is derived from the feed's first URL and does not change when the feed moves.",
    fix="change nothing: either the feed has moved, or the guid is in use and must stay",
    opt_in=True,
)
def check_channel_guid_url(channel: ChannelView) -> Iterator[Finding]:
    """podcast:guid is the one that is derived from the feed's URL."""
    guid = channel.child_text("podcast:guid")
    if guid and channel.url and guid.lower() != show_guid(channel.url):
        text = "podcast:guid is not derived from this feed's URL"
        yield Finding(text, channel.child("podcast:guid"), key="guid")


@rule(
    "ch.locked",
    Severity.HINT,
    subject=ChannelView,
    platforms="psp1",
    sources="PN PSP",
    why="If set to yes, other hosts refuse to import the show without your consent.",
    fix="set locked: true",
)
def check_channel_locked(channel: ChannelView) -> Iterator[Finding]:
    """podcast:locked says whether other hosts may import the feed."""
    if channel.child("podcast:locked") is None:
        yield Finding("the feed does not say whether other hosts may import it", key="locked")


@rule(
    "ch.complete",
    Severity.WARNING,
    subject=ChannelView,
    platforms="apple",
    sources="APRSS",
    why="With Yes, Apple stops looking for new episodes; other values have no effect.",
    fix="set complete: true when the show has ended, else remove it",
)
def check_channel_complete(channel: ChannelView) -> Iterator[Finding]:
    """itunes:complete is Yes or absent, and a complete show has no scheduled episodes."""
    node = channel.child("itunes:complete")
    if node is None:
        return
    value, now = node.text.strip(), channel.context.now
    if value.lower() not in {"yes", "true"} or (channel.context.own_feed and value != "Yes"):
        yield Finding(f"itunes:complete is {value[:40]!r}; only Yes has an effect", node, key="complete")
    scheduled = [item for item in channel.items if now and item.date and item.date > now]
    if value.lower() in {"yes", "true"} and scheduled:
        text = f"the show is marked as complete, but {scheduled[0].name} is scheduled"
        yield Finding(text, scheduled[0].node, "complete", severity=Severity.ERROR)


@rule(
    "ch.block",
    Severity.WARNING,
    subject=ChannelView,
    platforms="apple",
    sources="APRSS",
    why="Yes removes the whole show from Apple Podcasts; other values have no effect.",
    fix="remove block: unless the show should be hidden",
)
def check_channel_block(channel: ChannelView) -> Iterator[Finding]:
    """itunes:block is Yes or absent; Yes hides the show."""
    node = channel.child("itunes:block")
    if node is None:
        return
    hidden = node.text.strip().lower() in {"yes", "true"}
    effect = "hides the whole show" if hidden else f"is {node.text.strip()[:40]!r}, which has no effect"
    yield Finding(f"itunes:block {effect}", node, key="block")


@rule(
    "ch.verify",
    Severity.HINT,
    subject=ChannelView,
    platforms="apple",
    sources="AP5497 PN",
    why="The code is needed only while Apple looks for it, and lets anyone who can write it claim the show.",
    fix="remove it once the show is claimed",
)
def check_channel_claim_code(channel: ChannelView) -> Iterator[Finding]:
    """Apple's code for claiming a show is in the feed only while the show is being claimed."""
    codes = [
        node
        for node in channel.children_named("podcast:txt")
        if node.attributes.get("purpose") == "applepodcastsverify"
    ]
    for node in [*codes, *channel.children_named("itunes:applepodcastsverify")][:1]:
        yield Finding("the feed still contains Apple's code for claiming the show", node, key="txt")


@rule(
    "ch.copyright",
    Severity.HINT,
    subject=ChannelView,
    platforms="psp1",
    sources="PSP",
    why="Apps add the word and the sign themselves, and a year becomes outdated.",
    fix="write only the holder: copyright: Ann Lee",
)
def check_channel_copyright(channel: ChannelView) -> Iterator[Finding]:
    """The copyright names the holder, without the word, the sign or a year."""
    holder = channel.child_text("copyright")
    if holder and _COPYRIGHT_NOISE.search(holder):
        yield Finding(f"copyright is {holder[:60]!r}", channel.child("copyright"), key="copyright")


@rule(
    "ch.generator",
    Severity.HINT,
    subject=ChannelView,
    sources="RSS2",
    why="A version in it changes the feed with every update of the tool.",
    fix="name only the tool",
)
def check_channel_generator(channel: ChannelView) -> Iterator[Finding]:
    """In a feed written by podcast-kit, generator names the tool without its version."""
    generator = channel.child_text("generator")
    if channel.context.own_feed and _VERSION_NUMBER.search(generator):
        yield Finding(f"generator is {generator[:60]!r}", channel.child("generator"))


@rule(
    "ch.lastBuildDate",
    Severity.WARNING,
    subject=ChannelView,
    sources="RSS2 FV",
    why="Readers that compare it with their clock assume that nothing has changed.",
    fix="write the date of the newest change",
)
def check_channel_last_build_date(channel: ChannelView) -> Iterator[Finding]:
    """lastBuildDate, if present, is an RFC 2822 date and not in the future."""
    node = channel.child("lastBuildDate")
    if node is None:
        return
    value = node.text.strip()
    date, now = parse_rfc2822(value), channel.context.now
    if problem := find_date_error(value):
        yield Finding(f"lastBuildDate: {problem}", node)
    elif date and now and date > now and not channel.context.allow_future:
        yield Finding(f"lastBuildDate is in the future: {value}", node)


@rule(
    "ch.deprecated",
    Severity.HINT,
    subject=ChannelView,
    platforms="apple",
    sources="APRSS",
    why="Most apps ignore these tags, and the rest may show outdated texts from them.",
    fix="remove them",
)
def check_channel_deprecated_tags(channel: ChannelView) -> Iterator[Finding]:
    """No tags that Apple has abandoned."""
    for key in DEPRECATED_TAGS:
        if nodes := channel.children_named(key):
            yield Finding(f"<{nodes[0].name}> is deprecated", nodes[0])


@rule(
    "ch.email.rss",
    Severity.WARNING,
    subject=ChannelView,
    sources="RSS2 FV",
    why="Readers offer to send email to what they find there.",
    fix="write ann@example.com (Ann Lee)",
)
def check_channel_rss_emails(channel: ChannelView) -> Iterator[Finding]:
    """The managingEditor and webMaster are email addresses, with the name in brackets."""
    for key in ("managingEditor", "webMaster"):
        for node in channel.children_named(key):
            email = _NAME_IN_BRACKETS.sub("", node.text.strip())
            if not EMAIL.fullmatch(email):
                yield Finding(f"{key} is {node.text.strip()[:80]!r}", node)


@rule(
    "ch.ttl",
    Severity.HINT,
    subject=ChannelView,
    sources="RSS2 FV",
    why="Readers that support these tags skip the wrong hours, or none.",
    fix="use whole minutes in ttl, 0 to 23 in skipHours, Monday to Sunday in skipDays, each once",
)
def check_channel_ttl(channel: ChannelView) -> Iterator[Finding]:
    """ttl, skipHours and skipDays have valid RSS values."""
    node = channel.child("ttl")
    if node is not None and not parse_count(node.text.strip()):
        yield Finding(f"ttl is {node.text.strip()[:40]!r}", node)
    hours = _texts_in(channel, "skipHours", "hour")
    if len(SKIP_HOURS & set(hours)) != len(hours):
        yield Finding(f"skipHours is {', '.join(hours)[:80]}", channel.child("skipHours"))
    days = _texts_in(channel, "skipDays", "day")
    if len(SKIP_DAYS & set(days)) != len(days):
        yield Finding(f"skipDays is {', '.join(days)[:80]}", channel.child("skipDays"))


def _texts_in(channel: ChannelView, parent_name: str, child_name: str) -> list[str]:
    """The texts of all children with a name, in all parents with a name."""
    parents = channel.children_named(parent_name)
    return [child.text.strip() for parent in parents for child in parent.children_named(child_name)]
