"""A feed's bytes, read for being looked at; and a feed at its address, with all its pages."""

from __future__ import annotations

import codecs
from dataclasses import replace
from urllib.parse import urljoin

from podcast_kit import feed
from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem
from podcast_kit.feed.reader import MAX_BYTES
from podcast_kit.io.http_client import Web
from podcast_kit.model import FeedDocument, Response

GZIP = b"\x1f\x8b"
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MOST_PAGES = 50
OK, ABSENT = 200, {403, 404, 410}


def parsed(data: bytes, path: str) -> FeedDocument:
    """The feed; where it is UTF-16 and does not say so, its encoding is what it is. Raises InvalidInput."""
    if data.startswith(GZIP):
        hint = "send what was asked for: Accept-Encoding says identity"
        raise InvalidInput(
            [Problem(SourceLocation(path), "the feed comes compressed, though nobody asked for it", hint, "xml.utf8")]
        )
    read = feed.parse(data, path)
    return replace(read, encoding="utf-16") if data.startswith(WIDE) and not read.encoding else read


def published(url: str, hint: str = "look at the address") -> FeedDocument | None:
    """The feed as it is out now, with the episodes of its archives; None where there is none yet.

    Raises Failed with `hint` when the address gives something else than a feed, or nothing at all.
    """
    with Web() as web:
        got, data = web.ask(url, bound=MAX_BYTES + 1)
        if got.status in ABSENT:
            return None
        if got.status != OK:
            said = got.error or f"answers {got.status}"
            raise OperationError(f"{_way(url, got)} {said}", hint)
        try:
            read = parsed(data, url)
        except InvalidInput as error:
            raise OperationError(f"{_way(url, got)} is no feed: {error._problems[0].text}", hint) from None
        older = tuple(item for page in onward(web, read)[1:] for item in page.items)
    if not older or read.channel is None:
        return read
    channel = replace(read.channel, children=(*read.channel.children, *older))
    return replace(read, root=replace(read.root, children=(channel,)))


def _way(url: str, got: Response) -> str:
    """The address, and where it led."""
    return f"{url}, redirected to {got.url}," if got.url != url else url


def onward(web: Web, first: FeedDocument) -> tuple[FeedDocument, ...]:
    """The feed and its archives or further pages, as its links lead; what cannot be read ends the way."""
    pages, seen = [first], {first.path}
    while len(pages) < MOST_PAGES and (link := _next(pages[-1])) and link not in seen:
        seen.add(link)
        got, data = web.ask(link, bound=MAX_BYTES + 1)
        try:
            pages.append(parsed(data, link))
        except InvalidInput:
            break
        if got.status != OK:
            pages.pop()
            break
    return tuple(pages)


def _next(page: FeedDocument) -> str:
    channel = page.channel
    for rel in ("next", "prev-archive"):
        for link in channel.children_named("atom:link") if channel else ():
            if link.attributes.get("rel") == rel and link.attributes.get("href"):
                return urljoin(page.path, link.attributes["href"])
    return ""
