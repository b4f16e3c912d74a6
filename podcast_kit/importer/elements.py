"""What channel and items share: lenient parsing of values, people, and elements that keys can express."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.model import RequiredFile
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import Element, FeedDocument, Node, Person, RemoteUrl
from podcast_kit.namespaces import TAGS
from podcast_kit.source.yaml import InvalidValue, converters
from podcast_kit.source.yaml.errors import CONTROL_CHARACTER

_T = TypeVar("_T")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip);")
HANDLED_TAGS = {
    "title", "link", "description", "language", "copyright", "image", "item", "category", "guid", "pubDate",
    "enclosure", "content:encoded", "itunes:author", "itunes:owner", "itunes:image", "itunes:category",
    "itunes:explicit", "itunes:type", "itunes:complete", "itunes:block", "itunes:duration", "itunes:season",
    "itunes:episode", "itunes:episodeType", "itunes:title", "itunes:keywords", "itunes:summary", "itunes:subtitle",
    "podcast:guid", "podcast:locked", "podcast:person", "podcast:transcript", "podcast:chapters", "psc:chapters",
    "podcast:season", "podcast:episode", "podcast:block",
}  # fmt: skip
"""Tags that are imported by name, or that the build derives from those."""
HOST_TAGS = {
    "atom:link", "generator", "lastBuildDate", "docs", "ttl", "managingEditor", "webMaster", "cloud", "comments",
    "author", "itunes:new-feed-url", "podcast:podping",
}  # fmt: skip
"""Tags about the old host, dropped silently."""


@dataclass(slots=True)
class ImportLog:
    """Problems and dropped elements of an import."""

    feed: FeedDocument
    problems: list[Problem] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def warn(self, node: Node, text: str, fix: str) -> None:
        """Report something that could not be imported unchanged."""
        self.problems.append(Problem(self.feed.location_of(node), text, fix, "import", Severity.WARNING))


def _to_image_url(raw: str) -> RemoteUrl:
    return RemoteUrl(converters.to_url(raw))


def single_line(raw: str) -> str:
    """The text on one line, without control characters."""
    return " ".join(CONTROL_CHARACTER.sub("", raw).split())


def title_text(raw: str) -> str:
    """A title on one line, with characters for entities that were escaped twice, such as `&amp;#8217;`."""
    return single_line(_ENTITY.sub(lambda match: html.unescape(match[0]), raw))


def find_media_enclosure(node: Node) -> Node:
    """The item's first enclosure that is not an image or a document; one without attributes if it has none."""
    enclosures = list(node.children_named("enclosure"))
    media = [enclosure for enclosure in enclosures if _may_be_media(enclosure)]
    return (media or enclosures or [Node("enclosure", "enclosure")])[0]


def _may_be_media(enclosure: Node) -> bool:
    mime = enclosure.attributes.get("type", "") or guess_content_type(enclosure.attributes.get("url", ""))
    return not mime.strip().lower().startswith(("image/", "text/", "application/pdf"))


def parse_flag(raw: str) -> bool | None:
    """Parse the values that hosts write for true and false; None for anything else."""
    values = {"yes": True, "true": True, "explicit": True, "no": False, "false": False, "clean": False}
    return values.get(raw.strip().lower())


def value_or_default(convert: Callable[[str], _T], raw: str, default: _T) -> _T:
    """The converted value, or the default if it is invalid."""
    try:
        return convert(raw)
    except InvalidValue:
        return default


def required_file(url: str, kind: str, path: str) -> RequiredFile | None:
    """A file to download; None if there is no valid URL."""
    url = value_or_default(converters.to_url, url, "")
    return RequiredFile(url, kind, path) if url else None


def read_people(node: Node) -> tuple[Person, ...]:
    """The people of every podcast:person."""
    return tuple(
        Person(
            name=single_line(person.text),
            role=single_line(person.attributes.get("role", "")).lower() or "host",
            group=single_line(person.attributes.get("group", "")).lower() or "cast",
            url=value_or_default(converters.to_url, person.attributes.get("href", ""), ""),
            image=value_or_default(_to_image_url, person.attributes.get("img", ""), None),
        )
        for person in node.children_named("podcast:person")
        if single_line(person.text)
    )


def custom_elements(node: Node, parent: str, import_log: ImportLog) -> Iterator[Element]:
    """The elements that a key can express; all others are counted as dropped."""
    for child in node.children:
        tag = TAGS.get(child.key)
        if parent == "item" and child.key == "itunes:block":  # unlike the show's, it has no key of its own
            if parse_flag(child.text):
                yield Element("itunes:block", "Yes")
            continue
        if child.key in HANDLED_TAGS or child.key in HOST_TAGS or (tag and parent in tag.builtin_in):
            continue
        if tag and tag.keys and parent in tag.parents:
            yield to_element(child)
        else:
            import_log.dropped[child.name] = import_log.dropped.get(child.name, 0) + 1


def to_element(node: Node) -> Element:
    """Convert a parsed node to an element."""
    return Element(node.key, node.text.strip(), tuple(node.attributes.items()), tuple(map(to_element, node.children)))
