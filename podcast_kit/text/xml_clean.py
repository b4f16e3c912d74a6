"""Text that XML 1.0 can hold, and values of attributes."""

from __future__ import annotations

import re

ILLEGAL_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 cannot hold, not even escaped: control characters, lone surrogates, U+FFFE and U+FFFF."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def clean_xml_text(text: str) -> str:
    """The text without characters that XML cannot hold and without surrounding white space, as Apple and PSP-1 ask.

    >>> clean_xml_text(" a\\x00b ")
    'ab'
    """
    return ILLEGAL_XML.sub("", text).strip()


def quote_attribute(value: str) -> str:
    """The value of an attribute with its quotes, as `xml.sax.saxutils.quoteattr`, which imports an HTTP client.

    >>> quote_attribute("5 > 4")
    '"5 &gt; 4"'
    """
    for character, entity in _ENTITIES.items():
        value = value.replace(character, entity)
    if '"' not in value:
        return f'"{value}"'
    return f"'{value}'" if "'" not in value else '"' + value.replace('"', "&quot;") + '"'
