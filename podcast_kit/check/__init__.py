"""Checks whether directories and apps will accept a show: a build, a file, or any feed at its URL.

The functions are imported when they are first used: the rules (`podcast_kit.check.rules`) need no builder and no HTTP.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podcast_kit.check.build_check import check_build, check_show
    from podcast_kit.check.explain import explain_code, list_codes, list_rules
    from podcast_kit.check.file_check import check_feed, check_file
    from podcast_kit.check.remote_feed import check_feed_url

__all__ = [
    "check_build",
    "check_feed",
    "check_feed_url",
    "check_file",
    "check_show",
    "explain_code",
    "list_codes",
    "list_rules",
]
_MODULES = {
    "build_check": ("check_build", "check_show"),
    "explain": ("explain_code", "list_codes", "list_rules"),
    "file_check": ("check_feed", "check_file"),
    "remote_feed": ("check_feed_url",),
}
"""The module that defines each function."""


def __getattr__(name: str) -> object:
    """Import a function of `__all__` when it is first used (PEP 562)."""
    for module, functions in _MODULES.items():
        if name in functions:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
