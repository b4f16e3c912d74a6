"""Rows of RSS itself, of itunes (Apple's "A Podcaster's Guide to RSS") and of the smaller namespaces."""

from __future__ import annotations

from podcast_kit.namespaces.schema import CHANNEL, DERIVED, FEED, ITEM, LIVE, MUST, URL, Field, Tag, text
from podcast_kit.namespaces.value_types import Kind

RSS = (
    Tag(name="title", parents=FEED, text=text("title"), keys=("title",), own=DERIVED),
    Tag(name="link", parents=FEED, text=text("link", kind=Kind.URL), keys=("link",), own=DERIVED),
    Tag(name="description", parents=FEED, text=text("description", kind=Kind.TEXT), keys=("description",), own=DERIVED),
    Tag(
        name="guid",
        parents=(ITEM, LIVE),
        text=text("guid"),
        attributes=(Field("isPermaLink", Kind.FLAG, written="false"),),
        keys=("guid",),
        own=(ITEM,),
    ),
    Tag(
        name="enclosure",
        parents=(ITEM, LIVE),
        attributes=(URL, Field("length", Kind.WHOLE, MUST, written="0"), Field("type", Kind.MIME, MUST)),
        keys=("enclosure",),
        own=(ITEM,),
    ),
    Tag(name="pubDate", parents=(ITEM, LIVE), text=text("date", kind=Kind.RFC2822), keys=("date",), own=(ITEM,)),
    Tag(name="category", parents=(CHANNEL, ITEM), many=True, text=text("name"), attributes=(Field("domain"),)),
)

ITUNES = (
    Tag(
        name="itunes:title",
        about="The title without number or show name, where it differs.",
        parents=FEED,
        text=text("title", limit=255),
        keys=("itunes_title",),
    ),
    Tag(
        name="itunes:author",
        about="Who made this episode, where it is not the show's author.",
        parents=FEED,
        text=text("name", limit=255),
        keys=("author",),
        own=(CHANNEL,),
    ),
    Tag(name="itunes:owner", parents=(CHANNEL,), needs=("itunes:email",)),
    Tag(name="itunes:name", parents=("itunes:owner",), text=text("name", limit=255)),
    Tag(name="itunes:email", parents=("itunes:owner",), text=text("email", limit=255, kind=Kind.MAIL)),
    Tag(
        name="itunes:image",
        parents=FEED,
        attributes=(Field("href", Kind.URL, MUST),),
        keys=("image",),
        own=DERIVED,
    ),
    Tag(
        name="itunes:category", parents=(CHANNEL, "itunes:category"), many=True, attributes=(Field("text", need=MUST),)
    ),
    Tag(name="itunes:explicit", parents=FEED, text=text("explicit", kind=Kind.FLAG), keys=("explicit",), own=DERIVED),
    Tag(name="itunes:type", parents=(CHANNEL,), text=text("type", choices=("episodic", "serial"))),
    Tag(name="itunes:complete", parents=(CHANNEL,), text=text("complete", kind=Kind.YES)),
    Tag(
        name="itunes:block",
        about="Hide it from Apple Podcasts.",
        parents=(CHANNEL, ITEM),
        text=text("block", kind=Kind.YES),
        keys=("block",),
        own=(CHANNEL,),
    ),
    Tag(
        name="itunes:new-feed-url",
        about="Where the feed has moved to; `podcast-kit move` writes it.",
        parents=(CHANNEL,),
        text=text("url", kind=Kind.URL),
        keys=("new_feed_url", "moved_to"),
    ),
    Tag(
        name="itunes:applepodcastsverify",
        about="The code with which Apple verifies a claim, while claiming.",
        parents=(CHANNEL,),
        text=text("code"),
        keys=("apple_verify",),
    ),
    Tag(name="itunes:duration", parents=(ITEM, LIVE), text=text("duration", kind=Kind.TIME)),
    Tag(name="itunes:season", parents=(ITEM, LIVE), text=text("season", kind=Kind.WHOLE)),
    Tag(name="itunes:episode", parents=(ITEM, LIVE), text=text("number", kind=Kind.WHOLE)),
    Tag(name="itunes:episodeType", parents=(ITEM, LIVE), text=text("type", choices=("full", "trailer", "bonus"))),
    *(
        Tag(name=f"itunes:{name}", parents=(CHANNEL, ITEM), text=text("text", kind=Kind.TEXT), instead=instead)
        for name, instead in {
            "keywords": "nothing; no directory reads it",
            "subtitle": "description",
            "summary": "description",
            "order": "itunes:episode",
            "isClosedCaptioned": "podcast:transcript",
        }.items()
    ),
)

OTHER = (
    Tag(name="content:encoded", parents=(ITEM, LIVE), text=text("content", kind=Kind.TEXT)),
    Tag(
        name="atom:link",
        parents=FEED,
        many=True,
        attributes=(
            Field("href", Kind.URI, MUST),
            Field("rel"),
            Field("type", Kind.MIME),
            Field("hreflang", Kind.LANGUAGE),
            Field("title"),
            Field("length", Kind.WHOLE),
        ),
    ),
    Tag(
        name="psc:chapters",
        parents=(ITEM,),
        attributes=(Field("version", need=MUST, written="1.2"),),
        needs=("psc:chapter",),
    ),
    Tag(
        name="psc:chapter",
        parents=("psc:chapters",),
        many=True,
        attributes=(
            Field("start", Kind.TIME, MUST),
            Field("title", need=MUST),
            Field("href", Kind.URI),
            Field("image", Kind.URI),
        ),
    ),
    Tag(
        name="spotify:limit",
        about="How many of the newest episodes Spotify shows.",
        parents=(CHANNEL,),
        attributes=(Field("recentCount", Kind.WHOLE, MUST),),
        keys=("spotify_limit",),
    ),
    Tag(
        name="spotify:countryOfOrigin",
        about="The countries that the show is meant for, most important first.",
        parents=(CHANNEL,),
        text=text("countries", kind=Kind.COUNTRIES),
        keys=("spotify_countries",),
    ),
    Tag(name="xhtml:meta", parents=(CHANNEL,), many=True, attributes=(Field("name"), Field("content"))),
    Tag(name="fh:archive", parents=(CHANNEL,)),
    Tag(name="fh:complete", parents=(CHANNEL,)),
)
