"""Signs that a feed is cut: hosts leave out old episodes on free plans, or list only the newest ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.importer.show_reader import item_date
from podcast_kit.model import FeedDocument, Node
from podcast_kit.text.numbers import format_count, parse_count

CUT_ITEM_COUNTS = {10, 50, 100, 300}
"""Numbers of items that hosts and blog software stop at."""
_FIX = "if old episodes are missing, ask the host for a full feed, or raise the number of items in its settings"


def find_cut(document: FeedDocument) -> Iterator[Problem]:
    """Warnings if old episodes seem to be missing at the end of a feed."""
    count, lowest = 0, None
    oldest: tuple[datetime, int, SourceLocation] | None = None
    for item in document.items:
        if item.child("enclosure") is None:
            continue
        count += 1
        number = _full_number(item)
        if not number:
            continue
        lowest = number if lowest is None else min(lowest, number)
        date = item_date(item)
        if oldest is None or date < oldest[0]:
            oldest = date, number, document.location_of(item)
    location = document.location_of(document.channel)
    if count in CUT_ITEM_COUNTS:
        text = f"the feed has exactly {count} episodes, a number at which many hosts cut a feed"
        yield Problem(location, text, _FIX, "import", Severity.WARNING)
    if oldest is None:
        return
    _, number, place = oldest
    missing = number - 1
    is_lowest = number == lowest
    if is_lowest and missing > 0:
        text = f"the oldest numbered episode is number {number}: {format_count(missing, 'episode')} before it"
        text += " is not in the feed" if missing == 1 else " are not in the feed"
        yield Problem(place, text, _FIX, "import", Severity.WARNING)


def _full_number(item: Node) -> int | None:
    """The number of a full episode outside of later seasons, which begin at 1 again."""
    season = parse_count(item.child_text("itunes:season")) or 1
    kind = item.child_text("itunes:episodeType").lower() or "full"
    number = parse_count(item.child_text("itunes:episode"))
    return number if kind == "full" and season == 1 else None
