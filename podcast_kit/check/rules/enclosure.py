"""Rules it.guid* and it.enclosure*: what identifies an episode, and the file that is played."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from podcast_kit.check.context import ItemView, is_complete_url
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity
from podcast_kit.text.numbers import format_count, parse_count

APPLE_TYPES = {
    ".mp3": ("audio/mpeg",),
    ".m4a": ("audio/x-m4a", "audio/m4a", "audio/mp4"),
    ".mp4": ("video/mp4", "audio/mp4"),
    ".m4v": ("video/x-m4v", "video/m4v"),
    ".mov": ("video/quicktime",),
    ".pdf": ("application/pdf",),
}
"""Media types by file extension, for the formats that Apple accepts; the first is the usual one."""
OTHER_TYPES = {
    ".ogg": ("audio/ogg",),
    ".oga": ("audio/ogg",),
    ".opus": ("audio/ogg", "audio/opus"),
    ".flac": ("audio/flac", "audio/x-flac"),
    ".aac": ("audio/aac",),
    ".wav": ("audio/wav", "audio/x-wav"),
}
"""The same for formats that only other apps play."""
MIN_LENGTH_BYTES = 16_384
"""AntennaPod treats a smaller length as unknown."""
MIN_NUMERIC_GUID_LEN = 9


@rule(
    "it.guid",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple spotify psp1 stitcher",
    sources="AP4115 SPM PT",
    why="Without it, apps cannot tell an edited episode from a new one; Apple and the Podcast Index drop the item.",
    fix="`podcast-kit new` writes one; never change it",
)
def check_item_guid(item: ItemView) -> Iterator[Finding]:
    """Every item has a guid."""
    if not item.guid:
        yield Finding(f"{item.name} has no guid", item.child("guid"), "guid")


@rule(
    "it.guid.permalink",
    Severity.ERROR,
    subject=ItemView,
    platforms="podcastindex",
    sources="RSS2 GPO",
    why="Without it, readers take the guid for the URL of a page; gPodder even builds a URL from it.",
    fix='write isPermaLink="false"',
)
def check_item_guid_permalink(item: ItemView) -> Iterator[Finding]:
    """A guid that is not the URL of the episode's page has isPermaLink="false"."""
    node = item.child("guid")
    if node is None or not item.guid:
        return
    value = node.attributes.get("isPermaLink", "true")
    if value not in {"true", "false"}:
        yield Finding(f"isPermaLink of {item.name} is {value[:40]!r}", node)
    elif value == "true" and not is_complete_url(item.guid):
        yield Finding(f'the guid of {item.name} is not a URL, but isPermaLink="false" is missing', node)


@rule(
    "it.guid.strength",
    Severity.WARNING,
    subject=ItemView,
    sources="PNO FV",
    why="A number, a title or a file name may be used again, and apps would treat the two episodes as one.",
    fix="use a UUID for new episodes; keep the guid of a published one, and ignore this rule for it",
)
def check_item_guid_strength(item: ItemView) -> Iterator[Finding]:
    """A guid is unique in the world: a UUID, a tag: URI or a URL, not a number or a title."""
    guid = item.guid
    if not guid:
        return
    short_number = guid.isdigit() and len(guid) < MIN_NUMERIC_GUID_LEN
    file_name = re.search(r"\.(?:mp3|m4a|mp4|ogg|opus|wav)$", guid) and "/" not in guid
    if short_number or guid == item.title or file_name:
        yield Finding(f"the guid {guid[:60]!r} may not be unique", item.child("guid"), "guid")


@rule(
    "it.enclosure",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple spotify amazon stitcher psp1",
    sources="APRSS RSS2",
    why="Directories ignore an item without a file to play; if there are two, apps play either one.",
    fix="set audio: to the name of the file",
)
def check_item_enclosure(item: ItemView) -> Iterator[Finding]:
    """Every item has exactly one enclosure, with url, length and type."""
    nodes = item.children_named("enclosure")
    if len(nodes) != 1:
        text = f"{item.name} has {format_count(len(nodes), 'enclosure') if nodes else 'no enclosure'}"
        yield Finding(text, nodes[1] if nodes else None, "audio")
        return
    missing = [name for name in ("url", "length", "type") if not nodes[0].attributes.get(name, "").strip()]
    if missing:
        yield Finding(f"the enclosure of {item.name} has no {' and no '.join(missing)}", nodes[0], "audio")


def url_suffix(url: str) -> str:
    """The file extension of a URL's path, in lower case and with its dot; empty if there is none."""
    try:
        name = urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        return ""
    return "." + name.rpartition(".")[2].lower() if "." in name else ""


