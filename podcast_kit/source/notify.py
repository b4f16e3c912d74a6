"""Reads the keys of `announce:` that name services, which publishing tells about new feeds and changed pages."""

from __future__ import annotations

import re

from podcast_kit.model import Element, NotifySettings
from podcast_kit.source.yaml import InvalidValue, Table, converters

INDEXNOW_KEY_PATTERN = re.compile(r"[A-Za-z0-9-]{8,128}")
INDEXNOW_KEY_FIX = "write 8 to 128 letters, digits and hyphens, or remove the line and run `podcast-kit announce setup`"


def notify_settings_from_table(
    table: Table, announce: Table | None, channel_elements: tuple[Element, ...]
) -> NotifySettings:
    """The settings in the table `announce:`, and `podping:`, which is one of the elements of the feed."""
    podping = _uses_podping(table, channel_elements)
    if announce is None:
        return NotifySettings(podping=podping)
    return NotifySettings(
        podping=podping,
        podcast_index=announce.optional("podcast_index", converters.to_flag, default=False),
        indexnow_key=announce.optional("indexnow", to_indexnow_key, ""),
    )


def _uses_podping(table: Table, channel_elements: tuple[Element, ...]) -> bool:
    """Whether publishing sends podpings. An element in `extra:` is for those who send their own."""
    value = table.value("podping")
    return value is not None and any(
        element.name == "podcast:podping"
        and element.location == value.location
        and dict(element.attributes).get("usesPodping") == "true"
        for element in channel_elements
    )


def to_indexnow_key(raw: str) -> str:
    """A key of IndexNow; empty for `false`. It is public: the name and the content of a file of the site."""
    key = converters.to_line(raw)
    if key.lower() in {"false", "no", "off"}:
        return ""
    if not INDEXNOW_KEY_PATTERN.fullmatch(key):
        raise InvalidValue(f"{converters.quote_value(raw)} is not a key of IndexNow", INDEXNOW_KEY_FIX, "value.form")
    return key
