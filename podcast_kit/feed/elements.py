"""The elements of a show and an episode beyond the core of RSS, namespace by namespace."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from podcast_kit.model import Chapter, Element, Episode, Image, Item, Media, Person, RemoteUrl, Show
from podcast_kit.model.urls import add_prefix
from podcast_kit.namespaces import TAGS
from podcast_kit.text.dates import format_rfc2822
from podcast_kit.text.timecode import format_timecode

EMAIL_PATTERN = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>().]+")
CHAPTERS_MIME = "application/json+chapters"
ALTERNATE_FORMATS = {"opus": ("Opus", "opus"), "m4a": ("AAC", "mp4a.40.2")}
"""Title and codec (RFC 6381) of an alternate enclosure, by file extension."""
REPEATABLE_TAGS = {name for name, tag in TAGS.items() if tag.is_repeatable}
"""An element that the podcaster wrote is added to ours if its tag may be repeated, else it replaces ours."""


@lru_cache(maxsize=4096)
def _shared_element(name: str, text: str) -> Element:
    """A text element that many episodes share."""
    return Element(name, text)


def channel_elements(show: Show, artwork: Image | None, newest: datetime | None) -> tuple[Element, ...]:
    """The elements of the channel in document order; `newest` is the date of the newest item."""
    return _override_elements(
        (*_channel_core(show, newest), *_channel_itunes(show, artwork), *_channel_podcast(show)), show.elements
    )


def prefixed_url(show: Show, url: str) -> str:
    """A recording's URL as the feed has it: behind `feed.prefix`, if that is set."""
    return add_prefix(show.feed.prefix.replace("{guid}", show.guid), url)


def item_elements(show: Show, item: Item) -> tuple[Element, ...]:
    """The elements of an item in document order."""
    own = [*_item_core(item), *_item_itunes(show, item), *_item_podcast(show, item)]
    if item.chapters:
        own += _psc_elements(item.chapters)
    return _override_elements(own, [_with_number(element, item.episode) for element in item.elements])


def _with_number(element: Element, episode: Episode) -> Element:
    """Add the number to a season or episode element that only has a name, such as from `season_name: Spring`."""
    number = {"podcast:season": episode.season, "podcast:episode": episode.number}.get(element.name)
    return element if element.text or number is None else replace(element, text=str(number))


def _override_elements(own: Sequence[Element], custom: Sequence[Element]) -> tuple[Element, ...]:
    if not custom:
        return tuple(own)
    replaced = {element.name for element in custom} - REPEATABLE_TAGS
    return (*(element for element in own if element.name not in replaced), *custom)


def _channel_core(show: Show, newest: datetime | None) -> Iterator[Element]:
    if newest is not None:
        yield Element("lastBuildDate", format_rfc2822(newest))
    if EMAIL_PATTERN.fullmatch(show.owner_email):
        name = re.sub(r"[()\s]+", " ", show.owner_name or show.author).strip()
        yield Element("managingEditor", f"{show.owner_email} ({name})" if name else show.owner_email)
    for hub in show.feed.hubs:
        yield Element("atom:link", attributes=(("href", hub), ("rel", "hub")))


def _channel_itunes(show: Show, artwork: Image | None) -> Iterator[Element]:
    yield Element("itunes:author", show.author)
    if show.owner_email:
        name = Element("itunes:name", show.owner_name or show.author)
        yield Element("itunes:owner", children=(name, Element("itunes:email", show.owner_email)))
    if artwork:
        yield Element("itunes:image", attributes=(("href", artwork.url),))
    for category in show.categories:
        sub = (Element("itunes:category", attributes=(("text", category.sub),)),) if category.sub else ()
        yield Element("itunes:category", attributes=(("text", category.name),), children=sub)
    yield Element("itunes:explicit", _true_or_false(show.explicit))
    yield Element("itunes:type", show.type.value)
    if show.complete:  # Apple ignores every value but "Yes"
        yield Element("itunes:complete", "Yes")
    if show.block:
        yield Element("itunes:block", "Yes")


