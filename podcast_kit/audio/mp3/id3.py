"""Write ID3v2.3 at the start of a copy, and read ID3 of any version.

2.3, because ffprobe silently drops long 2.4 chapters, some programs don't read 2.4, and all read 2.3. mutagen reads the
source's tag and converts frames that we don't replace to 2.3.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from podcast_kit.audio.hashed_copy import write_hashed_copy
from podcast_kit.audio.mp3 import frame_scan, id3_frames
from podcast_kit.audio.tag_bounds import find_audio_bounds, id3_length
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Chapter, Cover, LocalFile, Tags
from podcast_kit.text.numbers import parse_leading_count

if TYPE_CHECKING:
    from podcast_kit.audio.tag import EmbeddedTags

FRAMES_24_TO_23 = {"TDRC": ("TYER", "TDAT", "TIME"), "TDOR": ("TORY",), "TIPL": ("IPLS",), "TMCL": ("IPLS",)}
"""Frames of 2.4 and their equivalents in 2.3."""


def write_id3_tag(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """Write a copy of an MP3 with our tag at its start.

    ID3v1, which holds less and could contradict it, and junk before the first frame are left out.
    """
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = find_audio_bounds(file, size)
        first = frame_scan.find_first_frame(file, start, end)
        if first is None:
            raise InvalidAudio(str(source), *frame_scan.NO_MP3_FRAME)
        own = id3_frames.to_frames(tags)
        marks = id3_frames.chapter_frames(tags, _last_chapter_end_ms(source, tags)) if tags.chapters else []
        kept = kept_frames(file, start, own, marks=bool(marks))
        tail = _without_id3v1(file, end, size)
        return write_hashed_copy(
            file, destination, [*id3_frames.join_id3_tag([*own, *kept, *marks]), (first, end - first), *tail]
        )


def _last_chapter_end_ms(source: Path, tags: Tags) -> int:
    """The end of the last chapter; the file is scanned only if no chapter has it."""
    last = max(tags.chapters, key=lambda mark: mark.start_ms)
    return last.end_ms or round(frame_scan.probe_mp3(source).seconds * 1000)


def _without_id3v1(file: BinaryIO, end: int, size: int) -> list[tuple[int, int]]:
    """What follows the audio, without an ID3v1 at its end; APEv2 and Lyrics3 are kept."""
    file.seek(max(end, size - 128))
    v1 = size - end >= 128 and file.read(3) == b"TAG"
    return [(end, size - end - 128 * v1)] if size - end - 128 * v1 else []


def kept_frames(file: BinaryIO, start: int, own: list[bytes], *, marks: bool) -> list[bytes]:
    """The frames of the source's tags that ours don't replace, as 2.3.

    If there is more than one tag, the first counts, as it does for players.
    """
    replaced = {data[:4].decode() for data in own if data} | ({"CHAP", "CTOC"} if marks else set())
    if "TYER" in replaced:
        replaced |= {"TDRC", "TDRL", "TDAT", "TIME"}
    kept: dict[str, bytes] = {}
    met: set[str] = set()
    for data in _id3_tags(file, start):
        tag_frames = dict(_kept_frames_of_tag(data, replaced))
        kept |= {key: frame_bytes for key, frame_bytes in tag_frames.items() if key.split(" ")[0] not in met}
        met |= {key.split(" ")[0] for key in tag_frames}
    return list(kept.values())


def _id3_tags(file: BinaryIO, start: int) -> Iterator[bytes]:
    """The bytes of each ID3v2 tag at the start."""
    at = 0
    while at < start:
        file.seek(at)
        length = id3_length(file.read(10))
        if not length:
            return
        file.seek(at)
        yield file.read(length)
        at += length


def _load_with_mutagen(data: bytes) -> Any:
    from mutagen.id3 import ID3

    return ID3(io.BytesIO(data), translate=data[3] < 3, v2_version=3, load_v1=False)


def _kept_frames_of_tag(data: bytes, replaced: set[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each frame of one tag that is kept; 2.3 is kept byte for byte."""
    plain = data[3] == 3 and not data[5]
    for name, flags, payload in id3_frames.parse_frames(data[10:] if plain else _convert_to_23(data)):
        if not _is_replaced(name, payload, replaced):
            yield f"{name} {flags!r} {payload!r}", name.encode() + len(payload).to_bytes(4, "big") + flags + payload


def _convert_to_23(data: bytes) -> bytes:
    """The frames of a tag of another version, or in an unusual form, as plain 2.3."""
    tags = _load_with_mutagen(data)
    aside = dict(tags.items())
    if data[3] == 4:
        tags.update_to_v23()
        for key, lost in aside.items():
            if key not in tags and lost.FrameID not in FRAMES_24_TO_23:
                tags.add(lost)
        _complete_time(tags, aside.get("TDRC"))
    strange = [raw for raw in tags.unknown_frames if len(raw) > 10]
    unknown = b"".join(id3_frames.id3_frame(raw[:4].decode("latin-1"), raw[10:]) for raw in strange)
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


def _is_replaced(name: str, payload: bytes, replaced: set[str]) -> bool:
    """Whether one of our frames replaces this one."""
    if name not in replaced:
        return False
    if name in {"COMM", "USLT"}:
        return not frame_description(payload[:1], payload[4:])
    if name == "TXXX":
        return frame_description(payload[:1], payload[1:]).upper() == "ITUNESADVISORY"
    if name == "APIC":
        kind = payload.find(b"\0", 1) + 1
        return payload[kind : kind + 1] == b"\x03"
    return True


