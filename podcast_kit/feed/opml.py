"""The subscription as an OPML file, for apps that import those."""

from __future__ import annotations

from collections.abc import Iterable

from podcast_kit.feed.rss import XML_DECLARATION
from podcast_kit.model import ListedShow, Show
from podcast_kit.text.xml_clean import clean_xml_text


def render_opml(show: Show) -> bytes:
    """Render one subscription as OPML 2.0 (text/x-opml)."""
    outline = (show.title, show.description, show.feed_url, show.website_url, show.language)
    return _render_outlines(show.title, [outline])


def render_network_opml(network: Show, listed_shows: Iterable[ListedShow]) -> bytes:
    """Render the subscriptions of all shows of a network as OPML 2.0."""
    outlines = [(show.title, show.description, show.feed_url, show.url, show.language) for show in listed_shows]
    return _render_outlines(network.title, outlines)


def _render_outlines(document_title: str, outlines: Iterable[tuple[str, str, str, str, str]]) -> bytes:
    """An OPML document; an outline is title, description, feed, page and language."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean_xml_text(document_title)
    body = etree.SubElement(root, "body")
    for title, description, feed_url, page_url, language in outlines:
        outline = {
            "type": "rss",
            "text": clean_xml_text(title),
            "title": clean_xml_text(title),
            "description": clean_xml_text(description),
            "xmlUrl": feed_url,
            "htmlUrl": page_url,
            "language": language,
        }
        etree.SubElement(body, "outline", outline)
    return XML_DECLARATION + bytes(etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=False))
