"""Publishes a show, and looks after what is published.

The functions are imported when they are first used: `rollback`, `prune` and `doctor` need no builder.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podcast_kit.publish.doctor import diagnose_store
    from podcast_kit.publish.prepared import PreparedPublish, PublishOptions
    from podcast_kit.publish.preparing import prepare_publish
    from podcast_kit.publish.prune import PruneSet, delete_prunable, find_prunable
    from podcast_kit.publish.publishing import carry_out, publish_show
    from podcast_kit.publish.rollback import PreviousFeed, describe_previous_feeds, list_previous_feeds, plan_rollback
    from podcast_kit.publish.status import EpisodeRow, EpisodeStatus, list_episode_rows
    from podcast_kit.publish.store_plan import make_plan
    from podcast_kit.publish.verify import summarize_errors, verify_contents, verify_feed, verify_outputs
    from podcast_kit.publish.waves import find_subscriber_changes, publish_plan

__all__ = [
    "EpisodeRow",
    "EpisodeStatus",
    "PreparedPublish",
    "PreviousFeed",
    "PruneSet",
    "PublishOptions",
    "carry_out",
    "delete_prunable",
    "describe_previous_feeds",
    "diagnose_store",
    "find_prunable",
    "find_subscriber_changes",
    "list_episode_rows",
    "list_previous_feeds",
    "make_plan",
    "plan_rollback",
    "prepare_publish",
    "publish_plan",
    "publish_show",
    "summarize_errors",
    "verify_contents",
    "verify_feed",
    "verify_outputs",
]
_MODULES = {
    "doctor": ("diagnose_store",),
    "prepared": ("PreparedPublish", "PublishOptions"),
    "preparing": ("prepare_publish",),
    "prune": ("PruneSet", "delete_prunable", "find_prunable"),
    "publishing": ("carry_out", "publish_show"),
    "rollback": ("PreviousFeed", "list_previous_feeds", "plan_rollback", "describe_previous_feeds"),
    "status": ("EpisodeRow", "EpisodeStatus", "list_episode_rows"),
    "store_plan": ("make_plan",),
    "verify": ("summarize_errors", "verify_contents", "verify_feed", "verify_outputs"),
    "waves": ("find_subscriber_changes", "publish_plan"),
}
"""The module that defines each name."""


def __getattr__(name: str) -> object:
    """Import a name of `__all__` when it is first used (PEP 562)."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
