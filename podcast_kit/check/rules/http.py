"""http.*: what the public addresses answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.enclosure import loopback
from podcast_kit.errors import Severity
from podcast_kit.model import Probe, Response
from podcast_kit.text.numbers import parse_count

OK, PARTIAL, UNCHANGED, METHOD_REFUSED, NOT_IMPLEMENTED = 200, 206, 304, 405, 501
LOGIN = {401, 403, 407}
FOREVER = {301, 308}
MOST_HOPS = 5
STALE_AFTER = 900
"""Seconds that a feed may lie in a cache."""
WORTH_ZIPPING = 20_000
FEED_TYPES = {"application/rss+xml", "application/xml", "text/xml"}
SAME_TYPE = (
    {"audio/mp4", "audio/x-m4a", "audio/m4a", "audio/aac"},
    {"audio/mpeg", "audio/mp3", "audio/x-mp3"},
    {"video/mp4", "video/x-m4v", "video/m4v"},
    {"audio/ogg", "audio/opus", "application/ogg"},
)
SIDE_TYPES = {
    ".vtt": {"text/vtt"},
    ".srt": {"application/x-subrip", "application/srt"},
    ".json": {"application/json", "application/json+chapters"},
    ".html": {"text/html"},
    ".txt": {"text/plain"},
}
HINT, WARN, ERROR = Severity.HINT, Severity.WARNING, Severity.ERROR


def answered(probe: Probe) -> Response | None:
    """The answer that headers are read from: to GET, else to HEAD; None where neither was good."""
    for answer in (probe.get, probe.range_get, probe.head):
        if answer is not None and answer.status in {OK, PARTIAL}:
            return answer
    return None


def kind_of(answer: Response) -> str:
    """The Content-Type without its parameters."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


@rule(
    "http.reach",
    Severity.ERROR,
    of=Probe,
    sources="AP823 HOUSE",
    why="What does not answer is not there for any listener.",
    mend="open the address in a browser that is logged in nowhere; publish again if it is missing",
)
def reach(probe: Probe) -> Iterator[Finding]:
    """What the feed names answers, with 200."""
    first = probe.get or probe.range_get or probe.head
    if first is None or answered(probe) or first.status in LOGIN or "certificate" in first.error.lower():
        return
    yield Finding(f"the {probe.kind} {first.error or f'answers {first.status}'}: {probe.url[:200]}")


@rule(
    "http.https",
    Severity.ERROR,
    of=Probe,
    platforms="apple",
    sources="AP823",
    why="Apps cannot log in, and refuse a certificate that they do not know; phones do not load plain http.",
    mend="serve it over https with a valid certificate, to everybody",
)
def https(probe: Probe) -> Iterator[Finding]:
    """Feed, artwork and media are served over https with a valid certificate, without a login."""
    first = probe.get or probe.range_get or probe.head
    if first is None:
        return
    if first.status in LOGIN:
        yield Finding(f"the {probe.kind} wants a login ({first.status}): {probe.url[:200]}")
    elif "certificate" in first.error.lower():
        yield Finding(f"the {probe.kind}'s certificate is not valid: {first.error[:200]}")
    elif probe.url.lower().startswith("http://") and probe.kind != "media" and not loopback(probe.url):
        yield Finding(f"the {probe.kind} is not served over https: {probe.url[:200]}", severity=WARN)


@rule(
    "http.head",
    Severity.ERROR,
    of=Probe,
    platforms="apple",
    sources="AP823 PSP2",
    why="Apple asks with HEAD first, and stops at anything but 200.",
    mend="let the host answer HEAD as it answers GET",
)
def head(probe: Probe) -> Iterator[Finding]:
    """HEAD answers 200, with the type and the length that GET has."""
    if probe.head is None or (full := answered(probe)) is None:
        return
    if probe.head.status != OK:
        yield Finding(f"HEAD of the {probe.kind} answers {probe.head.status or probe.head.error}: {probe.url[:200]}")
        return
    if full.status == OK:
        for name in ("content-type", "content-length"):
            mine, theirs = probe.head.headers.get(name, ""), full.headers.get(name, "")
            if mine and theirs and mine != theirs and not full.headers.get("content-encoding"):
                yield Finding(f"HEAD of the {probe.kind} says {name} {mine!r}, GET says {theirs!r}")


