"""`publish` where nothing is to do: what it prints, and the record from which the next run prints it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.cli.builds import select_build_problems
from podcast_kit.cli.console import Console
from podcast_kit.cli.last_runs import RunRecord, problems_from_rows, problems_to_rows
from podcast_kit.cli.plan_view import scheduled_to_json
from podcast_kit.errors import Problem

if TYPE_CHECKING:
    from podcast_kit.publish.prepared import PreparedPublish


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedShow:
    """What is printed where there is nothing to publish."""

    problems: Sequence[Problem]
    shown_problems: Sequence[Problem]
    """Those of them that are printed for people."""
    place: str
    """`publish.to`"""
    url: str
    """`publish.url`"""
    feed_path: str
    feed_url: str
    scheduled: Sequence[Mapping[str, Any]]
    recorded_at: datetime | None
    """When the last publish was recorded; None where the store was read."""
    memo_digest: str = ""
    """Of what was recorded then."""

    def to_json(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "problems": problems_to_rows(self.problems),
            "shown_problems": problems_to_rows(self.shown_problems),
            "addresses": [self.place, self.url, self.feed_path, self.feed_url],
            "scheduled": list(self.scheduled),
            "recorded_at": self.recorded_at.isoformat() if self.recorded_at else None,
            "memo_digest": self.memo_digest,
        }

    @staticmethod
    def from_json(row: Any, _document: Any) -> UnchangedShow:  # noqa: ANN401  # JSON
        """What `to_json` returned. Raises ValueError, TypeError or KeyError for anything else."""
        place, url, feed_path, feed_url = map(str, row["addresses"])
        return UnchangedShow(
            problems=problems_from_rows(row["problems"]),
            shown_problems=problems_from_rows(row["shown_problems"]),
            place=place,
            url=url,
            feed_path=feed_path,
            feed_url=feed_url,
            scheduled=[dict(episode) for episode in row["scheduled"]],
            recorded_at=datetime.fromisoformat(row["recorded_at"]),
            memo_digest=str(row["memo_digest"]),
        )

    def is_live(self, folder: Path) -> bool:
        """Whether the store still has what was published from the show's folder, which two requests tell."""
        from podcast_kit.publish.fast_path import is_publication_unchanged

        return is_publication_unchanged(folder, self.memo_digest, self.url, self.feed_path)


def is_nothing_to_do(console: Console, record: RunRecord[UnchangedShow], *, events: bool) -> bool:
    """Whether neither the show nor the store has changed since the last run, which is then printed."""
    unchanged = record.result
    if unchanged is None or not unchanged.is_live(console.folder or Path()):
        return False
    console.problems(unchanged.shown_problems)
    _print_nothing_to_do(console, unchanged, events=events)
    return True


def finish_unchanged_show(
    console: Console, prepared: PreparedPublish, record: RunRecord[UnchangedShow], *, events: bool
) -> None:
    """Print that there was nothing to publish, and record it where two requests were enough to know."""
    unchanged = _describe_unchanged(prepared)
    _print_nothing_to_do(console, unchanged, events=events)
    if unchanged.recorded_at:  # two requests were enough, and will be for the next run
        record.save(prepared.build.project, unchanged.to_json())


def _describe_unchanged(prepared: PreparedPublish) -> UnchangedShow:
    from podcast_kit.publish.fast_path import digest_memo

    build, show = prepared.build, prepared.build.project.show
    return UnchangedShow(
        problems=[*build.errors, *build.problems],
        shown_problems=select_build_problems(build, is_checked=True),
        place=show.publish.to,
        url=show.publish.url,
        feed_path=show.feed.path,
        feed_url=show.feed_url,
        scheduled=[row | {"date": str(row["date"])} for row in scheduled_to_json(build)],
        recorded_at=prepared.recorded_at,
        memo_digest=digest_memo(build.project.folder),
    )


def _print_nothing_to_do(console: Console, show: UnchangedShow, *, events: bool) -> None:
    if not events:
        console.document(
            "publish",
            show.problems,
            store=show.place,
            feed=show.feed_url,
            changes=[],
            bytes=0,
            uploaded=0,
            scheduled=show.scheduled,
            subscribers=[],
        )
        console.result(show.feed_url)
    recorded_at = show.recorded_at
    source = f" (per record of {recorded_at:%Y-%m-%d %H:%M} UTC; --refresh to check the store)" if recorded_at else ""
    console.summarize(f"nothing to do: everything is up to date{source}")
