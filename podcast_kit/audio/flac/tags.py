"""Write and read tags of FLAC: a block of Vorbis comments and a picture block."""

from __future__ import annotations

from pathlib import Path

from podcast_kit.audio import vorbis_comment
from podcast_kit.audio.flac import blocks as flac
from podcast_kit.audio.flac.blocks import COMMENT, PADDING, PICTURE
from podcast_kit.audio.hashed_copy import write_hashed_copy
from podcast_kit.audio.tag import EmbeddedTags
from podcast_kit.audio.tag_bounds import read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Tags

MAX_BLOCK_BYTES = 1 << 24
"""The length of a block has three bytes."""


def write_flac_tags(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """Write a copy of a FLAC with our comments and cover, without ID3 around it, which FLAC does not define."""
    with source.open("rb") as file:
        _, metadata, begin, end = flac.open_flac(source, file)
        info = flac.read_stream_info(file, metadata[0])
        texts = [read_at(file, block.start, block.length) for block in metadata if block.kind == COMMENT]
        old = vorbis_comment.parse_comments(texts[0]) if texts else vorbis_comment.VorbisComments(b"podcast-kit", ())

        def length() -> float:
            return info.samples / info.rate if info.samples else flac.probe_flac(source).seconds

        new = vorbis_comment.merge_comments(old, vorbis_comment.to_comments(tags, length), cover=bool(tags.cover))
        head = [
            (block.kind, read_at(file, block.start, block.length))
            for block in metadata
            if block.kind not in {COMMENT, PADDING}
        ]
        if tags.cover:
            head = [(kind, data) for kind, data in head if kind != PICTURE or data[:4] != b"\0\0\0\3"]
        head.insert(1, (COMMENT, new.render()))
        if tags.cover:
            head.insert(2, (PICTURE, vorbis_comment.build_picture_block(tags.cover)))
        if any(len(data) >= MAX_BLOCK_BYTES for _, data in head):
            text = "can't hold a cover or notes of 16 MB"
            raise InvalidAudio(str(source), text, "use a smaller image", "au.tag.size")
        last = len(head) - 1
        blocks = [
            bytes([kind | 0x80 * (index == last)]) + len(data).to_bytes(3, "big") + data
            for index, (kind, data) in enumerate(head)
        ]
        return write_hashed_copy(file, destination, [b"fLaC" + b"".join(blocks), (begin, end - begin)])


def read_flac_tags(path: Path) -> EmbeddedTags:
    """The tags in the comments."""
    with path.open("rb") as file:
        _, metadata, _, _ = flac.open_flac(path, file)
        texts = [read_at(file, block.start, block.length) for block in metadata if block.kind == COMMENT]
        heads = [read_at(file, block.start, 64) for block in metadata if block.kind == PICTURE]
    covers = [data[8 : 8 + int.from_bytes(data[4:8], "big")].decode("latin-1") for data in heads]
    return vorbis_comment.from_comments(
        vorbis_comment.parse_comments(texts[0]) if texts else vorbis_comment.VorbisComments(b"", ()),
        next(iter(covers), ""),
    )
