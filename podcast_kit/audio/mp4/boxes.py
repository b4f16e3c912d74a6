"""MP4's tree of boxes (ISO/IEC 14496-12), as plain values that can be taken apart and put together again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts", b"tref", b"dinf", b"moof", b"traf", b"mvex"}
DEEP = 12
"""No real file nests boxes deeper."""
MOOV = 64 << 20
"""Bytes of the largest index that is read: four days of audio need less."""


@dataclass(slots=True)
class Box:
    """A box: its bytes, or the boxes inside."""

    name: bytes
    data: bytes = b""
    boxes: list[Box] | None = None

    def render(self) -> bytes:
        """As it stands in a file."""
        body = self.data if self.boxes is None else b"".join(box.render() for box in self.boxes)
        return (8 + len(body)).to_bytes(4, "big") + self.name + body

    def find(self, *path: bytes) -> Box | None:
        """The first box at `path` below this one."""
        if not path:
            return self
        for box in self.boxes or ():
            if box.name == path[0] and (found := box.find(*path[1:])):
                return found
        return None

    def all(self, name: bytes) -> list[Box]:
        """Every child of this name."""
        return [box for box in self.boxes or () if box.name == name]


@dataclass(frozen=True, slots=True)
class Span:
    """A box at the top of a file, by its place."""

    name: bytes
    start: int
    header: int
    """Bytes of size and name: 8, or 16 for a 64-bit size."""
    length: int
    """As the box says; it may go beyond the file."""

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + self.length


@dataclass(slots=True)
class Layout:
    """The boxes at the top of a file."""

    size: int
    spans: list[Span] = field(default_factory=list)

    def all(self, name: bytes) -> list[Span]:
        """Every span of this name."""
        return [span for span in self.spans if span.name == name]

    @property
    def missing(self) -> int:
        """Bytes that the last box lacks; below 0 those behind it that are no box."""
        return max((span.end - self.size for span in self.spans), default=0)


def layout(file: BinaryIO) -> Layout:
    """Walk the boxes at the top; ends where what follows is no box."""
    size = os.fstat(file.fileno()).st_size
    found = Layout(size)
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, name, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < header or not name.strip(b"\0"):
            break
        found.spans.append(Span(name, at, header, length))
        at += length
    return found


def body(file: BinaryIO, span: Span) -> bytes:
    """The bytes inside a span; at most MOOV of them."""
    file.seek(span.start + span.header)
    return file.read(min(span.length - span.header, MOOV))


def parse(data: bytes, depth: int = 0) -> list[Box]:
    """The boxes in `data`; known parents are taken apart, all others keep their bytes.

    What is left at the end and is no box (QuickTime ends a `udta` with four zero bytes) is dropped.
    """
    return [
        Box(name, boxes=parse(inside, depth + 1)) if name in PARENTS and depth < DEEP else Box(name, inside)
        for name, inside in pieces(data)
    ]


def pieces(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each box that stands in `data`, one behind another."""
    at = 0
    while at + 8 <= len(data):
        length, name, header = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif length == 0:
            length = len(data) - at
        if length < header or at + length > len(data):
            return
        yield name, data[at + header : at + length]
        at += length
