"""Compares two feeds as values: whatever a podcaster said in the old one must be in the new one.

Attributes are compared as a mapping, numbers, times and dates by value, words without case where the namespace has a
list of them, and defaults are filled in. The order of elements does not matter, that of children does.
Elements of the old host, and what the new show makes anew, are left out by name: each with the reason.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from podcast_kit.namespaces import TAGS, ValueType
from podcast_kit.text.dates import parse_iso_date
from podcast_kit.text.feed_dates import parse_feed_date
from podcast_kit.text.timecode import parse_duration

HOST_ELEMENTS = {
    "generator": "the program that wrote the old feed",
    "docs": "the program's documentation",
    "lastBuildDate": "when the old feed was written",
    "pubDate": "when the old feed was written",
    "ttl": "how often to ask the old host",
    "cloud": "the old host's notifications",
    "webMaster": "the old host's staff",
    "skipHours": "how often to ask the old host",
    "skipDays": "how often to ask the old host",
    "link": "the old host's pages",
    "comments": "the old host's pages",
    "atom:link": "the old feed's address and pages",
    "fh:archive": "the old feed's pages",
    "fh:complete": "the old feed's pages",
    "itunes:new-feed-url": "the address of the new feed",
    "podcast:podping": "whether the old host sends podpings",
    "managingEditor": "made of the owner",
}
"""Of the channel and of items; why each is left out."""
HOST_LINK_RELS = {
    "self",
    "alternate",
    "hub",
    "next",
    "prev",
    "first",
    "last",
    "prev-archive",
    "next-archive",
    "current",
}
FILES = {"channel": {"itunes:image", "image"}, "item": {"podcast:chapters", "psc:chapters"}}
"""Elements of files that the new show publishes itself: they have other addresses, but must be there."""
PROMPT = re.compile(r"<p>[^<>]*<br>[^<>]*: (?:<a href=\"[^\"]*\">[^<>]*</a>(?: · )?)+</p>")
"""The follow and review prompts in a feed of our own, which the new show makes anew."""
TEXTS = {"title", "itunes:title", "description", "content:encoded", "itunes:summary", "itunes:subtitle"}
NUMBERS = {ValueType.WHOLE, ValueType.NUMBER}
FLAGS = {"yes": True, "true": True, "explicit": True, "no": False, "false": False, "clean": False}
DEFAULTS = {"podcast:person": {"role": "host", "group": "cast"}}


@dataclass
class Comparison:
    """What is lost, and how many elements were counted."""

    lost: list = field(default_factory=list)
    """A line for each element of the old feed that the new one does not have."""
    compared: int = 0
    """Elements that were looked for."""


def compare_feeds_by_value(old, new, *, has_cover=True):
    """What of the podcaster's the new feed lacks, both parsed; `has_cover` is whether the cover was downloaded."""
    result = Comparison()
    _compare_parents(old.channel, new.channel, "channel", result, () if has_cover else ("itunes:image", "image"))
    image = old.channel.child("itunes:image")
    show_image = image.attributes.get("href") if image else ""
    new_items = {item.child_text("guid"): item for item in new.items}
    for item in old.items:
        guid = item.child_text("guid")
        if guid not in new_items:
            result.lost.append(f"item {guid!r}")
            continue
        new_item = new_items[guid]
        for name, read in (("date", item_date), ("enclosure", enclosure)):
            result.compared += 1
            if read(item) != read(new_item):
                result.lost.append(f"{guid}: {name} {read(item)} became {read(new_item)}")
        _compare_parents(item, new_item, guid, result, show_image=show_image)
    return result


def item_date(item):
    return parse_feed_date(item.child_text("pubDate"))[0]


def enclosure(item):
    attributes = item.child("enclosure").attributes
    return attributes.get("url"), int(attributes.get("length") or 0), attributes.get("type", "").strip().lower()


def _compare_parents(old, new, parent, result, not_compared=(), show_image="-"):
    available = Counter(canonical(child) for child in new.children)
    texts = words(" ".join(child.text for child in new.children if child.key in TEXTS))
    categories = {child.text.strip() for child in new.children_named("category")}
    is_item = old.key == "item"
    for child in old.children:
        if child.key in {"item", "guid" if is_item else "", "enclosure", "pubDate", *not_compared} or is_left_out(
            child
        ):
            continue
        result.compared += 1
        if child.key in TEXTS:
            is_kept = words(PROMPT.sub("", child.text)) in texts
        elif child.key == "itunes:keywords" and is_item:
            is_kept = {" ".join(word.split()) for word in child.text.split(",")} - {""} <= categories
        elif child.key == "category" and not child.attributes:
            is_kept = " ".join(child.text.split()) in categories
        elif child.key == "itunes:image" and child.attributes.get("href") == show_image:
            is_kept = True  # apps show the show's image for an episode without one
        elif child.key in FILES[old.key]:
            is_kept = new.child(child.key) is not None
        else:
            value = canonical(child)
            is_kept = available[value] > 0
            available[value] -= is_kept
        if not is_kept:
            result.lost.append(f"{parent}: <{child.name}> {dict(child.attributes)} {child.text.strip()!r}")


def is_left_out(node):
    if node.key == "atom:link":
        return node.attributes.get("rel", "alternate") in HOST_LINK_RELS
    return node.key in HOST_ELEMENTS


def words(markup):
    """The letters and digits of a text, without tags and entities of HTML."""
    import html

    text = markup
    for _ in range(2):
        text = html.unescape(re.sub(r"<[a-zA-Z/][^<>]*>", " ", text))
    return re.sub(r"\W+", "", text)


def canonical(node):
    """An element as a value that can be compared and counted."""
    tag = TAGS.get(node.key)
    attributes = dict(DEFAULTS.get(node.key, {}))
    attributes |= {field.name: field.default for field in (tag.attributes if tag else ()) if field.default}
    attributes |= {name: value.strip() for name, value in node.attributes.items() if value.strip()}
    values = {
        name: canonical_value(tag.field(name) if tag else None, value, node.key) for name, value in attributes.items()
    }
    text = node.text.strip()
    if tag and tag.text and not text:
        text = tag.text.default
    children = tuple(canonical(child) for child in node.children)
    return node.key, canonical_value(tag.text if tag else None, text, node.key), frozenset(values.items()), children


def canonical_value(tag_field, value, key):
    """A value by its type."""
    value = value.strip()
    if key == "itunes:duration":
        return round(parse_duration(value) or 0)
    if tag_field is None:
        return value
    kind = tag_field.value_type
    if kind in {ValueType.RFC2822, ValueType.ISO8601}:
        date = parse_feed_date(value)[0] or parse_iso_date(value)
        return date.astimezone(UTC) if isinstance(date, datetime) else value
    if kind in NUMBERS | {ValueType.SECONDS}:
        return canonical_number(value)
    if kind in {ValueType.FLAG, ValueType.YES, ValueType.YES_NO}:
        return FLAGS.get(value.lower(), value)
    is_word = tag_field.choices or kind in {ValueType.MIME, ValueType.LANGUAGE, ValueType.UUID}
    is_word = is_word or (key == "podcast:person" and tag_field.name in {"role", "group"})
    text = " ".join(value.split())
    return text.casefold().replace("_", "-") if is_word else text


def canonical_number(value):
    """A number or a time, such as 1:02, by value."""
    try:
        return Decimal(value)
    except InvalidOperation:
        seconds = parse_duration(value)
        return value if seconds is None else Decimal(str(seconds))
