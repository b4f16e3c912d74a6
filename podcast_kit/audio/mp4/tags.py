"""Write and read tags of M4A and MP4: iTunes atoms by mutagen, in a copy whose index precedes the audio.

mutagen writes in place, which a crash would leave incomplete, and cannot write chapters. It gets only the index, in
memory; the tags that it writes are put back into the tree, and every offset into the audio is adjusted.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.audio.hashed_copy import ByteSpan, write_hashed_copy
from podcast_kit.audio.mp4 import chapters as marks
from podcast_kit.audio.mp4 import container
from podcast_kit.audio.mp4.boxes import Box, BoxSpan, parse_boxes, read_body
from podcast_kit.audio.mp4.chapters import TextTrack
from podcast_kit.audio.tag_text import (
    clean_tag_line,
    clean_tag_text,
    copyright_line,
    iso639_2,
    sort_title,
    tag_date,
    with_chapter_ends,
)
from podcast_kit.model import Chapter, Tags

if TYPE_CHECKING:
    from podcast_kit.audio.tag import EmbeddedTags

PADDING_BOXES = {b"free", b"skip", b"wide"}
FRAGMENT_BOXES = {b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"prft", b"emsg"}
"""Boxes of a fragmented file that a plain copy does not need."""
DEFAULT_FTYP = b"M4A \0\0\0\0M4A mp42isom"
FREEFORM_PREFIX = "----:com.apple.iTunes:"
STIK_PODCAST = 21
"""The `stik` media kind of iTunes."""


def to_atoms(tags: Tags) -> dict[str, Any]:
    """The atoms for `tags`."""
    from mutagen.mp4 import AtomDataType, MP4Cover, MP4FreeForm

    def free(value: str) -> list[Any]:
        return [MP4FreeForm(value.encode("utf-8"), AtomDataType.UTF8)] if value else []

    texts = {
        "\xa9nam": clean_tag_line(tags.title),
        "sonm": sort_title(tags),
        "\xa9ART": clean_tag_line(tags.author),
        "\xa9alb": clean_tag_line(tags.show),
        "aART": clean_tag_line(tags.show),
        "tvsh": clean_tag_line(tags.show),
        "\xa9gen": clean_tag_line(tags.genre),
        "\xa9day": tag_date(tags),
        "cprt": copyright_line(tags),
        "desc": clean_tag_line(tags.summary),
        "\xa9cmt": clean_tag_text(tags.comment or tags.summary),
        "\xa9lyr": clean_tag_text(tags.transcript),
        "ldes": clean_tag_text(tags.description or tags.summary),
        "purl": clean_tag_line(tags.feed_url),
        "egid": clean_tag_line(tags.guid),
        "catg": clean_tag_line(tags.category),
        "keyw": ", ".join(clean_tag_line(word) for word in tags.keywords),
    }
    atoms: dict[str, Any] = {name: [value] for name, value in texts.items() if value}
    if tags.number is not None:
        atoms |= {"trkn": [(tags.number, 0)], "tves": [tags.number]}
    if tags.season is not None:
        atoms |= {"disk": [(tags.season, 0)], "tvsn": [tags.season]}
    if tags.cover:
        form = MP4Cover.FORMAT_PNG if tags.cover.mime == "image/png" else MP4Cover.FORMAT_JPEG
        atoms["covr"] = [MP4Cover(tags.cover.data, form)]
    if tags.explicit is not None:
        atoms["rtng"] = [1 if tags.explicit else 2]
    atoms |= {"pcst": True, "stik": [STIK_PODCAST]}
    frees = {
        "LANGUAGE": free(iso639_2(tags.language) if tags.language else ""),
        "WWW": free(clean_tag_line(tags.link)),
        "LICENSE": free(clean_tag_line(tags.license_url)),
    }
    return atoms | {FREEFORM_PREFIX + name: value for name, value in frees.items() if value}


def write_mp4_tags(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """Write a copy of an M4A with our atoms, and its index at the start so that it plays while it downloads."""
    with source.open("rb") as file:
        top, moov = container.open_mp4(source, file)
        track = container.sound_track(source, moov)
        head = next((read_body(file, span) for span in top.spans_named(b"ftyp")), DEFAULT_FTYP)
        left_out = {b"ftyp", b"moov"} | PADDING_BOXES | FRAGMENT_BOXES
        media = [span.clip(top.size) for span in top.spans if span.name not in left_out]
        end_ms = round(container.track_seconds(moov, track) * 1000)
        listed = [(mark, end) for mark, end in with_chapter_ends(tags.chapters, end_ms) if mark.toc]
        titles = _insert_chapters(moov, media, track, listed, end_ms) if listed else None
        _insert_atoms(moov, tags)
        return write_hashed_copy(file, destination, _arrange_file(Box(b"ftyp", head).render(), moov, media, titles))


def _insert_chapters(
    moov: Box, media: list[BoxSpan], track: container.Track, listed: list[tuple[Chapter, int]], end_ms: int
) -> TextTrack:
    """Replace the source's track of chapter titles with ours; its titles are removed from the end of the audio."""
    for old in marks.chapter_tracks(moov):
        moov.boxes = [box for box in moov.boxes or () if box is not old.box]
        _cut_old_titles(media, old)
    number = max(other.id for other in container.list_tracks(moov)) + 1
    titles = marks.build_text_track(moov, number, listed, end_ms)
    children = track.box.boxes or []
    tref = track.box.find(b"tref") or Box(b"tref", boxes=[])
    tref.boxes = [*(box for box in tref.boxes or () if box.name != b"chap"), Box(b"chap", number.to_bytes(4, "big"))]
    track.box.boxes = [*children[:1], tref, *(box for box in children[1:] if box is not tref)]
    movie = moov.find(b"mvhd")
    if movie:
        movie.data = movie.data[:-4] + (number + 1).to_bytes(4, "big")
    udta = moov.find(b"udta") or Box(b"udta", boxes=[])
    udta.boxes = [*(box for box in udta.boxes or () if box.name != b"chpl"), marks.build_chpl(listed)]
    moov.boxes = [*(box for box in moov.boxes or () if box is not udta), titles.box, udta]
    return titles


