"""Move a show from one feed address to another: here from another host, or away."""

from __future__ import annotations

from podcast_kit.publish.moving.checklist import (
    REDIRECT_DAYS,
    MoveFacts,
    MoveStep,
    StepStatus,
    first_day_without,
    list_steps,
)
from podcast_kit.publish.moving.feeds import (
    OldFeed,
    OldFeedStatus,
    check_media,
    compare_moved_feeds,
    describe_lock,
    is_same_url,
    list_missing_guids,
    look_at_old_feed,
    read_apple_feed_url,
    read_new_feed,
)
from podcast_kit.publish.moving.hosts import HOST_GUIDES, HostGuide, recognize_host
from podcast_kit.publish.moving.progress import (
    MoveReport,
    MoveVerdict,
    check_apple_listing,
    find_move_record,
    inspect_move,
    judge_move,
)
from podcast_kit.publish.moving.record import (
    MOVE_FILE,
    MoveDirection,
    MoveRecord,
    can_be_recorded,
    read_move_record,
    write_move_record,
)
from podcast_kit.publish.moving.redirects import list_redirect_texts, render_new_feed_element

__all__ = [
    "HOST_GUIDES",
    "MOVE_FILE",
    "REDIRECT_DAYS",
    "HostGuide",
    "MoveDirection",
    "MoveFacts",
    "MoveRecord",
    "MoveReport",
    "MoveStep",
    "MoveVerdict",
    "OldFeed",
    "OldFeedStatus",
    "StepStatus",
    "can_be_recorded",
    "check_apple_listing",
    "check_media",
    "compare_moved_feeds",
    "describe_lock",
    "find_move_record",
    "first_day_without",
    "inspect_move",
    "is_same_url",
    "judge_move",
    "list_missing_guids",
    "list_redirect_texts",
    "list_steps",
    "look_at_old_feed",
    "read_apple_feed_url",
    "read_move_record",
    "read_new_feed",
    "recognize_host",
    "render_new_feed_element",
    "write_move_record",
]
