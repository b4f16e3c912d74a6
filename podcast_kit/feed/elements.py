"""What a show and an episode say beyond the core of RSS, as elements, namespace by namespace."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from podcast_kit.model import Chapter, Element, Episode, Image, Item, Media, Person, RemoteUrl, Show
from podcast_kit.namespaces import TAGS
from podcast_kit.text.dates import format_rfc2822
from podcast_kit.text.timecode import format_timecode

MAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>().]+")
CHAPTERS_TYPE = "application/json+chapters"
FORMATS = {"opus": ("Opus", "opus"), "m4a": ("AAC", "mp4a.40.2")}
"""What an alternate is called, and its codec (RFC 6381), by how its name ends."""
MANY = {name for name, tag in TAGS.items() if tag.many}
"""What a podcaster's own elements add to; of everything else theirs stands instead of ours."""


@lru_cache(maxsize=4096)
def _word(name: str, text: str) -> Element:
    """An element that many episodes have alike."""
    return Element(name, text)


def of_show(show: Show, artwork: Image | None, newest: datetime | None) -> tuple[Element, ...]:
    """The elements of the channel, in the order in which they are written."""
    return _merged((*_show_core(show, newest), *_show_itunes(show, artwork), *_show_podcast(show)), show.elements)


def of_item(show: Show, item: Item) -> tuple[Element, ...]:
    """The elements of an item, in the order in which they are written."""
    own = [*_item_core(item), *_item_itunes(show, item), *_item_podcast(item)]
    if item.chapters:
        own += _psc(item.chapters)
    return _merged(own, [_filled(element, item.episode) for element in item.elements])


def _filled(element: Element, episode: Episode) -> Element:
    """`season_name: Spring` names the season that the episode is in; its number stands there already."""
    number = {"podcast:season": episode.season, "podcast:episode": episode.number}.get(element.name)
    return element if element.text or number is None else replace(element, text=str(number))


def _merged(own: Sequence[Element], given: Sequence[Element]) -> tuple[Element, ...]:
    if not given:
        return tuple(own)
    replaced = {element.name for element in given} - MANY
    return (*(element for element in own if element.name not in replaced), *given)


def _show_core(show: Show, newest: datetime | None) -> Iterator[Element]:
    if newest is not None:
        yield Element("lastBuildDate", format_rfc2822(newest))
    if MAIL.fullmatch(show.owner_email):
        name = re.sub(r"[()\s]+", " ", show.owner_name or show.author).strip()
        yield Element("managingEditor", f"{show.owner_email} ({name})" if name else show.owner_email)
    if show.feed.hub:
        yield Element("atom:link", attributes=(("href", show.feed.hub), ("rel", "hub")))


def _show_itunes(show: Show, artwork: Image | None) -> Iterator[Element]:
    yield Element("itunes:author", show.author)
    if show.owner_email:
        name = Element("itunes:name", show.owner_name or show.author)
        yield Element("itunes:owner", children=(name, Element("itunes:email", show.owner_email)))
    if artwork:
        yield Element("itunes:image", attributes=(("href", artwork.url),))
    for category in show.categories:
        sub = (Element("itunes:category", attributes=(("text", category.sub),)),) if category.sub else ()
        yield Element("itunes:category", attributes=(("text", category.name),), children=sub)
    yield Element("itunes:explicit", _bool(show.explicit))
    yield Element("itunes:type", show.type.value)
    if show.complete:  # Apple: any other value has no effect
        yield Element("itunes:complete", "Yes")
    if show.block:
        yield Element("itunes:block", "Yes")


def _show_podcast(show: Show) -> Iterator[Element]:
    if show.guid:
        yield Element("podcast:guid", show.guid)
    if show.locked is not None:
        owner = (("owner", show.owner_email),) if show.owner_email else ()
        yield Element("podcast:locked", "yes" if show.locked else "no", owner)
    if show.block:  # Apple reads its own tag alone
        yield Element("podcast:block", "yes")
    yield from map(_person, show.people)


def _item_core(item: Item) -> Iterator[Element]:
    yield Element("pubDate", format_rfc2822(item.date))
    for tag in item.episode.tags:
        yield Element("category", tag)


def _item_itunes(show: Show, item: Item) -> Iterator[Element]:
    episode = item.episode
    yield Element("itunes:title", episode.title)
    yield _word("itunes:author", show.author)
    if item.enclosure.seconds > 0:
        yield Element("itunes:duration", str(max(1, round(item.enclosure.seconds))))
    yield _word("itunes:explicit", _bool(show.explicit if item.explicit is None else item.explicit))
    yield _word("itunes:episodeType", episode.type)
    if episode.season is not None:
        yield _word("itunes:season", str(episode.season))
    if episode.number is not None:
        yield _word("itunes:episode", str(episode.number))
    if item.artwork:
        yield Element("itunes:image", attributes=(("href", item.artwork.url),))


def _item_podcast(item: Item) -> Iterator[Element]:
    episode = item.episode
    if episode.season is not None:
        yield _word("podcast:season", str(episode.season))
    if episode.number is not None:
        yield _word("podcast:episode", str(episode.number))
    yield from map(_person, item.people)
    for transcript in item.transcripts:
        language = (("language", transcript.language),) if transcript.language else ()
        yield Element("podcast:transcript", attributes=(("url", transcript.url), ("type", transcript.mime), *language))
    if item.chapters_url:
        yield Element("podcast:chapters", attributes=(("url", item.chapters_url), ("type", CHAPTERS_TYPE)))
    if item.alternate:
        yield _alternate(item.alternate, item.alternate_url)


def _alternate(media: Media, url: str) -> Element:
    """The same episode in another format; its integrity is the digest that names it (Subresource Integrity)."""
    name, codecs = FORMATS[media.key.rpartition(".")[2]]
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


def _person(person: Person) -> Element:
    attributes = [("role", person.role.lower()), ("group", person.group.lower())]
    if isinstance(person.image, RemoteUrl):
        attributes.append(("img", person.image.url))
    if person.url:
        attributes.append(("href", person.url))
    return Element("podcast:person", person.name, tuple((name, value) for name, value in attributes if value))


def _psc(chapters: Sequence[Chapter]) -> Iterator[Element]:
    """Podlove Simple Chapters 1.2; silent marks have no place there."""
    listed = tuple(_psc_chapter(chapter) for chapter in chapters if chapter.toc and chapter.title)
    if listed:
        yield Element("psc:chapters", attributes=(("version", "1.2"),), children=listed)


def _psc_chapter(chapter: Chapter) -> Element:
    attributes = [("start", format_timecode(chapter.start_ms)), ("title", chapter.title)]
    if chapter.url:
        attributes.append(("href", chapter.url))
    if isinstance(chapter.image, RemoteUrl):
        attributes.append(("image", chapter.image.url))
    return Element("psc:chapter", attributes=tuple(attributes))


def _bool(value: bool) -> str:
    return "true" if value else "false"
