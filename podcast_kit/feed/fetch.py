"""Parses a feed's bytes, and fetches a published feed with all its pages."""

from __future__ import annotations

import codecs
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.feed.reader import MAX_FEED_BYTES, parse_feed
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import FeedDocument, Response

GZIP_MAGIC = b"\x1f\x8b"
UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_PAGES = 50
HTTP_OK, HTTP_ABSENT = 200, {403, 404, 410}


def parse_feed_bytes(data: bytes, path: str) -> FeedDocument:
    """The feed, with UTF-16 as its encoding where it is UTF-16 and does not declare it. Raises InvalidInput."""
    if data.startswith(GZIP_MAGIC):
        text = "the feed is compressed although the request did not allow it"
        fix = "send it uncompressed where Accept-Encoding is identity"
        raise InvalidInput([Problem(SourceLocation(path), text, fix, "xml.utf8")])
    document = parse_feed(data, path)
    return replace(document, encoding="utf-16") if data.startswith(UTF16_BOMS) and not document.encoding else document


def fetch_published_feed(
    url: str, fix: str = "check the URL", *, network: NetworkPolicy | None = None
) -> FeedDocument | None:
    """The feed as it is published now, with the items of all its pages; None if nothing is published.

    The URL is one that a person typed or that podcast.yaml sets, so it may have a private address.
    Raises OperationError with `fix` when the URL does not answer with a feed.
    """
    with HttpClient((network or NetworkPolicy()).extend(url)) as client:
        response, data = client.request(url, max_bytes=MAX_FEED_BYTES + 1)
        if response.status in HTTP_ABSENT:
            return None
        if response.status != HTTP_OK:
            error_text = response.error or f"answers {response.status}"
            raise OperationError(f"{_describe_source(url, response)} {error_text}", fix)
        try:
            document = parse_feed_bytes(data, url)
        except InvalidInput as error:
            text = f"{_describe_source(url, response)} is not a feed: {error.problems[0].text}"
            raise OperationError(text, fix) from None
        older_items = tuple(item for page in fetch_further_pages(client, document)[1:] for item in page.items)
    if not older_items or document.channel is None:
        return document
    channel = replace(document.channel, children=(*document.channel.children, *older_items))
    return replace(document, root=replace(document.root, children=(channel,)))


def _describe_source(url: str, response: Response) -> str:
    """The URL, and where it was redirected to."""
    return f"{url}, redirected to {response.url}," if response.url != url else url


def fetch_further_pages(client: HttpClient, first: FeedDocument) -> tuple[FeedDocument, ...]:
    """The feed and the pages that its pagination links lead to, until one is missing or cannot be read."""
    pages, fetched_urls = [first], {first.path}
    while len(pages) < MAX_PAGES and (url := next_page_url(pages[-1])) and url not in fetched_urls:
        fetched_urls.add(url)
        response, data = client.request(url, max_bytes=MAX_FEED_BYTES + 1)
        if response.status != HTTP_OK:
            break
        try:
            pages.append(parse_feed_bytes(data, url))
        except InvalidInput:
            break
    return tuple(pages)


def next_page_url(page: FeedDocument) -> str:
    """The URL of the next page of a paged feed, or of the archive before it; empty if there is none."""
    channel = page.channel
    for rel in ("next", "prev-archive"):
        for link in channel.children_named("atom:link") if channel else ():
            if link.attributes.get("rel") == rel and link.attributes.get("href"):
                with suppress(ValueError):  # the address of nothing, such as `//[x`
                    return urljoin(page.path, link.attributes["href"])
    return ""
