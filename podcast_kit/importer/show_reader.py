"""What a feed's channel says, for the files that a podcaster writes. Nothing is fetched or written here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from podcast_kit import site
from podcast_kit.errors import Problem, Severity
from podcast_kit.importer import episodes
from podcast_kit.importer.elements import Remarks, flag, line, others, people, read_or, wanted
from podcast_kit.importer.model import Imported, ImportedShow
from podcast_kit.importer.strip_prompts import Invitations
from podcast_kit.model import Category, FeedDocument, Node, show_guid
from podcast_kit.namespaces import categories
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.errors import CONTROL
from podcast_kit.text.dates import parse_rfc2822

LEFT = "the invitations to follow and to review are not taken over: the new show writes its own"
OWN_WORDS = "words of your own go below `prompts:` in podcast.yaml"
NAMELESS = "A show without a name"
LISTED = {
    "apple": re.compile(r"podcasts\.apple\.com/[\w/%.-]*?id(\d{6,12})\b"),
    "spotify": re.compile(r"open\.spotify\.com/show/(\w{22})\b"),
}
"""How an address tells the id of a show."""


def read(feed: FeedDocument, feed_url: str = "") -> Imported:
    """The show and its episodes as the feed tells them; `feed_url` is where it was found.

    What is missing or wrong is a problem, and the rest is taken over all the same.
    """
    channel = _printable(feed.channel or Node("channel", "channel"))
    remarks = Remarks(feed)
    show = _show(channel, feed_url, remarks)
    ordered = sorted(channel.children_named("item"), key=_age)
    home = read_or(converters.url, channel.child_text("link"), feed_url)
    invitations = Invitations.of(channel)
    found = tuple(episodes.Items(show, remarks, invitations, home).read(ordered))
    if invitations.found:
        remarks.problems.append(Problem(feed.location_of(channel), LEFT, OWN_WORDS, "import", Severity.HINT))
    return Imported(
        show=_listed(show, invitations),
        episodes=found,
        problems=tuple(remarks.problems),
        dropped=dict(sorted(remarks.dropped.items())),
    )


def _printable(node: Node) -> Node:
    """Without the control characters that some hosts let through, and that nobody's YAML takes."""
    return replace(
        node,
        text=CONTROL.sub("", node.text),
        attributes={name: CONTROL.sub("", value) for name, value in node.attributes.items()},
        children=tuple(map(_printable, node.children)),
    )


def _age(node: Node) -> datetime:
    return parse_rfc2822(node.child_text("pubDate")) or datetime.max.replace(tzinfo=UTC)


def _show(channel: Node, feed_url: str, remarks: Remarks) -> ImportedShow:
    owner = channel.child("itunes:owner") or Node("itunes:owner", "itunes:owner")
    title = line(channel.child_text("title")) or NAMELESS
    author = line(channel.child_text("itunes:author")) or line(owner.child_text("itunes:name")) or title
    truths = {key: flag(channel.child_text(f"itunes:{key}")) for key in ("complete", "block")}
    truths["locked"] = flag(channel.child_text("podcast:locked"))
    return ImportedShow(
        title=title,
        description=html_notes.text(channel.child_text("description") or channel.child_text("itunes:summary")) or title,
        author=author,
        language=read_or(converters.language, channel.child_text("language"), "en"),
        guid=read_or(converters.uuid, channel.child_text("podcast:guid"), show_guid(feed_url or title)),
        owner_name=line(owner.child_text("itunes:name")) or author,
        owner_email=read_or(converters.email, owner.child_text("itunes:email"), ""),
        categories=tuple(dict.fromkeys(_categories(channel, remarks))),
        explicit=flag(channel.child_text("itunes:explicit")) or False,
        serial=channel.child_text("itunes:type").lower() == "serial",
        copyright=line(channel.child_text("copyright")),
        true=tuple(key for key, said in truths.items() if said),
        artwork=wanted(_artwork(channel), "artwork", "cover"),
        people=people(channel),
        listen=dict(_listen(channel)),
        links={},
        elements=tuple(others(channel, "channel", remarks)),
    )


def _listed(show: ImportedShow, invitations: Invitations) -> ImportedShow:
    """With the services that the invitations lead to, each once."""
    named = {url: site.service(label) for url, label in invitations.links.items()}
    known = {service: url for url, service in reversed(named.items()) if service and service not in show.listen}
    strangers = {url: label for url, label in invitations.links.items() if not named[url]}
    return replace(show, listen={**show.listen, **known}, links=strangers)


def _artwork(channel: Node) -> str:
    image = channel.child("itunes:image")
    older = channel.child("image")
    return (image.attributes.get("href", "") if image else "") or (older.child_text("url") if older else "")


def _categories(channel: Node, remarks: Remarks) -> Iterator[str]:
    for node in channel.children_named("itunes:category"):
        for sub in [child.attributes.get("text", "") for child in node.children_named("itunes:category")] or [""]:
            said = Category(line(node.attributes.get("text", "")), line(sub))
            known = said if categories.exists(said) else categories.replacement(said) or categories.nearest(said)
            if known is None:
                remarks.say(node, f"category {categories.written(said)!r} is not one of Apple's", "choose one yourself")
            else:
                yield categories.written(known)


def _listen(channel: Node) -> Iterator[tuple[str, str]]:
    """The ids that the show's own texts link to: said of the show, or in at least half of its episodes."""
    episodes = channel.children_named("item")
    for service, address in LISTED.items():
        counted = Counter(found for item in episodes for found in set(address.findall(_text(item))))
        [(often, times)] = counted.most_common(1) or [("", 0)]
        own = address.search(_text(channel))
        if own or times * 2 > len(episodes):
            yield service, own[1] if own else often


def _text(node: Node) -> str:
    return " ".join(node.child_text(key) for key in ("description", "content:encoded", "itunes:summary", "link"))
