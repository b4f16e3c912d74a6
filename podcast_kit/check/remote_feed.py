"""Anybody's feed at its public address, with what it names: as directories and players ask for it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from podcast_kit import images
from podcast_kit.check import rules
from podcast_kit.check.fetch_feed import OK, onward, parsed
from podcast_kit.check.rules.artwork import Artwork
from podcast_kit.check.rules.chapters import Marks
from podcast_kit.check.rules.links import Pages
from podcast_kit.check.rules.transcripts import Script
from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.feed.reader import MAX_BYTES
from podcast_kit.io.http_client import Web
from podcast_kit.model import FeedDocument, Node, Probe, Progress, Response
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

THREADS = 8
MOST_ART, MOST_TEXT = 20_000_000, 5_000_000
"""Bytes of a picture, of a transcript or a chapters file, that are fetched."""
NAMED = (("enclosure", "media", 1), ("podcast:transcript", "transcript", 5), ("podcast:chapters", "chapters", 1))
"""What an item names, what it is to us, and how many of it are asked for."""
MOST_FORMS, MOST_SOURCES = 5, 2
"""Alternate enclosures of an item, and sources of each, that are asked for."""
NEWEST = 5
"""Episodes whose files are asked for, unless told otherwise."""


def address(
    url: str, *, now: datetime, platform: str = "", newest: int = NEWEST, on: Callable[[Progress], None] = lambda _: None
) -> tuple[Problem, ...]:
    """Every fault of the feed at an address, and of the files of its newest episodes, as their servers answer."""
    on(Progress("ask", url))
    with Web() as web, ThreadPoolExecutor(THREADS) as pool:
        got, data = web.ask(url, bound=MAX_BYTES + 1)
        here = _feed_probe(web, url, got)
        if got.status != OK:
            return rules.look_at([here], platform=platform)
        try:
            read = parsed(data, url)
        except InvalidInput as error:
            return (*error.problems, *rules.look_at([here], platform=platform))
        wanted = list(_named(read, newest))
        beside: list[object] = [here, Pages(onward(web, read), read.location_of())]
        for number, found in enumerate(pool.map(partial(_asked, web), wanted), 1):
            on(Progress("ask", wanted[number - 1].url, number, len(wanted)))
            beside += found
    facts = rules.Facts(feed_url=got.url, now=now, sizes=_sizes(beside))
    return rules.run(read, facts, beside=beside, platform=platform)


def _sizes(answers: Sequence[object]) -> dict[str, int]:
    """Bytes of the media that know no ranges, and so say how long they are only in HEAD."""
    found = {}
    for probe in answers:
        if isinstance(probe, Probe) and probe.kind == "media" and probe.head and probe.head.status == OK:
            length = parse_count(probe.head.headers.get("content-length", ""))
            if length and (probe.range_get is None or probe.range_get.status == OK):
                found[probe.url] = length
    return found


def _feed_probe(web: Web, url: str, got: Response) -> Probe:
    """The feed, asked in every way."""
    if got.status != OK:
        return Probe(url=url, kind="feed", get=got, location=SourceLocation(url))
    validators = {
        "If-None-Match": got.headers.get("etag", ""),
        "If-Modified-Since": got.headers.get("last-modified", ""),
    }
    given = {name: value for name, value in validators.items() if value}
    return Probe(
        url=url,
        kind="feed",
        get=got,
        head=web.ask(url, method="HEAD")[0],
        conditional_get=web.ask(url, headers=given)[0] if given else None,
        gzip_get=web.ask(url, headers={"Accept-Encoding": "gzip"})[0],
        location=SourceLocation(url),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a feed names."""

    url: str
    kind: str
    place: SourceLocation
    mime: str = ""
    bytes: int = 0
    seconds: float = 0.0


def _named(read: FeedDocument, newest: int) -> Iterator[Wanted]:
    """The show's artwork, and the files of the newest episodes."""
    channel = read.channel
    if channel is None:
        return
    found = list(_given(read, channel.children_named("itunes:image")[:1], "artwork"))
    for item in channel.children_named("item")[:newest]:
        seconds = parse_duration(item.child_text("itunes:duration")) or 0.0
        for key, kind, most in NAMED:
            found += _given(read, item.children_named(key)[:most], kind, seconds)
        found += _alternates(read, item)
    asked: dict[str, Wanted] = {}
    for wanted in found:
        asked.setdefault(wanted.url, wanted)  # an alternate at the enclosure's address is the enclosure
    yield from asked.values()


def _alternates(read: FeedDocument, item: Node) -> Iterator[Wanted]:
    """Other forms of the recording: the first places that each lies at, under its own type or that of its form."""
    for form in item.children_named("podcast:alternateEnclosure")[:MOST_FORMS]:
        length = parse_count(form.attributes.get("length", "").strip()) or 0
        for source in form.children_named("podcast:source")[:MOST_SOURCES]:
            url = source.attributes.get("uri", "").strip()
            mime = source.attributes.get("contentType", "") or form.attributes.get("type", "")
            if url.startswith(("http://", "https://")):
                yield Wanted(url, "media", read.location_of(source), mime.strip(), length)


def _given(read: FeedDocument, nodes: Sequence[Node], kind: str, seconds: float = 0.0) -> Iterator[Wanted]:
    for node in nodes:
        url = node.attributes.get("url", node.attributes.get("href", "")).strip()
        length = parse_count(node.attributes.get("length", "").strip()) or 0
        if url.startswith(("http://", "https://")):
            yield Wanted(url, kind, read.location_of(node), node.attributes.get("type", "").strip(), length, seconds)


def _asked(web: Web, wanted: Wanted) -> list[object]:
    """What an address answers, and what is in it where that can be looked at."""
    probe = Probe(url=wanted.url, kind=wanted.kind, mime=wanted.mime, bytes=wanted.bytes, location=wanted.place)
    if wanted.kind == "media":
        part, _ = web.ask(wanted.url, headers={"Range": "bytes=0-1"}, bound=2)
        return [replace(probe, head=web.ask(wanted.url, method="HEAD")[0], range_get=part)]
    bound = MOST_ART if wanted.kind == "artwork" else MOST_TEXT
    got, data = web.ask(wanted.url, bound=bound)
    probe = replace(probe, get=got)
    if got.status != OK:
        return [probe]
    if wanted.kind == "artwork":
        return [replace(probe, head=web.ask(wanted.url, method="HEAD")[0]), *_picture(wanted, data)]
    text, place = data.decode("utf-8", "replace"), SourceLocation(wanted.url)
    if wanted.kind == "chapters":
        return [probe, Marks(text, place, wanted.seconds)]
    return [probe, Script(text, wanted.mime.lower(), place, wanted.seconds)]


def _picture(wanted: Wanted, data: bytes) -> Iterator[Artwork]:
    """The artwork by its pixels; what is no picture at all is for the answer's type to say."""
    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as folder:
        path = Path(folder, "artwork")
        path.write_bytes(data)
        try:
            yield Artwork(images.probe(path), wanted.url, wanted.place, None, wanted.url)
        except InvalidInput:
            return
