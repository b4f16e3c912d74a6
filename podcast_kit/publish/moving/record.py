"""move.json beside podcast.yaml: where a move is, so that `podcast-kit move` goes on from there."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.atomic_write import write_inside
from podcast_kit.io.inside import read_inside
from podcast_kit.text.dates import format_utc_iso, parse_iso_date

MOVE_FILE = "move.json"
MOVE_VERSION = 1
MAX_MOVE_BYTES = 100_000
MAX_MOVE_URL_LEN = 2_000
_FIX = "delete move.json; `podcast-kit move` starts again, and nothing that is published is lost"


class MoveDirection(StrEnum):
    """Whether the show comes here or leaves."""

    HERE = "here"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRecord:
    """What is known of a move."""

    direction: MoveDirection
    old_url: str
    new_url: str = ""
    """Empty for the show's own feed."""
    started: datetime | None = None
    redirected: datetime | None = None
    """When the redirect was first seen; it must stay for four weeks from then on."""
    matched: datetime | None = None
    """When both feeds were last found to have the same episodes."""


PUBLIC_PARAMETERS = {"feed", "format", "post_type", "cat", "podcast", "podcast_series", "podcast_id"}
"""Parameters of feed addresses that cannot be secret, such as those of WordPress."""


def can_be_recorded(url: str) -> bool:
    """Whether a feed's URL may be written into the show's folder: other parameters than the usual may be a token."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_public = all(name in PUBLIC_PARAMETERS for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    is_web = parts.scheme in {"http", "https"} and bool(parts.netloc) and "@" not in parts.netloc
    return is_web and is_public and url.isprintable() and " " not in url and len(url) <= MAX_MOVE_URL_LEN


def read_move_record(folder: Path) -> MoveRecord | None:
    """The move that is under way; None without one. Raises InvalidInput for a file that is damaged."""
    if not (folder / MOVE_FILE).exists():
        return None
    try:
        data = json.loads(read_inside(folder, MOVE_FILE, MAX_MOVE_BYTES))
        return _parse_record(data)
    except (OSError, ValueError, RecursionError, TypeError, KeyError) as error:
        text = f"cannot be read: {error}"
        raise InvalidInput([Problem(SourceLocation(MOVE_FILE), text[:200], _FIX, "move.state")]) from None


def _parse_record(data: Any) -> MoveRecord:  # noqa: ANN401  # any JSON
    if not isinstance(data, dict) or data.get("version") != MOVE_VERSION:
        raise ValueError("it is not a record of a move")
    old_url, new_url = str(data["old"]), str(data.get("new") or "")
    if not can_be_recorded(old_url) or (new_url and not can_be_recorded(new_url)):
        raise ValueError("it has an address that is not a web address")
    return MoveRecord(
        direction=MoveDirection(data["direction"]),
        old_url=old_url,
        new_url=new_url,
        started=_parse_date(data.get("started")),
        redirected=_parse_date(data.get("redirected")),
        matched=_parse_date(data.get("matched")),
    )


def _parse_date(value: object) -> datetime | None:
    if value is None:
        return None
    date = parse_iso_date(str(value))
    if date is None or date.tzinfo is None:
        raise ValueError(f"{str(value)[:40]!r} is not a date")
    return date


def write_move_record(folder: Path, state: MoveRecord) -> None:
    """Write move.json, unless it says the same already. Raises OperationError."""
    rows = {
        "version": MOVE_VERSION,
        "direction": str(state.direction),
        "old": state.old_url,
        "new": state.new_url or None,
        "started": format_utc_iso(state.started) if state.started else None,
        "redirected": format_utc_iso(state.redirected) if state.redirected else None,
        "matched": format_utc_iso(state.matched) if state.matched else None,
    }
    data = (json.dumps({key: value for key, value in rows.items() if value is not None}, indent=2) + "\n").encode()
    path = folder / MOVE_FILE
    if not path.is_file() or path.read_bytes() != data:
        write_inside(folder, MOVE_FILE, data)


def with_sighting(state: MoveRecord, *, is_redirected: bool, now: datetime) -> MoveRecord:
    """The state once the redirect was looked at: the first time that it is there counts, until it is gone."""
    if not is_redirected:
        return replace(state, redirected=None)
    return replace(state, redirected=state.redirected or now)
