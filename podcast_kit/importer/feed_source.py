"""Reads the feed that is imported, from a URL with all its pages or from a file, as leniently as apps do."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity, SourceLocation
from podcast_kit.feed import MAX_FEED_BYTES
from podcast_kit.feed.fetch import GZIP_MAGIC, MAX_PAGES, next_page_url
from podcast_kit.feed.repair import parse_feed_leniently
from podcast_kit.importer.atom import convert_atom
from podcast_kit.importer.recognize import recognize_bytes, recognize_document, recognize_folder
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.model import FeedDocument, Node, Response

_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_STATUS_FIXES = {
    HTTPStatus.UNAUTHORIZED: "it needs a login: download it with a browser, and pass the file",
    HTTPStatus.FORBIDDEN: "the host refuses this program: download it with a browser, and pass the file",
    HTTPStatus.NOT_FOUND: "check the URL",
    HTTPStatus.GONE: "the host deleted it; look for its new URL",
    HTTPStatus.TOO_MANY_REQUESTS: "try again later",
}


def without_password(source: str) -> str:
    """The URL or path of a feed without user name and password, which are neither sent nor shown."""
    return _USER_INFO.sub(r"\1", source)


def read_old_feed(source: str, items: StoredValues[Node] | None = None) -> FeedDocument:
    """Read the feed at a URL, with all its pages, or in a file; `faults` has what had to be repaired.

    Its items are added to `items`, to be kept there, unless it is an Atom feed.
    Raises OperationError or InvalidInput, which say what the source is if it is not a feed.
    """
    source = without_password(source)
    if "://" not in source:
        path = Path(source)
        if path.is_dir():
            what, fix = recognize_folder(path)
            raise OperationError(f"{source} {what}", fix)
        try:
            return parse_old_feed(_read_file(path), source, items)
        except OSError as error:
            raise OperationError(f"{source}: {error.strerror}", "pass the feed's URL, or a file") from None
    with HttpClient(NetworkPolicy.trust(source)) as client:
        response, data = _fetch_page(client, source)
        try:
            first = parse_old_feed(data, source, items)
        except InvalidInput as error:
            text = f"{_describe_url(source, response)} is not a feed: {error.problems[0].text}"
            raise OperationError(text, "check the URL") from None
        del data
        return _with_older_pages(client, first, items)


def _read_file(path: Path) -> bytes:
    """The bytes of a file, and of one that is too large no more than what tells that; raises OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size or MAX_FEED_BYTES  # a pipe has none
        return file.read(min(size, MAX_FEED_BYTES) + 1)


def parse_old_feed(data: bytes, path: str, items: StoredValues[Node] | None = None) -> FeedDocument:
    """Parse a feed with repairs; raises InvalidInput or OperationError if it is something else.

    Its items are added to `items`, to be kept there, unless it is an Atom feed.
    """
    faults: tuple[Problem, ...] = ()
    if data.startswith(GZIP_MAGIC):
        data = _decompress_feed(data, path)
        text, fix = "the feed is compressed, although the request did not allow it", "it is decompressed"
        faults = (Problem(SourceLocation(path), text, fix, "xml.utf8", Severity.WARNING),)
    try:
        document = parse_feed_leniently(data, path, items)
    except InvalidInput:
        if recognized := recognize_bytes(data, path):
            raise OperationError(f"{path} {recognized[0]}", recognized[1]) from None
        raise
    has_items = bool(document.items) or document.root.child("atom:entry") is not None
    recognized = recognize_document(document)
    if recognized and not (has_items and any(item.child("enclosure") for item in document.items)):
        raise OperationError(f"{path} {recognized[0]}", recognized[1])
    return convert_atom(replace(document, faults=(*faults, *document.faults)))


def _decompress_feed(data: bytes, path: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(MAX_FEED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise OperationError(f"{path} is compressed, but damaged: {error}", "download it again") from None


def _fetch_page(client: HttpClient, url: str) -> tuple[Response, bytes]:
    response, data = client.request(url, max_bytes=MAX_FEED_BYTES + 1)
    if response.status == HTTPStatus.OK:
        return response, data
    at = url if response.error else _describe_url(url, response)
    if not response.status:
        raise OperationError(f"{at} {response.error}", "check the URL")
    try:
        phrase = f" {HTTPStatus(response.status).phrase}"
    except ValueError:
        phrase = ""
    fix = _STATUS_FIXES.get(HTTPStatus(response.status), "try again later") if phrase else "try again later"
    raise OperationError(f"{at} answers {response.status}{phrase}", fix)


def _describe_url(url: str, response: Response) -> str:
    """The URL, and where it was redirected to."""
    return f"{url}, redirected to {response.url}," if response.url != url else url


def _with_older_pages(client: HttpClient, first: FeedDocument, stored: StoredValues[Node] | None) -> FeedDocument:
    """The feed with the items of its further pages; a page that cannot be read is reported."""
    items: list[Node] | StoredValues[Node] = [] if stored is None or first.stored_items is None else stored
    faults = list(first.faults)
    guids = {item.child_text("guid") for item in first.items}
    page, fetched_urls = first, {first.path}
    while (url := next_page_url(page)) and url not in fetched_urls:
        fetched_urls.add(url)
        if len(fetched_urls) > MAX_PAGES:
            text = f"the feed has more than {MAX_PAGES} pages; the older ones are not imported"
            faults.append(Problem(SourceLocation(first.path), text, "ask the host for a full feed", "import"))
            break
        try:
            page = parse_old_feed(_fetch_page(client, url)[1], url)
        except (InvalidInput, OperationError) as error:
            text = f"a further page of the feed cannot be read: {_error_text(error)}"
            faults.append(Problem(SourceLocation(first.path), text, "its episodes are missing; try again", "import"))
            break
        faults += page.faults
        new_items = [item for item in page.items if item.child_text("guid") not in guids - {""}]
        for item in new_items:
            items.append(_with_path(item, page.path))
        guids |= {item.child_text("guid") for item in page.items}
    if first.channel is None:
        return first
    children = first.channel.children if items is stored else (*first.channel.children, *items)
    root = replace(first.root, children=(replace(first.channel, children=children),))
    return replace(first, root=root, faults=tuple(faults))


def _with_path(node: Node, path: str) -> Node:
    """The node and its children, located in another file."""
    return replace(node, path=path, children=tuple(_with_path(child, path) for child in node.children))


def _error_text(error: InvalidInput | OperationError) -> str:
    return str(error.problems[0]) if error.problems else error.text