def _cut_old_titles(media: list[BoxSpan], old: container.Track) -> None:
    """Leave out titles of an earlier list if they are at the end of an `mdat`, where we write them."""
    places = container.joined_chunks(old)
    for index, span in enumerate(media):
        if len(places) == 1 and sum(places[0]) == span.end and places[0][0] >= span.start + span.header:
            media[index] = BoxSpan(span.name, span.start, span.header, span.length - places[0][1])


def _arrange_file(ftyp: bytes, moov: Box, media: list[BoxSpan], titles: TextTrack | None) -> list[bytes | ByteSpan]:
    """The file's pieces: `ftyp`, the index, other boxes in their order, then one `mdat` that ends with the titles."""
    sound = [span for span in media if span.name == b"mdat"]
    others = [span for span in media if span.name != b"mdat"]
    extra = b"".join(titles.samples) if titles else b""
    inside = sum(span.length - span.header for span in sound) + len(extra)
    _widen_offsets(moov, sum(span.length for span in media) + len(extra))
    at = len(ftyp) + len(moov.render())
    moves = []
    for span in others:
        moves.append((span.start, span.end, at - span.start))
        at += span.length
    wide = inside + 8 >= 1 << 32
    head = (
        (1 if wide else inside + 8).to_bytes(4, "big") + b"mdat" + ((inside + 16).to_bytes(8, "big") if wide else b"")
    )
    at += len(head)
    for span in sound:
        begin = span.start + span.header
        moves.append((begin, span.end, at - begin))
        at += span.end - begin
    if titles:
        titles.set_offsets(at)
    _move_offsets(moov, moves, titles)
    pieces: list[bytes | ByteSpan] = [ftyp, moov.render(), *((span.start, span.length) for span in others), head]
    pieces += [(span.start + span.header, span.length - span.header) for span in sound]
    return [*pieces, extra] if extra else pieces


