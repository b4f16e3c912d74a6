"""The XML namespaces of podcasting: prefixes and URIs."""

from __future__ import annotations

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "atom": "http://www.w3.org/2005/Atom",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "media": "http://search.yahoo.com/mrss/",
    "spotify": "http://www.spotify.com/ns/rss",
    "fh": "http://purl.org/syndication/history/1.0",
    "googleplay": "http://www.google.com/schemas/play-podcasts/1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "rawvoice": "http://www.rawvoice.com/rawvoiceRssModule/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
"""By prefix. The URIs must match exactly: apps compare them as text."""

LEGACY_URIS = {
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "github.com/podcastindex-org/podcast-namespace/blob/master/docs/1.0.md": "podcast",
    "www.google.com/schemas/play-podcasts/1.0/play-podcasts.xsd": "googleplay",
}
"""URIs of older feeds, without scheme, and the prefix that they mean."""


def _normalize_uri(uri: str) -> str:
    return uri.lower().partition("://")[2].rstrip("/")


_BY_URI = {uri: prefix for prefix, uri in NAMESPACES.items()}
_BY_NORMALIZED_URI = {_normalize_uri(uri): prefix for prefix, uri in NAMESPACES.items()} | LEGACY_URIS


def usual_prefix(uri: str) -> str:
    """The usual prefix of a namespace, also if its URI has different case or an extra slash; empty if it is unknown."""
    return _BY_URI.get(uri) or _BY_NORMALIZED_URI.get(_normalize_uri(uri), "")
