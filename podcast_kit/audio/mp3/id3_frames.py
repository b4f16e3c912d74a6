"""Build ID3v2.3 frames byte by byte, and parse them (id3.org, "ID3 tag version 2.3.0").

mutagen sorts CHAP by length rather than by time, writes WFED as a URL frame where Apple's is a text frame, ends URLs
with a NUL that readers keep, and supports at most 255 chapters; so the frames are built here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from podcast_kit.audio.tag_bounds import id3_length
from podcast_kit.audio.tag_text import (
    clean_tag_line,
    clean_tag_text,
    copyright_line,
    iso639_2,
    sort_title,
    with_chapter_ends,
)
from podcast_kit.errors import OperationError
from podcast_kit.model import Chapter, Cover, Resource, Tags

MAX_CTOC_CHILDREN = 254
"""Its count is one byte."""
UNUSED_BYTE_OFFSET = b"\xff\xff\xff\xff"
"""Says that the time counts, not the byte offset."""
MAX_CHAP_TIME_MS = 0xFFFFFFFF
ID3_23 = 3
ID3_HEADER_BYTES = 10
"""Of a tag, and of a frame."""
MAX_REWRITTEN_TAG_BYTES = 1 << 27
"""So that the tag stays within 256 MB when UTF-8 is longer."""


def id3_frame(name: str, *payload: bytes) -> bytes:
    """A frame of ID3v2.3: name, plain 32-bit length, no flags; the parts of its payload are joined once."""
    return b"".join((name.encode("ascii"), sum(map(len, payload)).to_bytes(4, "big"), b"\0\0", *payload))


def encode_id3_text(text: str) -> tuple[int, bytes]:
    """The encoding byte and the text: Latin-1 where it fits, else UTF-16 with its mark; 2.3 does not support UTF-8."""
    try:
        return 0, text.encode("latin-1")
    except UnicodeEncodeError:
        return 1, b"\xff\xfe" + text.encode("utf-16-le")


def text_frame(name: str, value: str) -> bytes:
    """A text frame; empty for an empty value."""
    code, data = encode_id3_text(value)
    return id3_frame(name, bytes([code]) + data) if value else b""


def url_frame(name: str, url: str) -> bytes:
    """A frame that only has a URL, without a NUL at its end."""
    return id3_frame(name, encode_url(url)) if url else b""


def encode_url(url: str) -> bytes:
    """A URL as bytes that a tag can hold."""
    return clean_tag_line(url).encode("latin-1", "ignore")


def comment_frame(name: str, language: str, value: str) -> bytes:
    """COMM or USLT with an empty description."""
    code, data = encode_id3_text(value)
    head = bytes([code]) + language.encode("ascii")
    return id3_frame(name, head + (b"\xff\xfe\0\0" if code else b"\0") + data) if value else b""


def txxx_frame(name: str, label: str, value: str) -> bytes:
    """TXXX: a text under a label."""
    code, data = encode_id3_text(value)
    end = b"\0\0" if code else b"\0"
    head = b"\xff\xfe" + label.encode("utf-16-le") if code else label.encode("latin-1")
    return id3_frame(name, bytes([code]) + head + end + data)


@lru_cache(maxsize=8)
def apic_frame(cover: Cover, kind: int = 3) -> bytes:
    """APIC; 3 is a front cover, 0 is any other picture. Cached, since most episodes of a show have the same."""
    return id3_frame("APIC", b"\0", cover.mime.encode("latin-1", "ignore"), b"\0", bytes([kind]), b"\0", cover.data)


def to_frames(tags: Tags) -> list[bytes]:
    """The frames for `tags`, without chapters, in the order of the mapping."""
    language = iso639_2(tags.language)
    day = tags.date
    return [
        text_frame("TIT2", clean_tag_line(tags.title)),
        text_frame("TSOT", sort_title(tags)),
        text_frame("TPE1", clean_tag_line(tags.author)),
        text_frame("TALB", clean_tag_line(tags.show)),
        text_frame("TPE2", clean_tag_line(tags.show)),
        text_frame("TRCK", "" if tags.number is None else str(tags.number)),
        text_frame("TPOS", "" if tags.season is None else str(tags.season)),
        text_frame("TCON", clean_tag_line(tags.genre)),
        text_frame("TYER", f"{day:%Y}" if day else ""),
        text_frame("TDAT", f"{day:%d%m}" if day else ""),
        text_frame("TIME", f"{day:%H%M}" if day else ""),
        text_frame("TCOP", copyright_line(tags)),
        url_frame("WCOP", tags.license_url),
        text_frame("TLAN", language if tags.language else ""),
        text_frame("TIT3", clean_tag_line(tags.summary)),
        comment_frame("COMM", language, clean_tag_text(tags.comment or tags.summary)),
        text_frame("TDES", clean_tag_text(tags.description or tags.summary)),
        comment_frame("USLT", language, clean_tag_text(tags.transcript)),
        url_frame("WOAF", tags.link),
        id3_frame("WFED", b"\0" + encode_url(tags.feed_url)) if tags.feed_url else b"",
        id3_frame("PCST", b"\0\0\0\0"),
        text_frame("TGID", clean_tag_line(tags.guid)),
        text_frame("TCAT", clean_tag_line(tags.category)),
        text_frame("TKWD", ", ".join(clean_tag_line(word) for word in tags.keywords)),
        b"" if tags.explicit is None else txxx_frame("TXXX", "ITUNESADVISORY", "1" if tags.explicit else "2"),
        apic_frame(tags.cover) if tags.cover else b"",
    ]


def chapter_frames(tags: Tags, end_ms: int) -> list[bytes]:
    """CTOC first, then CHAP by time; a hidden chapter is not listed in any CTOC.

    A CTOC counts its children in one byte, so a longer list becomes a list of lists.
    """
    marks = with_chapter_ends(tags.chapters, min(end_ms, MAX_CHAP_TIME_MS))
    pictures = dict(tags.images)
    ids = [b"ch%d" % index for index in range(len(marks))]
    chaps = [_chap_frame(name, mark, end, pictures) for name, (mark, end) in zip(ids, marks, strict=True)]
    listed = [name for name, (mark, _) in zip(ids, marks, strict=True) if mark.toc]
    if len(listed) <= MAX_CTOC_CHILDREN:
        return [_ctoc_frame(b"toc", 3, listed), *chaps] if marks else []
    groups = [listed[at : at + MAX_CTOC_CHILDREN] for at in range(0, len(listed), MAX_CTOC_CHILDREN)][
        :MAX_CTOC_CHILDREN
    ]
    names = [b"toc%d" % index for index in range(len(groups))]
    inner = [_ctoc_frame(name, 1, group) for name, group in zip(names, groups, strict=True)]
    return [_ctoc_frame(b"toc", 3, names), *inner, *chaps]


def _ctoc_frame(name: bytes, flags: int, children: list[bytes]) -> bytes:
    """Flags: 2 is the top level, 1 means that the order matters."""
    return id3_frame(
        "CTOC", name + b"\0" + bytes([flags, len(children)]) + b"".join(child + b"\0" for child in children)
    )


def _chap_frame(name: bytes, mark: Chapter, end: int, pictures: dict[Resource, Cover]) -> bytes:
    times = mark.start_ms.to_bytes(4, "big") + end.to_bytes(4, "big") + UNUSED_BYTE_OFFSET + UNUSED_BYTE_OFFSET
    inside = text_frame("TIT2", clean_tag_line(mark.title))
    if mark.url:
        inside += id3_frame("WXXX", b"\0chapter url\0" + encode_url(mark.url))
    if mark.image and mark.image in pictures:
        inside += apic_frame(pictures[mark.image], 0)
    return id3_frame("CHAP", name + b"\0" + times + inside)


def join_id3_tag(content: list[bytes]) -> list[bytes]:
    """Header and frames, without padding: the file is copied for each tag, so the tag never grows in place."""
    size = sum(map(len, content))
    if size >= 1 << 28:
        raise OperationError(
            "the tag of an MP3 can hold at most 256 MB", "use smaller images for the cover and the chapters"
        )
    return [b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)), *filter(None, content)]


def parse_frames(data: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, flags and payload of each frame of 2.3; ends at the padding."""
    at = 0
    while at + 10 < len(data) and re.match(rb"[A-Z][A-Z0-9]{3}", data[at : at + 4]):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if at + 10 + size > len(data):
            return
        yield data[at : at + 4].decode(), data[at + 8 : at + 10], data[at + 10 : at + 10 + size]
        at += 10 + size


