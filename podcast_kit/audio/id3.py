"""ID3v2.3 written at the head of a copy, and ID3 of any version read.

2.3, as ffprobe drops long 2.4 chapters in silence, some programs read no 2.4 at all, and all read 2.3.
mutagen reads the source's tag and writes what is foreign in it. Ours are assembled here, as mutagen sorts CHAP
by length rather than by time, writes WFED as the address frame that Apple's is not, ends addresses with a NUL
that readers keep, and knows no more than 255 chapters.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from podcast_kit.audio import mp3
from podcast_kit.audio.copying import write
from podcast_kit.audio.edges import bounds, id3_length
from podcast_kit.audio.wording import alpha3, before_slash, clean, ended, line, rights, sort_title
from podcast_kit.errors import Failed, InvalidAudio
from podcast_kit.model import Chapter, Cover, Tags

if TYPE_CHECKING:
    from podcast_kit.audio.tagging import Found

BACKWARDS = {"TDRC": ("TYER", "TDAT", "TIME"), "TDOR": ("TORY",), "TIPL": ("IPLS",), "TMCL": ("IPLS",)}
"""Frames of 2.4 and what says the same in 2.3."""
LISTED = 254
"""Children of one CTOC: its count is one byte."""
UNUSED = b"\xff\xff\xff\xff"
"""A byte offset that nobody uses: the time counts."""
END = 0xFFFFFFFF


def frame(name: str, payload: bytes) -> bytes:
    """A frame of ID3v2.3: name, plain 32-bit length, no flags."""
    return name.encode("ascii") + len(payload).to_bytes(4, "big") + b"\0\0" + payload


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


def picture(cover: Cover, kind: int = 3) -> bytes:
    """APIC; 3 is a front cover, 0 is any other picture."""
    return frame("APIC", b"\0" + cover.mime.encode("latin-1", "ignore") + b"\0" + bytes([kind]) + b"\0" + cover.data)


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
    pictures = dict(tags.pictures)
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


def _chap(name: bytes, mark: Chapter, end: int, pictures: dict[str, Cover]) -> bytes:
    times = mark.start_ms.to_bytes(4, "big") + end.to_bytes(4, "big") + UNUSED + UNUSED
    inside = text("TIT2", line(mark.title))
    if mark.url:
        inside += frame("WXXX", b"\0chapter url\0" + latin(mark.url))
    if mark.image in pictures:
        inside += picture(pictures[mark.image], 0)
    return frame("CHAP", name + b"\0" + times + inside)


def tag(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """A copy of an MP3 with our tag at its head.

    Left out are ID3v1, which says less and could say otherwise, and junk before the first frame.
    """
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = bounds(file, size)
        first = mp3.first_frame(file, start, end)
        if first is None:
            raise InvalidAudio(str(source), *mp3.NO_FRAME)
        own = ours(tags)
        marks = chapter_frames(tags, _length_ms(source, tags)) if tags.chapters else []
        rest = foreign(file, start, own, marks=bool(marks))
        tail = _without_id3v1(file, end, size)
        return write(file, destination, [_tag(b"".join([*own, *rest, *marks])), (first, end - first), *tail])


def _length_ms(source: Path, tags: Tags) -> int:
    """The end of the last chapter; the file is walked only when no chapter says it."""
    last = max(tags.chapters, key=lambda mark: mark.start_ms)
    return last.end_ms or round(mp3.probe(source).seconds * 1000)


def _tag(content: bytes) -> bytes:
    """Header and frames, without padding: what is copied anew each time need not grow in place."""
    size = len(content)
    if size >= 1 << 28:
        raise Failed("a tag of an MP3 holds at most 256 MB", "use smaller pictures for the cover and the chapters")
    return b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + content


def _without_id3v1(file: BinaryIO, end: int, size: int) -> list[tuple[int, int]]:
    """The stretch behind the audio without an ID3v1 at its end; APEv2 and Lyrics3 stay."""
    file.seek(max(end, size - 128))
    v1 = size - end >= 128 and file.read(3) == b"TAG"
    return [(end, size - end - 128 * v1)] if size - end - 128 * v1 else []


def foreign(file: BinaryIO, start: int, own: list[bytes], *, marks: bool) -> list[bytes]:
    """The frames of the source's tags that ours do not replace, as 2.3 says them.

    Of tags that stand one behind another the first counts, as it does for players.
    """
    replaced = {data[:4].decode() for data in own if data} | ({"CHAP", "CTOC"} if marks else set())
    if "TYER" in replaced:
        replaced |= {"TDRC", "TDRL", "TDAT", "TIME"}
    kept: dict[str, bytes] = {}
    met: set[str] = set()
    for data in _tags(file, start):
        here = dict(_rendered(data, replaced))
        kept |= {key: rest for key, rest in here.items() if key.split(" ")[0] not in met}
        met |= {key.split(" ")[0] for key in here}
    return list(kept.values())


def _tags(file: BinaryIO, start: int) -> Iterator[bytes]:
    """The bytes of each ID3v2 tag at the head."""
    at = 0
    while at < start:
        file.seek(at)
        length = id3_length(file.read(10))
        if not length:
            return
        file.seek(at)
        yield file.read(length)
        at += length


def _load(data: bytes) -> Any:
    from mutagen.id3 import ID3

    return ID3(io.BytesIO(data), translate=data[3] < 3, v2_version=3, load_v1=False)


def _rendered(data: bytes, replaced: set[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each frame of one tag that is kept; 2.3 stays as it is to the byte."""
    plain = data[3] == 3 and not data[5]
    for name, flags, payload in frames(data[10:] if plain else _as_23(data)):
        if not _is_ours(name, payload, replaced):
            yield f"{name} {flags!r} {payload!r}", name.encode() + len(payload).to_bytes(4, "big") + flags + payload


