"""What channel and items share: lenient parsing of values, people, and elements of any namespace."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.host_elements import is_host_element
from podcast_kit.importer.model import RequiredFile
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import Element, FeedDocument, Node, Person, RemoteUrl
from podcast_kit.namespaces import NAMESPACES, TAGS, usual_prefix
from podcast_kit.source.elements import URL_START
from podcast_kit.source.yaml import InvalidValue, converters
from podcast_kit.source.yaml.errors import CONTROL_CHARACTER

_T = TypeVar("_T")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip);")
_HREF = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']([^\"'<>]+)[\"']", re.IGNORECASE)
_URL_UNSAFE = re.compile(r"[\s<>\"\\^`{|}]")
SINGLE_TAGS = {
    "channel": {
        "title", "description", "language", "copyright", "image", "itunes:author", "itunes:owner", "itunes:image",
        "itunes:explicit", "itunes:type", "itunes:complete", "itunes:block", "podcast:guid", "podcast:locked",
    },
    "item": {
        "title", "guid", "pubDate", "description", "content:encoded", "itunes:image", "itunes:duration",
        "itunes:explicit", "itunes:episodeType", "itunes:season", "itunes:episode", "itunes:title", "itunes:author",
        "itunes:block", "itunes:summary", "itunes:subtitle", "podcast:season", "podcast:episode", "podcast:chapters",
        "psc:chapters",
    },
}  # fmt: skip
"""Tags that are imported by name; only the first of each, as apps read it."""
REPEATED_TAGS = {
    "channel": {"item", "itunes:category", "podcast:person"},
    "item": {"enclosure", "category", "itunes:keywords", "podcast:person", "podcast:transcript"},
}
"""Tags that are imported by name, all of them."""
MAX_TEXT_SHOWN_LEN = 60
_ALWAYS_KNOWN = {"itunes", "podcast", "xml"}
"""Prefixes that apps know whatever namespace they are declared with."""


@dataclass(slots=True)
class ImportLog:
    """Problems of an import, and the elements that it leaves out."""

    feed: FeedDocument
    problems: list[Problem] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    """The old host's own elements: how often each occurs."""
    repeated: dict[str, int] = field(default_factory=dict)
    """Elements that only repeat what others say."""
    uris: dict[str, str] = field(default_factory=dict)
    """The namespace of each prefix that is not a known one."""
    base: str = ""
    """The URL that relative URLs refer to."""

    def warn(self, node: Node, text: str, fix: str, severity: Severity = Severity.WARNING) -> None:
        """Report something that could not be imported unchanged."""
        self.problems.append(Problem(self.feed.location_of(node), text, fix, "import", severity))

    def drop(self, node: Node) -> None:
        """Count an element of the old host."""
        self.dropped[node.name] = self.dropped.get(node.name, 0) + 1

    def skip_repeated(self, node: Node) -> None:
        """Count an element that repeats another one."""
        self.repeated[node.name] = self.repeated.get(node.name, 0) + 1


def _to_image_url(raw: str) -> RemoteUrl:
    return RemoteUrl(converters.to_url(raw))


def single_line(raw: str) -> str:
    """The text on one line, without control characters."""
    return " ".join(CONTROL_CHARACTER.sub("", raw).split())


def title_text(raw: str) -> str:
    """A title on one line, with characters for entities that were escaped twice, such as `&amp;#8217;`."""
    return single_line(_ENTITY.sub(lambda match: html.unescape(match[0]), raw))


def list_lost_links(markup: str, kept: str) -> str:
    """The URLs of links in some HTML that a text does not have, in a list for a message; empty if there are none."""
    urls = dict.fromkeys(html.unescape(url)[:200] for url in _HREF.findall(markup))
    return ", ".join(url for url in urls if url not in kept and html.escape(url) not in kept)


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


def required_file(url: str, kind: str, path: str, element: Element | None = None) -> RequiredFile | None:
    """A file to download, which `element` links to; None if there is no valid URL."""
    url = value_or_default(converters.to_url, url, "")
    return RequiredFile(url, kind, path, element) if url else None


