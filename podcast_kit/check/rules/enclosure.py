"""it.guid*, it.enclosure*: what identifies an episode, and the file that is heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from podcast_kit.check.context import Entry, web
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity
from podcast_kit.text.numbers import parse_count

TYPES = {
    ".mp3": ("audio/mpeg",),
    ".m4a": ("audio/x-m4a", "audio/m4a", "audio/mp4"),
    ".mp4": ("video/mp4", "audio/mp4"),
    ".m4v": ("video/x-m4v", "video/m4v"),
    ".mov": ("video/quicktime",),
    ".pdf": ("application/pdf",),
}
PLAYED_ELSEWHERE = {
    ".ogg": ("audio/ogg",),
    ".oga": ("audio/ogg",),
    ".opus": ("audio/ogg", "audio/opus"),
    ".flac": ("audio/flac", "audio/x-flac"),
    ".aac": ("audio/aac",),
    ".wav": ("audio/wav", "audio/x-wav"),
}
UNKNOWN_BELOW = 16_384
"""AntennaPod takes a smaller length for none."""
WEAK_BELOW = 9


@rule(
    "it.guid",
    Severity.ERROR,
    of=Entry,
    platforms="apple spotify psp1 stitcher",
    sources="AP4115 SPM PT",
    why="Without it apps cannot tell an edited episode from a new one; Apple and the Podcast Index drop the item.",
    mend="`podcast-kit new` writes one; never change it again",
)
def guid(entry: Entry) -> Iterator[Finding]:
    """Every item has a guid."""
    if not entry.guid:
        yield Finding(f"{entry.name} has no guid", entry.first("guid"), "guid")


@rule(
    "it.guid.permalink",
    Severity.ERROR,
    of=Entry,
    platforms="podcastindex",
    sources="RSS2 GPO",
    why="Without it readers take the guid for the address of a page; gPodder even makes one of it.",
    mend='write isPermaLink="false"',
)
def permalink(entry: Entry) -> Iterator[Finding]:
    """A guid that is not the address of the episode's page says isPermaLink="false"."""
    node = entry.first("guid")
    if node is None or not entry.guid:
        return
    said = node.attributes.get("isPermaLink", "true")
    if said not in {"true", "false"}:
        yield Finding(f"isPermaLink of {entry.name} is {said[:40]!r}", node)
    elif said == "true" and not web(entry.guid):
        yield Finding(f"the guid of {entry.name} is not an address, and does not say so", node)


@rule(
    "it.guid.strength",
    Severity.WARNING,
    of=Entry,
    sources="PNO FV",
    why="A number, a title or a file's name comes again one day, and then two episodes are one.",
    mend="for a new episode take a UUID; leave the guid of a published one as it is and silence this rule for it",
)
def strength(entry: Entry) -> Iterator[Finding]:
    """A guid is unlike any other in the world: a UUID, a tag: or an address, not a number or a title."""
    said = entry.guid
    if not said:
        return
    bare = said.isdigit() and len(said) < WEAK_BELOW
    if bare or said == entry.title or (re.search(r"\.(?:mp3|m4a|mp4|ogg|opus|wav)$", said) and "/" not in said):
        yield Finding(f"the guid {said[:60]!r} may well come again", entry.first("guid"), "guid")


@rule(
    "it.enclosure",
    Severity.ERROR,
    of=Entry,
    platforms="apple spotify amazon stitcher psp1",
    sources="APRSS RSS2",
    why="An item without a file to play is no episode; of two files apps play either.",
    mend="write audio: with the file's name",
)
def enclosure(entry: Entry) -> Iterator[Finding]:
    """Every item has exactly one enclosure, with url, length and type."""
    nodes = entry.all("enclosure")
    if len(nodes) != 1:
        text = f"{entry.name} has {len(nodes) or 'no'} enclosure{'s'[: len(nodes) != 0]}"
        yield Finding(text, nodes[1] if nodes else None, "audio")
        return
    missing = [name for name in ("url", "length", "type") if not nodes[0].attributes.get(name, "").strip()]
    if missing:
        yield Finding(f"the enclosure of {entry.name} has no {' and no '.join(missing)}", nodes[0], "audio")


def suffix(url: str) -> str:
    """The ending of an address's path, in lower case, with its dot; empty where there is none."""
    try:
        name = urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        return ""
    return "." + name.rpartition(".")[2].lower() if "." in name else ""


