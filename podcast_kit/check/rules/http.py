"""Rules http.*: how servers answer requests for public URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.enclosure import is_loopback_url
from podcast_kit.errors import Severity
from podcast_kit.model import Probe, Response
from podcast_kit.model.urls import PLAYER_ORIGIN
from podcast_kit.text.numbers import parse_count

OK_STATUS, PARTIAL_STATUS = 200, 206
LOGIN_STATUSES = frozenset({401, 403, 407})
PERMANENT_REDIRECTS = frozenset({301, 308})
MAX_REDIRECTS = 5
MAX_FEED_AGE_S = 900
OPEN_ORIGINS = frozenset({"*", PLAYER_ORIGIN})
"""Some stores answer with the origin of the request instead of *."""
MIN_GZIP_BYTES = 20_000
"""Smaller feeds need no compression."""
FEED_TYPES = frozenset({"application/rss+xml", "application/xml", "text/xml"})
EQUIVALENT_TYPES = (
    {"audio/mp4", "audio/x-m4a", "audio/m4a", "audio/aac"},
    {"audio/mpeg", "audio/mp3", "audio/x-mp3"},
    {"video/mp4", "video/x-m4v", "video/m4v"},
    {"audio/ogg", "audio/opus", "application/ogg"},
)
TEXT_TYPES = {
    ".vtt": {"text/vtt"},
    ".srt": {"application/x-subrip", "application/srt"},
    ".json": {"application/json", "application/json+chapters"},
    ".html": {"text/html"},
    ".txt": {"text/plain"},
}
"""Media types of transcripts and chapters by file extension."""


def _successful_response(probe: Probe) -> Response | None:
    """The first successful response, to GET or else HEAD; None if there is none."""
    for response in (probe.get, probe.range_get, probe.head):
        if response is not None and response.status in {OK_STATUS, PARTIAL_STATUS}:
            return response
    return None


def _content_type(response: Response) -> str:
    """The Content-Type without its parameters, in lower case."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _quoted_type(response: Response) -> str:
    """The Content-Type as messages show it."""
    mime = _content_type(response)
    return repr(mime) if mime else "no Content-Type"


@rule(
    "http.reach",
    Severity.ERROR,
    subject=Probe,
    sources="AP823 HOUSE",
    why="No listener can load a file that does not answer.",
    fix="open the URL in a private browser window; publish again if the file is missing",
)
def check_http_reachable(probe: Probe) -> Iterator[Finding]:
    """Everything that the feed refers to answers with status 200."""
    response = probe.get or probe.range_get or probe.head
    if response is None or _successful_response(probe) or response.status in LOGIN_STATUSES:
        return
    if "certificate" not in response.error.lower():
        yield Finding(f"the {probe.kind} {response.error or f'answers {response.status}'}: {probe.url[:200]}")


@rule(
    "http.https",
    Severity.ERROR,
    subject=Probe,
    platforms="apple",
    sources="AP823",
    why="Apps cannot log in, reject untrusted certificates, and phones do not load plain http.",
    fix="serve it over https with a valid certificate, without a login",
)
def check_http_tls(probe: Probe) -> Iterator[Finding]:
    """Feed, artwork and media are served over https with a valid certificate, without a login."""
    response = probe.get or probe.range_get or probe.head
    if response is None:
        return
    if response.status in LOGIN_STATUSES:
        yield Finding(f"the {probe.kind} requires a login ({response.status}): {probe.url[:200]}")
    elif "certificate" in response.error.lower():
        yield Finding(f"the certificate for the {probe.kind} is not valid: {response.error[:200]}")
    elif probe.url.lower().startswith("http://") and probe.kind != "media" and not is_loopback_url(probe.url):
        text = f"the {probe.kind} is not served over https: {probe.url[:200]}"
        yield Finding(text, severity=Severity.WARNING)


@rule(
    "http.head",
    Severity.ERROR,
    subject=Probe,
    platforms="apple",
    sources="AP823 PSP2",
    why="Apple sends a HEAD request first, and gives up if the status is not 200.",
    fix="let the host answer HEAD in the same way as GET",
)
def check_http_head(probe: Probe) -> Iterator[Finding]:
    """HEAD answers 200, with the same type and length as GET."""
    if probe.head is None or (response := _successful_response(probe)) is None:
        return
    if probe.head.status != OK_STATUS:
        yield Finding(f"HEAD of the {probe.kind} answers {probe.head.status or probe.head.error}: {probe.url[:200]}")
        return
    if response.status == OK_STATUS:
        for name in ("content-type", "content-length"):
            head_value, get_value = probe.head.headers.get(name, ""), response.headers.get(name, "")
            if head_value and get_value and head_value != get_value and not response.headers.get("content-encoding"):
                yield Finding(f"{name} of the {probe.kind} is {head_value!r} in HEAD, but {get_value!r} in GET")


