"""The subscription as an OPML file, for apps that import those."""

from __future__ import annotations

from podcast_kit.feed.rss import XML_DECLARATION
from podcast_kit.model import Show
from podcast_kit.text.xml_clean import clean_xml_text


def render_opml(show: Show) -> bytes:
    """Render one subscription as OPML 2.0 (text/x-opml)."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean_xml_text(show.title)
    outline = {
        "type": "rss",
        "text": clean_xml_text(show.title),
        "title": clean_xml_text(show.title),
        "description": clean_xml_text(show.description),
        "xmlUrl": show.feed_url,
        "htmlUrl": show.website_url,
        "language": show.language,
    }
    etree.SubElement(etree.SubElement(root, "body"), "outline", outline)
    return XML_DECLARATION + bytes(etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=False))
