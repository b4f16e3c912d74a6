"""ID3v2.3 written at the head of a copy, and ID3 of any version read.

2.3, as ffprobe drops long 2.4 chapters in silence, some programs read no 2.4 at all, and all read 2.3.
mutagen reads the source's tag, and turns what is foreign in it into 2.3.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from podcast_kit.audio.hashed_copy import write
from podcast_kit.audio.mp3 import frame_scan, id3_frames
from podcast_kit.audio.tag_bounds import bounds, id3_length
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Chapter, Cover, LocalFile, Tags
from podcast_kit.text.numbers import parse_leading_count

if TYPE_CHECKING:
    from podcast_kit.audio.tag import Found

BACKWARDS = {"TDRC": ("TYER", "TDAT", "TIME"), "TDOR": ("TORY",), "TIPL": ("IPLS",), "TMCL": ("IPLS",)}
"""Frames of 2.4 and what says the same in 2.3."""


def tag(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """A copy of an MP3 with our tag at its head.

    Left out are ID3v1, which says less and could say otherwise, and junk before the first frame.
    """
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = bounds(file, size)
        first = frame_scan.first_frame(file, start, end)
        if first is None:
            raise InvalidAudio(str(source), *frame_scan.NO_FRAME)
        own = id3_frames.ours(tags)
        marks = id3_frames.chapter_frames(tags, _length_ms(source, tags)) if tags.chapters else []
        rest = foreign(file, start, own, marks=bool(marks))
        tail = _without_id3v1(file, end, size)
        return write(file, destination, [*id3_frames.tag([*own, *rest, *marks]), (first, end - first), *tail])


def _length_ms(source: Path, tags: Tags) -> int:
    """The end of the last chapter; the file is walked only when no chapter says it."""
    last = max(tags.chapters, key=lambda mark: mark.start_ms)
    return last.end_ms or round(frame_scan.probe(source).seconds * 1000)


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
    for name, flags, payload in id3_frames.taken_apart(data[10:] if plain else _as_23(data)):
        if not _is_ours(name, payload, replaced):
            yield f"{name} {flags!r} {payload!r}", name.encode() + len(payload).to_bytes(4, "big") + flags + payload


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
    strange = [raw for raw in tags.unknown_frames if len(raw) > 10]
    unknown = b"".join(id3_frames.frame(raw[:4].decode("latin-1"), raw[10:]) for raw in strange)
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
    from podcast_kit.audio.tag import Found

    with path.open("rb") as file:
        start, _ = bounds(file, os.fstat(file.fileno()).st_size)
        first = next(_tags(file, start), None)
    return Found() if first is None else found(first)


def found(data: bytes) -> Found:
    """What a tag says."""
    from podcast_kit.audio.tag import Found

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
        number=parse_leading_count(said("TRCK")),
        season=parse_leading_count(said("TPOS")),
        summary=said("TIT3", "TDES") or next(iter(comments), ""),
        guid=said("TGID"),
        language=said("TLAN"),
        chapters=tuple(mark for mark, _ in marks),
        pictures=tuple((mark.image, picture) for mark, picture in marks if picture and mark.image),
        cover=covers[0].mime if covers else "",
        fields=tuple(_fields(data, tags)),
    )


def _fields(data: bytes, tags: Any) -> Iterator[tuple[str, str]]:
    for one in tags.values():
        if one.FrameID not in {"CHAP", "CTOC", "WFED"}:
            yield one.FrameID, _shown(one)
    for name, _, payload in id3_frames.taken_apart(data[10:]):
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
            end_ms=one.end_time if one.start_time < one.end_time < id3_frames.END else None,
            title=next(iter(titles), ""),
            url=next(iter(links), ""),
            image=LocalFile(f"chapter-{index + 1}.{suffix}") if shown else None,
            toc=not listed or one.element_id in listed,
        )
        yield mark, shown
