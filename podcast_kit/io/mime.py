"""The media types with which files of the build are served.

RSS has no registered type: `application/rss+xml` is what apps request and PSP-1 names.
"""

from __future__ import annotations

CONTENT_TYPES = {
    "feed.json": "application/feed+json",
    ".chapters.json": "application/json+chapters",
    ".rss": "application/rss+xml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".srt": "application/x-subrip; charset=utf-8",
    "sitemap.xml": "application/xml; charset=utf-8",
    ".xml": "application/rss+xml; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".opml": "text/x-opml; charset=utf-8",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/x-m4a",
    ".mp4": "audio/mp4",
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".aac": "audio/aac",
    ".m4b": "audio/x-m4a",
    ".oga": "audio/ogg",
    ".weba": "audio/webm",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}
"""By file name or extension; the longest match applies."""
MEDIA_TYPES = ("audio/", "video/")
"""How the types of what players play begin."""


def guess_content_type(key: str) -> str:
    """The media type of a key such as `media/6ec98a72/loop.png`; application/octet-stream if unknown."""
    name = key.rpartition("/")[2].lower()
    if name in CONTENT_TYPES:
        return CONTENT_TYPES[name]
    suffixes = [name[at:] for at, letter in enumerate(name) if letter == "."]
    return next((CONTENT_TYPES[suffix] for suffix in suffixes if suffix in CONTENT_TYPES), "application/octet-stream")
