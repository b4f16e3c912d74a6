"""What is seen while something is published: a line that moves, lines that stay, or events for programs."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.console import LINES, Console
from podcast_kit.model import Outcome, Progress
from podcast_kit.text.numbers import format_bytes
from podcast_kit.text.timecode import format_short_timecode

if TYPE_CHECKING:
    from podcast_kit.plan import Plan
    from podcast_kit.stores import Store

EVERY = 0.1
"""Seconds between drawings of the line that moves."""
SURE = 3.0
"""Seconds after which the rate tells how long the rest will take."""


class UploadProgress:
    """Of one publish; `sent` is called from many threads."""

    def __init__(self, console: Console, wanted: Plan, *, events: bool) -> None:
        self.console = console
        self.events = events
        self.total = wanted.bytes
        self.count = sum(change.uploads for change in wanted.pending)
        self.bytes = self.ended = 0
        self.begun = self.drawn = time.monotonic()
        self.first: tuple[float, int] | None = None
        """When the first piece had arrived, and its bytes: what came before says nothing of the rate."""
        self.lock = threading.Lock()

    def sent(self, key: str, count: int) -> None:
        """A piece has arrived."""
        with self.lock:
            self.bytes += count
            now = time.monotonic()
            self.first = self.first or (now, count)
            if now - self.drawn >= (EVERY if sys.stderr.isatty() else LINES):
                self.drawn = now
                self._draw(key, now - self.first[0], self.bytes - self.first[1])

    def done(self, outcome: Outcome) -> None:
        """Something was done, or asked."""
        self.ended += outcome.action == "uploaded"
        if self.events:
            event = {"event": outcome.action, "key": outcome.key, "bytes": outcome.bytes}
            if outcome.error:
                event |= {"trouble": outcome.error, "hint": outcome.fix}
            with self.lock:
                self.console.clear()
                self.console.give(json.dumps(event, ensure_ascii=False))
                sys.stdout.flush()
        if outcome.error:
            with self.lock:
                self.console.note(f"{click.style('warning', fg='yellow', bold=True)}: {outcome.error}")
                if outcome.fix:
                    self.console.note(f"  {outcome.fix}")

    def figures(self, store: Store) -> dict[str, Any]:
        """For the JSON document."""
        return {"requests": store.requests, "sent": self.bytes, "seconds": round(time.monotonic() - self.begun, 3)}

    def summary(self, store: Store) -> str:
        """For the last line."""
        requests = f", {store.requests} requests" if store.requests else ""
        return f"{requests} in {time.monotonic() - self.begun:.1f} s"

    def _draw(self, key: str, seconds: float, arrived: int) -> None:
        amounts = f"{format_bytes(self.bytes)} of {format_bytes(self.total)}"
        if seconds and arrived:
            rate = arrived / seconds
            amounts += f", {format_bytes(rate)}/s"
            if seconds > SURE and self.bytes < self.total:
                amounts += f", {format_short_timecode(int((self.total - self.bytes) / rate) * 1000, hours=False)} left"
        if sys.stderr.isatty():
            self.console.step(Progress(f"upload {amounts}", key, self.ended, self.count))
        else:
            self.console.note(f"upload {self.ended}/{self.count}: {amounts}")
