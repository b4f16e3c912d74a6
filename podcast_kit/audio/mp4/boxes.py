"""The tree of MP4 boxes (ISO/IEC 14496-12) as plain values: parsed, changed and rendered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

CONTAINER_BOXES = {
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"udta",
    b"edts",
    b"tref",
    b"dinf",
    b"moof",
    b"traf",
    b"mvex",
}
TOP_LEVEL_BOXES = {
    *(b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"udta", b"meta", b"uuid", b"pnot", b"pdin"),
    *(b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"prft", b"emsg"),
}
"""Boxes that a truncated file may end in; any other name with a length beyond the end is not a box at all."""
MAX_BOX_DEPTH = 12
"""No real file nests boxes deeper."""
MAX_MOOV_BYTES = 64 << 20
"""Four days of audio need less."""


@dataclass(slots=True)
class Box:
    """A box: its bytes, or the boxes inside."""

    name: bytes
    data: bytes = b""
    boxes: list[Box] | None = None

    def render(self) -> bytes:
        """Its bytes in a file."""
        body = self.data if self.boxes is None else b"".join(box.render() for box in self.boxes)
        return (8 + len(body)).to_bytes(4, "big") + self.name + body

    def find(self, *path: bytes) -> Box | None:
        """The first box at `path` below this one."""
        if not path:
            return self
        for box in self.boxes or ():
            if box.name == path[0] and (box_found := box.find(*path[1:])):
                return box_found
        return None

    def children(self, name: bytes) -> list[Box]:
        """Every child of this name."""
        return [box for box in self.boxes or () if box.name == name]


@dataclass(frozen=True, slots=True)
class BoxSpan:
    """The location of a top-level box."""

    name: bytes
    start: int
    header: int
    """Bytes of size and name: 8, or 16 for a 64-bit size."""
    length: int
    """As the box says; may exceed the file."""

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.start + self.length

    def clip(self, size: int) -> BoxSpan:
        """The part of it that a file of this size has."""
        return BoxSpan(self.name, self.start, self.header, min(self.length, size - self.start))


@dataclass(slots=True)
class FileLayout:
    """The top-level boxes of a file."""

    size: int
    spans: list[BoxSpan] = field(default_factory=list)

    def spans_named(self, name: bytes) -> list[BoxSpan]:
        """Every span of this name."""
        return [span for span in self.spans if span.name == name]

    @property
    def missing_bytes(self) -> int:
        """Missing at the end of the last box; negative for bytes after it that are not a box."""
        return max((span.end - self.size for span in self.spans), default=0)


def read_layout(file: BinaryIO) -> FileLayout:
    """Read the top-level boxes, up to the first bytes that are not a box."""
    size = os.fstat(file.fileno()).st_size
    boxes = FileLayout(size)
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, name, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < header or not name.strip(b"\0") or (at + length > size and name not in TOP_LEVEL_BOXES):
            break
        boxes.spans.append(BoxSpan(name, at, header, length))
        at += length
    return boxes


def read_body(file: BinaryIO, span: BoxSpan) -> bytes:
    """The content of a box; at most MAX_MOOV_BYTES."""
    file.seek(span.start + span.header)
    return file.read(min(span.length - span.header, MAX_MOOV_BYTES))


def parse_boxes(data: bytes, depth: int = 0) -> list[Box]:
    """The boxes in `data`; known containers are parsed, all others keep their bytes.

    Trailing bytes that are not a box (QuickTime ends a `udta` with four zero bytes) are dropped.
    """
    return [
        Box(name, boxes=parse_boxes(inside, depth + 1))
        if name in CONTAINER_BOXES and depth < MAX_BOX_DEPTH
        else Box(name, inside)
        for name, inside in split_boxes(data)
    ]


def split_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each box in `data`."""
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