def frames(data: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, flags and payload of each frame of 2.3; ends at the padding."""
    at = 0
    while at + 10 < len(data) and re.match(rb"[A-Z][A-Z0-9]{3}", data[at : at + 4]):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if at + 10 + size > len(data):
            return
        yield data[at : at + 4].decode(), data[at + 8 : at + 10], data[at + 10 : at + 10 + size]
        at += 10 + size


def _as_23(data: bytes) -> bytes:
    """The frames of a tag of another version, or in an unusual form, as plain 2.3."""
    tags = _load(data)
    aside = dict(tags.items())
    if data[3] == 4:
        tags.update_to_v23()
        for key, lost in aside.items():
            if key not in tags and lost.FrameID not in BACKWARDS:
                tags.add(lost)
        _complete_time(tags, aside.get("TDRC"))
    unknown = b"".join(frame(raw[:4].decode("latin-1"), raw[10:]) for raw in tags.unknown_frames if len(raw) > 10)
    tags.unknown_frames.clear()
    out = io.BytesIO()
    tags.save(out, v1=0, v2_version=3, v23_sep="/" if data[3] == 4 else None, padding=lambda _: 0)
    return out.getvalue()[10:] + unknown


def _complete_time(tags: Any, recorded: Any) -> None:
    """Add what mutagen drops: a time of day whose hour or minute is 0."""
    from mutagen.id3 import TIME

    when = recorded.text[0] if recorded and recorded.text else None
    if when is not None and "TIME" not in tags and when.hour is not None and when.minute is not None:
        tags.add(TIME(encoding=0, text=f"{when.hour:02}{when.minute:02}"))


def _is_ours(name: str, payload: bytes, replaced: set[str]) -> bool:
    """Whether one of our frames says what this one says."""
    if name not in replaced:
        return False
    if name in {"COMM", "USLT"}:
        return not _label(payload[:1], payload[4:])
    if name == "TXXX":
        return _label(payload[:1], payload[1:]).upper() == "ITUNESADVISORY"
    if name == "APIC":
        kind = payload.find(b"\0", 1) + 1
        return payload[kind : kind + 1] == b"\x03"
    return True


def _label(encoding: bytes, data: bytes) -> str:
    """The description at the head of `data`."""
    if encoding in {b"\x01", b"\x02"}:
        end = next((at for at in range(0, len(data) - 1, 2) if data[at : at + 2] == b"\0\0"), len(data))
        return data[:end].decode("utf-16" if encoding == b"\x01" else "utf-16-be", "replace").strip("\ufeff")
    return data.partition(b"\0")[0].decode("utf-8" if encoding == b"\x03" else "latin-1", "replace")


def read(path: Path) -> Found:
    """What the ID3v2 tag at the head says; nothing where there is none."""
    from podcast_kit.audio.tagging import Found

    with path.open("rb") as file:
        start, _ = bounds(file, os.fstat(file.fileno()).st_size)
        first = next(_tags(file, start), None)
    return Found() if first is None else found(first)


def found(data: bytes) -> Found:
    """What a tag says."""
    from podcast_kit.audio.tagging import Found

    tags = _load(data)

    def said(*names: str) -> str:
        return next((str(tags[name]) for name in names if name in tags and str(tags[name])), "")

    comments = [str(one) for one in tags.getall("COMM") if not one.desc]
    marks = list(_chapters(tags))
    covers = sorted(tags.getall("APIC"), key=lambda one: one.type != 3)
    return Found(
        title=said("TIT2"),
        show=said("TALB"),
        author=said("TPE1"),
        date=_date(said),
        number=before_slash(said("TRCK")),
        season=before_slash(said("TPOS")),
        summary=said("TIT3", "TDES") or next(iter(comments), ""),
        guid=said("TGID"),
        language=said("TLAN"),
        chapters=tuple(mark for mark, _ in marks),
        pictures=tuple((mark.image, picture) for mark, picture in marks if picture),
        cover=covers[0].mime if covers else "",
        fields=tuple(_fields(data, tags)),
    )


def _fields(data: bytes, tags: Any) -> Iterator[tuple[str, str]]:
    for one in tags.values():
        if one.FrameID not in {"CHAP", "CTOC", "WFED"}:
            yield one.FrameID, _shown(one)
    for name, _, payload in frames(data[10:]):
        if name == "WFED":  # a text frame, which mutagen takes for an address
            yield name, payload.strip(b"\0").decode("latin-1")


def _shown(one: Any) -> str:
    if one.FrameID == "APIC":
        return f"{one.mime}, {len(one.data):,} bytes"
    for name in ("text", "url"):
        if hasattr(one, name):
            value = getattr(one, name)
            said = " / ".join(map(str, value)) if isinstance(value, list) else str(value)
            return f"{one.desc}: {said}" if getattr(one, "desc", "") else said
    return f"{len(getattr(one, 'data', b'')):,} bytes" if hasattr(one, "data") else str(getattr(one, "value", ""))


def _date(said: Any) -> str:
    if whole := said("TDRC", "TDRL"):
        return str(whole).replace(" ", "T")
    year, day, time = said("TYER"), said("TDAT"), said("TIME")
    date = f"{year}-{day[2:]}-{day[:2]}" if year and len(day) == 4 else year
    return f"{date}T{time[:2]}:{time[2:]}" if len(date) == 10 and len(time) == 4 else str(date)


def _chapters(tags: Any) -> Iterator[tuple[Chapter, Cover | None]]:
    listed = {child for one in tags.getall("CTOC") for child in one.child_element_ids}
    for index, one in enumerate(sorted(tags.getall("CHAP"), key=lambda one: (one.start_time, one.end_time))):
        inside = one.sub_frames
        links = [str(found.url).rstrip("\0") for found in inside.getall("WXXX")]
        titles = [str(found) for found in inside.getall("TIT2")]
        shown = next((Cover(data=found.data, mime=found.mime) for found in inside.getall("APIC")), None)
        suffix = "png" if shown and shown.mime == "image/png" else "jpg"
        mark = Chapter(
            start_ms=one.start_time,
            end_ms=one.end_time if one.start_time < one.end_time < END else None,
            title=next(iter(titles), ""),
            url=next(iter(links), ""),
            image=f"chapter-{index + 1}.{suffix}" if shown else "",
            toc=not listed or one.element_id in listed,
        )
        yield mark, shown
