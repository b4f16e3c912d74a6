"""The same show in other forms: JSON Feed 1.1, and an OPML file to import the subscription from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from podcast_kit.feed.rss import DECLARATION, in_order
from podcast_kit.model import Image, Item, Media, Person, RemoteUrl, Show, public_url
from podcast_kit.text.dates import format_utc_iso
from podcast_kit.text.xml_clean import clean_xml_text

JSON_FEED = "https://jsonfeed.org/version/1.1"


def json_feed(show: Show, items: Sequence[Item], *, artwork: Image | None = None, key: str = "feed.json") -> bytes:
    """The show as JSON Feed 1.1 (application/feed+json), newest first; `key` is where it will lie.

    It has every episode: readers of JSON Feed do not page.
    """
    whole = {
        "version": JSON_FEED,
        "title": clean_xml_text(show.title),
        "home_page_url": show.page_url("index.html"),
        "feed_url": public_url(show.publish.url, key),
        "description": clean_xml_text(show.description),
        "icon": artwork.url if artwork else "",
        "language": show.language,
        "authors": [_author(person) for person in show.people] or [{"name": clean_xml_text(show.author)}],
        "expired": show.complete or None,
        "hubs": [{"type": "WebSub", "url": show.feed.hub}] if show.feed.hub else [],
        "items": [_item(item) for item in in_order(items)],
    }
    kept = {name: value for name, value in whole.items() if value or name == "items"}
    return (json.dumps(kept, ensure_ascii=False, indent=2) + "\n").encode()


def _attachment(media: Media, url: str) -> dict[str, Any]:
    """A file; two without titles are the same in other forms."""
    return _full(
        {
            "url": url,
            "mime_type": media.mime,
            "size_in_bytes": media.bytes,
            "duration_in_seconds": round(media.seconds) or None,
        }
    )


def _item(item: Item) -> dict[str, Any]:
    html = clean_xml_text(item.content) or clean_xml_text(item.description)
    attachments = [_attachment(item.enclosure, item.enclosure_url)]
    if item.alternate:
        attachments.append(_attachment(item.alternate, item.alternate_url))
    whole = {
        "id": clean_xml_text(item.guid),
        "url": item.url,
        "title": clean_xml_text(item.episode.title),
        "content_html": html,
        "content_text": "" if html else clean_xml_text(item.summary) or clean_xml_text(item.episode.title),
        "summary": clean_xml_text(item.summary),
        "image": item.artwork.url if item.artwork else "",
        "date_published": format_utc_iso(item.date),
        "authors": [_author(person) for person in item.people],
        "tags": [clean_xml_text(tag) for tag in item.episode.tags],
        "attachments": attachments,
    }
    return _full(whole)


def _author(person: Person) -> dict[str, str]:
    avatar = person.image.url if isinstance(person.image, RemoteUrl) else ""
    return _full({"name": clean_xml_text(person.name), "url": person.url, "avatar": avatar})


def _full(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value}


def opml(show: Show) -> bytes:
    """One subscription as OPML 2.0 (text/x-opml), which every app imports."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean_xml_text(show.title)
    outline = {
        "type": "rss",
        "text": clean_xml_text(show.title),
        "title": clean_xml_text(show.title),
        "description": clean_xml_text(show.description),
        "xmlUrl": show.feed_url,
        "htmlUrl": show.page_url("index.html"),
        "language": show.language,
    }
    etree.SubElement(etree.SubElement(root, "body"), "outline", outline)
    return DECLARATION + bytes(etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=False))
