"""Tags of M4A and MP4: iTunes' atoms, through mutagen, in a copy whose index comes before the sound.

mutagen writes in place, which a crash would leave half done, and cannot write chapters. It is given the index
alone, in memory; what it made of the tags is put back into the tree, and every offset to the sound is moved.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.audio.hashed_copy import Stretch, write
from podcast_kit.audio.mp4 import chapters as marks
from podcast_kit.audio.mp4 import container
from podcast_kit.audio.mp4.boxes import Box, Span, body, parse
from podcast_kit.audio.mp4.chapters import TextTrack
from podcast_kit.audio.tag_text import alpha3, clean, ended, line, moment, rights, sort_title
from podcast_kit.model import Chapter, Tags

if TYPE_CHECKING:
    from podcast_kit.audio.tag import Found

PADDING = {b"free", b"skip", b"wide"}
STREAMING = {b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"prft", b"emsg"}
"""What a fragmented file has between its pieces; its copy is whole, and needs none of it."""
FTYP = b"M4A \0\0\0\0M4A mp42isom"
FREE = "----:com.apple.iTunes:"
PODCAST = 21
"""`stik`: what iTunes calls the kind of medium."""


def ours(tags: Tags) -> dict[str, Any]:
    """The atoms that say what `tags` says."""
    from mutagen.mp4 import AtomDataType, MP4Cover, MP4FreeForm

    def free(value: str) -> list[Any]:
        return [MP4FreeForm(value.encode("utf-8"), AtomDataType.UTF8)] if value else []

    texts = {
        "\xa9nam": line(tags.title),
        "sonm": sort_title(tags),
        "\xa9ART": line(tags.author),
        "\xa9alb": line(tags.show),
        "aART": line(tags.show),
        "tvsh": line(tags.show),
        "\xa9gen": line(tags.genre),
        "\xa9day": moment(tags),
        "cprt": rights(tags),
        "desc": line(tags.summary),
        "\xa9cmt": clean(tags.comment or tags.summary),
        "\xa9lyr": clean(tags.transcript),
        "ldes": clean(tags.description or tags.summary),
        "purl": line(tags.feed_url),
        "egid": line(tags.guid),
        "catg": line(tags.category),
        "keyw": ", ".join(line(word) for word in tags.keywords),
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
    atoms |= {"pcst": True, "stik": [PODCAST]}
    frees = {
        "LANGUAGE": free(alpha3(tags.language) if tags.language else ""),
        "WWW": free(line(tags.link)),
        "LICENSE": free(line(tags.license_url)),
    }
    return atoms | {FREE + name: value for name, value in frees.items() if value}


def tag(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """A copy of an M4A with our atoms, and its index at the head so that it plays while it loads."""
    with source.open("rb") as file:
        top, moov = container.opened(source, file)
        track = container.sound(source, moov)
        head = next((body(file, span) for span in top.all(b"ftyp")), FTYP)
        media = [span for span in top.spans if span.name not in {b"ftyp", b"moov"} | PADDING | STREAMING]
        end_ms = round(container.seconds(moov, track) * 1000)
        listed = [(mark, end) for mark, end in ended(tags.chapters, end_ms) if mark.toc]
        titles = _put_chapters(moov, media, track, listed, end_ms) if listed else None
        _put_tags(moov, tags)
        return write(file, destination, _laid_out(Box(b"ftyp", head).render(), moov, media, titles))


def _put_chapters(
    moov: Box, media: list[Span], track: container.Track, listed: list[tuple[Chapter, int]], end_ms: int
) -> TextTrack:
    """Our track of titles in the place of the source's own, whose titles are cut from the end of the sound."""
    for old in marks.chapter_tracks(moov):
        moov.boxes = [box for box in moov.boxes or () if box is not old.box]
        _cut_titles(media, old)
    number = max(one.id for one in container.tracks(moov)) + 1
    titles = marks.text_track(moov, number, listed, end_ms)
    children = track.box.boxes or []
    tref = track.box.find(b"tref") or Box(b"tref", boxes=[])
    tref.boxes = [*(box for box in tref.boxes or () if box.name != b"chap"), Box(b"chap", number.to_bytes(4, "big"))]
    track.box.boxes = [*children[:1], tref, *(box for box in children[1:] if box is not tref)]
    movie = moov.find(b"mvhd")
    if movie:
        movie.data = movie.data[:-4] + (number + 1).to_bytes(4, "big")
    udta = moov.find(b"udta") or Box(b"udta", boxes=[])
    udta.boxes = [*(box for box in udta.boxes or () if box.name != b"chpl"), marks.chpl(listed)]
    moov.boxes = [*(box for box in moov.boxes or () if box is not udta), titles.box, udta]
    return titles


