"""Vorbis comments: the tags of Opus, Vorbis and FLAC."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from podcast_kit.audio.tag import EmbeddedTags
from podcast_kit.audio.tag_text import (
    chapters_from_starts,
    clean_tag_line,
    clean_tag_text,
    copyright_line,
    iso639_2,
    sort_title,
    with_chapter_ends,
)
from podcast_kit.model import Chapter, Cover, Tags
from podcast_kit.text.numbers import parse_leading_count
from podcast_kit.text.timecode import format_timecode, timecode_to_ms

PICTURE_COMMENT = "METADATA_BLOCK_PICTURE"
OLD_PICTURE_COMMENTS = {"COVERART", "COVERARTMIME"}
CHAPTER_COMMENT = re.compile(r"CHAPTER(\d{2,4})(NAME|URL|)")
CHAPTER_TIME = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?")
MAX_COMMENTS = 65_536


@dataclass(frozen=True, slots=True)
class VorbisComments:
    """The list of comments of a file."""

    vendor: bytes
    pairs: tuple[tuple[str, str], ...]
    trailing: bytes = b""
    """Bytes after the list."""

    def render(self) -> bytes:
        """The bytes of the list, without the trailing ones."""
        entries = [f"{name}={value}".encode() for name, value in self.pairs]
        body = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
        return len(self.vendor).to_bytes(4, "little") + self.vendor + len(entries).to_bytes(4, "little") + body


def parse_comments(data: bytes) -> VorbisComments:
    """Parse a list of comments; stops where the bytes end, and skips what is not a comment."""
    at = 4 + int.from_bytes(data[:4], "little")
    vendor, count = data[4:at], int.from_bytes(data[at : at + 4], "little")
    at += 4
    pairs = []
    for _ in range(min(count, MAX_COMMENTS)):
        length = int.from_bytes(data[at : at + 4], "little")
        if at + 4 + length > len(data):
            break
        name, equals, value = data[at + 4 : at + 4 + length].partition(b"=")
        if equals and name.isascii():
            pairs.append((name.decode("ascii"), value.decode("utf-8", "replace")))
        at += 4 + length
    return VorbisComments(vendor, tuple(pairs), data[at:])


def to_comments(tags: Tags, length: Callable[[], float]) -> list[tuple[str, str]]:
    """The comments for `tags`; `length` returns the seconds of the file, and is only called for chapters."""
    comments = [
        ("TITLE", clean_tag_line(tags.title)),
        ("TITLESORT", sort_title(tags)),
        ("ARTIST", clean_tag_line(tags.author)),
        ("ALBUM", clean_tag_line(tags.show)),
        ("ALBUMARTIST", clean_tag_line(tags.show)),
        ("TRACKNUMBER", "" if tags.number is None else str(tags.number)),
        ("DISCNUMBER", "" if tags.season is None else str(tags.season)),
        ("GENRE", clean_tag_line(tags.genre)),
        ("DATE", f"{tags.date:%Y-%m-%d}" if tags.date else ""),
        ("COPYRIGHT", copyright_line(tags)),
        ("LICENSE", clean_tag_line(tags.license_url)),
        ("LANGUAGE", iso639_2(tags.language) if tags.language else ""),
        ("COMMENT", clean_tag_text(tags.comment or tags.summary)),
        ("DESCRIPTION", clean_tag_text(tags.description or tags.summary)),
        ("LYRICS", clean_tag_text(tags.transcript)),
        ("CONTACT", clean_tag_line(tags.link)),
        ("PODCASTURL", clean_tag_line(tags.feed_url)),
        ("PODCASTID", clean_tag_line(tags.guid)),
        ("PODCASTCATEGORY", clean_tag_line(tags.category)),
        ("KEYWORDS", ", ".join(clean_tag_line(word) for word in tags.keywords)),
    ]
    marks = with_chapter_ends(tags.chapters, round(length() * 1000)) if tags.chapters else []
    for index, mark in enumerate(mark for mark, _ in marks if mark.toc):
        name = f"CHAPTER{index:03}"
        comments += [
            (name, format_timecode(mark.start_ms)),
            (f"{name}NAME", clean_tag_line(mark.title)),
            (f"{name}URL", clean_tag_line(mark.url)),
        ]
    return [(name, value) for name, value in comments if value]


def merge_comments(old: VorbisComments, new: list[tuple[str, str]], *, cover: bool) -> VorbisComments:
    """The new comments, then the old ones that they do not replace, in their order."""
    replaced = {name for name, _ in new} | (OLD_PICTURE_COMMENTS if cover else set())
    marks = "CHAPTER000" in replaced
    kept = [
        (name, value)
        for name, value in old.pairs
        if name.upper() not in replaced
        and not (marks and CHAPTER_COMMENT.fullmatch(name.upper()))
        and not (cover and name.upper() == PICTURE_COMMENT and _picture_kind(value) == 3)
    ]
    return VorbisComments(old.vendor, (*new, *kept), old.trailing)


def build_picture_block(cover: Cover) -> bytes:
    """A front cover as a FLAC picture block, which Ogg files hold in base64."""
    from mutagen.flac import Picture

    block = Picture()
    block.type, block.mime, block.data = 3, cover.mime, cover.data
    block.width, block.height, block.depth = cover.width, cover.height, 24
    data: bytes = block.write()
    return data


def _picture_kind(value: str) -> int:
    """The type of a picture block in base64: 3 is a front cover; -1 if it cannot be decoded."""
    try:
        return int.from_bytes(base64.b64decode(value[:8])[:4], "big")
    except ValueError:
        return -1


def from_comments(comments: VorbisComments, cover: str = "") -> EmbeddedTags:
    """The tags in a list of comments; `cover` is the media type of the cover, if it is not in the comments."""
    first: dict[str, str] = {}
    for name, value in comments.pairs:
        first.setdefault(name.upper(), value)
    if not cover and PICTURE_COMMENT in first:
        data = base64.b64decode(first[PICTURE_COMMENT][:400] + "==", validate=False)
        cover = data[8 : 8 + int.from_bytes(data[4:8], "big")].decode("latin-1")
    return EmbeddedTags(
        title=first.get("TITLE", ""),
        show=first.get("ALBUM", ""),
        author=first.get("ARTIST", ""),
        date=first.get("DATE", ""),
        number=parse_leading_count(first.get("TRACKNUMBER", "")),
        season=parse_leading_count(first.get("DISCNUMBER", "")),
        summary=first.get("COMMENT", "") or first.get("DESCRIPTION", ""),
        guid=first.get("PODCASTID", ""),
        language=first.get("LANGUAGE", ""),
        chapters=parse_comment_chapters(first),
        has_broken_chapters=_has_unordered_chapters(first),
        cover=cover,
        fields=tuple(
            (name, value if len(value) < 4000 else f"{len(value):,} characters")
            for name, value in comments.pairs
            if not CHAPTER_COMMENT.fullmatch(name.upper())
        ),
    )


def _has_unordered_chapters(first: dict[str, str]) -> bool:
    """Whether the numbers of the chapters are not in order of time."""
    times = {
        int(match[1]): timecode_to_ms(time[1], time[2], time[3], time[4])
        for name, value in first.items()
        if (match := CHAPTER_COMMENT.fullmatch(name))
        and not match[2]
        and (time := CHAPTER_TIME.fullmatch(value.strip()))
    }
    starts = [times[number] for number in sorted(times)]
    return any(after <= before for before, after in pairwise(starts))


def parse_comment_chapters(first: dict[str, str]) -> tuple[Chapter, ...]:
    """Chapters from CHAPTERnn comments, ordered by time; numbers have two to four digits."""
    marks = []
    for name, value in first.items():
        if (
            not (match := CHAPTER_COMMENT.fullmatch(name))
            or match[2]
            or not (time := CHAPTER_TIME.fullmatch(value.strip()))
        ):
            continue
        start = timecode_to_ms(time[1], time[2], time[3], time[4])
        marks.append((start, first.get(f"{name}NAME", ""), first.get(f"{name}URL", "")))
    marks.sort(key=lambda mark: mark[0])
    return chapters_from_starts(marks)
