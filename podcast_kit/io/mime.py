"""The media types with which files of the build are served.

RSS has no registered type: `application/rss+xml` is what apps request and PSP-1 names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SITEMAP_TYPE = "application/xml; charset=utf-8"
_SITEMAP_PART = re.compile(r"sitemap-[0-9]+\.xml")
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
    "sitemap.xml": SITEMAP_TYPE,
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
STATIC_CONTENT_TYPES = {
    ".xml": "application/xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".vcf": "text/vcard; charset=utf-8",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".gz": "application/gzip",
    ".epub": "application/epub+zip",
    ".wasm": "application/wasm",
    ".jsonld": "application/ld+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".mp4": "video/mp4",
    "cname": "text/plain; charset=utf-8",
    "apple-app-site-association": "application/json",
    "webfinger": "application/jrd+json",
    "host-meta": "application/xrd+xml; charset=utf-8",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}
"""Of the podcaster's own files, where the type differs or a build makes no such file."""
MEDIA_TYPES = ("audio/", "video/")
"""How the types of what players play begin."""


def guess_content_type(key: str) -> str:
    """The media type of a key such as `media/6ec98a72/loop.png`; application/octet-stream if unknown."""
    return SITEMAP_TYPE if _SITEMAP_PART.fullmatch(key) else _find_type(key, CONTENT_TYPES)


def guess_static_type(key: str) -> str:
    """The media type of a file of the podcaster's own that is published as it is."""
    return _find_type(key, CONTENT_TYPES | STATIC_CONTENT_TYPES)


def _find_type(key: str, types: Mapping[str, str]) -> str:
    name = key.rpartition("/")[2].lower()
    if name in types:
        return types[name]
    suffixes = [name[at:] for at, letter in enumerate(name) if letter == "."]
    return next((types[suffix] for suffix in suffixes if suffix in types), "application/octet-stream")
