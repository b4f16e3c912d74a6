"""Text that XML 1.0 can hold."""

from __future__ import annotations

import re

ILLEGAL_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped: control characters, lone surrogates, U+FFFE and U+FFFF."""


def clean_xml_text(text: str) -> str:
    """The text without characters that XML cannot hold and without surrounding white space, as Apple and PSP-1 ask.

    >>> clean_xml_text(" a\\x00b ")
    'ab'
    """
    return ILLEGAL_XML.sub("", text).strip()
