"""A plan in a file, to be looked at by somebody and carried out later, or not at all."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podcast_kit.errors import InvalidInput, PublishConflict, SourceLocation, Problem
from podcast_kit.plan import Plan

SCHEMA = 1
SHOWN = 5
MAX_BYTES = 100_000_000
"""Two hundred thousand changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What was planned: for which store, at what time, on what ground, and every change with its digest."""

    store: str
    now: datetime
    state: str
    """ETag of the record."""
    feed: str
    """ETag of the live feed."""
    changes: dict[str, tuple[str, str]]
    """Key → verb and sha256."""
    ahead: bool = False
    """Media of scheduled episodes are part of it."""
    retag: tuple[str, ...] = ()
    """Slugs of published episodes whose tags are written anew."""

    def check(self, plan: Plan, store: str) -> None:
        """Raise `Overtaken` unless the plan, made anew, is the one that was saved."""
        if store != self.store:
            raise PublishConflict(f"the plan is for {self.store}, not for {store}", "plan again")
        live = plan.state.feed.etag if plan.state.feed else ""
        if (plan.state.etag, live) != (self.state, self.feed):
            raise PublishConflict("somebody has published since this plan was made", "plan again")
        now = _changes(plan)
        moved = sorted(key for key in now.keys() | self.changes.keys() if now.get(key) != self.changes.get(key))
        if moved:
            more = f" and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
            text = f"the show has changed since this plan was made: {', '.join(moved[:SHOWN])}{more}"
            raise PublishConflict(text, "plan again")


def dump(plan: Plan, store: str, now: datetime, *, ahead: bool = False, retag: Collection[str] = ()) -> bytes:
    """The plan as a file that `load` reads; `now` is when it was made, and what is due is judged by it."""
    live = plan.state.feed.etag if plan.state.feed else ""
    content = {
        "schema": SCHEMA,
        "store": store,
        "now": now.isoformat(),
        "ahead": ahead,
        "retag": list(retag),
        "state": plan.state.etag,
        "feed": live,
        "changes": [
            {
                "key": change.key,
                "verb": change.verb,
                "reason": change.reason,
                "bytes": change.size,
                "sha256": change.output.sha256 if change.output else "",
            }
            for change in plan.pending
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def load(content: bytes, path: str) -> Saved:
    """A saved plan; raises `InvalidInput` for what is none."""
    hint = "make one with `podcast-kit plan --out FILE`"
    try:
        data: dict[str, Any] = json.loads(content)
        newer = int(data["schema"]) > SCHEMA
        saved = Saved(
            store=str(data["store"]),
            now=datetime.fromisoformat(data["now"]),
            state=str(data["state"]),
            feed=str(data["feed"]),
            changes={str(each["key"]): (str(each["verb"]), str(each["sha256"])) for each in data["changes"]},
            ahead=data.get("ahead") is True,
            retag=tuple(map(str, data.get("retag", ()))),
        )
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput([Problem(SourceLocation(path), "this is not a saved plan", hint, "pb.plan")]) from None
    if newer or saved.now.tzinfo is None:
        raise InvalidInput([Problem(SourceLocation(path), "saved by another version of podcast-kit", hint, "pb.plan")])
    return saved


def _changes(plan: Plan) -> dict[str, tuple[str, str]]:
    return {change.key: (str(change.verb), change.output.sha256 if change.output else "") for change in plan.pending}