@rule(
    "http.range",
    Severity.ERROR,
    of=Probe,
    platforms="apple",
    sources="AP823 PSP2",
    why="Without ranges nobody can skip or resume, and Apple refuses the show.",
    mend="serve the audio from a host that honours Range",
)
def ranges(probe: Probe) -> Iterator[Finding]:
    """Media answer a Range with 206 and the total that the feed gives as length."""
    part = probe.range_get
    if probe.kind != "media" or part is None or part.status in LOGIN or not part.status:
        return
    if part.status == OK:
        yield Finding(f"the audio answers a Range with 200, not 206: {probe.url[:200]}")
    elif part.status == PARTIAL:
        total = parse_count(part.headers.get("content-range", "").rpartition("/")[2])
        if total is None:
            yield Finding(f"the audio's Content-Range is {part.headers.get('content-range', 'missing')[:60]!r}")
        elif probe.bytes and total != probe.bytes:
            yield Finding(f"the audio has {total:,} bytes, the feed says {probe.bytes:,}: {probe.url[:200]}")


@rule(
    "http.type.feed",
    Severity.WARNING,
    of=Probe,
    platforms="psp1",
    sources="PSP2",
    why="Some apps take for a feed only what calls itself one.",
    mend="serve it as application/rss+xml; charset=utf-8",
)
def feed_type(probe: Probe) -> Iterator[Finding]:
    """The feed's Content-Type is application/rss+xml, or another name of XML."""
    answer = answered(probe)
    if probe.kind != "feed" or answer is None or kind_of(answer) in FEED_TYPES:
        return
    misread = kind_of(answer) in {"text/html", "application/octet-stream", ""}
    yield Finding(f"the feed is served as {kind_of(answer) or 'nothing'!r}", severity=ERROR if misread else WARN)


@rule(
    "http.type.media",
    Severity.ERROR,
    of=Probe,
    platforms="apple",
    sources="PSP2",
    why="Players choose by it whether and how they play.",
    mend="let the host keep the type that the file was published with",
)
def media_type(probe: Probe) -> Iterator[Finding]:
    """Media are served under the type that the feed gives them."""
    answer = answered(probe)
    if probe.kind != "media" or answer is None or not probe.mime:
        return
    served = kind_of(answer)
    alike = any({served, probe.mime.lower()} <= group for group in SAME_TYPE)
    if served != probe.mime.lower() and not alike:
        yield Finding(
            f"the audio is served as {served or 'nothing'!r}, the feed says {probe.mime!r}: {probe.url[:200]}"
        )


@rule(
    "http.type.art",
    Severity.ERROR,
    of=Probe,
    platforms="spotify",
    sources="SPM",
    why="Spotify answers “Invalid content type for artwork”.",
    mend="serve it as image/jpeg or image/png, whichever it is",
)
def art_type(probe: Probe) -> Iterator[Finding]:
    """Artwork is served as image/jpeg or image/png."""
    answer = answered(probe)
    if probe.kind == "artwork" and answer is not None and kind_of(answer) not in {"image/jpeg", "image/png"}:
        yield Finding(f"the artwork is served as {kind_of(answer) or 'nothing'!r}: {probe.url[:200]}")


@rule(
    "http.type.side",
    Severity.WARNING,
    of=Probe,
    platforms="podcastindex",
    sources="PN PSP2",
    why="Apps read transcripts and chapters by their type.",
    mend="serve .vtt as text/vtt, .srt as application/x-subrip, chapters as application/json+chapters",
)
def side_type(probe: Probe) -> Iterator[Finding]:
    """Transcripts and chapters are served under the types of their formats."""
    answer = answered(probe)
    if probe.kind not in {"transcript", "chapters"} or answer is None:
        return
    ending = re.search(r"\.[a-z]+$", urlsplit(probe.url).path.lower())
    fitting = SIDE_TYPES.get(ending[0], set()) if ending else set()
    if fitting and kind_of(answer) not in fitting | {probe.mime}:
        yield Finding(f"the {probe.kind} is served as {kind_of(answer) or 'nothing'!r}: {probe.url[:200]}")


