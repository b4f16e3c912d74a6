"""pn.*: the Podcasting 2.0 namespace as its table has it: where a tag stands, how often, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.check.context import Channel, Document, Tag, tags
from podcast_kit.check.registry import Finding, also, rule
from podcast_kit.check.rules.enclosure import loopback
from podcast_kit.errors import Severity
from podcast_kit.model import Node
from podcast_kit.namespaces import TAGS, Field, Kind, Need, fault

SEEN_ELSEWHERE = (
    "complete",
    "liveValue",
    "hiveAccount",
    "social",
    "socialSignUp",
    "openSubscribe",
    "verify",
    "tracker",
)
"""In feeds, though not in the namespace's document: nobody is told off for them."""
HAVE_THEIR_OWN = frozenset({"podcast:guid", "podcast:transcript", "podcast:chapters"})
"""Tags whose values are looked at elsewhere."""
PARTICULAR = {
    "podcast:location": "pn.geo",
    "podcast:updateFrequency": "pn.rrule",
    "podcast:remoteItem": "pn.remote",
    "podcast:publisher": "pn.remote",
    "podcast:podroll": "pn.remote",
    "podcast:trailer": "pn.trailer",
    "podcast:liveItem": "pn.live",
    "podcast:value": "pn.value",
    "podcast:valueRecipient": "pn.value",
    "podcast:valueTimeSplit": "pn.value",
    "podcast:soundbite": "pn.soundbite",
    "podcast:season": "pn.season.agree",
    "podcast:episode": "pn.season.agree",
    "podcast:alternateEnclosure": "pn.altenc",
    "podcast:source": "pn.altenc",
    "podcast:integrity": "pn.altenc",
}
"""Tags with a rule of their own, which says what is wrong with their values as well."""


def key_of(tag: Tag) -> str:
    """The key under which the podcaster wrote a tag, or the one that it stands in."""
    for node in (tag.node, tag.parent):
        row = TAGS.get(node.key)
        if row is not None and row.keys and node.key.startswith("podcast:"):
            return row.keys[0]
    return ""


def said(node: Node) -> Iterator[tuple[Field, str]]:
    """Each value that a tag gives, with its row of the table; what is empty is left out."""
    row = TAGS.get(node.key)
    for field in row.fields if row else ():
        value = (node.attributes.get(field.name, "") if field.name else node.text).strip()
        if value:
            yield field, value


def label(node: Node, field: Field) -> str:
    """How a message calls a value: the tag, with its attribute."""
    return f"{node.name} {field.name}".strip()


def malformed(tag: Tag) -> Iterator[Finding]:
    """Each value of a tag that has not the form that the namespace gives it."""
    for field, value in said(tag.node):
        if field.kind in {Kind.YES_NO, Kind.LINE, Kind.TEXT}:
            continue
        if wrong := fault(field.kind, value):
            yield Finding(f"{label(tag.node, field)}: {value[:80]!r} {wrong}", tag.node, key_of(tag))


def childless(tag: Tag) -> Iterator[Finding]:
    """Each child that a tag must have, and has not."""
    row = TAGS[tag.node.key]
    for name in row.needs:
        if tag.node.child(name) is None:
            yield Finding(f"{tag.node.name} holds no {name}", tag.node, key_of(tag))


@also("xml.unknown", of=Tag)
def unknown(tag: Tag) -> Iterator[Finding]:
    """Tags in the podcast namespace exist there."""
    name = tag.node.key.partition(":")[2]
    if tag.node.key in TAGS or name in SEEN_ELSEWHERE:
        return
    from difflib import get_close_matches

    near = get_close_matches(tag.node.key[:60], [known for known in TAGS if known.startswith("podcast:")], n=1)
    mend = f"did you mean {near[0]}?" if near else "remove it"
    yield Finding(f"<{tag.node.name[:60]}> does not exist", tag.node, mend=mend)


@rule(
    "pn.parent",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps look for a tag where the namespace puts it, and nowhere else.",
    mend="",
)
def parent(tag: Tag) -> Iterator[Finding]:
    """A tag stands in a parent that the namespace allows."""
    row = TAGS.get(tag.node.key)
    if row is None or tag.parent.key in row.parents or not tag.parent.key.startswith(("podcast:", "channel", "item")):
        return
    if tag.parent.key == "podcast:liveItem" and tag.node.key in {"podcast:transcript", "podcast:chapters"}:
        return  # tr.live has that
    places = " or ".join(row.parents)
    yield Finding(f"{tag.node.name} stands in {tag.parent.name[:60]}", tag.node, key_of(tag), f"put it into {places}")


