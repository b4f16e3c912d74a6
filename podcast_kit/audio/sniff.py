"""What kind of file this is, told by its bytes rather than by its name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.tag_bounds import id3_end, id3_length
from podcast_kit.errors import InvalidAudio


class Kind(StrEnum):
    """A container of audio; the value is the word shown."""

    MP3 = "MP3"
    MP4 = "M4A"
    OGG = "Ogg"
    FLAC = "FLAC"
    WAV = "WAV"
    AIFF = "AIFF"
    ADTS = "raw AAC"


SUFFIXES = {
    Kind.MP3: (".mp3",),
    Kind.MP4: (".m4a", ".mp4", ".m4b", ".m4v", ".mov"),
    Kind.OGG: (".opus", ".ogg", ".oga"),
    Kind.FLAC: (".flac",),
    Kind.WAV: (".wav", ".wave", ".rf64", ".bwf"),
    Kind.AIFF: (".aiff", ".aif", ".aifc"),
    Kind.ADTS: (".aac",),
}
MIME = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/x-m4a",
    ".m4b": "audio/x-m4a",
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".wave": "audio/wav",
    ".aiff": "audio/aiff",
    ".aif": "audio/aiff",
    ".aifc": "audio/aiff",
    ".aac": "audio/aac",
}
"""What an enclosure of this suffix is called: Apple's list first, then the registered names."""

STRANGERS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the recording itself", "fetch it with `git lfs pull`"),
    (b"\x89PNG", "a PNG picture, not audio", ""),
    (b"\xff\xd8\xff", "a JPEG picture, not audio", ""),
    (b"GIF8", "a GIF picture, not audio", ""),
    (b"%PDF", "a PDF document, not audio", ""),
    (b"PK\x03\x04", "a ZIP archive, not audio", "unpack it and name the recording inside"),
    (b"\x1f\x8b", "a gzip archive, not audio", "unpack it and name the recording inside"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file", "take the audio out: `ffmpeg -i IN -vn -c:a libmp3lame OUT.mp3`"),
    (b"0&\xb2u\x8ef\xcf\x11", "a Windows Media file", "convert it to MP3 or M4A; few podcast apps play WMA"),
    (b"#!AMR", "an AMR phone recording", "convert it to MP3 or M4A; podcast apps do not play AMR"),
    (b"caff", "an Apple Core Audio file", "export it as M4A or WAV"),
    (b"MThd", "a MIDI file: notes, not sound", "render it to WAV first"),
    (b"wvpk", "a WavPack file", "convert it to FLAC, M4A or MP3"),
    (b"MAC ", "a Monkey's Audio file", "convert it to FLAC, M4A or MP3"),
    (b"FLV", "a Flash video", "take the audio out and convert it to MP3"),
    (b"<", "a web page or XML, not audio", "a download link often saves its error page: fetch the recording again"),
    (b"{", "JSON text, not audio", "a download link often saves its error page: fetch the recording again"),
)
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
KNOWN = "name a recording: MP3, M4A, WAV, FLAC, AIFF, Opus or Ogg"
EXTENSION = "rename it so that it ends in {}; players and hosts go by the name"


def mime(path: Path | str) -> str:
    """The media type that an enclosure of this name has in the feed; empty for an unknown suffix."""
    return MIME.get(Path(path).suffix.lower(), "")


def recognise(path: Path) -> Kind:
    """The kind of the file's bytes.

    Raises InvalidAudio when it is empty, unreadable, no audio, or named as another kind than it is.
    """
    try:
        if not path.is_file() and path.exists():  # nobody may ever write to a pipe, and a device has no end
            raise InvalidAudio(
                str(path), "cannot be read: it is not a file", "name the recording itself", "au.unreadable"
            )
        size = path.stat().st_size
        with path.open("rb") as file:
            kind = _kind(path, file, size)
    except OSError as error:
        raise InvalidAudio(str(path), f"cannot be read: {error.strerror or error}", code="au.unreadable") from None
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES[kind] and any(suffix in names for names in SUFFIXES.values()):
        hint = EXTENSION.format(SUFFIXES[kind][0])
        raise InvalidAudio(str(path), f"is {kind}, though its name says {suffix}", hint, "au.extension")
    return kind


def _kind(path: Path, file: BinaryIO, size: int) -> Kind:
    if not size:
        raise InvalidAudio(str(path), "is empty", "copy the recording again", "au.empty")
    start = id3_end(file, 0, size)
    file.seek(start)
    head = file.read(4096)
    if start and not head.strip(b"\0"):
        raise InvalidAudio(str(path), "holds tags but no audio", "copy the recording again", "au.truncated")
    if not head.strip(b"\0") and not _any_content(file):
        text = "holds nothing but zeros"
        raise InvalidAudio(str(path), text, "the copy or the disk failed: copy the recording again", "au.not-audio")
    kind = _container(head)
    if start and kind in {Kind.MP4, Kind.WAV, Kind.AIFF}:
        text = f"begins with ID3 tags, which {kind} does not know: players find no sound in it"
        raise InvalidAudio(str(path), text, "export it again, or take them off with a tag editor", "au.tag.foreign")
    if kind:
        return kind
    for magic, text, hint in STRANGERS:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(magic):
            raise InvalidAudio(str(path), f"is {text}", hint or KNOWN, "au.not-audio")
    from podcast_kit.audio.mp3 import frame_scan

    if frame_scan.find_first_frame(file, start, size) is not None:
        return Kind.MP3
    if id3_length(head) > size:
        raise InvalidAudio(str(path), "is cut off inside its tags", "copy the recording again", "au.truncated")
    text, hint = frame_scan.diagnose_other_mpeg(head) or ("is no audio of a kind known here", KNOWN)
    raise InvalidAudio(str(path), text, hint, "au.codec" if hint != KNOWN else "au.not-audio")


def _any_content(file: BinaryIO) -> bool:
    """Whether anything but zeros follows within the first megabyte."""
    return bool(file.read(1 << 20).strip(b"\0"))


def _container(head: bytes) -> Kind | None:
    if head[4:8] in BOXES:
        return Kind.MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Kind.ADTS
    signatures = {
        b"fLaC": Kind.FLAC,
        b"OggS": Kind.OGG,
        **{name + b"WAVE": Kind.WAV for name in (b"RIFF", b"RF64", b"BW64")},
        b"FORMAIFF": Kind.AIFF,
        b"FORMAIFC": Kind.AIFF,
    }
    return signatures.get(head[:4]) or signatures.get(head[:4] + head[8:12])