@rule(
    "it.enclosure.url",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple amazon",
    sources="AP823 APRSS",
    why="Apple recognizes the format by the file extension, and cannot load URLs with spaces or non-ASCII characters.",
    fix="use letters a to z, digits, hyphens and dots, and end the name in .mp3 or .m4a",
)
def check_item_enclosure_url(item: ItemView) -> Iterator[Finding]:
    """The enclosure's URL is absolute and ASCII, and its path ends in .mp3, .m4a, .mp4, .m4v, .mov or .pdf."""
    for node in item.children_named("enclosure")[:1]:
        url = node.attributes.get("url", "").strip()
        problem = _find_url_error(url) if url else ""
        if problem:
            yield Finding(f"the enclosure of {item.name} {problem}: {url[:100]}", node, "audio")
        elif url and (suffix := url_suffix(url)) not in APPLE_TYPES:
            severity = Severity.WARNING if suffix in OTHER_TYPES else Severity.ERROR
            extension = f"the file extension {suffix[:20]!r}" if suffix else "no file extension"
            text = f"the enclosure of {item.name} has {extension}, which Apple does not accept: {url[:100]}"
            yield Finding(text, node, "audio", severity=severity)


def _find_url_error(url: str) -> str:
    """What is wrong with a URL, in words; empty if nothing is."""
    if not url.isascii():
        return "has non-ASCII characters in its URL"
    if re.search(r"\s", url):
        return "has spaces in its URL"
    if not is_complete_url(url):
        return "has no absolute http(s) URL"
    if re.search(r"%(?![0-9a-fA-F]{2})", url):
        return "has a % in its URL without two hex digits after it"
    return ""


@rule(
    "it.enclosure.https",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Android and iOS refuse to play unencrypted audio unless an app requests an exception.",
    fix="serve the audio over https",
)
def check_item_enclosure_https(item: ItemView) -> Iterator[Finding]:
    """The enclosure is served over https."""
    if item.url.lower().startswith("http://") and not is_loopback_url(item.url):
        yield Finding(f"the enclosure of {item.name} is not served over https", item.child("enclosure"), "audio")


def is_loopback_url(url: str) -> bool:
    """Whether the URL points to this machine, so only tests and previews use it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in {"localhost", "::1"} or host.startswith("127.")


@rule(
    "it.enclosure.length",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple stitcher",
    sources="RSS2 AN APRSS",
    why="Players reserve space and resume downloads by it; a wrong length cuts downloads off or restarts them.",
    fix="publish with `podcast-kit publish`, which writes the size of the tagged file",
)
def check_item_enclosure_length(item: ItemView) -> Iterator[Finding]:
    """The enclosure's length is the exact size of the file in bytes."""
    for node in item.children_named("enclosure")[:1]:
        value = node.attributes.get("length", "").strip()
        length = parse_count(value)
        sizes = item.channel.context.media_sizes
        file_bytes = item.built_item.enclosure.bytes if item.built_item else sizes.get(item.url, 0)
        if value and not length:
            yield Finding(f"the length of the enclosure of {item.name} is {value[:40]!r}", node, "audio")
        elif length and file_bytes and length != file_bytes:
            text = f"the enclosure of {item.name} has {file_bytes:,} bytes, but the feed says {length:,}"
            yield Finding(text, node, "audio")
        elif length and not file_bytes and length < MIN_LENGTH_BYTES:
            text = f"the length of the enclosure of {item.name} is {length}, which apps treat as unknown"
            yield Finding(text, node, "audio", severity=Severity.WARNING)


@rule(
    "it.enclosure.type",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple psp1 stitcher",
    sources="APRSS PSP",
    why="Apple rejects a file whose type does not match its extension; apps choose their player by it.",
    fix="use the media type that belongs to the file extension",
)
def check_item_enclosure_type(item: ItemView) -> Iterator[Finding]:
    """The enclosure's type matches its file extension."""
    for node in item.children_named("enclosure")[:1]:
        mime = node.attributes.get("type", "").strip()
        suffix = url_suffix(item.url)
        matching = (APPLE_TYPES | OTHER_TYPES).get(suffix, ())
        if mime and matching and mime.lower() not in matching:
            text = f"the enclosure of {item.name} has the file extension {suffix}, but the type {mime[:40]!r}"
            yield Finding(text, node, "audio", f"use {matching[0]} for {suffix}")


@rule(
    "au.name",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple",
    sources="AP823",
    why="Apple and some apps fail on other characters, even if they are percent-encoded.",
    fix="rename the file: letters a to z, digits, hyphen, underscore and dot, with a lower-case extension",
)
def check_audio_file_name(item: ItemView) -> Iterator[Finding]:
    """The audio file's name has only ASCII letters, digits, - _ and ., and a lower-case extension."""
    if not is_complete_url(item.url) or _find_url_error(item.url):
        return  # reported by it.enclosure.url
    name = unquote(urlsplit(item.url).path.rpartition("/")[2])
    suffix = url_suffix(item.url)
    if not re.fullmatch(r"[A-Za-z0-9._-]*", name):
        severity = Severity.ERROR if item.channel.context.own_feed else Severity.WARNING
        text = f"the audio file of {item.name} is named {name[:80]!r}"
        yield Finding(text, item.child("enclosure"), "audio", severity=severity)
    elif suffix and not name.endswith(suffix):
        text = f"the file extension of {name[:80]!r} is not in lower case"
        yield Finding(text, item.child("enclosure"), "audio", severity=Severity.WARNING)
