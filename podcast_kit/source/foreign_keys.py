"""Keys of other tools, with the fix for each.

Names are in lower case. From Hugo and its Castanet theme, Jekyll's Octopod, Podlove, dropcaster, podgen.
"""

from __future__ import annotations

from podcast_kit.source.yaml import ForeignKey


def _renamed_to(name: str) -> ForeignKey:
    return ForeignKey("is a key of another tool", f"use {name!r}", "key.renamed")


_DERIVED = ForeignKey("is measured automatically", "remove the line", "key.derived")
_PAGES = ForeignKey("is for the pages of another tool", "remove the line, or begin the key with 'x-'", "key.renamed")
_SECRET = ForeignKey(
    "is a secret and must not be committed", "use environment variables, an AWS profile or an IAM role", "key.secret"
)
_CLOSED = ForeignKey("is for a service that has closed", "remove the line", "listen.closed")

FOREIGN_EPISODE_KEYS: dict[str, ForeignKey] = {
    **{
        theirs: _renamed_to(ours)
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

FOREIGN_PAGE_KEYS: dict[str, ForeignKey] = {
    theirs: _renamed_to(ours)
    for theirs, ours in {
        "weight": "order",
        "nav_order": "order",
        "layout": "template",
        "permalink": "slug",
        "summary": "description",
        "excerpt": "description",
        "redirect_from": "aliases",
        "alias": "aliases",
        "cover": "image",
        "nav": "menu",
    }.items()
}
"""In the front matter of a page of the podcaster's own."""

FOREIGN_SHOW_KEYS: dict[str, ForeignKey] = {
    **{
        theirs: _renamed_to(ours)
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
            "homepage": "website",
            "home_page": "website",
            "url": "publish: {url: ...}",
            "link": "website",
            "nav": "menu",
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

FOREIGN_FEED_KEYS: dict[str, ForeignKey] = {
    "podping": ForeignKey(
        "is not a key of feed:", "write `podping: true` at the top level of podcast.yaml", "key.renamed"
    ),
    **dict.fromkeys(
        ("podcast_index", "indexnow"), ForeignKey("is not a key of feed:", "move it below announce:", "key.renamed")
    ),
    **dict.fromkeys(("hubs", "websub", "pubsubhubbub"), _renamed_to("hub")),
}
"""Below `feed:`."""

_NETWORK_SECRET = ForeignKey(
    "is a secret and must not be committed",
    "set it in the environment, such as PODCAST_KIT_MASTODON_TOKEN; `podcast-kit help announce` lists the variables",
    "key.secret",
)
FOREIGN_NETWORK_KEYS: dict[str, ForeignKey] = {
    **dict.fromkeys(
        (
            "token", "access_token", "bot_token", "api_key", "key", "password", "app_password", "secret",
            "client_secret", "client_key", "webhook_url", "hook", "hook_url", "refresh_token",
        ),
        _NETWORK_SECRET,
    ),
    "url": ForeignKey(
        "is a secret where it is a webhook, and not needed elsewhere",
        "set webhooks in the environment, such as PODCAST_KIT_DISCORD_WEBHOOK",
        "key.secret",
    ),
    "instance": _renamed_to("server"),
    "handle": _renamed_to("account"),
    "username": _renamed_to("account"),
    "user": _renamed_to("account"),
    "identifier": _renamed_to("account"),
    "template": _renamed_to("text"),
    "message": _renamed_to("text"),
}  # fmt: skip
"""Below the networks of `announce:`; secrets are never read from files that are committed."""

FOREIGN_HOOK_KEYS: dict[str, ForeignKey] = dict.fromkeys(("url", "webhook", "address"), _NETWORK_SECRET)
"""Below networks to which one posts by the address of a webhook."""

FOREIGN_TELEGRAM_KEYS: dict[str, ForeignKey] = dict.fromkeys(
    ("chat", "chat_id", "channel_id", "account", "group"), _renamed_to("channel")
)

FOREIGN_WEBHOOK_KEYS: dict[str, ForeignKey] = {
    **FOREIGN_HOOK_KEYS,
    **dict.fromkeys(("text", "template", "message", "payload", "json"), _renamed_to("body")),
}

FOREIGN_BUTTONDOWN_KEYS: dict[str, ForeignKey] = dict.fromkeys(
    ("text", "body", "template"),
    ForeignKey(
        "is not used: the mail is made from a template",
        "run `podcast-kit theme eject newsletter/body.html`, and edit the copy",
        "key.renamed",
    ),
)

FOREIGN_ANNOUNCE_KEYS: dict[str, ForeignKey] = {
    **FOREIGN_NETWORK_KEYS,
    "podping": ForeignKey(
        "is not a key of announce:", "write `podping: true` at the top level of podcast.yaml", "key.renamed"
    ),
    **dict.fromkeys(
        ("podping_token", "token"),
        ForeignKey("is a secret and must not be committed", "set PODCAST_KIT_PODPING_TOKEN instead", "key.secret"),
    ),
    **dict.fromkeys(("hub", "hubs", "websub"), _renamed_to("feed: {hub: ...}")),
    **dict.fromkeys(("podcastindex", "pubnotify"), _renamed_to("podcast_index")),
    **dict.fromkeys(("index_now", "indexnow_key"), _renamed_to("indexnow")),
}
"""Below `announce:`."""

FOREIGN_PUBLISH_KEYS: dict[str, ForeignKey] = {
    **dict.fromkeys(
        (
            "access_key", "access_key_id", "secret", "secret_key", "secret_access_key", "password", "token", "api_key",
            "aws_access_key_id", "aws_secret_access_key", "session_token",
        ),
        _SECRET,
    ),
    "bucket": _renamed_to("to: s3://bucket"),
    "prefix": _renamed_to("to: s3://bucket/prefix"),
    "endpoint_url": _renamed_to("endpoint"),
    "baseurl": _renamed_to("url"),
    "folder": _renamed_to("to"),
    "path": _renamed_to("to"),
}  # fmt: skip
"""Below `publish:`; secrets are never read from files that are committed."""

FOREIGN_AUDIO_KEYS: dict[str, ForeignKey] = {
    **dict.fromkeys(("mp3", "m4a", "ogg", "opus", "path", "src", "url"), _renamed_to("file")),
    "lufs": _renamed_to("loudness"),
    "peak": _renamed_to("true_peak"),
}
"""Below an episode's `audio:`, where other tools list one file per format."""
