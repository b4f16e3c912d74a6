"""Checks any feed at its public URL and its files, sending the requests of directories and players."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from podcast_kit import images
from podcast_kit.check.context import CheckContext
from podcast_kit.check.rules.artwork import ArtworkFile
from podcast_kit.check.rules.chapters import ChaptersFile
from podcast_kit.check.rules.links import FeedPages
from podcast_kit.check.rules.transcripts import TranscriptFile
from podcast_kit.check.runner import check_document, check_objects
from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.feed.fetch import HTTP_OK, fetch_further_pages, parse_feed_bytes
from podcast_kit.feed.reader import MAX_FEED_BYTES
from podcast_kit.io.decoder_process import limit_decoders
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import FeedDocument, Node, Probe, Progress, Response
from podcast_kit.model.urls import PLAYER_ORIGIN
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

REQUEST_THREADS = 8
MAX_ARTWORK_BYTES, MAX_TEXT_BYTES = 20_000_000, 5_000_000
"""Bytes of an image, and of a transcript or chapters file, that are downloaded."""
FILE_ELEMENTS = (
    ("enclosure", "media", 1),
    ("podcast:transcript", "transcript", 5),
    ("podcast:chapters", "chapters", 1),
)
"""Elements of an item that refer to a file, the kind of file, and how many of them are requested."""
MAX_ALTERNATES, MAX_ALTERNATE_SOURCES = 5, 2
"""Alternate enclosures of an item, and sources of each, that are requested."""
DEFAULT_NEWEST = 5
"""Episodes whose files are requested by default."""
WEB_PLAYER_HEADERS = {"Origin": PLAYER_ORIGIN}
"""What the browser of a web player sends: without it, most stores leave out their CORS headers."""


def check_feed_url(
    url: str,
    *,
    now: datetime,
    platform: str = "",
    newest: int = DEFAULT_NEWEST,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> tuple[Problem, ...]:
    """Every problem of the feed at a URL and of the files of its newest episodes, including servers' answers.

    The URL may have a private address; files that the feed names may not, unless they are at the same IP address or
    local name.
    """
    on_progress(Progress("ask", url))
    with (
        HttpClient(NetworkPolicy.trust(url)) as client,
        limit_decoders(),
        ThreadPoolExecutor(REQUEST_THREADS) as pool,
    ):
        response, data = client.request(url, headers=WEB_PLAYER_HEADERS, max_bytes=MAX_FEED_BYTES + 1)
        feed_probe = _probe_feed(client, url, response)
        if response.status != HTTP_OK:
            return check_objects([feed_probe], platform=platform)
        try:
            document = parse_feed_bytes(data, url)
        except InvalidInput as error:
            return (*error.problems, *check_objects([feed_probe], platform=platform))
        files = list(_list_remote_files(document, newest))
        pages = fetch_further_pages(client, document)
        subjects: list[object] = [feed_probe, FeedPages(pages, document.location_of())]
        for number, file_subjects in enumerate(pool.map(partial(_probe_remote_file, client), files), 1):
            on_progress(Progress("ask", files[number - 1].url, number, len(files)))
            subjects += file_subjects
    context = CheckContext(feed_url=response.url, now=now, media_sizes=_media_sizes(subjects))
    return check_document(document, context, more_subjects=subjects, platform=platform)


def _media_sizes(subjects: Sequence[object]) -> dict[str, int]:
    """By URL, the bytes of media whose server reports them in HEAD only, because it does not support ranges."""
    sizes = {}
    for probe in subjects:
        if isinstance(probe, Probe) and probe.kind == "media" and probe.head and probe.head.status == HTTP_OK:
            length = parse_count(probe.head.headers.get("content-length", ""))
            if length and (probe.range_get is None or probe.range_get.status == HTTP_OK):
                sizes[probe.url] = length
    return sizes


def _probe_feed(client: HttpClient, url: str, response: Response) -> Probe:
    """The feed's answers to every kind of request; `response` is that to GET."""
    if response.status != HTTP_OK:
        return Probe(url=url, kind="feed", get=response, location=SourceLocation(url))
    validators = {
        "If-None-Match": response.headers.get("etag", ""),
        "If-Modified-Since": response.headers.get("last-modified", ""),
    }
    conditions = {name: value for name, value in validators.items() if value}
    return Probe(
        url=url,
        kind="feed",
        get=response,
        head=client.request(url, method="HEAD")[0],
        conditional_get=client.request(url, headers=conditions)[0] if conditions else None,
        gzip_get=client.request(url, headers={"Accept-Encoding": "gzip"})[0],
        location=SourceLocation(url),
    )


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that a feed refers to."""

    url: str
    kind: str
    """`artwork`, `media`, `transcript` or `chapters`."""
    location: SourceLocation
    mime: str = ""
    bytes: int = 0
    """The length that the feed gives; 0 if it gives none."""
    seconds: float = 0.0
    """The duration of its episode; 0 if unknown."""


def _list_remote_files(document: FeedDocument, newest: int) -> Iterator[RemoteFile]:
    """The show's artwork and the files of the newest episodes, each URL once."""
    channel = document.channel
    if channel is None:
        return
    files = list(_linked_files(document, channel.children_named("itunes:image")[:1], "artwork"))
    for item in channel.children_named("item")[:newest]:
        seconds = parse_duration(item.child_text("itunes:duration")) or 0.0
        for key, kind, limit in FILE_ELEMENTS:
            files += _linked_files(document, item.children_named(key)[:limit], kind, seconds)
        files += _alternate_files(document, item)
    file_by_url: dict[str, RemoteFile] = {}
    for file in files:
        file_by_url.setdefault(file.url, file)  # an alternate with the enclosure's URL is the enclosure
    yield from file_by_url.values()