@rule(
    "pn.once",
    Severity.ERROR,
    of=Channel,
    platforms="podcastindex",
    sources="PN",
    why="Apps take the first or the last of two.",
    mend="keep one of them",
)
def once(channel: Channel) -> Iterator[Finding]:
    """Tags that the namespace allows once stand once in their parent."""
    parents = {id(tag.parent): tag.around for tag in tags(channel)}
    for around in parents.values():
        for name, nodes in around.named.items():
            row = TAGS.get(name)
            alone = row is not None and not row.many and name.startswith("podcast:") and name != "podcast:chapters"
            if row is not None and alone and len(nodes) > 1:
                text = f"{nodes[1].name} stands {len(nodes)} times in {around.node.name}"
                yield Finding(text, nodes[1], row.keys[0])


@rule(
    "pn.attr",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Without it the tag says nothing, and apps skip it.",
    mend="write the missing value",
)
def attributes(tag: Tag) -> Iterator[Finding]:
    """A tag has the attributes, and the text, that it cannot do without."""
    row = TAGS.get(tag.node.key)
    if row is None or tag.node.key in {"podcast:guid", "podcast:person"}:
        return
    here = {field.name for field, _ in said(tag.node)}
    for field in row.fields:
        excused = bool(field.unless[0]) and tag.node.attributes.get(field.unless[0], "").lower() == field.unless[1]
        if field.need is Need.MUST and field.name not in here and not excused:
            if not field.name and tag.node.key in PARTICULAR:
                continue  # its own rule speaks of the text
            what = f"has no {field.name}" if field.name else "has no text"
            yield Finding(f"{tag.node.name} {what}", tag.node, key_of(tag))


@rule(
    "pn.enum",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="A word that no app knows is no word.",
    mend="",
)
def words(tag: Tag) -> Iterator[Finding]:
    """Where the namespace lists words, one of them is used."""
    if tag.node.key in HAVE_THEIR_OWN and tag.node.key != "podcast:transcript":
        return
    for field, value in said(tag.node):
        choices = ("yes", "no") if field.kind is Kind.YES_NO else field.choices
        if tag.node.key == "podcast:transcript" and field.name == "type":
            continue  # tr.type has that
        if choices and value.casefold() not in {choice.casefold() for choice in choices}:
            text = f"{label(tag.node, field)} is {value[:60]!r}"
            yield Finding(text, tag.node, key_of(tag), f"write one of {', '.join(choices)}")


@rule(
    "pn.len",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps cut what is longer, in the middle of a word.",
    mend="say it shorter",
)
def lengths(tag: Tag) -> Iterator[Finding]:
    """Texts keep to the namespace's limits: 128 characters for most, 32 for short labels, 4,000 for txt."""
    for field, value in said(tag.node):
        if field.limit and len(value) > field.limit:
            text = f"{label(tag.node, field)} has {len(value)} characters, {field.limit} are allowed"
            yield Finding(text, tag.node, key_of(tag))


@rule(
    "pn.https",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="The namespace asks for https throughout; phones refuse to load anything else.",
    mend="write https://",
)
def https(tag: Tag) -> Iterator[Finding]:
    """Every address is https."""
    for field, value in said(tag.node):
        plain = value.lower().startswith("http://") and not loopback(value)
        if field.kind in {Kind.URL, Kind.URI, Kind.SRCSET} and plain:
            yield Finding(f"{label(tag.node, field)} is not https: {value[:80]}", tag.node, key_of(tag))


@rule(
    "pn.form",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Programs read numbers, dates and addresses; what is none is left out.",
    mend="write it in the form that the namespace gives",
)
def form(tag: Tag) -> Iterator[Finding]:
    """Numbers, dates, addresses and the like are what they should be."""
    if tag.node.key not in HAVE_THEIR_OWN and tag.node.key not in PARTICULAR:
        yield from malformed(tag)


@rule(
    "pn.deprecated",
    Severity.HINT,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="New apps look for its successor only.",
    mend="",
)
def deprecated(tag: Tag) -> Iterator[Finding]:
    """No tag that the namespace has replaced."""
    row = TAGS.get(tag.node.key)
    if row is not None and row.instead and tag.around.first(row.instead) is None:
        yield Finding(f"{tag.node.name} is deprecated", tag.node, key_of(tag), f"write {row.instead}")


@rule(
    "gp.dead",
    Severity.HINT,
    of=Document,
    sources="HOUSE",
    why="Google Podcasts closed in April 2024; nothing reads its tags.",
    mend="remove the googleplay: tags",
)
def google(document: Document) -> Iterator[Finding]:
    """No tags of Google Podcasts."""
    for node in document.nodes:
        if node.key.startswith("googleplay:"):
            yield Finding(f"<{node.name[:60]}> is read by nobody", node)
            return
