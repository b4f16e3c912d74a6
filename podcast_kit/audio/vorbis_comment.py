"""Vorbis comments: what Opus, Vorbis and FLAC carry alike."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from podcast_kit.audio.tag import Found
from podcast_kit.audio.tag_text import alpha3, clean, ended, line, listed, rights, sort_title
from podcast_kit.model import Chapter, Cover, Tags
from podcast_kit.text.numbers import parse_leading_count
from podcast_kit.text.timecode import format_timecode, timecode_to_ms

PICTURE = "METADATA_BLOCK_PICTURE"
OLD_PICTURES = {"COVERART", "COVERARTMIME"}
MARK = re.compile(r"CHAPTER(\d{2,4})(NAME|URL|)")
TIME = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?")
MOST = 65_536
"""Comments that are read."""


@dataclass(frozen=True, slots=True)
class Comments:
    """A list of comments as it stands in a file."""

    vendor: bytes
    pairs: tuple[tuple[str, str], ...]
    rest: bytes = b""
    """What follows the list."""

    def render(self) -> bytes:
        """As it stands in a file, without what follows."""
        entries = [f"{name}={value}".encode() for name, value in self.pairs]
        body = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
        return len(self.vendor).to_bytes(4, "little") + self.vendor + len(entries).to_bytes(4, "little") + body


def parse(data: bytes) -> Comments:
    """A list of comments; ends where the bytes do, and leaves out what is no comment."""
    at = 4 + int.from_bytes(data[:4], "little")
    vendor, count = data[4:at], int.from_bytes(data[at : at + 4], "little")
    at += 4
    pairs = []
    for _ in range(min(count, MOST)):
        length = int.from_bytes(data[at : at + 4], "little")
        if at + 4 + length > len(data):
            break
        name, equals, value = data[at + 4 : at + 4 + length].partition(b"=")
        if equals and name.isascii():
            pairs.append((name.decode("ascii"), value.decode("utf-8", "replace")))
        at += 4 + length
    return Comments(vendor, tuple(pairs), data[at:])


def ours(tags: Tags, length: Callable[[], float]) -> list[tuple[str, str]]:
    """The comments that say what `tags` says; `length` gives the seconds of the file when chapters need them."""
    said = [
        ("TITLE", line(tags.title)),
        ("TITLESORT", sort_title(tags)),
        ("ARTIST", line(tags.author)),
        ("ALBUM", line(tags.show)),
        ("ALBUMARTIST", line(tags.show)),
        ("TRACKNUMBER", "" if tags.number is None else str(tags.number)),
        ("DISCNUMBER", "" if tags.season is None else str(tags.season)),
        ("GENRE", line(tags.genre)),
        ("DATE", f"{tags.date:%Y-%m-%d}" if tags.date else ""),
        ("COPYRIGHT", rights(tags)),
        ("LICENSE", line(tags.license_url)),
        ("LANGUAGE", alpha3(tags.language) if tags.language else ""),
        ("COMMENT", clean(tags.comment or tags.summary)),
        ("DESCRIPTION", clean(tags.description or tags.summary)),
        ("LYRICS", clean(tags.transcript)),
        ("CONTACT", line(tags.link)),
        ("PODCASTURL", line(tags.feed_url)),
        ("PODCASTID", line(tags.guid)),
        ("PODCASTCATEGORY", line(tags.category)),
        ("KEYWORDS", ", ".join(line(word) for word in tags.keywords)),
    ]
    marks = ended(tags.chapters, round(length() * 1000)) if tags.chapters else []
    for index, mark in enumerate(mark for mark, _ in marks if mark.toc):
        name = f"CHAPTER{index:03}"
        said += [(name, format_timecode(mark.start_ms)), (f"{name}NAME", line(mark.title)), (f"{name}URL", line(mark.url))]
    return [(name, value) for name, value in said if value]


def merged(old: Comments, new: list[tuple[str, str]], *, cover: bool) -> Comments:
    """Ours first, then those of the source that ours do not replace, in their order."""
    replaced = {name for name, _ in new} | (OLD_PICTURES if cover else set())
    marks = "CHAPTER000" in replaced
    kept = [
        (name, value)
        for name, value in old.pairs
        if name.upper() not in replaced
        and not (marks and MARK.fullmatch(name.upper()))
        and not (cover and name.upper() == PICTURE and _kind(value) == 3)
    ]
    return Comments(old.vendor, (*new, *kept), old.rest)


def picture(cover: Cover) -> bytes:
    """A front cover as a FLAC picture block, which Ogg carries in base64."""
    from mutagen.flac import Picture

    block = Picture()
    block.type, block.mime, block.data = 3, cover.mime, cover.data
    block.width, block.height, block.depth = cover.width, cover.height, 24
    data: bytes = block.write()
    return data


def _kind(value: str) -> int:
    """The kind of a picture in base64: 3 is a front cover; -1 for what is no picture."""
    try:
        return int.from_bytes(base64.b64decode(value[:8])[:4], "big")
    except ValueError:
        return -1


def found(comments: Comments, cover: str = "") -> Found:
    """What the comments say, in the words of every format."""
    first: dict[str, str] = {}
    for name, value in comments.pairs:
        first.setdefault(name.upper(), value)
    if not cover and PICTURE in first:
        data = base64.b64decode(first[PICTURE][:400] + "==", validate=False)
        cover = data[8 : 8 + int.from_bytes(data[4:8], "big")].decode("latin-1")
    return Found(
        title=first.get("TITLE", ""),
        show=first.get("ALBUM", ""),
        author=first.get("ARTIST", ""),
        date=first.get("DATE", ""),
        number=parse_leading_count(first.get("TRACKNUMBER", "")),
        season=parse_leading_count(first.get("DISCNUMBER", "")),
        summary=first.get("COMMENT", "") or first.get("DESCRIPTION", ""),
        guid=first.get("PODCASTID", ""),
        language=first.get("LANGUAGE", ""),
        chapters=chapters(first),
        cover=cover,
        fields=tuple(
            (name, value if len(value) < 4000 else f"{len(value):,} characters")
            for name, value in comments.pairs
            if not MARK.fullmatch(name.upper())
        ),
    )


def chapters(first: dict[str, str]) -> tuple[Chapter, ...]:
    """CHAPTERnn comments by their time; two or three digits, from 0 or 1."""
    marks = []
    for name, value in first.items():
        if not (match := MARK.fullmatch(name)) or match[2] or not (time := TIME.fullmatch(value.strip())):
            continue
        start = timecode_to_ms(time[1], time[2], time[3], time[4])
        marks.append((start, first.get(f"{name}NAME", ""), first.get(f"{name}URL", "")))
    marks.sort(key=lambda mark: mark[0])
    return listed(marks)
