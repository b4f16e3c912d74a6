"""Checks the files on other hosts that a feed names: recordings, transcripts, chapters, pictures, other formats."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING

from podcast_kit.feed import parse_feed
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Node, Outcome, Response
from podcast_kit.model.urls import remove_prefix

if TYPE_CHECKING:
    from podcast_kit.builder import Build

MAX_LINK_CHECKS = 16
"""Requests at a time: the hosts are other people's."""
FILE_ATTRIBUTES = {
    "enclosure": "url",
    "itunes:image": "href",
    "podcast:transcript": "url",
    "podcast:chapters": "url",
    "podcast:source": "uri",
    "podcast:trailer": "url",
    "podcast:image": "href",
    "podcast:person": "img",
    "psc:chapter": "image",
}
"""The attribute of each element that names a file, not a page."""
_MEDIA = {"enclosure", "podcast:source", "podcast:trailer"}
_NO_HEAD = {HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
_LINK_FIX = "correct the URL, or put the file into the show's folder"
_RANGE_FIX = "listeners cannot skip or resume; move the recording to a host that supports range requests"


def verify_links(build: Build) -> Iterator[Outcome]:
    """Check that every file on another host that the feed names answers, in the order of the feed.

    Media must support range requests, too. Live broadcasts are not requested.
    """
    links = list_links(build)
    recordings = [url for url, tag in links.items() if tag == "enclosure"]  # `audio:` may have a private address
    with HttpClient(NetworkPolicy.trust(*recordings)) as client, ThreadPoolExecutor(MAX_LINK_CHECKS) as pool:
        try:
            yield from pool.map(lambda link: _check_link(client, *link), links.items())
        finally:
            pool.shutdown(cancel_futures=True)


def list_links(build: Build) -> dict[str, str]:
    """The element that names each file of the feed that is not part of the build, by URL."""
    show = build.project.show
    base_url, prefix = show.publish.url, show.feed.prefix.replace("{guid}", show.guid)
    links: dict[str, str] = {}
    for key, output in build.outputs.items():
        if output.content_type.startswith("application/rss+xml") and output.path:
            for url, tag in _named_files(parse_feed(output.path.read_bytes(), key).root):
                place = remove_prefix(prefix, url)  # a request through it would count as a download
                if not place.startswith(base_url):
                    links.setdefault(place, tag)
    return links


def _named_files(node: Node) -> Iterator[tuple[str, str]]:
    for child in node.children:
        url = child.attributes.get(FILE_ATTRIBUTES.get(child.key, ""), "").strip()
        if url.lower().startswith(("http://", "https://")):
            yield url, child.key
        if child.key != "podcast:liveItem":
            yield from _named_files(child)


def _check_link(client: HttpClient, url: str, tag: str) -> Outcome:
    response, _ = client.request(url, method="HEAD")
    if response.status in _NO_HEAD:
        response, _ = client.request(url, headers={"Range": "bytes=0-1"}, max_bytes=2)
    if response.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return _failed_link(url, response, f"<{tag}> {url}: {_describe_response(response)}", _LINK_FIX)
    if tag in _MEDIA:
        part, _ = client.request(url, headers={"Range": "bytes=0-1"}, max_bytes=2)
        if part.status != HTTPStatus.PARTIAL_CONTENT:
            text = f"<{tag}> {url}: Range: bytes=0-1 is answered by {_describe_response(part)}, must be 206"
            return _failed_link(url, part, text, _RANGE_FIX)
    return Outcome(key=url, action="answered")


def _describe_response(response: Response) -> str:
    return str(response.status) if response.status else response.error


def _failed_link(url: str, response: Response, error: str, fix: str) -> Outcome:
    if response.unreachable_host:
        error = f"{response.unreachable_host} {response.error}"
    return Outcome(key=url, action="asked", error=error, fix=fix, unreachable_host=response.unreachable_host)
