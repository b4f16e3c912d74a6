"""The samples of a fragmented MP4, as streams and some recorders write it (ISO/IEC 14496-12 8.8)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from podcast_kit.audio.mp4.boxes import Box, FileLayout, parse_boxes, read_body

BASE, DESCRIPTION, DURATION, SIZE, FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
"""Flags of a `tfhd`."""
OFFSET, FIRST, DURATIONS, SIZES, SAMPLE_FLAGS, SHIFTS = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
"""Flags of a `trun`."""
MAX_FRAGMENT_SAMPLES = 1 << 24
"""Four days of audio have fewer."""


@dataclass(slots=True)
class FragmentSamples:
    """Every sample of one track, in order."""

    durations: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    chunks: list[tuple[int, int, int]] = field(default_factory=list)
    """Offset, bytes and samples of each contiguous run."""


def gather_fragments(file: BinaryIO, top: FileLayout, moov: Box, number: int) -> FragmentSamples:
    """The samples of a track in all fragments of the file."""
    samples = FragmentSamples()
    defaults = _sample_defaults(moov, number)
    for span in top.spans_named(b"moof"):
        at = span.start
        for traf in (box for box in parse_boxes(read_body(file, span)) if box.name == b"traf"):
            head = traf.find(b"tfhd")
            if head is None:
                continue
            flags, track = struct.unpack_from(">II", head.data)
            if track != number:
                continue
            base, duration, size = _fragment_head(head.data, flags, at, defaults)
            for run in traf.children(b"trun"):
                base = _add_run(run.data, base, at, (duration, size), samples)
                if len(samples.sizes) > MAX_FRAGMENT_SAMPLES:
                    raise ValueError("more samples than any recording has")
    return samples


def _sample_defaults(moov: Box, number: int) -> tuple[int, int]:
    """Default duration and size of samples (`trex`)."""
    for box in (moov.find(b"mvex") or Box(b"mvex", boxes=[])).children(b"trex"):
        _, track, _, duration, size = struct.unpack_from(">5I", box.data)
        if track == number:
            return duration, size
    return 0, 0


def _fragment_head(data: bytes, flags: int, moof: int, defaults: tuple[int, int]) -> tuple[int, int, int]:
    """The base of offsets, and the default duration and size of samples."""
    at, (duration, size), base = 8, defaults, moof
    if flags & BASE:
        (base,) = struct.unpack_from(">Q", data, at)
        at += 8
    at += 4 * bool(flags & DESCRIPTION)
    if flags & DURATION:
        (duration,) = struct.unpack_from(">I", data, at)
        at += 4
    if flags & SIZE:
        (size,) = struct.unpack_from(">I", data, at)
    return base, duration, size


def _add_run(data: bytes, begin: int, moof: int, defaults: tuple[int, int], samples: FragmentSamples) -> int:
    """Add the samples of one `trun`; return the default offset of the next."""
    word, count = struct.unpack_from(">II", data)
    at = 8
    if word & OFFSET:
        (offset,) = struct.unpack_from(">i", data, at)
        begin, at = moof + offset, at + 4
    at += 4 * bool(word & FIRST)
    columns = [word & flag for flag in (DURATIONS, SIZES, SAMPLE_FLAGS, SHIFTS)]
    row = sum(map(bool, columns))
    count = min(count, (len(data) - at) // (4 * row)) if row else min(count, MAX_FRAGMENT_SAMPLES)
    values = struct.unpack_from(f">{count * row}I", data, at)
    durations = list(values[0::row]) if columns[0] else [defaults[0]] * count
    sizes = list(values[bool(columns[0]) :: row]) if columns[1] else [defaults[1]] * count
    samples.durations += durations
    samples.sizes += sizes
    samples.chunks.append((begin, sum(sizes), count))
    return begin + sum(sizes)


def build_sample_tables(samples_found: FragmentSamples) -> Iterator[Box]:
    """The tables (`stts`, `stsz`, `stsc`, `co64`) of the equivalent plain MP4."""
    runs: list[list[int]] = []
    for duration in samples_found.durations:
        if runs and runs[-1][1] == duration:
            runs[-1][0] += 1
        else:
            runs.append([1, duration])
    yield Box(b"stts", struct.pack(">II", 0, len(runs)) + b"".join(struct.pack(">II", *run) for run in runs))
    count = len(samples_found.sizes)
    yield Box(b"stsz", struct.pack(f">III{count}I", 0, 0, count, *samples_found.sizes))
    entries = [(index + 1, samples, 1) for index, (_, _, samples) in enumerate(samples_found.chunks)]
    yield Box(b"stsc", struct.pack(">II", 0, len(entries)) + b"".join(struct.pack(">III", *entry) for entry in entries))
    offsets = [start for start, _, _ in samples_found.chunks]
    yield Box(b"co64", struct.pack(f">II{len(offsets)}Q", 0, len(offsets), *offsets))
