"""A lock file that threads of one process share, for stores that have no conditional writes.

Its file is created only where there is none, so of two publishes one waits. The lock is held for moments; one that
stays unchanged for longer was left behind by a publish that was killed, and is removed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from podcast_kit.errors import OperationError

STALE_AFTER_S = 60.0
"""How long a lock may stay unchanged; then the publish that held it was killed."""
MAX_HELD_S = 20.0
"""How long after taking the lock a file may still be replaced: far less than others wait."""
MAX_SHARED_S = 3.0
"""How long after taking the lock more threads may join: others wait for it, too."""
POLL_S = 0.05
MAX_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class LockFile:
    """How the lock file of a store is used."""

    create: Callable[[bytes], bool]
    """Create it with this content; False where it exists."""
    read: Callable[[], bytes | None]
    """Its content; None where it does not exist."""
    take_away: Callable[[bytes], None]
    """Remove it in one step, if it still has this content."""


class LockLease:
    """The lock of a store; one at a time in the world, and shared by the threads of this process."""

    def __init__(self, file: LockFile, name: str) -> None:
        self._file = file
        self._name = name
        self._changed = threading.Condition()
        self._holders = 0
        self._is_taking = False
        self._token = b""
        self._taken_at = 0.0

    @contextmanager
    def hold(self) -> Iterator[Callable[[], None]]:
        """Hold the lock; what is yielded raises OperationError if it was held for too long to go on."""
        self._enter()
        taken_at = self._taken_at

        def require_time_left() -> None:
            if time.monotonic() - taken_at > MAX_HELD_S:
                text = f"{self._name} took longer than {MAX_HELD_S:.0f} seconds to answer"
                raise OperationError(text, "check your connection, then run it again; nothing was lost")

        try:
            yield require_time_left
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._changed:
            while self._is_taking or (self._holders and time.monotonic() - self._taken_at > MAX_SHARED_S):
                self._changed.wait(MAX_POLL_S)
            if self._holders:
                self._holders += 1
                return
            self._is_taking = True
        try:
            self._take()
        except BaseException:
            with self._changed:
                self._is_taking = False
                self._changed.notify_all()
            raise
        with self._changed:
            self._is_taking, self._holders = False, 1
            self._changed.notify_all()

    def _leave(self) -> None:
        with self._changed:
            self._holders -= 1
            if self._holders:
                return
            self._is_taking = True
        try:
            self._file.take_away(self._token)
        finally:
            with self._changed:
                self._is_taking = False
                self._changed.notify_all()

    def _take(self) -> None:
        token = secrets.token_hex(16).encode()
        seen, seen_since, delay = b"", time.monotonic(), POLL_S
        while True:
            started = time.monotonic()
            if self._file.create(token):
                self._token, self._taken_at = token, started
                return
            current = self._file.read()
            if current == token:  # the reply to an earlier try was lost
                self._token, self._taken_at = token, started
                return
            now = time.monotonic()
            if current != seen:
                seen, seen_since, delay = current or b"", now, POLL_S
            elif now - seen_since > STALE_AFTER_S:
                self._file.take_away(seen)
                continue
            time.sleep(delay)
            delay = min(delay * 1.5, MAX_POLL_S)
