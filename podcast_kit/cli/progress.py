"""Progress of a publish: a line that is redrawn on a terminal, log lines elsewhere, or JSON events for programs."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.console import LOG_INTERVAL_S, Console
from podcast_kit.cli.outcomes import name_action
from podcast_kit.model import Outcome, Progress
from podcast_kit.text.numbers import format_bytes, format_count
from podcast_kit.text.timecode import format_short_timecode

if TYPE_CHECKING:
    from podcast_kit.plan import Plan
    from podcast_kit.stores import Store

REDRAW_INTERVAL_S = 0.1
MIN_RATE_SAMPLE_S = 3.0
"""After which the rate can tell how long the remaining bytes will take."""


class UploadProgress:
    """The progress of one publish; `add_sent` is called from many threads."""

    def __init__(self, console: Console, plan: Plan, *, events: bool) -> None:
        self.console = console
        self.events = events
        self.total_bytes = plan.upload_bytes
        self.total_uploads = sum(change.uploads for change in plan.pending)
        self.sent_bytes = self.finished_uploads = 0
        self.started_at = self.drawn_at = time.monotonic()
        self.first_piece: tuple[float, int] | None = None
        """When the first piece arrived, and its bytes; the time before it is not part of the rate."""
        self.lock = threading.Lock()

    def start(self) -> None:
        """Start the clock: the upload begins."""
        self.started_at = self.drawn_at = time.monotonic()

    def add_sent(self, key: str, count: int) -> None:
        """Count a piece of a file that arrived."""
        with self.lock:
            self.sent_bytes += count
            now = time.monotonic()
            self.first_piece = self.first_piece or (now, count)
            if now - self.drawn_at >= (REDRAW_INTERVAL_S if sys.stderr.isatty() else LOG_INTERVAL_S):
                self.drawn_at = now
                self._draw(key, now - self.first_piece[0], self.sent_bytes - self.first_piece[1])

    def add_outcome(self, outcome: Outcome) -> None:
        """Count and report something that was done or checked."""
        self.finished_uploads += outcome.action == "uploaded"
        if self.events:
            event = {"event": outcome.action, "key": outcome.key, "bytes": outcome.bytes}
            if outcome.error:
                event |= {"trouble": outcome.error, "hint": outcome.fix}
            if outcome.url:
                event["url"] = outcome.url
            with self.lock:
                self.console.clear_progress()
                self.console.raw(json.dumps(event, ensure_ascii=False))
                sys.stdout.flush()
        if (outcome.url or outcome.action in {"posted", "announced"}) and not outcome.error:
            with self.lock:
                self.console.info(f"{name_action(outcome)}: {outcome.url or outcome.key}")
        if outcome.error:
            with self.lock:
                self.console.info(f"{click.style('warning', fg='yellow', bold=True)}: {outcome.error}")
                if outcome.fix:
                    self.console.info(f"  {outcome.fix}")

    def to_json(self, store: Store) -> dict[str, Any]:
        """Requests, bytes and seconds, for the JSON document."""
        return {
            "requests": store.requests,
            "sent": self.sent_bytes,
            "seconds": round(time.monotonic() - self.started_at, 3),
        }

    def summary(self, store: Store) -> str:
        """Requests and seconds, for the last line."""
        requests = f", {format_count(store.requests, 'request')}" if store.requests else ""
        return f"{requests} in {time.monotonic() - self.started_at:.1f} s"

    def _draw(self, key: str, seconds: float, sample_bytes: int) -> None:
        amounts = f"{format_bytes(self.sent_bytes)} of {format_bytes(self.total_bytes)}"
        if seconds and sample_bytes:
            rate = sample_bytes / seconds
            amounts += f", {format_bytes(rate)}/s"
            if seconds > MIN_RATE_SAMPLE_S and self.sent_bytes < self.total_bytes:
                remaining_s = int((self.total_bytes - self.sent_bytes) / rate)
                amounts += f", {format_short_timecode(remaining_s * 1000, hours=False)} left"
        if sys.stderr.isatty():
            self.console.progress(Progress(f"upload {amounts}", key, self.finished_uploads, self.total_uploads))
        else:
            self.console.info(f"upload {self.finished_uploads}/{self.total_uploads}: {amounts}")
