"""The elements that a tool's feed would have, made of what its files say; each is located in those files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from podcast_kit.errors import SourceLocation
from podcast_kit.importer.tools.model import NO_SITE_URL, ToolChapter, ToolEpisode, ToolPerson, ToolShow
from podcast_kit.model import Node
from podcast_kit.namespaces import NAMESPACES
from podcast_kit.source.yaml.errors import CONTROL_CHARACTER


def make_node(
    key: str,
    text: str = "",
    attributes: Mapping[str, str] | None = None,
    children: tuple[Node, ...] = (),
    location: SourceLocation | None = None,
) -> Node:
    """An element in the usual namespace of its prefix; control characters are left out."""
    at = location or SourceLocation("")
    clean = {name: CONTROL_CHARACTER.sub("", value) for name, value in (attributes or {}).items()}
    uri = NAMESPACES.get(key.partition(":")[0], "") if ":" in key else ""
    return Node(key, key, uri, CONTROL_CHARACTER.sub("", text), clean, children, at.line, at.column, at.path)


def make_channel(show: ToolShow, items: tuple[Node, ...]) -> Node:
    """The channel of a show, with its items."""
    children = (*_channel_children(show), *items)
    return make_node("channel", children=children, location=show.location)


def _channel_children(show: ToolShow) -> Iterator[Node]:
    at = show.location
    texts = {
        "title": show.title,
        "description": show.description,
        "itunes:subtitle": show.subtitle,
        "link": show.link,
        "language": show.language,
        "copyright": show.copyright,
        "itunes:author": show.author,
        "itunes:explicit": show.explicit,
        "itunes:type": show.type,
        "podcast:guid": show.podcast_guid,
    }
    yield from (make_node(key, text, location=at) for key, text in texts.items() if text)
    if show.feed_url:
        yield make_node("atom:link", "", {"rel": "self", "href": show.feed_url}, location=at)
    if show.owner_name or show.owner_email:
        owner = {"itunes:name": show.owner_name, "itunes:email": show.owner_email}
        children = tuple(make_node(key, text, location=at) for key, text in owner.items() if text)
        yield make_node("itunes:owner", children=children, location=at)
    if show.image_url:
        yield make_node("itunes:image", "", {"href": show.image_url}, location=at)
    for category, subcategory in show.categories:
        children = (make_node("itunes:category", "", {"text": subcategory}, location=at),) if subcategory else ()
        yield make_node("itunes:category", "", {"text": category}, children, at)
    yield from (_person_node(person, at) for person in show.people)
    yield from show.extra


def make_item(episode: ToolEpisode) -> Node:
    """The item of an episode."""
    return make_node("item", children=tuple(_item_children(episode)), location=episode.location)


def _item_children(episode: ToolEpisode) -> Iterator[Node]:
    at = episode.location
    texts = {
        "title": episode.title,
        "guid": episode.guid,
        "pubDate": episode.date,
        "link": episode.link,
        "description": episode.summary or episode.html,
        "content:encoded": episode.html,
        "itunes:subtitle": episode.subtitle,
        "itunes:author": episode.author,
        "itunes:duration": episode.duration,
        "itunes:episode": episode.number,
        "itunes:season": episode.season,
        "itunes:episodeType": episode.type,
        "itunes:explicit": episode.explicit,
    }
    yield from (make_node(key, text, location=at) for key, text in texts.items() if text)
    recording_url = episode.recording_url or (NO_SITE_URL if episode.is_draft else "")
    if recording_url:
        attributes = {"url": recording_url, "length": episode.length, "type": episode.mime}
        yield make_node("enclosure", "", {name: value for name, value in attributes.items() if value}, location=at)
    if episode.image_url:
        yield make_node("itunes:image", "", {"href": episode.image_url}, location=at)
    yield from (make_node("category", tag, location=at) for tag in episode.tags)
    yield from (_person_node(person, at) for person in episode.people)
    if episode.chapters:
        children = tuple(_chapter_node(chapter, at) for chapter in episode.chapters)
        yield make_node("psc:chapters", "", {"version": "1.2"}, children, at)
    if episode.chapters_url:
        attributes = {"url": episode.chapters_url, "type": "application/json+chapters"}
        yield make_node("podcast:chapters", "", attributes, location=at)
    for url, mime, language in episode.transcripts:
        attributes = {"url": url, "type": mime, "language": language}
        attributes = {name: value for name, value in attributes.items() if value}
        yield make_node("podcast:transcript", "", attributes, location=at)
    yield from episode.extra


def _person_node(person: ToolPerson, at: SourceLocation) -> Node:
    attributes = {"role": person.role, "href": person.url, "img": person.image}
    attributes = {name: value for name, value in attributes.items() if value}
    return make_node("podcast:person", person.name, attributes, location=at)


def _chapter_node(chapter: ToolChapter, at: SourceLocation) -> Node:
    attributes = {"start": chapter.start, "title": chapter.title, "href": chapter.url, "image": chapter.image}
    attributes = {name: value for name, value in attributes.items() if value}
    return make_node("psc:chapter", "", attributes, location=at)
