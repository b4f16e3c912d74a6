"""What WAV and AIFF say of themselves: texts, markers, and an ID3 tag in a chunk. Only read: nobody publishes them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from podcast_kit.audio.mp3 import id3
from podcast_kit.audio.riff.chunks import Chunk, chunks, sample_rate
from podcast_kit.audio.tag import Found
from podcast_kit.audio.tag_bounds import id3_length, read_at
from podcast_kit.audio.tag_text import line, listed
from podcast_kit.model import Chapter

TEXTS = {b"INAM": "title", b"IART": "author", b"IPRD": "show", b"ICMT": "summary", b"ICRD": "date"}
AIFF_TEXTS = {b"NAME": "title", b"AUTH": "author", b"ANNO": "summary"}
SPOKEN = {b"fmt ", b"COMM", b"LIST", b"cue ", b"MARK", b"id3 ", b"ID3 ", *AIFF_TEXTS}
"""The chunks that say something."""
LARGEST = 32 << 20
"""Bytes of a chunk that are read."""
MOST = 10_000
"""Markers that are read."""


def read(path: Path) -> Found:
    """Texts and markers; an ID3 tag inside says all when it is there, but for markers that it lacks."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        wav = read_at(file, 0, 4) != b"FORM"
        order = "little" if wav else "big"
        heads = [chunk for chunk in chunks(file, size, order, {}) if chunk.name in SPOKEN]
        parts = [(chunk, read_at(file, chunk.start, min(chunk.length, LARGEST))) for chunk in heads]
    data = {chunk.name: content for chunk, content in parts}
    rate = sample_rate(data.get(b"fmt " if wav else b"COMM", b""), wav=wav)
    marks = (_cues(parts, rate) if wav else _markers(data.get(b"MARK", b""), rate)) if rate else ()
    tag = next((content for name, content in data.items() if name in {b"id3 ", b"ID3 "}), b"")
    if id3_length(tag[:10]):
        found = id3.found(tag[: id3_length(tag[:10])])
        return found if found.chapters else replace(found, chapters=marks)
    texts = _info(parts) if wav else {AIFF_TEXTS[name]: content for name, content in data.items() if name in AIFF_TEXTS}
    words = {key: line(value.split(b"\0")[0].decode("utf-8", "replace")) for key, value in texts.items()}
    return Found(
        title=words.get("title", ""),
        author=words.get("author", ""),
        show=words.get("show", ""),
        summary=words.get("summary", ""),
        date=words.get("date", ""),
        chapters=marks,
        fields=tuple(words.items()),
    )


def _info(parts: list[tuple[Chunk, bytes]]) -> dict[str, bytes]:
    """The texts of a LIST of kind INFO."""
    found = dict[str, bytes]()
    for chunk, content in parts:
        if chunk.name == b"LIST" and content[:4] == b"INFO":
            found |= {TEXTS[name]: text for name, text in inside(content[4:]) if name in TEXTS}
    return found


def inside(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks that stand in a LIST."""
    found, at = [], 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def _cues(parts: list[tuple[Chunk, bytes]], rate: int) -> tuple[Chapter, ...]:
    """Cue points as recorders and editors set them, with their labels."""
    labels, points = dict[bytes, bytes](), b""
    for chunk, content in parts:
        if chunk.name == b"cue ":
            points = content
        if chunk.name == b"LIST" and content[:4] == b"adtl":
            labels |= {text[:4]: text[4:] for name, text in inside(content[4:]) if name == b"labl"}
    count = min(int.from_bytes(points[:4], "little"), len(points) // 24, MOST)
    found = []
    for at in range(4, 4 + 24 * count, 24):
        title = labels.get(points[at : at + 4], b"").split(b"\0")[0].decode("utf-8", "replace")
        found.append((int.from_bytes(points[at + 20 : at + 24], "little") * 1000 // rate, line(title), ""))
    return _named(found)


def _markers(data: bytes, rate: int) -> tuple[Chapter, ...]:
    """AIFF's markers: number, place, and a name of one byte's length."""
    found, at = [], 2
    for _ in range(min(int.from_bytes(data[:2], "big"), MOST)):
        if at + 7 > len(data):
            break
        length = data[at + 6]
        title = data[at + 7 : at + 7 + length].decode("utf-8", "replace")
        found.append((int.from_bytes(data[at + 2 : at + 6], "big") * 1000 // rate, line(title), ""))
        at += 7 + length + (length + 1) % 2
    return _named(found)


def _named(marks: list[tuple[int, str, str]]) -> tuple[Chapter, ...]:
    """Markers as chapters: only where they have names; those without are takes and beats, not chapters."""
    return listed(sorted(mark for mark in marks if mark[1]))
