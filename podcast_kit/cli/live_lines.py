"""Lines that shows print for programs, which are passed on while the shows are still running."""

from __future__ import annotations

import io
import json
import os
import select
from collections.abc import Callable
from multiprocessing import Pipe
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MAX_ATOMIC_WRITE = getattr(select, "PIPE_BUF", 0)
"""What a process writes to a pipe at once, so that the lines of several never mix (POSIX, write); 0 on Windows."""
PIPE_READ_BYTES = 1 << 16
_END = b"\0"
"""A line of its own, after the last one."""


class LiveLines:
    """Takes lines of other processes through a pipe; `on_line` gets the name of the show and the line, in a thread."""

    def __init__(self, on_line: Callable[[str, str], None]) -> None:
        self._receiver, self.sender = Pipe(duplex=False)
        self._on_line = on_line
        self._thread = Thread(target=self._pass_on, daemon=True)
        self._error: Exception | None = None

    def start(self) -> None:
        """Begin to pass lines on; after processes were forked, for they would have half of this thread."""
        self._thread.start()

    def close(self) -> None:
        """Wait for the lines that were sent; raises what `on_line` raised."""
        if self._thread.ident:
            os.write(self.sender.fileno(), _END + b"\n")  # processes that were started by a show may keep the pipe open
            self._thread.join()
        self.sender.close()
        self._receiver.close()
        if self._error:
            raise self._error

    def _pass_on(self) -> None:
        rest = b""
        while data := os.read(self._receiver.fileno(), PIPE_READ_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line == _END:
                    return
                self._pass_line_on(line)

    def _pass_line_on(self, line: bytes) -> None:
        if self._error:  # the reader of the lines has gone; shows must not wait for a full pipe
            return
        try:
            name, text = json.loads(line)
            self._on_line(name, text)
        except Exception as error:  # noqa: BLE001  # raised again where it can be handled
            self._error = error


class LiveStream(io.TextIOBase):
    """The stdout of a show in another process: whole lines are sent at once, others and long ones go to `fallback`."""

    encoding = "utf-8"

    def __init__(self, sender: Connection, name: str, fallback: io.TextIOBase) -> None:
        super().__init__()
        self._sender, self._name, self._fallback = sender, name, fallback
        self._rest = ""

    def write(self, text: str) -> int:
        """Send the lines that are complete; raises TypeError for bytes, by which Click knows a stream of text."""
        if not isinstance(text, str):
            raise TypeError("a stream of text")
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            data = json.dumps([self._name, line]).encode() + b"\n"
            if len(data) > MAX_ATOMIC_WRITE:
                self._fallback.write(f"{line}\n")
            else:
                os.write(self._sender.fileno(), data)
        return len(text)

    def finish(self) -> None:
        """Keep what has no end of line."""
        if self._rest:
            self._fallback.write(self._rest)
            self._rest = ""

    def writable(self) -> bool:
        """As a stream of a terminal."""
        return True
