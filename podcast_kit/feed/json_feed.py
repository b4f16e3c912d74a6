"""The show as JSON Feed 1.1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from podcast_kit.feed.elements import prefixed_url
from podcast_kit.feed.rss import RenderedItems, newest_first
from podcast_kit.model import Image, Item, Media, Person, RemoteUrl, Show, public_url
from podcast_kit.text.dates import format_utc_iso
from podcast_kit.text.indented_json import render_json
from podcast_kit.text.xml_clean import clean_xml_text

JSON_FEED_VERSION = "https://jsonfeed.org/version/1.1"
INDENT = 2
_NO_ITEMS = "[]\n}"
_SEPARATOR = b",\n    "


def stream_json_feed(
    show: Show,
    items: Sequence[Item],
    *,
    artwork: Image | None = None,
    key: str = "feed.json",
    rendered: RenderedItems | None = None,
) -> Iterator[bytes]:
    """Render the show as JSON Feed 1.1 (application/feed+json), newest first, piece by piece.

    `key` is the feed's own key.

    It has every episode, because readers of JSON Feed do not follow pages. Unchanged items are taken from those that
    were `rendered` before.
    """
    document = {
        "version": JSON_FEED_VERSION,
        "title": clean_xml_text(show.title),
        "home_page_url": show.website_url,
        "feed_url": public_url(show.publish.url, key),
        "description": clean_xml_text(show.description),
        "icon": artwork.url if artwork else "",
        "language": show.language,
        "authors": [_author_object(person) for person in show.people] or [{"name": clean_xml_text(show.author)}],
        "expired": show.complete or None,
        "hubs": [{"type": "WebSub", "url": hub} for hub in show.feed.hubs],
    }
    head = render_json({**_without_empty(document), "items": []}, INDENT).removesuffix(_NO_ITEMS)
    ordered = newest_first(items)
    if not ordered:
        yield f"{head}{_NO_ITEMS}\n".encode()
        return
    start = f"{head}[\n    ".encode()
    yield start
    place = len(start)
    # One at a time: the objects of all items take several times the memory of the feed.
    context = hashlib.sha256(repr(show).encode("utf-8", "surrogatepass")).hexdigest() if rendered else ""
    for position, item in enumerate(ordered):
        row = rendered.find(item, context) if rendered else None
        if row is None:
            row = render_json(_item_object(show, item), INDENT, "\n    ").encode()
        if position:
            yield _SEPARATOR
            place += len(_SEPARATOR)
        if rendered:
            rendered.add_place(item, context, place, len(row))
        yield row
        place += len(row)
    yield b"\n  ]\n}\n"


def _attachment_object(media: Media, url: str) -> dict[str, Any]:
    """An audio file. Attachments without titles are the same audio in different formats."""
    return _without_empty(
        {
            "url": url,
            "mime_type": media.mime,
            "size_in_bytes": media.bytes,
            "duration_in_seconds": round(media.seconds) or None,
        }
    )


def _item_object(show: Show, item: Item) -> dict[str, Any]:
    html = clean_xml_text(item.content) or clean_xml_text(item.description)
    attachments = [_attachment_object(item.enclosure, prefixed_url(show, item.enclosure_url))]
    if item.alternate:
        attachments.append(_attachment_object(item.alternate, prefixed_url(show, item.alternate_url)))
    return _without_empty(
        {
            "id": clean_xml_text(item.guid),
            "url": item.url,
            "title": clean_xml_text(item.episode.title),
            "content_html": html,
            "content_text": "" if html else clean_xml_text(item.summary) or clean_xml_text(item.episode.title),
            "summary": clean_xml_text(item.summary),
            "image": item.artwork.url if item.artwork else "",
            "date_published": format_utc_iso(item.date),
            "authors": [_author_object(person) for person in item.people],
            "tags": [clean_xml_text(tag) for tag in item.episode.tags],
            "attachments": attachments,
        }
    )


def _author_object(person: Person) -> dict[str, str]:
    avatar = person.image.url if isinstance(person.image, RemoteUrl) else ""
    return _without_empty({"name": clean_xml_text(person.name), "url": person.url, "avatar": avatar})


def _without_empty(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value}
