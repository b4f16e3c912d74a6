"""Read the tags of WAV and AIFF: texts, markers, and an ID3 tag in a chunk. They are never published."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from podcast_kit.audio.mp3 import id3
from podcast_kit.audio.riff.chunks import Chunk, parse_sample_rate, read_chunks
from podcast_kit.audio.tag import EmbeddedTags
from podcast_kit.audio.tag_bounds import id3_length, read_at
from podcast_kit.audio.tag_text import chapters_from_starts, clean_tag_line
from podcast_kit.model import Chapter

WAV_TEXTS = {b"INAM": "title", b"IART": "author", b"IPRD": "show", b"ICMT": "summary", b"ICRD": "date"}
AIFF_TEXTS = {b"NAME": "title", b"AUTH": "author", b"ANNO": "summary"}
TAG_CHUNKS = {b"fmt ", b"COMM", b"LIST", b"cue ", b"MARK", b"id3 ", b"ID3 ", *AIFF_TEXTS}
"""Chunks that have tags or what is needed to read them."""
MAX_TAG_CHUNK_BYTES = 32 << 20
"""Read of a chunk."""
MAX_MARKERS = 10_000
"""Read from a file."""


def read_riff_tags(path: Path) -> EmbeddedTags:
    """Texts and markers; an ID3 tag takes precedence, except for markers that it does not have."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        wav = read_at(file, 0, 4) != b"FORM"
        order = "little" if wav else "big"
        heads = [chunk for chunk in read_chunks(file, size, order, {}) if chunk.name in TAG_CHUNKS]
        parts = [(chunk, read_at(file, chunk.start, min(chunk.length, MAX_TAG_CHUNK_BYTES))) for chunk in heads]
    data = {chunk.name: content for chunk, content in parts}
    rate = parse_sample_rate(data.get(b"fmt " if wav else b"COMM", b""), wav=wav)
    marks = (_parse_wav_cues(parts, rate) if wav else _parse_aiff_markers(data.get(b"MARK", b""), rate)) if rate else ()
    tag = next((content for name, content in data.items() if name in {b"id3 ", b"ID3 "}), b"")
    if id3_length(tag[:10]):
        file_tags = id3.from_frames(tag[: id3_length(tag[:10])])
        return file_tags if file_tags.chapters else replace(file_tags, chapters=marks)
    texts = (
        _parse_info_texts(parts)
        if wav
        else {AIFF_TEXTS[name]: content for name, content in data.items() if name in AIFF_TEXTS}
    )
    words = {key: clean_tag_line(value.split(b"\0")[0].decode("utf-8", "replace")) for key, value in texts.items()}
    return EmbeddedTags(
        title=words.get("title", ""),
        author=words.get("author", ""),
        show=words.get("show", ""),
        summary=words.get("summary", ""),
        date=words.get("date", ""),
        chapters=marks,
        fields=tuple(words.items()),
    )


def _parse_info_texts(parts: list[tuple[Chunk, bytes]]) -> dict[str, bytes]:
    """The texts of a LIST chunk of type INFO."""
    texts = dict[str, bytes]()
    for chunk, content in parts:
        if chunk.name == b"LIST" and content[:4] == b"INFO":
            texts |= {WAV_TEXTS[name]: text for name, text in parse_list_chunks(content[4:]) if name in WAV_TEXTS}
    return texts


def parse_list_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks inside a LIST chunk."""
    result, at = [], 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        result.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return result


def _parse_wav_cues(parts: list[tuple[Chunk, bytes]], rate: int) -> tuple[Chapter, ...]:
    """Cue points as recorders and editors set them, with their labels."""
    labels, points = dict[bytes, bytes](), b""
    for chunk, content in parts:
        if chunk.name == b"cue ":
            points = content
        if chunk.name == b"LIST" and content[:4] == b"adtl":
            labels |= {text[:4]: text[4:] for name, text in parse_list_chunks(content[4:]) if name == b"labl"}
    count = min(int.from_bytes(points[:4], "little"), len(points) // 24, MAX_MARKERS)
    cues = []
    for at in range(4, 4 + 24 * count, 24):
        title = labels.get(points[at : at + 4], b"").split(b"\0")[0].decode("utf-8", "replace")
        cues.append((int.from_bytes(points[at + 20 : at + 24], "little") * 1000 // rate, clean_tag_line(title), ""))
    return _named_chapters(cues)


def _parse_aiff_markers(data: bytes, rate: int) -> tuple[Chapter, ...]:
    """AIFF markers: number, position, and a Pascal string."""
    markers, at = [], 2
    for _ in range(min(int.from_bytes(data[:2], "big"), MAX_MARKERS)):
        if at + 7 > len(data):
            break
        length = data[at + 6]
        title = data[at + 7 : at + 7 + length].decode("utf-8", "replace")
        markers.append((int.from_bytes(data[at + 2 : at + 6], "big") * 1000 // rate, clean_tag_line(title), ""))
        at += 7 + length + (length + 1) % 2
    return _named_chapters(markers)


def _named_chapters(marks: list[tuple[int, str, str]]) -> tuple[Chapter, ...]:
    """Markers as chapters: only those with names; the others mark takes and beats."""
    return chapters_from_starts(sorted(mark for mark in marks if mark[1]))