@rule(
    "http.range",
    Severity.ERROR,
    subject=Probe,
    platforms="apple",
    sources="AP823 PSP2",
    why="Without range requests, listeners cannot seek or resume, and Apple rejects the show.",
    fix="serve the audio from a host that supports range requests",
)
def check_http_range(probe: Probe) -> Iterator[Finding]:
    """Media answer a range request with 206, and with the total size that the feed gives."""
    response = probe.range_get
    if probe.kind != "media" or response is None or response.status in LOGIN_STATUSES or not response.status:
        return
    if response.status == OK_STATUS:
        yield Finding(f"the audio answers a range request with 200, not 206: {probe.url[:200]}")
    elif response.status == PARTIAL_STATUS:
        content_range = response.headers.get("content-range", "missing")
        total = parse_count(content_range.rpartition("/")[2])
        if total is None:
            yield Finding(f"the Content-Range of the audio is {content_range[:60]!r}")
        elif probe.bytes and total != probe.bytes:
            yield Finding(f"the audio has {total:,} bytes, but the feed says {probe.bytes:,}: {probe.url[:200]}")


@rule(
    "http.type.feed",
    Severity.WARNING,
    subject=Probe,
    platforms="psp1",
    sources="PSP2",
    why="Some apps accept a feed only with the right media type.",
    fix="serve it as application/rss+xml; charset=utf-8",
)
def check_http_feed_type(probe: Probe) -> Iterator[Finding]:
    """The feed's Content-Type is application/rss+xml, or another XML type."""
    response = _successful_response(probe)
    if probe.kind != "feed" or response is None or _content_type(response) in FEED_TYPES:
        return
    misleading = _content_type(response) in {"text/html", "application/octet-stream", ""}
    severity = Severity.ERROR if misleading else Severity.WARNING
    yield Finding(f"the feed is served as {_quoted_type(response)}", severity=severity)


@rule(
    "http.type.media",
    Severity.ERROR,
    subject=Probe,
    platforms="apple",
    sources="PSP2",
    why="Players decide by the type whether and how to play a file.",
    fix="configure the host to keep the type with which the file was published",
)
def check_http_media_type(probe: Probe) -> Iterator[Finding]:
    """Media are served with the type that the feed gives."""
    response = _successful_response(probe)
    if probe.kind != "media" or response is None or not probe.mime:
        return
    types = {_content_type(response), probe.mime.lower()}
    if len(types) > 1 and not any(types <= group for group in EQUIVALENT_TYPES):
        yield Finding(
            f"the audio is served as {_quoted_type(response)}, but the feed says {probe.mime!r}: {probe.url[:200]}"
        )


@rule(
    "http.type.art",
    Severity.ERROR,
    subject=Probe,
    platforms="spotify",
    sources="SPM",
    why="Spotify reports “Invalid content type for artwork”.",
    fix="serve it as image/jpeg or image/png, according to its format",
)
def check_http_artwork_type(probe: Probe) -> Iterator[Finding]:
    """Artwork is served as image/jpeg or image/png."""
    response = _successful_response(probe)
    if probe.kind != "artwork" or response is None or _content_type(response) in {"image/jpeg", "image/png"}:
        return
    yield Finding(f"the artwork is served as {_quoted_type(response)}: {probe.url[:200]}")


@rule(
    "http.type.side",
    Severity.WARNING,
    subject=Probe,
    platforms="podcastindex",
    sources="PN PSP2",
    why="Apps read transcripts and chapters according to their type.",
    fix="serve .vtt as text/vtt, .srt as application/x-subrip, chapters as application/json+chapters",
)
def check_http_text_type(probe: Probe) -> Iterator[Finding]:
    """Transcripts and chapters are served with the types of their formats."""
    response = _successful_response(probe)
    if probe.kind not in {"transcript", "chapters"} or response is None:
        return
    suffix = re.search(r"\.[a-z]+$", urlsplit(probe.url).path.lower())
    matching = TEXT_TYPES.get(suffix[0], set()) if suffix else set()
    if matching and _content_type(response) not in matching | {probe.mime}:
        yield Finding(f"the {probe.kind} is served as {_quoted_type(response)}: {probe.url[:200]}")