@rule(
    "it.enclosure.url",
    Severity.ERROR,
    of=Entry,
    platforms="apple amazon",
    sources="AP823 APRSS",
    why="Apple takes the kind of file from the ending of the path, and cannot fetch blanks or letters beyond ASCII.",
    mend="use letters a to z, digits, hyphens and dots, and end in .mp3 or .m4a",
)
def enclosure_url(entry: Entry) -> Iterator[Finding]:
    """The enclosure's address is absolute, in ASCII, and its path ends in .mp3, .m4a, .mp4, .m4v, .mov or .pdf."""
    for node in entry.all("enclosure")[:1]:
        url = node.attributes.get("url", "").strip()
        wrong = misaddressed(url) if url else ""
        if wrong:
            yield Finding(f"the enclosure of {entry.name} {wrong}: {url[:100]}", node, "audio")
        elif url and (ending := suffix(url)) not in TYPES:
            level = Severity.WARNING if ending in PLAYED_ELSEWHERE else Severity.ERROR
            said = f"ends in {ending[:20]!r}" if ending else "has no ending"
            text = f"the enclosure of {entry.name} {said}, which Apple does not take: {url[:100]}"
            yield Finding(text, node, "audio", severity=level)


def misaddressed(url: str) -> str:
    """What is wrong with an address, in words; empty when nothing is."""
    if not url.isascii():
        return "has letters beyond ASCII in its address"
    if re.search(r"\s", url):
        return "has blanks in its address"
    if not web(url):
        return "is not an absolute http(s) address"
    if re.search(r"%(?![0-9a-fA-F]{2})", url):
        return "has a % that encodes nothing"
    return ""


@rule(
    "it.enclosure.https",
    Severity.WARNING,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="Android and iOS refuse to play what is not encrypted, unless an app asks for an exception.",
    mend="serve the audio over https",
)
def enclosure_https(entry: Entry) -> Iterator[Finding]:
    """The enclosure is served over https."""
    if entry.url.lower().startswith("http://") and not loopback(entry.url):
        yield Finding(f"the enclosure of {entry.name} is not served over https", entry.first("enclosure"), "audio")


def loopback(url: str) -> bool:
    """Whether the address is this very machine: a rehearsal, that no directory will see."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in {"localhost", "::1"} or host.startswith("127.")


@rule(
    "it.enclosure.length",
    Severity.ERROR,
    of=Entry,
    platforms="apple stitcher",
    sources="RSS2 AN APRSS",
    why="Players reserve and resume by it; a wrong one cuts downloads off or starts them again.",
    mend="publish with `podcast-kit publish`, which counts the bytes of the tagged file",
)
def enclosure_length(entry: Entry) -> Iterator[Finding]:
    """The enclosure's length is the exact size of the file in bytes."""
    for node in entry.all("enclosure")[:1]:
        said = node.attributes.get("length", "").strip()
        count = parse_count(said)
        real = entry.item.enclosure.bytes if entry.item else entry.channel.facts.sizes.get(entry.url, 0)
        if said and not count:
            yield Finding(f"the length of the enclosure of {entry.name} is {said[:40]!r}", node, "audio")
        elif count and real and count != real:
            text = f"the enclosure of {entry.name} has {real:,} bytes, the feed says {count:,}"
            yield Finding(text, node, "audio")
        elif count and not real and count < UNKNOWN_BELOW:
            text = f"the length of the enclosure of {entry.name} is {count}, which apps take for unknown"
            yield Finding(text, node, "audio", severity=Severity.WARNING)


@rule(
    "it.enclosure.type",
    Severity.ERROR,
    of=Entry,
    platforms="apple psp1 stitcher",
    sources="APRSS PSP",
    why="Apple refuses a file whose type and ending disagree; apps choose their player by it.",
    mend="",
)
def enclosure_type(entry: Entry) -> Iterator[Finding]:
    """The enclosure's type is the one that belongs to the ending of its address."""
    for node in entry.all("enclosure")[:1]:
        said = node.attributes.get("type", "").strip()
        fitting = (TYPES | PLAYED_ELSEWHERE).get(suffix(entry.url), ())
        if said and fitting and said.lower() not in fitting:
            text = f"the enclosure of {entry.name} ends in {suffix(entry.url)}, and its type is {said[:40]!r}"
            yield Finding(text, node, "audio", f"{suffix(entry.url)} is {fitting[0]}")


@rule(
    "au.name",
    Severity.ERROR,
    of=Entry,
    platforms="apple",
    sources="AP823",
    why="Apple and some apps stumble over other letters, also when they are encoded.",
    mend="rename the file: letters a to z, digits, hyphen, underscore and dot, with a lower-case ending",
)
def file_name(entry: Entry) -> Iterator[Finding]:
    """The audio file's name has only ASCII letters, digits, - _ and ., and a lower-case ending."""
    if not web(entry.url) or misaddressed(entry.url):
        return  # it.enclosure.url has that
    name = unquote(urlsplit(entry.url).path.rpartition("/")[2])
    if not re.fullmatch(r"[A-Za-z0-9._-]*", name):
        level = Severity.ERROR if entry.channel.facts.ours else Severity.WARNING
        yield Finding(
            f"the audio of {entry.name} is called {name[:80]!r}", entry.first("enclosure"), "audio", "", level
        )
    elif suffix(entry.url) and not name.endswith(suffix(entry.url)):
        text = f"the ending of {name[:80]!r} is not in lower case"
        yield Finding(text, entry.first("enclosure"), "audio", severity=Severity.WARNING)
