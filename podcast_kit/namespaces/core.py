"""The tags of RSS, of itunes (Apple's "A Podcaster's Guide to RSS") and of smaller namespaces."""

from __future__ import annotations

from podcast_kit.namespaces.schema import (
    BUILTIN_PARENTS,
    CHANNEL,
    FEED_PARENTS,
    ITEM,
    LIVE,
    MUST,
    Field,
    Tag,
    text_field,
)
from podcast_kit.namespaces.value_types import ValueType

RSS_TAGS = (
    Tag(
        name="title",
        parents=FEED_PARENTS,
        text=text_field("title", example="Live from the library"),
        keys=("title",),
        builtin_in=BUILTIN_PARENTS,
    ),
    Tag(
        name="link",
        parents=FEED_PARENTS,
        text=text_field("link", value_type=ValueType.URL),
        keys=("link",),
        builtin_in=BUILTIN_PARENTS,
    ),
    Tag(
        name="description",
        parents=FEED_PARENTS,
        text=text_field("description", value_type=ValueType.TEXT),
        keys=("description",),
        builtin_in=BUILTIN_PARENTS,
    ),
    Tag(
        name="guid",
        parents=(ITEM, LIVE),
        text=text_field("guid", example="live-2026-03-01"),
        attributes=(Field("isPermaLink", ValueType.FLAG, default="false"),),
        keys=("guid",),
        builtin_in=(ITEM,),
    ),
    Tag(
        name="enclosure",
        parents=(ITEM, LIVE),
        attributes=(
            Field("url", ValueType.URL, MUST, example="https://pod.example/live.mp3"),
            Field("length", ValueType.WHOLE, MUST, default="0"),
            Field("type", ValueType.MIME, MUST),
        ),
        keys=("enclosure",),
        builtin_in=(ITEM,),
    ),
    Tag(
        name="pubDate",
        parents=(ITEM, LIVE),
        text=text_field("date", value_type=ValueType.RFC2822),
        keys=("date",),
        builtin_in=(ITEM,),
    ),
    Tag(
        name="category",
        parents=(CHANNEL, ITEM),
        is_repeatable=True,
        text=text_field("name"),
        attributes=(Field("domain"),),
    ),
)

ITUNES_TAGS = (
    Tag(
        name="itunes:title",
        about="The title without number or show name, if it differs from the title.",
        parents=FEED_PARENTS,
        text=text_field("title", max_len=255, example="A look back"),
        keys=("itunes_title",),
    ),
    Tag(
        name="itunes:author",
        about="Who made this episode, if not the show's author.",
        parents=FEED_PARENTS,
        text=text_field("name", max_len=255, example="Ann Lee"),
        keys=("author",),
        builtin_in=(CHANNEL,),
    ),
    Tag(name="itunes:owner", parents=(CHANNEL,), required_children=("itunes:email",)),
    Tag(name="itunes:name", parents=("itunes:owner",), text=text_field("name", max_len=255)),
    Tag(
        name="itunes:email", parents=("itunes:owner",), text=text_field("email", max_len=255, value_type=ValueType.MAIL)
    ),
    Tag(
        name="itunes:image",
        parents=FEED_PARENTS,
        attributes=(Field("href", ValueType.URL, MUST),),
        keys=("image",),
        builtin_in=BUILTIN_PARENTS,
    ),
    Tag(
        name="itunes:category",
        parents=(CHANNEL, "itunes:category"),
        is_repeatable=True,
        attributes=(Field("text", need=MUST),),
    ),
    Tag(
        name="itunes:explicit",
        parents=FEED_PARENTS,
        text=text_field("explicit", value_type=ValueType.FLAG),
        keys=("explicit",),
        builtin_in=BUILTIN_PARENTS,
    ),
    Tag(name="itunes:type", parents=(CHANNEL,), text=text_field("type", choices=("episodic", "serial"))),
    Tag(name="itunes:complete", parents=(CHANNEL,), text=text_field("complete", value_type=ValueType.YES)),
    Tag(
        name="itunes:block",
        about="Hide it from Apple Podcasts.",
        parents=(CHANNEL, ITEM),
        text=text_field("block", value_type=ValueType.YES),
        keys=("block",),
        builtin_in=(CHANNEL,),
    ),
    Tag(
        name="itunes:new-feed-url",
        about="The new URL of a feed that has moved; `podcast-kit move --to` sets it.",
        parents=(CHANNEL,),
        text=text_field("url", value_type=ValueType.URL, example="https://new.example/feed.xml"),
        keys=("new_feed_url", "moved_to"),
    ),
    Tag(
        name="itunes:applepodcastsverify",
        about="The code that Apple asks for while you claim the show.",
        parents=(CHANNEL,),
        text=text_field("code", example="123e4567-e89b-12d3-a456-426614174000"),
        keys=("apple_verify",),
    ),
    Tag(name="itunes:duration", parents=(ITEM, LIVE), text=text_field("duration", value_type=ValueType.TIME)),
    Tag(name="itunes:season", parents=(ITEM, LIVE), text=text_field("season", value_type=ValueType.WHOLE)),
    Tag(name="itunes:episode", parents=(ITEM, LIVE), text=text_field("number", value_type=ValueType.WHOLE)),
    Tag(name="itunes:episodeType", parents=(ITEM, LIVE), text=text_field("type", choices=("full", "trailer", "bonus"))),
    *(
        Tag(
            name=f"itunes:{name}",
            parents=(CHANNEL, ITEM),
            text=text_field("text", value_type=ValueType.TEXT),
            replaced_by=instead,
        )
        for name, instead in {
            "keywords": "nothing; no directory reads it",
            "subtitle": "description",
            "summary": "description",
            "order": "itunes:episode",
            "isClosedCaptioned": "podcast:transcript",
        }.items()
    ),
)

OTHER_TAGS = (
    Tag(name="content:encoded", parents=(ITEM, LIVE), text=text_field("content", value_type=ValueType.TEXT)),
    Tag(
        name="atom:link",
        parents=FEED_PARENTS,
        is_repeatable=True,
        attributes=(
            Field("href", ValueType.URI, MUST),
            Field("rel"),
            Field("type", ValueType.MIME),
            Field("hreflang", ValueType.LANGUAGE),
            Field("title"),
            Field("length", ValueType.WHOLE),
        ),
    ),
    Tag(
        name="psc:chapters",
        parents=(ITEM,),
        attributes=(Field("version", need=MUST, default="1.2"),),
        required_children=("psc:chapter",),
    ),
    Tag(
        name="psc:chapter",
        parents=("psc:chapters",),
        is_repeatable=True,
        attributes=(
            Field("start", ValueType.TIME, MUST),
            Field("title", need=MUST),
            Field("href", ValueType.URI),
            Field("image", ValueType.URI),
        ),
    ),
    Tag(
        name="spotify:limit",
        about="How many of the newest episodes Spotify shows.",
        parents=(CHANNEL,),
        attributes=(Field("recentCount", ValueType.WHOLE, MUST),),
        keys=("spotify_limit",),
    ),
    Tag(
        name="spotify:countryOfOrigin",
        about="The show's target countries, most important first.",
        parents=(CHANNEL,),
        text=text_field("countries", value_type=ValueType.COUNTRIES),
        keys=("spotify_countries",),
    ),
    Tag(name="xhtml:meta", parents=(CHANNEL,), is_repeatable=True, attributes=(Field("name"), Field("content"))),
    Tag(name="fh:archive", parents=(CHANNEL,)),
    Tag(name="fh:complete", parents=(CHANNEL,)),
)
