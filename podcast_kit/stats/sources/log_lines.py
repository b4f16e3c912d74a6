"""Reads access logs block by block: plain, gzip or zstd, of any size, without trusting them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from podcast_kit.errors import InvalidInput, Problem, SourceLocation

READ_BYTES = 64 << 10
"""Little enough to stay in the cache of a processor until all is done with them."""
MAX_LINE_BYTES = 128 << 10
"""A longer line is malformed; services cut their lines at far less."""
GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
GZIP_WBITS = 31
"""The largest window, with a gzip header."""
MAX_ZSTD_WINDOW_BYTES = 128 << 20
ZSTD_PIECE_BYTES = 2 << 10
"""Compressed bytes to decompress at once: four of them can become 128 KB."""
MAX_EXPANSION = 200
"""Logs compress to a fifth or a thirtieth; what expands more than this is not a log."""
FREE_EXPANSION_BYTES = 64 << 20
MAX_PROBLEM_LINES = 5
NEWLINE = b"\n"
UNSAFE_BYTES = (b"\0", b"\x01", b"\r")
"""NUL, which no log has; the separator under which DuckDB reads a line as one column; and what it takes for its end."""


class LogStream(Protocol):
    """What logs are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


@dataclass(slots=True)
class MalformedLines:
    """Lines of a log that are not in its format: their number, and where the first ones are."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add_line(self, line: int) -> None:
        """Count a line, given by its number from 1."""
        self.count += 1
        if len(self.lines) < MAX_PROBLEM_LINES:
            self.lines.append(line)


def read_raw_blocks(stream: LogStream, name: str) -> Iterator[bytes]:
    """The decompressed bytes of a log; raises InvalidInput where it is damaged, incomplete or expands without end."""
    head = stream.read(READ_BYTES)
    if not head.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
        while head:
            yield head
            head = stream.read(READ_BYTES)
        return
    compressed_bytes = decompressed_bytes = 0
    decompress = _decompress_zstd if head.startswith(ZSTD_MAGIC) else _decompress_gzip

    def read_compressed() -> bytes:
        nonlocal compressed_bytes, head
        data, head = head or stream.read(READ_BYTES), b""
        compressed_bytes += len(data)
        return data

    try:
        for block in decompress(read_compressed):
            decompressed_bytes += len(block)
            if decompressed_bytes > FREE_EXPANSION_BYTES + MAX_EXPANSION * compressed_bytes:
                text = f"expands to more than {MAX_EXPANSION} times its size, so it is not an access log"
                raise _log_error(name, text, "remove the file from the logs", "log.expansion")
            yield block
    except EOFError:
        text = "is incomplete: the compressed data ends too early"
        fix = "wait until it is completely written or copy it again; none of its lines is counted until then"
        raise _log_error(name, text, fix, "log.incomplete") from None
    except _codec_errors():
        text = "is damaged: it cannot be decompressed"
        raise _log_error(name, text, "copy it again; none of its lines is counted until then", "log.damaged") from None


class _DamagedDataError(Exception):
    """There is something else after the compressed data."""


def _codec_errors() -> tuple[type[Exception], ...]:
    from isal.isal_zlib import error as gzip_error
    from zstandard import ZstdError

    errors: tuple[type[Exception], ...] = (gzip_error, ZstdError, _DamagedDataError)  # type: ignore[assignment]  # isal's stub is wrong
    return errors


def _decompress_gzip(read_compressed: Callable[[], bytes]) -> Iterator[bytes]:
    """The content of all members; raises EOFError where the last one is not complete."""
    from isal.isal_zlib import decompressobj

    data = read_compressed()
    while data:
        if not data.startswith(GZIP_MAGIC[: len(data)]):
            raise _DamagedDataError
        member = decompressobj(GZIP_WBITS)
        while not member.eof:
            data = data or read_compressed()
            if not data:
                raise EOFError
            block = member.decompress(data, READ_BYTES)
            data = member.unconsumed_tail
            if block:
                yield block
        data = member.unused_data.lstrip(b"\0") or read_compressed()  # some tools pad a file with zeros


def _decompress_zstd(read_compressed: Callable[[], bytes]) -> Iterator[bytes]:
    """The content of all frames; raises EOFError where the last one is not complete."""
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW_BYTES)
    data = read_compressed()
    while data:
        frame = decompressor.decompressobj()
        position = 0
        while not frame.eof:
            if position >= len(data):
                data, position = read_compressed(), 0
                if not data:
                    raise EOFError
            block = frame.decompress(data[position : position + ZSTD_PIECE_BYTES])
            position += ZSTD_PIECE_BYTES
            if block:
                yield block
        data = frame.unused_data + data[position:] or read_compressed()


def _log_error(name: str, text: str, fix: str, code: str) -> InvalidInput:
    return InvalidInput([Problem(SourceLocation(name), text, fix, code)])


def read_lines(
    blocks: Iterator[bytes], on_malformed: Callable[[int], None], keeps_last_line: Callable[[bytes], bool]
) -> Iterator[bytes]:
    """Blocks of complete lines that are safe to parse as text, each line ending in a newline.

    A line that is too long or has a NUL is replaced by an empty line and reported by its number, so that line numbers
    stay true; bytes that are not UTF-8 become \\xNN. A last line without end is left out unless `keeps_last_line`.
    """
    carry, too_long, number = b"", False, 1
    for block in blocks:
        end = block.rfind(NEWLINE) + 1
        if not end:
            carry += block if not too_long else b""
            if len(carry) > MAX_LINE_BYTES:
                carry, too_long = b"", True
            continue
        lines, rest_of_line = block[:end], block[end:]
        if too_long:
            on_malformed(number)
            lines, too_long = lines[lines.index(NEWLINE) :], False
        elif carry:
            lines = carry + lines
        lines = _clean_lines(lines, number, on_malformed)
        yield lines
        number += lines.count(NEWLINE)
        carry = rest_of_line
        if len(carry) > MAX_LINE_BYTES:
            carry, too_long = b"", True
    if too_long:
        on_malformed(number)
    elif carry and keeps_last_line(carry):
        yield _clean_lines(carry + NEWLINE, number, on_malformed)


def _clean_lines(lines: bytes, number: int, on_malformed: Callable[[int], None]) -> bytes:
    """The lines without what a parser would trip over."""
    if _has_long_line(lines) or any(byte in lines for byte in UNSAFE_BYTES):
        lines = _clean_each_line(lines, number, on_malformed)
    if lines.isascii():
        return lines
    try:
        lines.decode()
    except UnicodeDecodeError:
        return lines.decode("utf-8", "backslashreplace").encode()
    return lines


def _has_long_line(lines: bytes) -> bool:
    """Whether there may be a line of more than half the limit, found without looking at every line."""
    step = MAX_LINE_BYTES // 2
    return any(lines.find(NEWLINE, start, start + step) < 0 for start in range(0, len(lines), step))


def _clean_each_line(lines: bytes, number: int, on_malformed: Callable[[int], None]) -> bytes:
    cleaned = []
    for offset, line in enumerate(lines[:-1].split(NEWLINE)):
        # A log that was cut while its server wrote to it begins with NULs; the line after them is whole.
        content = line.lstrip(b"\0").removesuffix(b"\r")
        if len(content) > MAX_LINE_BYTES or b"\0" in content or b"\r" in content:
            on_malformed(number + offset)
            content = b""
        cleaned.append(content.replace(b"\x01", b"\\x01"))
    cleaned.append(b"")
    return NEWLINE.join(cleaned)
