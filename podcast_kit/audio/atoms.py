"""Tags of M4A and MP4: iTunes' atoms, through mutagen, in a copy whose index comes before the sound.

mutagen writes in place, which a crash would leave half done, and cannot write chapters. It is given the index
alone, in memory; what it made of the tags is put back into the tree, and every offset to the sound is moved.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.audio import mp4
from podcast_kit.audio.boxes import Box, Span, body, parse
from podcast_kit.audio.copying import Stretch, write
from podcast_kit.audio.wording import alpha3, clean, line, moment, rights, sort_title
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Chapter, Tags

if TYPE_CHECKING:
    from podcast_kit.audio.tagging import Found

PADDING = {b"free", b"skip", b"wide"}
FTYP = Box(b"ftyp", b"M4A \0\0\0\0M4A mp42isom").render()
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
        top, moov = mp4.opened(source, file)
        mp4.sound(source, moov)
        if top.all(b"moof"):
            text = "is a fragmented MP4, made for streaming, which carries no tags"
            raise InvalidAudio(str(source), text, "remux it: `ffmpeg -i IN -c copy OUT.m4a`", "au.fragmented")
        _put_tags(moov, tags)
        head = [span for span in top.spans if span.name == b"ftyp"][:1]
        media = [span for span in top.spans if span.name not in {b"ftyp", b"moov"} | PADDING]
        start = body(file, head[0]) if head else b""
        ftyp = Box(b"ftyp", start).render() if start else FTYP
        _move(moov, media, len(ftyp) + len(moov.render()))
        pieces: list[bytes | Stretch] = [ftyp, moov.render()]
        pieces += [(span.start, span.length) for span in media]
        return write(file, destination, pieces)


def _put_tags(moov: Box, tags: Tags) -> None:
    """Our atoms among those of the source, as mutagen writes them, in `moov/udta/meta`."""
    from mutagen.mp4 import MP4

    alone = io.BytesIO(FTYP + moov.render())
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


def _move(moov: Box, media: list[Span], start: int) -> None:
    """Move every chunk's offset to where its bytes will lie when `media` follow one another from `start`."""
    moves, at = [], start
    for span in media:
        moves.append((span.start, span.end, at - span.start))
        at += span.length
    for track in moov.all(b"trak"):
        stbl = track.find(b"mdia", b"minf", b"stbl")
        if stbl:
            for table in [*stbl.all(b"stco"), *stbl.all(b"co64")]:
                table.data = _moved(table, moves)


def _moved(table: Box, moves: list[tuple[int, int, int]]) -> bytes:
    code = ">I" if table.name == b"stco" else ">Q"
    step = struct.calcsize(code)
    count = min(int.from_bytes(table.data[4:8], "big"), (len(table.data) - 8) // step)
    offsets = [offset for (offset,) in struct.iter_unpack(code, table.data[8 : 8 + step * count])]
    for index, offset in enumerate(offsets):
        offsets[index] += next((by for begin, end, by in moves if begin <= offset < end), 0)
    return table.data[:4] + count.to_bytes(4, "big") + struct.pack(f">{count}{code[1]}", *offsets)


def read(path: Path) -> Found:
    """What the atoms say."""
    from mutagen.mp4 import MP4

    from podcast_kit.audio.tagging import Found

    with path.open("rb") as file:
        _, moov = mp4.opened(path, file)
    alone = MP4(io.BytesIO(FTYP + moov.render()))
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
        chapters=tuple(_chapters(alone.chapters)),
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


def _chapters(found: Any) -> Iterator[Chapter]:
    for mark in found or ():
        yield Chapter(start_ms=round(mark.start * 1000), title=mark.title)
