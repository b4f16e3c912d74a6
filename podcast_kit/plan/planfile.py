"""A saved plan: reviewed by someone, then carried out exactly as it is, or not at all."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podcast_kit.errors import InvalidInput, Problem, PublishConflict, SourceLocation
from podcast_kit.plan import Change, Plan
from podcast_kit.stores.state import redact_key

PLAN_FILE_SCHEMA = 1
MAX_KEYS_SHOWN = 5
MAX_BYTES = 100_000_000
"""Enough for two hundred thousand changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """The content of a saved plan: the store, the time, the state it is based on, and every change with its digest."""

    store: str
    now: datetime
    state: str
    """ETag of the state file."""
    feed: str
    """ETag of the live feed."""
    changes: dict[str, tuple[str, str]]
    """Key → verb and sha256."""
    ahead: bool = False
    """Whether it uploads the media of scheduled episodes."""
    retag: tuple[str, ...] = ()
    """Slugs of published episodes that get new tags."""

    def require_unchanged(self, plan: Plan, store: str) -> None:
        """Raise PublishConflict unless the plan that was just made equals the saved one."""
        if store != self.store:
            raise PublishConflict(f"the plan is for {self.store}, not for {store}", "run plan again")
        live = plan.state.feed.etag if plan.state.feed else ""
        if (plan.state.etag, live) != (self.state, self.feed):
            raise PublishConflict("the store changed since this plan was made", "run `git pull`, then run plan again")
        digests = _pending_digests(plan)
        keys = sorted(key for key in digests.keys() | self.changes.keys() if digests.get(key) != self.changes.get(key))
        if keys:
            more = f" and {len(keys) - MAX_KEYS_SHOWN} more" if len(keys) > MAX_KEYS_SHOWN else ""
            text = f"the show changed since this plan was made: {', '.join(keys[:MAX_KEYS_SHOWN])}{more}"
            raise PublishConflict(text, "run plan again")


def render_plan_file(
    plan: Plan, store: str, now: datetime, *, ahead: bool = False, retag: Collection[str] = ()
) -> bytes:
    """Render the plan for `parse_plan_file`; `now` is the time it was made for, which decides what is due."""
    content = {
        "schema": PLAN_FILE_SCHEMA,
        "store": store,
        "now": now.isoformat(),
        "ahead": ahead,
        "retag": list(retag),
        "state": plan.state.etag,
        "feed": plan.state.feed.etag if plan.state.feed else "",
        "changes": [
            {
                "key": _shown_key(change),
                "verb": change.verb,
                "reason": change.reason,
                "bytes": change.size,
                "sha256": _shown_digest(change),
            }
            for change in plan.pending
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def parse_plan_file(content: bytes, path: str) -> PlanFile:
    """Parse a saved plan; raises InvalidInput when it is not one."""
    fix = "make one with `podcast-kit plan --out FILE`"
    try:
        data: dict[str, Any] = json.loads(content)
        is_newer = int(data["schema"]) > PLAN_FILE_SCHEMA
        plan_file = PlanFile(
            store=str(data["store"]),
            now=datetime.fromisoformat(data["now"]),
            state=str(data["state"]),
            feed=str(data["feed"]),
            changes={str(row["key"]): (str(row["verb"]), str(row["sha256"])) for row in data["changes"]},
            ahead=data.get("ahead") is True,
            retag=tuple(map(str, data.get("retag", ()))),
        )
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput([Problem(SourceLocation(path), "this is not a saved plan", fix, "pb.plan")]) from None
    if is_newer or plan_file.now.tzinfo is None:
        text = "the plan was saved by another version of podcast-kit"
        raise InvalidInput([Problem(SourceLocation(path), text, fix, "pb.plan")])
    return plan_file


def _pending_digests(plan: Plan) -> dict[str, tuple[str, str]]:
    return {_shown_key(change): (str(change.verb), _shown_digest(change)) for change in plan.pending}


def _shown_key(change: Change) -> str:
    """The key, or a digest of it where it is secret: plans are passed on as artifacts of CI jobs."""
    return redact_key(change.key, embargoed=_is_embargoed(change))


def _shown_digest(change: Change) -> str:
    """The sha256 of the file; empty where the address is made from it, and the digest of the key covers both."""
    return change.output.sha256 if change.output and not _is_embargoed(change) else ""


def _is_embargoed(change: Change) -> bool:
    return change.output is not None and change.output.embargoed
