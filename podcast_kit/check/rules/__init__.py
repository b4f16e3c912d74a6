"""The rules of directories and apps: one module a subject, one function a rule.

Importing the package imports every module in order, and so registers all rules in `podcast_kit.check.registry`.
"""

from __future__ import annotations

from importlib import import_module

RULE_MODULES = (
    "xml",
    "channel",
    "feed_identity",
    "item",
    "enclosure",
    "item_uniqueness",
    "guid_stability",
    "artwork",
    "audio",
    "transcripts",
    "chapters",
    "podcast_namespace",
    "podcast_tags",
    "links",
    "platforms",
    "http",
)
"""In the order in which rules are listed."""


for _name in RULE_MODULES:
    import_module(f"{__name__}.{_name}")
