"""Keys that other tools have: what somebody who comes from there is told.

Names are in lower case. From Hugo and its Castanet theme, Jekyll's Octopod, Podlove, dropcaster, podgen.
"""

from __future__ import annotations

from podcast_kit.source.yaml.document import Foreign


def _here(name: str) -> Foreign:
    return Foreign("is another tool's key", f"write {name!r} instead", "key.renamed")


_DERIVED = Foreign("is measured, never typed", "remove the line", "key.derived")
_PAGES = Foreign("is for another tool's pages", "remove the line, or begin the key with 'x-'", "key.renamed")
_SECRET = Foreign(
    "is a secret, and this file is committed", "use the environment, a profile or a role instead", "key.secret"
)
_CLOSED = Foreign("is for a service that has closed", "remove the line", "listen.closed")

EPISODE: dict[str, Foreign] = {
    **{
        theirs: _here(ours)
        for theirs, ours in {
            "podcast_file": "audio",
            "podcast": "audio",
            "enclosure": "audio",
            "file": "audio",
            "mp3": "audio",
            "media": "audio",
            "url": "audio",
            "episode_image": "image",
            "image_url": "image",
            "artwork": "image",
            "cover": "image",
            "featured_image": "image",
            "subtitle": "summary",
            "description": "summary",
            "excerpt": "summary",
            "hosts": "people",
            "guests": "people",
            "host": "people",
            "guest": "people",
            "persons": "people",
            "contributors": "people",
            "participants": "people",
            "upcoming": "draft: true",
            "published": "draft: false",
            "pubdate": "date",
            "pub_date": "date",
            "publishdate": "date",
            "publication_date": "date",
            "published_at": "date",
            "keywords": "tags",
            "news_keywords": "tags",
            "categories": "tags",
            "episode_type": "type",
            "episodetype": "type",
            "itunes_type": "type",
            "episode_number": "number",
            "itunes_episode": "number",
            "season_number": "season",
            "itunes_season": "season",
            "itunes_explicit": "explicit",
            "id": "guid",
            "uuid": "guid",
            "transcription": "transcript",
            "subtitles": "transcript",
            "chapter": "chapters",
            "licence": "license",
            "redirect_from": "aliases",
            "alias": "aliases",
        }.items()
    },
    **dict.fromkeys(
        (
            "duration", "podcast_duration", "length", "bytes", "podcast_bytes", "size", "filesize", "file_size", "mime",
            "mimetype", "sha256", "itunes_duration", "audio_length",
        ),
        _DERIVED,
    ),
    **dict.fromkeys(
        (
            "layout", "weight", "lastmod", "expirydate", "permalink", "menu", "toc", "comments", "series",
            "episode_banner", "truncate", "twitter_card_type", "youtube", "sponsors", "aboutsponsors", "markup",
        ),
        _PAGES,
    ),
    **dict.fromkeys(("stitcher", "google_podcasts"), _CLOSED),
}  # fmt: skip
"""In the front matter of an episode."""

SHOW: dict[str, Foreign] = {
    **{
        theirs: _here(ours)
        for theirs, ours in {
            "name": "title",
            "podcast_name": "title",
            "subtitle": "description",
            "summary": "description",
            "image": "artwork",
            "image_url": "artwork",
            "cover": "artwork",
            "cover_image": "artwork",
            "logo": "artwork",
            "category": "categories",
            "itunes_categories": "categories",
            "itunes_category": "categories",
            "baseurl": "publish: {url: ...}",
            "base_url": "publish: {url: ...}",
            "website": "publish: {url: ...}",
            "url": "publish: {url: ...}",
            "link": "publish: {url: ...}",
            "bucket": "publish: {to: s3://...}",
            "feed_url": "publish: {url: ...} and feed: {path: ...}",
            "languagecode": "language",
            "lang": "language",
            "locale": "language",
            "time_zone": "timezone",
            "tz": "timezone",
            "email": "owner: {email: ...}",
            "owner_email": "owner: {email: ...}",
            "itunes_owner": "owner: {name: ..., email: ...}",
            "itunes_author": "author",
            "podcast_author": "author",
            "itunes_type": "type",
            "itunes_explicit": "explicit",
            "hosts": "people",
            "host": "people",
            "persons": "people",
            "contributors": "people",
            "subscribe": "listen",
            "itunes_subscribe": "listen: {apple: ...}",
            "itunes": "listen: {apple: ...}",
            "apple": "listen: {apple: ...}",
            "spotify": "listen: {spotify: ...}",
            "licence": "license",
            "podcast_guid": "guid",
            "page_size": "feed: {page_size: ...}",
            "color": "theme: {colour: ...}",
            "loudness": "audio: {loudness: ...}",
        }.items()
    },
    **dict.fromkeys(("stitcher", "stitcher_subscribe", "google_podcasts", "google_play_subscribe"), _CLOSED),
}
"""In podcast.yaml."""

PUBLISH: dict[str, Foreign] = {
    **dict.fromkeys(
        (
            "access_key", "access_key_id", "secret", "secret_key", "secret_access_key", "password", "token", "api_key",
            "aws_access_key_id", "aws_secret_access_key", "session_token",
        ),
        _SECRET,
    ),
    "bucket": _here("to: s3://bucket"),
    "prefix": _here("to: s3://bucket/prefix"),
    "endpoint_url": _here("endpoint"),
    "baseurl": _here("url"),
    "folder": _here("to"),
    "path": _here("to"),
}  # fmt: skip
"""Below `publish:`; no secret is ever read from a file that is committed."""

AUDIO: dict[str, Foreign] = {
    **dict.fromkeys(("mp3", "m4a", "ogg", "opus", "path", "src", "url"), _here("file")),
    "lufs": _here("loudness"),
    "peak": _here("true_peak"),
}
"""Below an episode's `audio:`, where other tools list one file a format."""