@rule(
    "http.cache",
    Severity.WARNING,
    subject=Probe,
    platforms="apple",
    sources="AP4115 PSP2",
    why="Without validators, every app downloads everything each time; with a long cache time, new episodes are late.",
    fix="send ETag or Last-Modified, answer them with 304, and set max-age of the feed to at most 900 seconds",
)
def check_http_validators(probe: Probe) -> Iterator[Finding]:
    """Responses have a validator that works, and a feed is cached for at most 15 minutes."""
    response = _successful_response(probe)
    if response is None:
        return
    if not {"etag", "last-modified"} & response.headers.keys():
        yield Finding(f"the {probe.kind} has neither ETag nor Last-Modified: {probe.url[:200]}")
    elif probe.conditional_get is not None and probe.conditional_get.status == OK_STATUS:
        yield Finding(f"the {probe.kind} does not answer 304 to its own ETag or date: {probe.url[:200]}")
    max_age = re.search(r"max-age=(\d{1,12})", response.headers.get("cache-control", ""))
    if probe.kind == "feed" and max_age and int(max_age[1]) > MAX_FEED_AGE_S:
        yield Finding(f"the feed may be cached for {int(max_age[1]):,} seconds")


@rule(
    "http.gzip",
    Severity.HINT,
    subject=Probe,
    sources="PSP2",
    why="Compression reduces a feed to a tenth of its size.",
    fix="let the host or CDN compress it for clients that request it",
)
def check_http_gzip(probe: Probe) -> Iterator[Finding]:
    """A feed is compressed for clients that request it."""
    response = probe.gzip_get
    if probe.kind != "feed" or response is None or response.status != OK_STATUS:
        return
    if probe.get and probe.get.size < MIN_GZIP_BYTES:
        return
    if response.headers.get("content-encoding", "").lower() not in {"gzip", "br", "zstd", "deflate"}:
        yield Finding("the feed is not compressed, although the request allows it")


@rule(
    "http.cors",
    Severity.WARNING,
    subject=Probe,
    platforms="podcastindex",
    sources="PN PSP2",
    why="Browsers do not let web players read files that do not allow it.",
    fix="send Access-Control-Allow-Origin: *",
)
def check_http_cors(probe: Probe) -> Iterator[Finding]:
    """Access-Control-Allow-Origin allows every origin, so web players can read the file."""
    response = _successful_response(probe)
    if response is not None and response.headers.get("access-control-allow-origin", "").strip() not in OPEN_ORIGINS:
        # scripts load transcripts and chapters; a player needs no permission for audio and images
        is_required = probe.kind in {"transcript", "chapters"}
        text = f"web players cannot read the {probe.kind}: {probe.url[:200]}"
        yield Finding(text, severity=Severity.WARNING if is_required else Severity.HINT)


@rule(
    "http.redirect",
    Severity.WARNING,
    subject=Probe,
    platforms="apple",
    sources="AP823",
    why="Each redirect can fail, and shows with long chains have been removed from directories.",
    fix="use fewer tracking prefixes, each over https",
)
def check_http_redirects(probe: Probe) -> Iterator[Finding]:
    """There are at most five redirects, and all of them stay on https."""
    response = probe.range_get or probe.get or probe.head
    if response is None or not response.status:
        return
    redirects = response.redirects
    insecure = [url for _, url in redirects if url.lower().startswith("http://") and not is_loopback_url(url)]
    if len(redirects) > MAX_REDIRECTS:
        yield Finding(f"the {probe.kind} is redirected {len(redirects)} times: {probe.url[:200]}")
    elif insecure and probe.url.lower().startswith("https://"):
        yield Finding(f"the {probe.kind} is redirected to plain http: {insecure[0][:200]}")


@rule(
    "http.move",
    Severity.WARNING,
    subject=Probe,
    platforms="apple",
    sources="APRSS",
    why="After a temporary redirect, apps keep requesting the old URL.",
    fix="answer 301, and give the new URL in itunes:new-feed-url of both feeds for four weeks, with the same guids",
)
def check_http_move(probe: Probe) -> Iterator[Finding]:
    """A feed that has moved is redirected permanently, with 301."""
    response = probe.get
    if probe.kind != "feed" or response is None or not response.redirects or _successful_response(probe) is None:
        return
    status, url = response.redirects[0]
    only_scheme_changed = url.partition("://")[2] == probe.url.partition("://")[2]
    if status not in PERMANENT_REDIRECTS and not only_scheme_changed:
        yield Finding(f"the feed is redirected temporarily ({status}) to {url[:200]}")