def with_utf8_texts(tag: bytes) -> bytes:
    """The same tag with texts in UTF-8 where it has UTF-16, for mutagen to read: it decodes UTF-16 byte by byte.

    Not for writing, since 2.3 does not support UTF-8. A tag of another version, or that is cut off, is unchanged.
    """
    is_whole = id3_length(tag[:ID3_HEADER_BYTES]) == len(tag)
    if tag[3] != ID3_23 or tag[5] or not is_whole or len(tag) > MAX_REWRITTEN_TAG_BYTES:
        return tag
    frames = []
    end = ID3_HEADER_BYTES
    for name, flags, payload in parse_frames(tag[ID3_HEADER_BYTES:]):
        text = payload if any(flags) else _text_as_utf8(name, payload)
        frames.append(name.encode() + len(text).to_bytes(4, "big") + flags + text)
        end += ID3_HEADER_BYTES + len(payload)
    return b"".join(join_id3_tag([*frames, tag[end:]]))


def _text_as_utf8(name: str, payload: bytes) -> bytes:
    """A payload of one text in UTF-16 with its mark, and with an empty description, as UTF-8; any other unchanged."""
    if name in {"COMM", "USLT"}:
        head, start = payload[1:4] + b"\0", payload[4:8]
        text = payload[10:] if start + payload[8:10] == b"\xff\xfe\0\0\xff\xfe" else None
    else:
        head, start = b"", payload[1:3]
        text = payload[3:] if name.startswith("T") and name != "TXXX" and start == b"\xff\xfe" else None
    if payload[:1] != b"\x01" or text is None:
        return payload
    try:
        decoded = text.decode("utf-16-le")
    except UnicodeDecodeError:  # mutagen has its own ways to repair it
        return payload
    words = decoded.rstrip("\0")
    if not words or "\0" in words:  # mutagen drops an empty text, and several have a mark each
        return payload
    return b"\x03" + head + decoded.encode()
