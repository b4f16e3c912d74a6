"""Rules pn.* that follow from the podcast namespace's table: where a tag may be, how often, and which values it has."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from podcast_kit.check.context import ChannelView, DocumentView, TagView, iter_podcast_tags
from podcast_kit.check.registry import Finding, also_checks, rule
from podcast_kit.check.rules.enclosure import is_loopback_url
from podcast_kit.errors import Severity
from podcast_kit.model import Node
from podcast_kit.namespaces import TAGS, Field, Need, ValueType, find_value_error

UNDOCUMENTED_NAMES = frozenset(
    {"complete", "liveValue", "hiveAccount", "social", "socialSignUp", "openSubscribe", "verify", "tracker"}
)
"""Tags that occur in feeds but not in the namespace's documentation; they are not reported."""
TAGS_CHECKED_ELSEWHERE = frozenset({"podcast:guid", "podcast:transcript", "podcast:chapters"})
"""Tags whose values are checked by rules of other modules."""
TAG_RULES = {
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
"""Tags with a rule of their own, which checks their values too."""


def yaml_key_of(tag: TagView) -> str:
    """The key of podcast.yaml that the tag, or its parent, is made from; empty if there is none."""
    for node in (tag.node, tag.parent):
        row = TAGS.get(node.key)
        if row is not None and row.keys and node.key.startswith("podcast:"):
            return row.keys[0]
    return ""


def _field_values(node: Node) -> Iterator[tuple[Field, str]]:
    """Each value of a tag that is not empty, with its field in the namespace's table."""
    row = TAGS.get(node.key)
    for field in row.fields if row else ():
        value = (node.attributes.get(field.name, "") if field.name else node.text).strip()
        if value:
            yield field, value


def _field_label(node: Node, field: Field) -> str:
    """What messages call a value: the tag and the attribute."""
    return f"{node.name} {field.name}".strip()


def find_malformed_values(tag: TagView) -> Iterator[Finding]:
    """A finding for each value of a tag that does not have the form that the namespace requires."""
    for field, value in _field_values(tag.node):
        if field.value_type in {ValueType.YES_NO, ValueType.LINE, ValueType.TEXT}:
            continue
        if problem := find_value_error(field.value_type, value):
            yield Finding(f"{_field_label(tag.node, field)}: {value[:80]!r} {problem}", tag.node, yaml_key_of(tag))


def find_missing_children(tag: TagView) -> Iterator[Finding]:
    """A finding for each required child that a tag lacks."""
    row = TAGS[tag.node.key]
    for name in row.required_children:
        if tag.node.child(name) is None:
            yield Finding(f"{tag.node.name} has no {name}", tag.node, yaml_key_of(tag))


@also_checks("xml.unknown", subject=TagView)
def check_podcast_tag_names(tag: TagView) -> Iterator[Finding]:
    """Tags in the podcast namespace exist there."""
    name = tag.node.key.partition(":")[2]
    if tag.node.key in TAGS or name in UNDOCUMENTED_NAMES:
        return
    matches = get_close_matches(tag.node.key[:60], [key for key in TAGS if key.startswith("podcast:")], n=1)
    fix = f"did you mean {matches[0]}?" if matches else "remove it"
    yield Finding(f"<{tag.node.name[:60]}> does not exist in the podcast namespace", tag.node, fix=fix)


@rule(
    "pn.parent",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps look for a tag only where the namespace puts it.",
    fix="move it into the parent that the namespace gives it",
)
def check_podcast_tag_parent(tag: TagView) -> Iterator[Finding]:
    """A tag is in a parent that the namespace allows."""
    row = TAGS.get(tag.node.key)
    if row is None or tag.parent.key in row.parents or not tag.parent.key.startswith(("podcast:", "channel", "item")):
        return
    if tag.parent.key == "podcast:liveItem" and tag.node.key in {"podcast:transcript", "podcast:chapters"}:
        return  # reported by tr.live
    fix = f"move it into {' or '.join(row.parents)}"
    yield Finding(f"{tag.node.name} is in {tag.parent.name[:60]}", tag.node, yaml_key_of(tag), fix)


@rule(
    "pn.once",
    Severity.ERROR,
    subject=ChannelView,
    platforms="podcastindex",
    sources="PN",
    why="Some apps use the first one, others the last.",
    fix="keep one of them",
)
def check_podcast_tags_unique(channel: ChannelView) -> Iterator[Finding]:
    """Tags that the namespace allows once occur once in their parent."""
    parents = {id(tag.parent): tag.siblings for tag in iter_podcast_tags(channel)}
    for parent in parents.values():
        for name, nodes in parent.children_by_name.items():
            row = TAGS.get(name)
            if row is None or row.is_repeatable or not name.startswith("podcast:") or name == "podcast:chapters":
                continue
            if len(nodes) > 1:
                text = f"{nodes[1].name} occurs {len(nodes)} times in {parent.node.name}"
                yield Finding(text, nodes[1], row.keys[0])


@rule(
    "pn.attr",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Without it, apps ignore the tag.",
    fix="add the missing value",
)
def check_podcast_tag_required_values(tag: TagView) -> Iterator[Finding]:
    """A tag has its required attributes and text."""
    row = TAGS.get(tag.node.key)
    if row is None or tag.node.key in {"podcast:guid", "podcast:person"}:
        return
    present = {field.name for field, _ in _field_values(tag.node)}
    for field in row.fields:
        other_name, other_value = field.optional_if
        is_optional = bool(other_name) and tag.node.attributes.get(other_name, "").lower() == other_value
        if field.need is Need.MUST and field.name not in present and not is_optional:
            if not field.name and tag.node.key in TAG_RULES:
                continue  # the tag's own rule checks its text
            missing = f"has no {field.name}" if field.name else "has no text"
            yield Finding(f"{tag.node.name} {missing}", tag.node, yaml_key_of(tag))


@rule(
    "pn.enum",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps ignore other values.",
    fix="use one of the values that the namespace lists",
)
def check_podcast_tag_choices(tag: TagView) -> Iterator[Finding]:
    """Where the namespace lists the possible values, one of them is used."""
    if tag.node.key in TAGS_CHECKED_ELSEWHERE and tag.node.key != "podcast:transcript":
        return
    for field, value in _field_values(tag.node):
        choices = ("yes", "no") if field.value_type is ValueType.YES_NO else field.choices
        if tag.node.key == "podcast:transcript" and field.name == "type":
            continue  # checked by tr.type
        if choices and value.casefold() not in {choice.casefold() for choice in choices}:
            text = f"{_field_label(tag.node, field)} is {value[:60]!r}"
            yield Finding(text, tag.node, yaml_key_of(tag), f"use one of {', '.join(choices)}")


@rule(
    "pn.len",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps cut longer texts off, even within a word.",
    fix="shorten it",
)
def check_podcast_tag_length(tag: TagView) -> Iterator[Finding]:
    """Texts are within the namespace's limits: 128 characters for most, 32 for short labels, 4,000 for txt."""
    for field, value in _field_values(tag.node):
        if field.max_len and len(value) > field.max_len:
            text = f"{_field_label(tag.node, field)} has {len(value)} characters, more than {field.max_len}"
            yield Finding(text, tag.node, yaml_key_of(tag))


@rule(
    "pn.https",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="The namespace requires https, and phones refuse to load anything else.",
    fix="use https://",
)
def check_podcast_tag_https(tag: TagView) -> Iterator[Finding]:
    """Every URL is https."""
    for field, value in _field_values(tag.node):
        insecure = value.lower().startswith("http://") and not is_loopback_url(value)
        if field.value_type in {ValueType.URL, ValueType.URI, ValueType.SRCSET} and insecure:
            yield Finding(f"{_field_label(tag.node, field)} is not https: {value[:80]}", tag.node, yaml_key_of(tag))


@rule(
    "pn.form",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps ignore numbers, dates and URLs that they cannot read.",
    fix="write it in the form that the namespace requires",
)
def check_podcast_tag_values(tag: TagView) -> Iterator[Finding]:
    """Numbers, dates, URLs and so on have the required form."""
    if tag.node.key not in TAGS_CHECKED_ELSEWHERE and tag.node.key not in TAG_RULES:
        yield from find_malformed_values(tag)


@rule(
    "pn.deprecated",
    Severity.HINT,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="New apps read only the tag that replaced it.",
    fix="use the tag that replaced it",
)
def check_podcast_tag_deprecated(tag: TagView) -> Iterator[Finding]:
    """No tag that the namespace has replaced."""
    row = TAGS.get(tag.node.key)
    if row is not None and row.replaced_by and tag.siblings.child(row.replaced_by) is None:
        yield Finding(f"{tag.node.name} is deprecated", tag.node, yaml_key_of(tag), f"use {row.replaced_by}")


@rule(
    "gp.dead",
    Severity.HINT,
    subject=DocumentView,
    sources="HOUSE",
    why="Google Podcasts closed in April 2024, so its tags have no effect.",
    fix="remove the googleplay: tags",
)
def check_google_play_tags(document: DocumentView) -> Iterator[Finding]:
    """No tags of Google Podcasts."""
    for node in document.nodes:
        if node.key.startswith("googleplay:"):
            yield Finding(f"<{node.name[:60]}> has no effect any more", node)
            return
