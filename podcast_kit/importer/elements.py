"""What channel and items share: values read leniently, people, and the elements that keys can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.model import Wanted
from podcast_kit.model import Element, FeedDocument, Node, Person, RemoteUrl
from podcast_kit.namespaces import TAGS
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Wrong
from podcast_kit.source.yaml.errors import CONTROL

T = TypeVar("T")
TAKEN = {
    "title", "link", "description", "language", "copyright", "image", "item", "category", "guid", "pubDate",
    "enclosure", "content:encoded", "itunes:author", "itunes:owner", "itunes:image", "itunes:category",
    "itunes:explicit", "itunes:type", "itunes:complete", "itunes:block", "itunes:duration", "itunes:season",
    "itunes:episode", "itunes:episodeType", "itunes:title", "itunes:keywords", "itunes:summary", "itunes:subtitle",
    "podcast:guid", "podcast:locked", "podcast:person", "podcast:transcript", "podcast:chapters", "psc:chapters",
    "podcast:season", "podcast:episode", "podcast:block",
}  # fmt: skip
"""Read by name here, or told by the build from what is."""
MACHINERY = {
    "atom:link", "generator", "lastBuildDate", "docs", "ttl", "managingEditor", "webMaster", "cloud", "comments",
    "author", "itunes:new-feed-url", "podcast:podping",
}  # fmt: skip
"""What the old host said of itself: nobody misses it."""


@dataclass(slots=True)
class Remarks:
    """What is noticed on the way."""

    feed: FeedDocument
    problems: list[Problem] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def say(self, node: Node, text: str, hint: str = "") -> None:
        """Something could not be taken over as it is."""
        self.problems.append(Problem(self.feed.location_of(node), text, hint, "import", Severity.WARNING))


def _image_url(raw: str) -> RemoteUrl:
    return RemoteUrl(converters.url(raw))


def line(raw: str) -> str:
    """One line of text, without the control characters that some hosts let through."""
    return " ".join(CONTROL.sub("", raw).split())


def flag(raw: str) -> bool | None:
    """What hosts write for true and false; None for anything else."""
    known = {"yes": True, "true": True, "explicit": True, "no": False, "false": False, "clean": False}
    return known.get(raw.strip().lower())


def read_or(read: Callable[[str], T], raw: str, default: T) -> T:
    """The value as its reader understands it, or the default."""
    try:
        return read(raw)
    except Wrong:
        return default


def wanted(url: str, kind: str, path: str) -> Wanted | None:
    """A file to be fetched; None where there is no address."""
    url = read_or(converters.url, url, "")
    return Wanted(url, kind, path) if url else None


def people(node: Node) -> tuple[Person, ...]:
    """Every podcast:person."""
    return tuple(
        Person(
            name=line(person.text),
            role=line(person.attributes.get("role", "")).lower() or "host",
            group=line(person.attributes.get("group", "")).lower() or "cast",
            url=read_or(converters.url, person.attributes.get("href", ""), ""),
            image=read_or(_image_url, person.attributes.get("img", ""), None),
        )
        for person in node.children_named("podcast:person")
        if line(person.text)
    )


def others(node: Node, parent: str, remarks: Remarks) -> Iterator[Element]:
    """What the table of tags knows and a key can say; the rest is counted."""
    for child in node.children:
        tag = TAGS.get(child.key)
        if child.key in TAKEN or child.key in MACHINERY or (tag and parent in tag.own):
            continue
        if tag and tag.keys and parent in tag.parents:
            yield element(child)
        else:
            remarks.dropped[child.name] = remarks.dropped.get(child.name, 0) + 1


def element(node: Node) -> Element:
    """A node as an element of ours."""
    return Element(node.key, node.text.strip(), tuple(node.attributes.items()), tuple(map(element, node.children)))
