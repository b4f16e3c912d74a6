"""Recognizes files and folders that are not feeds, to say what they are and where the feed is."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from podcast_kit.importer.elements import join_url
from podcast_kit.importer.tools.episode_lists import is_episode_list
from podcast_kit.model import FeedDocument

_FEED_LINK = re.compile(r"<link\b[^>]*\btype\s*=\s*[\"']application/(?:rss|atom)\+xml[\"'][^>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_FEED_FIX = "pass the URL of the feed that it publishes, or the feed as a file"
_SITE_FILES = (
    ("podcast.yaml", "a show of podcast_kit", "it needs no import"),
    ("hugo.toml", "a Hugo site", _FEED_FIX),
    ("hugo.yaml", "a Hugo site", _FEED_FIX),
    ("config.toml", "a Hugo site", _FEED_FIX),
    ("_config.yml", "a Jekyll site", _FEED_FIX),
    ("dropcaster.yml", "a Dropcaster show", _FEED_FIX),
    ("channel.yml", "a Dropcaster show", _FEED_FIX),
    ("pelicanconf.py", "a Pelican site", _FEED_FIX),
    ("eleventy.config.js", "an Eleventy site", _FEED_FIX),
    (".eleventy.js", "an Eleventy site", _FEED_FIX),
    ("astro.config.mjs", "an Astro site", _FEED_FIX),
    ("wp-config.php", "a WordPress installation", _FEED_FIX),
)
"""A file that only one tool's folders have, the tool, and what to do."""
_APP_PAGES = (
    (r"https?://podcasts\.apple\.com/", "a page of Apple Podcasts"),
    (r"https?://open\.spotify\.com/", "a page of Spotify"),
    (r"https?://(?:www\.|m\.)?youtube\.com/", "a page of YouTube"),
    (r"https?://overcast\.fm/", "a page of Overcast"),
    (r"https?://pca\.st/", "a page of Pocket Casts"),
)
_WORDPRESS_URI = "http://wordpress.org/export/"
_SIGNATURES = (
    (b"ID3", "an MP3 file", "use `podcast-kit new` for a recording"),
    (b"SQLite format 3", "a database", _FEED_FIX),
    (b"%PDF", "a PDF", _FEED_FIX),
    (b"---\n", "a text with front matter, as Hugo and Jekyll have", _FEED_FIX),
)


def recognize_folder(folder: Path) -> tuple[str, str]:
    """What a folder is, and what to pass to import instead."""
    for name, tool, fix in _SITE_FILES:
        if (folder / name).is_file():
            return f"is {tool}", fix
    return "is a folder that no known tool has made", "pass the site's own folder, the file of an export, or the feed"


def recognize_bytes(data: bytes, source: str) -> tuple[str, str] | None:
    """What a file or a response is that is not XML, and what to pass to import instead; None if it is unknown."""
    for signature, kind, fix in _SIGNATURES:
        if data.startswith(signature):
            return f"is {kind}, not a feed", fix
    for pattern, kind in _APP_PAGES:
        if re.match(pattern, source):
            return f"is {kind}, not a feed", "pass the URL of the feed itself; the show's host tells it"
    if is_episode_list(data[:20_000]):
        return (
            "is a list of episodes, which has no recordings and guids",
            "pass the feed; a list can be beside a tool's files",
        )
    text = data[:200_000].decode("utf-8", "replace")
    if re.match(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html)\b", text, re.IGNORECASE | re.DOTALL):
        return _recognize_page(text, source)
    if text.lstrip().startswith("{"):
        return _recognize_json(data)
    return None


def _recognize_page(text: str, source: str) -> tuple[str, str]:
    for link in _FEED_LINK.findall(text):
        if href := _HREF.search(link):
            return (
                "is a web page, not a feed",
                f"pass the feed that it names: {join_url(source, html.unescape(href[1]))}",
            )
    return "is a web page, not a feed", "pass the URL of the feed, which ends in .xml or /rss at most hosts"


def _recognize_json(data: bytes) -> tuple[str, str] | None:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    version = content.get("version", "") if isinstance(content, dict) else ""
    if isinstance(version, str) and "jsonfeed.org" in version:
        return "is a JSON Feed, which import cannot read", "pass the show's RSS feed"
    return "is JSON, not a feed", _FEED_FIX


def recognize_document(document: FeedDocument) -> tuple[str, str] | None:
    """What an XML file without episodes is, and what to pass to import instead; None if it is a podcast's feed."""
    root = document.root
    if any(uri.startswith(_WORDPRESS_URI) for _, uri in document.namespaces):
        return "is a WordPress export", "download it, and pass the file"
    if root.name.partition(":")[0] == "wpe":
        return "is a Podlove export", "download it, and pass the file, with the WordPress export in the same folder"
    if root.key == "opml":
        urls = [url for url in _feed_urls(document) if url]
        fix = f"pass one of its feeds: {urls[0]}" if urls else _FEED_FIX
        return "is OPML, a list of feeds", fix
    if root.name.rpartition(":")[2] == "RDF":
        return "is RSS 1.0, which has no recordings", "pass the RSS 2.0 feed of the show"
    if root.key in {"html", "xhtml:html"}:
        return "is a web page, not a feed", "pass the URL of the feed"
    return None if root.key in {"rss", "atom:feed"} else (f"is XML of another kind: <{root.name[:40]}>", _FEED_FIX)


def _feed_urls(document: FeedDocument) -> list[str]:
    pending, urls = [document.root], []
    while pending:
        node = pending.pop(0)
        pending += node.children
        urls.append(node.attributes.get("xmlUrl", ""))
    return urls