def frame_description(encoding: bytes, data: bytes) -> str:
    """The description at the start of `data`."""
    if encoding in {b"\x01", b"\x02"}:
        end = next((at for at in range(0, len(data) - 1, 2) if data[at : at + 2] == b"\0\0"), len(data))
        return data[:end].decode("utf-16" if encoding == b"\x01" else "utf-16-be", "replace").strip("\ufeff")
    return data.partition(b"\0")[0].decode("utf-8" if encoding == b"\x03" else "latin-1", "replace")


def read_id3(path: Path) -> EmbeddedTags:
    """The tags of the ID3v2 tag at the start; empty if there is none."""
    from podcast_kit.audio.tag import EmbeddedTags

    with path.open("rb") as file:
        start, _ = find_audio_bounds(file, os.fstat(file.fileno()).st_size)
        first = next(_id3_tags(file, start), None)
    return EmbeddedTags() if first is None else from_frames(first)


def from_frames(data: bytes) -> EmbeddedTags:
    """The values of a tag."""
    from podcast_kit.audio.tag import EmbeddedTags

    tags = _load_with_mutagen(id3_frames.with_utf8_texts(data))

    def first_text(*names: str) -> str:
        return next((str(tags[name]) for name in names if name in tags and str(tags[name])), "")

    comments = [str(frame) for frame in tags.getall("COMM") if not frame.desc]
    marks = list(_id3_chapters(tags))
    covers = sorted(tags.getall("APIC"), key=lambda picture: picture.type != 3)
    return EmbeddedTags(
        title=first_text("TIT2"),
        show=first_text("TALB"),
        author=first_text("TPE1"),
        date=_id3_date(first_text),
        number=parse_leading_count(first_text("TRCK")),
        season=parse_leading_count(first_text("TPOS")),
        summary=first_text("TIT3", "TDES") or next(iter(comments), ""),
        guid=first_text("TGID"),
        language=first_text("TLAN"),
        chapters=tuple(mark for mark, _ in marks),
        has_broken_chapters=_has_broken_chapters(tags),
        pictures=tuple((mark.image, picture) for mark, picture in marks if picture and mark.image),
        cover=covers[0].mime if covers else "",
        fields=tuple(_list_id3_fields(data, tags)),
    )


def _list_id3_fields(data: bytes, tags: Any) -> Iterator[tuple[str, str]]:
    for frame in tags.values():
        if frame.FrameID not in {"CHAP", "CTOC", "WFED"}:
            yield frame.FrameID, _format_id3_frame(frame)
    for name, _, payload in id3_frames.parse_frames(data[10:]):
        if name == "WFED":  # a text frame, which mutagen takes for a URL
            yield name, payload.strip(b"\0").decode("latin-1")


def _format_id3_frame(frame: Any) -> str:
    if frame.FrameID == "APIC":
        return f"{frame.mime}, {len(frame.data):,} bytes"
    for name in ("text", "url"):
        if hasattr(frame, name):
            value = getattr(frame, name)
            text = " / ".join(map(str, value)) if isinstance(value, list) else str(value)
            return f"{frame.desc}: {text}" if getattr(frame, "desc", "") else text
    return f"{len(getattr(frame, 'data', b'')):,} bytes" if hasattr(frame, "data") else str(getattr(frame, "value", ""))


def _id3_date(first_text: Any) -> str:
    if whole := first_text("TDRC", "TDRL"):
        return str(whole).replace(" ", "T")
    year, day, time = first_text("TYER"), first_text("TDAT"), first_text("TIME")
    date = f"{year}-{day[2:]}-{day[:2]}" if year and len(day) == 4 else year
    return f"{date}T{time[:2]}:{time[2:]}" if len(date) == 10 and len(time) == 4 else str(date)


def _has_broken_chapters(tags: Any) -> bool:
    """Whether a chapter ends before it begins, or a table of contents is not in order of time."""
    chaps = tags.getall("CHAP")
    starts = {chap.element_id: chap.start_time for chap in chaps}
    tables = [[starts[child] for child in ctoc.child_element_ids if child in starts] for ctoc in tags.getall("CTOC")]
    is_unordered = any(after <= before for table in tables for before, after in pairwise(table))
    return is_unordered or any(chap.end_time <= chap.start_time for chap in chaps)


def _id3_chapters(tags: Any) -> Iterator[tuple[Chapter, Cover | None]]:
    listed = {child for ctoc in tags.getall("CTOC") for child in ctoc.child_element_ids}
    in_order = sorted(tags.getall("CHAP"), key=lambda chap: (chap.start_time, chap.end_time))
    for index, chap in enumerate(in_order):
        inside = chap.sub_frames
        links = [str(frame.url).rstrip("\0") for frame in inside.getall("WXXX")]
        titles = [str(frame) for frame in inside.getall("TIT2")]
        shown = next((Cover(data=frame.data, mime=frame.mime) for frame in inside.getall("APIC")), None)
        suffix = "png" if shown and shown.mime == "image/png" else "jpg"
        mark = Chapter(
            start_ms=chap.start_time,
            end_ms=chap.end_time if chap.start_time < chap.end_time < id3_frames.MAX_CHAP_TIME_MS else None,
            title=next(iter(titles), ""),
            url=next(iter(links), ""),
            image=LocalFile(f"chapter-{index + 1}.{suffix}") if shown else None,
            toc=not listed or chap.element_id in listed,
        )
        yield mark, shown