def url_path(url: str) -> str:
    """The path of a URL; empty if it is not one."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def join_url(base: str, url: str) -> str:
    """A URL relative to another one; the base itself if it is not a URL at all, such as `//[x`."""
    try:
        return urljoin(base, url)
    except ValueError:
        return base


def resolve_url(raw: str, base: str) -> tuple[str, str]:
    """The URL of a recording, and what was changed: a relative one is resolved, blanks are encoded, a password is cut.

    The URL is empty if it is not a web URL.
    """
    url, changes = raw.strip(), []
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", url):
        url = join_url(base or "https:", url)
        changes.append("was relative")
    if _URL_UNSAFE.search(url):
        url = _URL_UNSAFE.sub(lambda match: quote(match[0]), url)
        changes.append("had characters that a URL cannot have")
    scheme, separator, address = url.partition("://")
    netloc, slash, path = address.partition("/")
    if "@" in netloc:
        url = f"{scheme}{separator}{netloc.rpartition('@')[2]}{slash}{path}"
        changes.append("had a user name or password, which is left out")
    return value_or_default(converters.to_url, url, ""), " and ".join(changes)


def read_people(node: Node, import_log: ImportLog) -> tuple[tuple[Person, ...], tuple[Element, ...]]:
    """The people of every podcast:person, and the elements of those with more than `people:` can express."""
    people: list[Person] = []
    elements: list[Element] = []
    for child in node.children_named("podcast:person"):
        attributes = child.attributes
        url = value_or_default(converters.to_url, attributes.get("href", ""), "")
        image = value_or_default(_to_image_url, attributes.get("img", ""), None)
        is_complete = (
            single_line(child.text)
            and attributes.keys() <= {"role", "group", "href", "img"}
            and (url or not attributes.get("href", "").strip())
            and (image or not attributes.get("img", "").strip())
        )
        if not is_complete:
            elements += to_elements(child, import_log)
            continue
        role, group = single_line(attributes.get("role", "")), single_line(attributes.get("group", ""))
        people.append(
            Person(
                name=single_line(child.text),
                role=role.lower() or "host",
                group=group.lower() or "cast",
                url=url,
                image=image,
            )
        )
    return tuple(people), tuple(elements)


def custom_elements(node: Node, parent: str, import_log: ImportLog) -> Iterator[Element]:
    """The elements of a channel or item that are not imported by name; those of the old host are counted."""
    single_tags, repeated_tags = SINGLE_TAGS[parent], REPEATED_TAGS[parent]
    first_texts: dict[str, str] = {}
    for child in node.children:
        if child.key in repeated_tags:
            continue
        if child.key in single_tags:
            text = child.text.strip()
            if first_texts.setdefault(child.key, text) != text:
                shown = f"{single_line(text)[:MAX_TEXT_SHOWN_LEN]!r} is left out"
                import_log.warn(child, f"a second <{child.name}> {shown}", "apps read only the first one")
        elif is_host_element(child, parent):
            import_log.drop(child)
        else:
            yield from to_elements(child, import_log)


def to_elements(node: Node, import_log: ImportLog) -> Iterator[Element]:
    """The node as an element that can be written; one without a namespace for its prefix is reported instead."""
    element = _to_element(node, import_log)
    if element:
        yield element


def _to_element(node: Node, import_log: ImportLog) -> Element | None:
    prefix, colon, local = node.key.rpartition(":")
    uri = ""
    is_known = prefix in _ALWAYS_KNOWN or (prefix in NAMESPACES and usual_prefix(node.uri) == prefix)
    if (colon and not is_known) or (not colon and node.uri):
        if not node.uri:
            import_log.warn(node, f"<{node.name}> has no namespace and is left out", "declare its prefix in the feed")
            return None
        uri = node.uri
        prefix = _unique_prefix(prefix, uri, import_log.uris)
    if node.children and node.text.strip():
        text = f"the text of <{node.name}> is mixed with elements; the order of both is not kept"
        import_log.warn(node, text, "check the element under `extra:`")
    children = [child for child_node in node.children if (child := _to_element(child_node, import_log))]
    return Element(
        f"{prefix}:{local}" if prefix else local,
        node.text.strip(),
        tuple(_to_attributes(node, prefix, import_log)),
        tuple(children),
        import_log.feed.location_of(node),
        uri,
    )


def _unique_prefix(prefix: str, uri: str, uris: dict[str, str]) -> str:
    """The prefix, with a number if this feed uses it for another namespace."""
    candidate, count = prefix or "ns", 1
    while candidate in NAMESPACES or uris.setdefault(candidate, uri) != uri:
        count += 1
        candidate = f"{prefix or 'ns'}{count}"
    return candidate


def _to_attributes(node: Node, prefix: str, import_log: ImportLog) -> Iterator[tuple[str, str]]:
    """The attributes, stripped; a relative URL where `podcast.yaml` could have a file becomes absolute."""
    tag = TAGS.get(node.key)
    for name, written in node.attributes.items():
        value = written.strip()
        attribute_prefix, colon, local = name.rpartition(":")
        if colon and attribute_prefix == node.name.rpartition(":")[0]:
            yield f"{prefix}:{local}", value
        elif colon and attribute_prefix not in NAMESPACES:
            text = f"the attribute {name} of <{node.name}> is left out"
            import_log.warn(node, text, "its namespace is not that of the element")
        elif tag and (tag_field := tag.field(name)) and tag_field.allows_file and not URL_START.match(value):
            yield name, join_url(import_log.base or "https://unknown.invalid/", value)
        else:
            yield name, value