def _alternate_files(document: FeedDocument, item: Node) -> Iterator[RemoteFile]:
    """The first sources of each alternate enclosure, with their own media type or that of the enclosure."""
    for alternate in item.children_named("podcast:alternateEnclosure")[:MAX_ALTERNATES]:
        length = parse_count(alternate.attributes.get("length", "").strip()) or 0
        for source in alternate.children_named("podcast:source")[:MAX_ALTERNATE_SOURCES]:
            url = source.attributes.get("uri", "").strip()
            mime = source.attributes.get("contentType", "") or alternate.attributes.get("type", "")
            if url.startswith(("http://", "https://")):
                yield RemoteFile(url, "media", document.location_of(source), mime.strip(), length)


def _linked_files(
    document: FeedDocument, nodes: Sequence[Node], kind: str, seconds: float = 0.0
) -> Iterator[RemoteFile]:
    for node in nodes:
        url = node.attributes.get("url", node.attributes.get("href", "")).strip()
        mime = node.attributes.get("type", "").strip()
        length = parse_count(node.attributes.get("length", "").strip()) or 0
        if url.startswith(("http://", "https://")):
            yield RemoteFile(url, kind, document.location_of(node), mime, length, seconds)


def _probe_remote_file(client: HttpClient, file: RemoteFile) -> list[object]:
    """How a server answers for a file, and the file's content where rules check it."""
    probe = Probe(url=file.url, kind=file.kind, mime=file.mime, bytes=file.bytes, location=file.location)
    if file.kind == "media":
        range_response, _ = client.request(file.url, headers=WEB_PLAYER_HEADERS | {"Range": "bytes=0-1"}, max_bytes=2)
        return [replace(probe, head=client.request(file.url, method="HEAD")[0], range_get=range_response)]
    max_bytes = MAX_ARTWORK_BYTES if file.kind == "artwork" else MAX_TEXT_BYTES
    response, data = client.request(file.url, headers=WEB_PLAYER_HEADERS, max_bytes=max_bytes)
    probe = replace(probe, get=response)
    if response.status != HTTP_OK:
        return [probe]
    if file.kind == "artwork":
        return [replace(probe, head=client.request(file.url, method="HEAD")[0]), *_open_artwork(file, data)]
    text, location = data.decode("utf-8", "replace"), SourceLocation(file.url)
    if file.kind == "chapters":
        return [probe, ChaptersFile(text, location, file.seconds)]
    return [probe, TranscriptFile(text, file.mime.lower(), location, file.seconds)]


def _open_artwork(file: RemoteFile, data: bytes) -> Iterator[ArtworkFile]:
    """The artwork's facts; nothing for what is not an image, which the rules on media types report."""
    with TemporaryFolder() as folder:
        path = Path(folder, "artwork")
        path.write_bytes(data)
        try:
            yield ArtworkFile(images.probe_image(path), file.url, file.location, None, file.url)
        except InvalidInput:
            return
