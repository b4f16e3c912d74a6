"""ID3v2.3's frames, assembled byte by byte, and taken apart again (id3.org, "ID3 tag version 2.3.0").

mutagen sorts CHAP by length rather than by time, writes WFED as the address frame that Apple's is not, ends
addresses with a NUL that readers keep, and knows no more than 255 chapters; so ours are made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from podcast_kit.audio.tag_text import alpha3, clean, ended, line, rights, sort_title
from podcast_kit.errors import OperationError
from podcast_kit.model import Chapter, Cover, Resource, Tags

LISTED = 254
"""Children of one CTOC: its count is one byte."""
UNUSED = b"\xff\xff\xff\xff"
"""A byte offset that nobody uses: the time counts."""
END = 0xFFFFFFFF


def frame(name: str, *payload: bytes) -> bytes:
    """A frame of ID3v2.3: name, plain 32-bit length, no flags; the parts of its payload are copied once."""
    return b"".join((name.encode("ascii"), sum(map(len, payload)).to_bytes(4, "big"), b"\0\0", *payload))


def encoded(text: str) -> tuple[int, bytes]:
    """The encoding byte and the text: Latin-1 where it fits, else UTF-16 with its mark; 2.3 knows no UTF-8."""
    try:
        return 0, text.encode("latin-1")
    except UnicodeEncodeError:
        return 1, b"\xff\xfe" + text.encode("utf-16-le")


def text(name: str, value: str) -> bytes:
    """A text frame; nothing for an empty value."""
    code, data = encoded(value)
    return frame(name, bytes([code]) + data) if value else b""


def address(name: str, url: str) -> bytes:
    """A frame that is an address and nothing else, without a NUL at its end."""
    return frame(name, latin(url)) if url else b""


def latin(url: str) -> bytes:
    """An address as the bytes a tag can hold."""
    return line(url).encode("latin-1", "ignore")


def comment(name: str, language: str, value: str) -> bytes:
    """COMM or USLT with an empty description."""
    code, data = encoded(value)
    head = bytes([code]) + language.encode("ascii")
    return frame(name, head + (b"\xff\xfe\0\0" if code else b"\0") + data) if value else b""


def named(name: str, label: str, value: str) -> bytes:
    """TXXX: a text under a label of its own."""
    code, data = encoded(value)
    end = b"\0\0" if code else b"\0"
    head = b"\xff\xfe" + label.encode("utf-16-le") if code else label.encode("latin-1")
    return frame(name, bytes([code]) + head + end + data)


@lru_cache(maxsize=8)
def picture(cover: Cover, kind: int = 3) -> bytes:
    """APIC; 3 is a front cover, 0 is any other picture. Most episodes of a show have the same."""
    return frame("APIC", b"\0", cover.mime.encode("latin-1", "ignore"), b"\0", bytes([kind]), b"\0", cover.data)


def ours(tags: Tags) -> list[bytes]:
    """The frames that say what `tags` says, chapters apart, in the order of the mapping."""
    language = alpha3(tags.language)
    day = tags.date
    return [
        text("TIT2", line(tags.title)),
        text("TSOT", sort_title(tags)),
        text("TPE1", line(tags.author)),
        text("TALB", line(tags.show)),
        text("TPE2", line(tags.show)),
        text("TRCK", "" if tags.number is None else str(tags.number)),
        text("TPOS", "" if tags.season is None else str(tags.season)),
        text("TCON", line(tags.genre)),
        text("TYER", f"{day:%Y}" if day else ""),
        text("TDAT", f"{day:%d%m}" if day else ""),
        text("TIME", f"{day:%H%M}" if day else ""),
        text("TCOP", rights(tags)),
        address("WCOP", tags.license_url),
        text("TLAN", language if tags.language else ""),
        text("TIT3", line(tags.summary)),
        comment("COMM", language, clean(tags.comment or tags.summary)),
        text("TDES", clean(tags.description or tags.summary)),
        comment("USLT", language, clean(tags.transcript)),
        address("WOAF", tags.link),
        frame("WFED", b"\0" + latin(tags.feed_url)) if tags.feed_url else b"",
        frame("PCST", b"\0\0\0\0"),
        text("TGID", line(tags.guid)),
        text("TCAT", line(tags.category)),
        text("TKWD", ", ".join(line(word) for word in tags.keywords)),
        b"" if tags.explicit is None else named("TXXX", "ITUNESADVISORY", "1" if tags.explicit else "2"),
        picture(tags.cover) if tags.cover else b"",
    ]


def chapter_frames(tags: Tags, end_ms: int) -> list[bytes]:
    """CTOC first, then CHAP by time; a mark that is not to be listed stands in no CTOC.

    A CTOC counts its children in one byte, so that a longer list becomes lists of lists.
    """
    marks = ended(tags.chapters, min(end_ms, END))
    pictures = dict(tags.images)
    ids = [b"ch%d" % index for index in range(len(marks))]
    chaps = [_chap(name, mark, end, pictures) for name, (mark, end) in zip(ids, marks, strict=True)]
    listed = [name for name, (mark, _) in zip(ids, marks, strict=True) if mark.toc]
    if len(listed) <= LISTED:
        return [_ctoc(b"toc", 3, listed), *chaps] if marks else []
    groups = [listed[at : at + LISTED] for at in range(0, len(listed), LISTED)][:LISTED]
    names = [b"toc%d" % index for index in range(len(groups))]
    inner = [_ctoc(name, 1, group) for name, group in zip(names, groups, strict=True)]
    return [_ctoc(b"toc", 3, names), *inner, *chaps]


def _ctoc(name: bytes, flags: int, children: list[bytes]) -> bytes:
    """Flags: 2 is the top of the list, 1 says that the order matters."""
    return frame("CTOC", name + b"\0" + bytes([flags, len(children)]) + b"".join(child + b"\0" for child in children))


def _chap(name: bytes, mark: Chapter, end: int, pictures: dict[Resource, Cover]) -> bytes:
    times = mark.start_ms.to_bytes(4, "big") + end.to_bytes(4, "big") + UNUSED + UNUSED
    inside = text("TIT2", line(mark.title))
    if mark.url:
        inside += frame("WXXX", b"\0chapter url\0" + latin(mark.url))
    if mark.image and mark.image in pictures:
        inside += picture(pictures[mark.image], 0)
    return frame("CHAP", name + b"\0" + times + inside)


def tag(content: list[bytes]) -> list[bytes]:
    """Header and frames, without padding: what is copied anew each time need not grow in place."""
    size = sum(map(len, content))
    if size >= 1 << 28:
        raise OperationError("a tag of an MP3 holds at most 256 MB", "use smaller pictures for the cover and the chapters")
    return [b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)), *filter(None, content)]


def taken_apart(data: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, flags and payload of each frame of 2.3; ends at the padding."""
    at = 0
    while at + 10 < len(data) and re.match(rb"[A-Z][A-Z0-9]{3}", data[at : at + 4]):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if at + 10 + size > len(data):
            return
        yield data[at : at + 4].decode(), data[at + 8 : at + 10], data[at + 10 : at + 10 + size]
        at += 10 + size