def _channel_podcast(show: Show) -> Iterator[Element]:
    if show.guid:
        yield Element("podcast:guid", show.guid)
    if show.locked is not None:
        owner = (("owner", show.owner_email),) if show.owner_email else ()
        yield Element("podcast:locked", "yes" if show.locked else "no", owner)
    if show.block:  # Apple reads only its own tag
        yield Element("podcast:block", "yes")
    yield from map(_person_element, show.people)


def _item_core(item: Item) -> Iterator[Element]:
    yield Element("pubDate", format_rfc2822(item.date))
    for tag in item.episode.tags:
        yield Element("category", tag)


def _item_itunes(show: Show, item: Item) -> Iterator[Element]:
    episode = item.episode
    yield Element("itunes:title", episode.title)
    yield _shared_element("itunes:author", show.author)
    if item.enclosure.seconds > 0:
        yield Element("itunes:duration", str(max(1, round(item.enclosure.seconds))))
    yield _shared_element("itunes:explicit", _true_or_false(show.explicit if item.explicit is None else item.explicit))
    yield _shared_element("itunes:episodeType", episode.type)
    if episode.season is not None:
        yield _shared_element("itunes:season", str(episode.season))
    if episode.number is not None:
        yield _shared_element("itunes:episode", str(episode.number))
    if item.artwork:
        yield Element("itunes:image", attributes=(("href", item.artwork.url),))


def _item_podcast(show: Show, item: Item) -> Iterator[Element]:
    episode = item.episode
    if episode.season is not None:
        yield _shared_element("podcast:season", str(episode.season))
    if episode.number is not None:
        yield _shared_element("podcast:episode", str(episode.number))
    yield from map(_person_element, item.people)
    for transcript in item.transcripts:
        language = (("language", transcript.language),) if transcript.language else ()
        yield Element("podcast:transcript", attributes=(("url", transcript.url), ("type", transcript.mime), *language))
    if item.chapters_url:
        yield Element("podcast:chapters", attributes=(("url", item.chapters_url), ("type", CHAPTERS_MIME)))
    if item.alternate:
        yield _alternate_enclosure_element(item.alternate, prefixed_url(show, item.alternate_url))


def _alternate_enclosure_element(media: Media, url: str) -> Element:
    """The same episode in another format, with the file's digest as Subresource Integrity."""
    name, codecs = ALTERNATE_FORMATS[media.key.rpartition(".")[2]]
    attributes = [("type", media.mime), ("length", str(media.bytes))]
    attributes += [("bitrate", str(media.bit_rate))] if media.bit_rate else []
    value = f"sha256-{base64.b64encode(bytes.fromhex(media.sha256)).decode()}"
    return Element(
        "podcast:alternateEnclosure",
        attributes=(*attributes, ("title", name), ("codecs", codecs)),
        children=(
            Element("podcast:source", attributes=(("uri", url), ("contentType", media.mime))),
            Element("podcast:integrity", attributes=(("type", "sri"), ("value", value))),
        ),
    )


def _person_element(person: Person) -> Element:
    attributes = [("role", person.role.lower()), ("group", person.group.lower())]
    if isinstance(person.image, RemoteUrl):
        attributes.append(("img", person.image.url))
    if person.url:
        attributes.append(("href", person.url))
    return Element("podcast:person", person.name, tuple((name, value) for name, value in attributes if value))


def _psc_elements(chapters: Sequence[Chapter]) -> Iterator[Element]:
    """Podlove Simple Chapters 1.2, without the chapters that only change the image."""
    listed = tuple(_psc_chapter_element(chapter) for chapter in chapters if chapter.toc and chapter.title)
    if listed:
        yield Element("psc:chapters", attributes=(("version", "1.2"),), children=listed)


def _psc_chapter_element(chapter: Chapter) -> Element:
    attributes = [("start", format_timecode(chapter.start_ms)), ("title", chapter.title)]
    if chapter.url:
        attributes.append(("href", chapter.url))
    if isinstance(chapter.image, RemoteUrl):
        attributes.append(("image", chapter.image.url))
    return Element("psc:chapter", attributes=tuple(attributes))


def _true_or_false(value: bool) -> str:
    return "true" if value else "false"
