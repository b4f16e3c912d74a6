"""HTTP responses whose status line and headers arrived completely.

`http.client` takes the end of a connection for the end of the headers: a response that was cut there looks complete,
with fewer headers, or with a shortened value in the last one.
"""

from __future__ import annotations

import http.client
from typing import Any

BLANK_LINES = frozenset({b"\r\n", b"\n"})


class IncompleteHead(http.client.HTTPException):
    """The connection ended within the status line or the headers of a response."""


class CompleteHeadResponse(http.client.HTTPResponse):
    """A response that raises IncompleteHead instead of taking the end of the connection for the end of the headers."""

    fp: Any

    def begin(self) -> None:
        """Read the status line and the headers."""
        stream = self.fp
        recorder = self.fp = _LineRecorder(stream)
        try:
            super().begin()
        except http.client.BadStatusLine as error:
            if recorder.last_line and not recorder.last_line.endswith(b"\n"):
                raise IncompleteHead("the response ended within its status line") from error
            raise
        if self.fp is recorder:
            self.fp = stream
        if recorder.last_line not in BLANK_LINES:
            raise IncompleteHead("the response ended within its headers")


class _LineRecorder:
    """A stream that remembers the last line read from it."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401  # whatever http.client reads from
        self.stream = stream
        self.last_line = b""

    def readline(self, *limit: int) -> bytes:
        self.last_line = self.stream.readline(*limit)
        return self.last_line

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.stream, name)
