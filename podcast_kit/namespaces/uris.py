"""The XML namespaces of podcasting: which prefix means which address."""

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
"""The addresses byte for byte: apps compare them as text."""

# Older feeds name the document itself, on either branch, or write the address a little wrong.
LEGACY = {
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "github.com/podcastindex-org/podcast-namespace/blob/master/docs/1.0.md": "podcast",
    "www.google.com/schemas/play-podcasts/1.0/play-podcasts.xsd": "googleplay",
}


def _bare(uri: str) -> str:
    return uri.lower().partition("://")[2].rstrip("/")


_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_LENIENT = {_bare(uri): prefix for prefix, uri in NAMESPACES.items()} | LEGACY


def prefix_of(uri: str) -> str:
    """The usual prefix of a namespace, also when its address is written in another case or with a slash more.

    Empty for a namespace that is not known here.
    """
    return _PREFIXES.get(uri) or _LENIENT.get(_bare(uri), "")
