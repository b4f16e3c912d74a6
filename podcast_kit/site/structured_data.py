"""The show as data beside its pages: JSON-LD, oEmbed, the web manifest, what the search knows, the QR code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from podcast_kit.model import Item, Image, Show
from podcast_kit.site.i18n import Words
from podcast_kit.site.listen_links import Kind, Link
from podcast_kit.text.timecode import format_iso_duration

Json = Mapping[str, Any]
EMBED_WIDTH, EMBED_HEIGHT = 600, 190


def script(value: object) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    said = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return said.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _series(show: Show) -> dict[str, Any]:
    url = show.page_url("index.html")
    return {"@type": "PodcastSeries", "@id": url, "name": show.title, "url": url, "webFeed": show.feed_url}


def show_ld(show: Show, artwork: Image | None, links: Sequence[Link]) -> str:
    """The show for machines (schema.org PodcastSeries)."""
    said = {
        "@context": "https://schema.org",
        **_series(show),
        "description": show.description,
        "author": {"@type": "Person", "name": show.author},
        "inLanguage": show.language,
        "genre": [category.sub or category.name for category in show.categories],
        "image": artwork.url if artwork else None,
        "sameAs": [link.url for link in links if link.declared and link.kind is Kind.FOLLOW],
    }
    return script(_said(said))


def episode_ld(show: Show, item: Item, artwork: Image | None) -> str:
    """An episode for machines (schema.org PodcastEpisode)."""
    episode, media = item.episode, item.enclosure
    length = format_iso_duration(media.seconds) if media.seconds else None
    picture = item.artwork or artwork
    said = {
        "@context": "https://schema.org",
        "@type": "PodcastEpisode",
        "@id": item.url,
        "url": item.url,
        "name": episode.title,
        "episodeNumber": episode.number,
        "datePublished": item.date.isoformat(),
        "duration": length,
        "timeRequired": length,
        "description": item.summary,
        "inLanguage": show.language,
        "identifier": item.guid,
        "image": picture.url if picture else None,
        "isFamilyFriendly": not (show.explicit if item.explicit is None else item.explicit),
        "associatedMedia": {
            "@type": "AudioObject",
            "contentUrl": item.enclosure_url,
            "encodingFormat": media.mime,
            "contentSize": str(media.bytes),
            "duration": length,
        },
        "partOfSeason": {"@type": "PodcastSeason", "seasonNumber": episode.season} if episode.season else None,
        "partOfSeries": _series(show),
    }
    return script(_said(said))


def _said(value: Any) -> Any:  # noqa: ANN401  # JSON
    """The same without what nobody said."""
    if isinstance(value, dict):
        return {key: _said(part) for key, part in value.items() if part not in (None, "", [])}
    return value


def frame(show: Show, item: Item, player: str) -> str:
    """What others put into their pages to have the small player, which answers at `player`."""
    title = quoteattr(f"{item.episode.title} – {show.title}")
    return (
        f'<iframe src={quoteattr(player)} title={title} width="100%" height="{EMBED_HEIGHT}" '
        'loading="lazy" style="border:0;border-radius:16px"></iframe>'
    )


def oembed(show: Show, item: Item, picture: Image | None, player: str) -> str:
    """How others embed an episode (oEmbed 1.0, rich); `player` is the address of the small player."""
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": item.episode.title,
        "provider_name": show.title,
        "provider_url": show.page_url("index.html"),
        "author_name": show.author,
        "html": frame(show, item, player),
        "width": EMBED_WIDTH,
        "height": EMBED_HEIGHT,
    }
    if picture and picture.width and picture.height:
        said |= {
            "thumbnail_url": picture.url,
            "thumbnail_width": picture.width,
            "thumbnail_height": picture.height,
        }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def manifest(show: Show, icons: Sequence[tuple[str, Image]], *, colour: str, ground: str) -> str:
    """The web app manifest; `icons` come with their addresses as seen from it."""
    said = {
        "name": show.title,
        "short_name": show.title[:30],
        "lang": show.language,
        "start_url": "index.html",
        "display": "minimal-ui",
        "theme_color": colour,
        "background_color": ground,
        "icons": [
            {"src": url, "sizes": f"{icon.width}x{icon.height}", "type": icon.mime, "purpose": "any"}
            for url, icon in icons
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def search(items: Sequence[tuple[str, Item]], t: Words) -> str:
    """What the search knows: an episode a row, with the address as seen from the root of the site.

    A script rather than JSON, so that it loads from a folder on a disk too.
    """
    rows = [
        [
            item.episode.title,
            url,
            t.date(item.date),
            item.summary[:200],
            " ".join([*item.episode.tags, *(person.name for person in item.people), str(item.episode.number or "")]),
        ]
        for url, item in items
    ]
    return f"window.episodes={json.dumps(rows, separators=(',', ':'))};\n"


def qr(url: str, title: str) -> str:
    """A QR code as SVG, black on white whatever the page's colours."""
    import io

    import segno

    picture = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(picture, kind="svg", title=title, dark="#000", light="#fff", border=3, xmldecl=False, omitsize=True)
    return picture.getvalue().decode()