@rule(
    "http.cache",
    Severity.WARNING,
    of=Probe,
    platforms="apple",
    sources="AP4115 PSP2",
    why="Without validators every app fetches everything each time; a feed that lies in caches is a late episode.",
    mend="send ETag or Last-Modified and answer them with 304; max-age of a feed at most 900 seconds",
)
def caching(probe: Probe) -> Iterator[Finding]:
    """Answers carry a validator and honour it, and a feed is not cached for longer than 15 minutes."""
    answer = answered(probe)
    if answer is None:
        return
    if not {"etag", "last-modified"} & answer.headers.keys():
        yield Finding(f"the {probe.kind} has neither ETag nor Last-Modified: {probe.url[:200]}")
    elif probe.conditional_get is not None and probe.conditional_get.status == OK:
        yield Finding(f"the {probe.kind} does not answer 304 to its own ETag: {probe.url[:200]}")
    age = re.search(r"max-age=(\d{1,12})", answer.headers.get("cache-control", ""))
    if probe.kind == "feed" and age and int(age[1]) > STALE_AFTER:
        yield Finding(f"the feed may lie in caches for {int(age[1]):,} seconds")


@rule(
    "http.gzip",
    Severity.HINT,
    of=Probe,
    sources="PSP2",
    why="A feed shrinks to a tenth.",
    mend="let the CDN compress it, for those who ask",
)
def compressed(probe: Probe) -> Iterator[Finding]:
    """A feed is compressed for those who ask for it."""
    answer = probe.gzip_get
    if probe.kind != "feed" or answer is None or answer.status != OK or (probe.get and probe.get.size < WORTH_ZIPPING):
        return
    if answer.headers.get("content-encoding", "").lower() not in {"gzip", "br", "zstd", "deflate"}:
        yield Finding("the feed is not compressed, though asked for")


@rule(
    "http.cors",
    Severity.WARNING,
    of=Probe,
    platforms="podcastindex",
    sources="PN PSP2",
    why="Players in a browser may not read what does not allow it.",
    mend="send Access-Control-Allow-Origin: *",
)
def cors(probe: Probe) -> Iterator[Finding]:
    """Web players may read it: Access-Control-Allow-Origin is *."""
    answer = answered(probe)
    if answer is not None and answer.headers.get("access-control-allow-origin", "").strip() != "*":
        # transcripts and chapters are fetched by scripts; a player needs no leave for audio and pictures
        needed = probe.kind in {"transcript", "chapters"}
        text = f"the {probe.kind} may not be read by web players: {probe.url[:200]}"
        yield Finding(text, severity=WARN if needed else HINT)


@rule(
    "http.redirect",
    Severity.WARNING,
    of=Probe,
    platforms="apple",
    sources="AP823",
    why="Each hop is a place where listeners get lost; shows with long chains have been delisted.",
    mend="use fewer prefixes, each over https",
)
def redirects(probe: Probe) -> Iterator[Finding]:
    """There are at most five redirects, and all of them stay on https."""
    answer = probe.range_get or probe.get or probe.head
    if answer is None or not answer.status:
        return
    plain = [url for _, url in answer.redirects if url.lower().startswith("http://") and not loopback(url)]
    if len(answer.redirects) > MOST_HOPS:
        yield Finding(f"the {probe.kind} is redirected {len(answer.redirects)} times: {probe.url[:200]}")
    elif plain and probe.url.lower().startswith("https://"):
        yield Finding(f"the {probe.kind} is redirected to plain http: {plain[0][:200]}")


@rule(
    "http.move",
    Severity.WARNING,
    of=Probe,
    platforms="apple",
    sources="APRSS",
    why="After a temporary redirect apps keep asking the old address, for ever.",
    mend="answer 301, name the new address in itunes:new-feed-url of both feeds, for four weeks, with the same guids",
)
def moved(probe: Probe) -> Iterator[Finding]:
    """A feed that moved says so for good: 301."""
    answer = probe.get
    if probe.kind != "feed" or answer is None or not answer.redirects or answered(probe) is None:
        return
    status, url = answer.redirects[0]
    upgraded = url.partition("://")[2] == probe.url.partition("://")[2]
    if status not in FOREVER and not upgraded:
        yield Finding(f"the feed is redirected with {status}, which is temporary, to {url[:200]}")
