"""Data for machines: JSON-LD, oEmbed, the web manifest, the QR code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from podcast_kit.model import Image, Item, Review, Show, Soundbite
from podcast_kit.site.listen_links import Link, LinkKind
from podcast_kit.text.indented_json import render_json
from podcast_kit.text.timecode import format_iso_duration
from podcast_kit.text.xml_clean import quote_attribute

EMBED_WIDTH_PX, EMBED_HEIGHT_PX, EMBED_VIDEO_HEIGHT_PX = 600, 190, 430
MAX_SHORT_NAME_LEN = 30


def encode_script_json(value: object) -> str:
    """JSON for a script element: escaped, so that nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _series_object(show: Show) -> dict[str, Any]:
    url = show.page_url("index.html")
    return {"@type": "PodcastSeries", "@id": url, "name": show.title, "url": url, "webFeed": show.feed_url}


def show_json_ld(show: Show, artwork: Image | None, links: Sequence[Link]) -> str:
    """The show as JSON-LD (schema.org PodcastSeries)."""
    series = {
        "@context": "https://schema.org",
        **_series_object(show),
        "description": show.description,
        "author": {"@type": "Person", "name": show.author},
        "inLanguage": show.language,
        "genre": [category.sub or category.name for category in show.categories],
        "image": artwork.url if artwork else None,
        "sameAs": [
            *([show.website] if show.website else []),
            *(link.url for link in links if link.declared and link.kind is LinkKind.FOLLOW),
        ],
        "review": [_drop_unset(_review_object(review)) for review in show.reviews if not review.where],
    }
    return encode_script_json(_drop_unset(series))


def _review_object(review: Review) -> dict[str, Any]:
    """A review that was written to the show itself: search engines do not allow markup of those from other sites."""
    stars = {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5} if review.stars else None
    return {
        "@type": "Review",
        "reviewBody": review.quote,
        "author": {"@type": "Person", "name": review.name} if review.name else None,
        "datePublished": review.date.isoformat() if review.date else None,
        "reviewRating": stars,
        "url": review.url,
    }


def clip_json_ld(show: Show, item: Item, soundbite: Soundbite, url: str) -> str:
    """A soundbite as JSON-LD (schema.org Clip), as a part of its episode."""
    start, length = soundbite.start_ms / 1000, soundbite.length_ms / 1000
    clip = {
        "@context": "https://schema.org",
        "@type": "Clip",
        "@id": url,
        "url": url,
        "name": soundbite.title or item.episode.title,
        "startOffset": round(start, 3),
        "endOffset": round(start + length, 3),
        "duration": format_iso_duration(length),
        "inLanguage": show.language,
        "audio": {"@type": "AudioObject", "contentUrl": soundbite.url, "encodingFormat": soundbite.media.mime}
        if soundbite.media
        else None,
        "partOfEpisode": {"@type": "PodcastEpisode", "@id": item.url, "url": item.url, "name": item.episode.title},
    }
    return encode_script_json(_drop_unset(clip))


def episode_json_ld(show: Show, item: Item, artwork: Image | None) -> str:
    """An episode as JSON-LD (schema.org PodcastEpisode); `artwork` is the show's."""
    episode, media = item.episode, item.enclosure
    duration = format_iso_duration(media.seconds) if media.seconds else None
    image = item.artwork or artwork
    is_video = media.mime.startswith("video/")
    podcast_episode = {
        "@context": "https://schema.org",
        "@type": "PodcastEpisode",
        "@id": item.url,
        "url": item.url,
        "name": episode.title,
        "episodeNumber": episode.number,
        "datePublished": item.date.isoformat(),
        "duration": duration,
        "description": item.summary,
        "inLanguage": show.language,
        "identifier": item.guid,
        "image": image.url if image else None,
        "isFamilyFriendly": not (show.explicit if item.explicit is None else item.explicit),
        "associatedMedia": {
            "@type": "VideoObject" if is_video else "AudioObject",
            "name": episode.title if is_video else None,
            "thumbnailUrl": image.url if is_video and image else None,
            "uploadDate": item.date.isoformat() if is_video else None,
            "contentUrl": item.enclosure_url,
            "encodingFormat": media.mime,
            "contentSize": str(media.bytes),
            "duration": duration,
        },
        "partOfSeason": {"@type": "PodcastSeason", "seasonNumber": episode.season} if episode.season else None,
        "partOfSeries": _series_object(show),
    }
    return encode_script_json(_drop_unset(podcast_episode))


def _drop_unset(value: Any) -> Any:  # noqa: ANN401  # JSON
    """The value without None, empty strings and empty lists, at any depth."""
    if isinstance(value, Mapping):
        return {key: _drop_unset(inner) for key, inner in value.items() if inner not in (None, "", [])}
    return value


def _embed_height(item: Item) -> int:
    return EMBED_VIDEO_HEIGHT_PX if item.enclosure.mime.startswith("video/") else EMBED_HEIGHT_PX


def embed_code(show: Show, item: Item, player_url: str) -> str:
    """The HTML that embeds the small player, which is at `player_url`, in other sites."""
    title = quote_attribute(f"{item.episode.title} – {show.title}")
    return (
        f'<iframe src={quote_attribute(player_url)} title={title} width="100%" height="{_embed_height(item)}" '
        'loading="lazy" style="border:0;border-radius:16px"></iframe>'
    )


def render_oembed(show: Show, item: Item, image: Image | None, player_url: str) -> str:
    """Render the oEmbed 1.0 response (type rich) of an episode."""
    response: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": item.episode.title,
        "provider_name": show.title,
        "provider_url": show.page_url("index.html"),
        "author_name": show.author,
        "html": embed_code(show, item, player_url),
        "width": EMBED_WIDTH_PX,
        "height": _embed_height(item),
    }
    if image and image.width and image.height:
        response |= {"thumbnail_url": image.url, "thumbnail_width": image.width, "thumbnail_height": image.height}
    return render_json(response, 1) + "\n"


def render_web_manifest(show: Show, icons: Sequence[tuple[str, Image]], *, colour: str, background: str) -> str:
    """Render the web app manifest; each icon comes with its URL relative to the manifest."""
    manifest = {
        "name": show.title,
        "short_name": show.title[:MAX_SHORT_NAME_LEN],
        "lang": show.language,
        "start_url": "index.html",
        "display": "minimal-ui",
        "theme_color": colour,
        "background_color": background,
        "icons": [
            {"src": url, "sizes": f"{icon.width}x{icon.height}", "type": icon.mime, "purpose": "any"}
            for url, icon in icons
        ],
    }
    return render_json(manifest, 1) + "\n"


@lru_cache(maxsize=8)
def render_qr_code(url: str, title: str) -> str:
    """Render a QR code as SVG, black on white in every colour scheme."""
    import io

    import segno

    svg = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(svg, kind="svg", title=title, dark="#000", light="#fff", border=3, xmldecl=False, omitsize=True)
    return svg.getvalue().decode()
