"""The steps of a move with their dates: what is done, what is next, and when the old feed may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from podcast_kit.publish.moving.record import MoveDirection, MoveRecord

REDIRECT_DAYS = 28
"""Apple asks to keep the redirect and itunes:new-feed-url for at least four weeks."""
DIRECTORY_DAYS = 7
"""After a week, most directories have followed."""


class StepStatus(StrEnum):
    """How far a step is."""

    COMPLETED = "done"
    CURRENT = "next"
    PENDING = "later"


@dataclass(frozen=True, slots=True)
class MoveStep:
    """A step of a move."""

    key: str
    text: str
    status: StepStatus
    due: date | None = None
    """Not before this day; None if it can be done at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What was found out about a move."""

    is_new_published: bool
    """The new feed answers."""
    has_all_episodes: bool
    """It has every episode of the old one."""
    is_announced: bool = True
    """Away: our feed names the new one as itunes:new-feed-url."""
    is_redirected: bool
    """The old address leads to the new feed."""


def list_steps(state: MoveRecord, facts: MoveFacts, new_url: str, now: datetime) -> tuple[MoveStep, ...]:
    """Every step in order; the first that is not done is the next."""
    seen = state.redirected
    last_day = (seen + timedelta(days=REDIRECT_DAYS)).date() if seen else None
    directories_day = (seen + timedelta(days=DIRECTORY_DAYS)).date() if seen else None
    is_over = bool(last_day and now.date() >= last_day)
    rows: list[tuple[str, str, bool, date | None]] = []
    if state.direction is MoveDirection.HERE:
        rows += [
            ("publish", "publish the show here: `podcast-kit publish`", facts.is_new_published, None),
            ("compare", "the new feed has every episode, with the same guid", facts.has_all_episodes, None),
        ]
    else:
        rows += [
            ("import", f"let the new host import this show, until {new_url} answers", facts.is_new_published, None),
            ("compare", "the new feed has every episode, with the same guid", facts.has_all_episodes, None),
            ("announce", "`podcast-kit publish`: this feed names the new one", facts.is_announced, None),
        ]
    rows += [
        ("redirect", f"redirect the old address to {new_url} (301)", facts.is_redirected, None),
        (
            "directories",
            "look at Apple Podcasts Connect, Spotify and other directories, and change the feed's URL where it is old",
            is_over,
            directories_day,
        ),
        ("wait", f"keep the redirect for {REDIRECT_DAYS} days at least, ideally for good", is_over, last_day),
        ("close", "`podcast-kit verify --moved`, then the old feed may go", False, last_day),
    ]
    steps: list[MoveStep] = []
    is_blocked = False
    for key, text, is_done, due in rows:
        status = (
            StepStatus.COMPLETED
            if is_done and not is_blocked
            else StepStatus.PENDING
            if is_blocked
            else StepStatus.CURRENT
        )
        is_blocked = is_blocked or not is_done
        steps.append(MoveStep(key, text, status, due))
    return tuple(steps)


def first_day_without(state: MoveRecord) -> date | None:
    """The first day on which the redirect may end; None while none was seen."""
    return (state.redirected + timedelta(days=REDIRECT_DAYS)).date() if state.redirected else None
