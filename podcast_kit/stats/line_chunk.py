"""Lines of logs in one format, collected until they are worth parsing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO

from podcast_kit.stats.sources.log_formats import LogFormat

COMMENT_START = b"#"


class LineChunk:
    """Lines in one format, in a file that DuckDB parses at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[bytes] = path.open("wb")
        self.log_format: LogFormat | None = None
        self.size, self.lines, self.headers = 0, 0, 0

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def append(self, lines: bytes) -> None:
        """Add complete lines."""
        self.file.write(lines)
        self.size += len(lines)
        self.lines += lines.count(b"\n")
        if self.log_format and self.log_format.comment and COMMENT_START in lines:  # one byte is found in no time
            self.headers += lines.count(b"\n" + COMMENT_START) + lines.startswith(COMMENT_START)

    @property
    def position(self) -> tuple[int, int, int]:
        """Bytes, lines and header lines so far."""
        return self.size, self.lines, self.headers

    def truncate(self, position: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Forget all lines from a position on.

        The file keeps its length, as it costs less to write over bytes than to append them; `finish` cuts it.
        """
        self.size, self.lines, self.headers = position
        self.file.seek(self.size)

    def finish(self) -> None:
        """Make the file what was added, for a reader."""
        self.file.flush()
        self.file.truncate(self.size)

    def take_tail(self, position: tuple[int, int, int]) -> Path:
        """Move the lines from a position on to a file of their own, and return it."""
        self.finish()
        tail = self.path.with_name("tail")
        with self.path.open("rb") as file, tail.open("wb") as tail_file:
            file.seek(position[0])
            shutil.copyfileobj(file, tail_file)
        self.truncate(position)
        return tail