def _cut_titles(media: list[Span], old: container.Track) -> None:
    """Leave out titles of an earlier list where they are all that ends the last `mdat`, as we write them."""
    places = container.chunks(old)
    for index, span in enumerate(media):
        if len(places) == 1 and sum(places[0]) == span.end and places[0][0] >= span.start + span.header:
            media[index] = Span(span.name, span.start, span.header, span.length - places[0][1])


def _laid_out(ftyp: bytes, moov: Box, media: list[Span], titles: TextTrack | None) -> list[bytes | Stretch]:
    """The file's pieces: `ftyp`, the index, what else there is in its order, then one `mdat`, which titles end."""
    sound = [span for span in media if span.name == b"mdat"]
    rest = [span for span in media if span.name != b"mdat"]
    extra = b"".join(titles.samples) if titles else b""
    inside = sum(span.length - span.header for span in sound) + len(extra)
    _widen(moov, sum(span.length for span in media) + len(extra))
    at = len(ftyp) + len(moov.render())
    moves = []
    for span in rest:
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
        titles.place(at)
    _move(moov, moves, titles)
    pieces: list[bytes | Stretch] = [ftyp, moov.render(), *((span.start, span.length) for span in rest), head]
    pieces += [(span.start + span.header, span.length - span.header) for span in sound]
    return [*pieces, extra] if extra else pieces


def _widen(moov: Box, size: int) -> None:
    """Tables of 64-bit offsets where 32 bits may not do."""
    for track in container.tracks(moov) if size + (64 << 20) >= 1 << 32 else ():
        for table in track.stbl.all(b"stco"):
            offsets = container.chunk_offsets(track.stbl)
            table.name, table.data = b"co64", struct.pack(f">II{len(offsets)}Q", 0, len(offsets), *offsets)


def _put_tags(moov: Box, tags: Tags) -> None:
    """Our atoms among those of the source, as mutagen writes them, in `moov/udta/meta`."""
    from mutagen.mp4 import MP4

    alone = io.BytesIO(Box(b"ftyp", FTYP).render() + moov.render())
    edited = MP4(alone)
    if edited.tags is None:
        edited.add_tags()
    new = ours(tags)
    for name in [name for name in edited.tags if name in new]:
        del edited.tags[name]
    edited.tags.update(new)
    edited.save(alone, padding=lambda _: 0)
    written = Box(b"", boxes=parse(alone.getvalue())).find(b"moov", b"udta", b"meta")
    assert written is not None  # noqa: S101 - mutagen has just written it
    for udta in moov.all(b"udta"):
        udta.boxes = [box for box in udta.boxes or () if box.name not in {b"meta", *PADDING}]
    moov.boxes = [box for box in moov.boxes or () if box.name not in {b"udta", *PADDING}] + [
        Box(b"udta", boxes=[*(box for udta in moov.all(b"udta") for box in udta.boxes or ()), written])
    ]


def _move(moov: Box, moves: list[tuple[int, int, int]], titles: TextTrack | None) -> None:
    """Move every chunk's offset with the stretch that it lies in: where that began, ended, and by how much it moves."""
    for track in container.tracks(moov):
        if titles and track.box is titles.box:
            continue
        offsets = container.chunk_offsets(track.stbl)
        moved = [offset + next((by for begin, end, by in moves if begin <= offset < end), 0) for offset in offsets]
        for table in [*track.stbl.all(b"stco"), *track.stbl.all(b"co64")][:1]:
            code = "I" if table.name == b"stco" else "Q"
            table.data = struct.pack(f">II{len(moved)}{code}", 0, len(moved), *moved)


def read(path: Path) -> Found:
    """What the atoms say."""
    from mutagen.mp4 import MP4

    from podcast_kit.audio.tag import Found

    with path.open("rb") as file:
        _, moov = container.opened(path, file)
        chapters = marks.read(file, moov)
    alone = MP4(io.BytesIO(Box(b"ftyp", FTYP).render() + moov.render()))
    atoms = alone.tags if alone.tags is not None else {}

    def first(name: str, default: Any = "") -> Any:
        return next(iter(value if isinstance(value := atoms.get(name), list) else []), default)

    number, season = first("trkn", (0, 0))[0] or first("tves", 0), first("disk", (0, 0))[0] or first("tvsn", 0)
    covers = {13: "image/jpeg", 14: "image/png"}
    return Found(
        title=first("\xa9nam"),
        show=first("\xa9alb") or first("tvsh"),
        author=first("\xa9ART"),
        date=first("\xa9day"),
        number=number or None,
        season=season or None,
        summary=first("desc") or first("\xa9cmt"),
        guid=_text(first("egid")),
        language=_text(first(FREE + "LANGUAGE")),
        chapters=chapters,
        cover=covers.get(getattr(first("covr", None), "imageformat", 0), ""),
        fields=tuple((name, _shown(value)) for name, value in atoms.items()),
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _shown(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return " / ".join(
        f"{len(one):,} bytes" if isinstance(one, bytes) and len(one) > 200 else _text(one) for one in value
    )