def _widen_offsets(moov: Box, size: int) -> None:
    """Use 64-bit offsets where 32 bits may not be enough."""
    for track in container.list_tracks(moov) if size + (64 << 20) >= 1 << 32 else ():
        for table in track.stbl.children(b"stco"):
            offsets = container.chunk_offsets(track.stbl)
            table.name, table.data = b"co64", struct.pack(f">II{len(offsets)}Q", 0, len(offsets), *offsets)


def _insert_atoms(moov: Box, tags: Tags) -> None:
    """Merge our atoms with those of the source, as mutagen writes them, in `moov/udta/meta`."""
    from mutagen.mp4 import MP4

    alone = io.BytesIO(Box(b"ftyp", DEFAULT_FTYP).render() + moov.render())
    edited = MP4(alone)
    if edited.tags is None:
        edited.add_tags()
    new = to_atoms(tags)
    for name in [name for name in edited.tags if name in new]:
        del edited.tags[name]
    edited.tags.update(new)
    edited.save(alone, padding=lambda _: 0)
    written = Box(b"", boxes=parse_boxes(alone.getvalue())).find(b"moov", b"udta", b"meta")
    assert written is not None  # noqa: S101 - mutagen has just written it
    for udta in moov.children(b"udta"):
        udta.boxes = [box for box in udta.boxes or () if box.name not in {b"meta", *PADDING_BOXES}]
    moov.boxes = [box for box in moov.boxes or () if box.name not in {b"udta", *PADDING_BOXES}] + [
        Box(b"udta", boxes=[*(box for udta in moov.children(b"udta") for box in udta.boxes or ()), written])
    ]


def _move_offsets(moov: Box, moves: list[tuple[int, int, int]], titles: TextTrack | None) -> None:
    """Adjust every chunk's offset; `moves` has start, end and distance of each part of the file that moves."""
    for track in container.list_tracks(moov):
        if titles and track.box is titles.box:
            continue
        offsets = container.chunk_offsets(track.stbl)
        moved = [offset + next((by for begin, end, by in moves if begin <= offset < end), 0) for offset in offsets]
        for table in [*track.stbl.children(b"stco"), *track.stbl.children(b"co64")][:1]:
            code = "I" if table.name == b"stco" else "Q"
            table.data = struct.pack(f">II{len(moved)}{code}", 0, len(moved), *moved)


def read_mp4_tags(path: Path) -> EmbeddedTags:
    """The tags in the atoms."""
    from mutagen.mp4 import MP4

    from podcast_kit.audio.tag import EmbeddedTags

    with path.open("rb") as file:
        _, moov = container.open_mp4(path, file)
        chapters = marks.read_mp4_chapters(file, moov)
    alone = MP4(io.BytesIO(Box(b"ftyp", DEFAULT_FTYP).render() + moov.render()))
    atoms = alone.tags if alone.tags is not None else {}

    def first(name: str, default: Any = "") -> Any:
        return next(iter(value if isinstance(value := atoms.get(name), list) else []), default)

    number, season = first("trkn", (0, 0))[0] or first("tves", 0), first("disk", (0, 0))[0] or first("tvsn", 0)
    covers = {13: "image/jpeg", 14: "image/png"}
    return EmbeddedTags(
        title=first("\xa9nam"),
        show=first("\xa9alb") or first("tvsh"),
        author=first("\xa9ART"),
        date=first("\xa9day"),
        number=number or None,
        season=season or None,
        summary=first("desc") or first("\xa9cmt"),
        guid=_atom_text(first("egid")),
        language=_atom_text(first(FREEFORM_PREFIX + "LANGUAGE")),
        chapters=chapters,
        cover=covers.get(getattr(first("covr", None), "imageformat", 0), ""),
        fields=tuple((name, _format_atom(value)) for name, value in atoms.items()),
    )


def _atom_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _format_atom(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return " / ".join(
        f"{len(item):,} bytes" if isinstance(item, bytes) and len(item) > 200 else _atom_text(item) for item in value
    )
