"""Detect the format of a file by its bytes, not by its name."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.tag_bounds import id3_end, id3_length
from podcast_kit.errors import InvalidAudio
from podcast_kit.model.audio_formats import KIND_SUFFIXES, AudioKind

__all__ = [
    "AUDIO_MIME_TYPES",
    "KINDS_WITHOUT_ID3",
    "KIND_SUFFIXES",
    "SUPPORTED_FORMATS_FIX",
    "AudioKind",
    "audio_mime_type",
    "detect_audio_kind",
]

KINDS_WITHOUT_ID3 = {AudioKind.MP4, AudioKind.WAV, AudioKind.AIFF}
AUDIO_MIME_TYPES = {
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
"""The media type of an enclosure by its suffix: Apple's list first, then the registered types."""

OTHER_FORMATS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the recording itself", "download it with `git lfs pull`"),
    (b"\x89PNG", "a PNG image, not audio", ""),
    (b"\xff\xd8\xff", "a JPEG image, not audio", ""),
    (b"GIF8", "a GIF image, not audio", ""),
    (b"%PDF", "a PDF document, not audio", ""),
    (b"PK\x03\x04", "a ZIP archive, not audio", "unpack it and use the recording inside"),
    (b"\x1f\x8b", "a gzip archive, not audio", "unpack it and use the recording inside"),
    (b"MThd", "a MIDI file: notes, not audio", "render it to WAV first"),
    (b"wvpk", "a WavPack file", "convert it to FLAC, M4A or MP3"),
    (b"MAC ", "a Monkey's Audio file", "convert it to FLAC, M4A or MP3"),
    (b"TTA", "a True Audio file", "convert it to FLAC, M4A or MP3"),
    (b"MPCK", "a Musepack file", "convert it to M4A or MP3"),
    (b"MP+", "a Musepack file (SV7)", "convert it to M4A or MP3"),
    (b"OFR ", "an OptimFROG file", "convert it to FLAC, M4A or MP3"),
    (b"tBaK", "a TAK file", "convert it to FLAC, M4A or MP3"),
    (b"DSD ", "a DSD recording (DSF)", "convert it to FLAC, M4A or MP3"),
    (b"FRM8", "a DSD recording (DSDIFF)", "convert it to FLAC, M4A or MP3"),
    (b"RIFX", "a WAV in big-endian order (RIFX)", "export it as plain WAV"),
    (b".snd", "a Sun audio file (.au)", "export it as WAV, M4A or MP3"),
    (b"ADIF", "raw AAC of the old kind (ADIF)", "export it as M4A"),
    (b"\x0bw", "AC-3 without a container", "convert it to M4A or MP3"),
    (b"FLV", "a Flash video", "extract the audio and convert it to MP3"),
    (b"<", "a web page or XML, not audio", "a download may have saved an error page: download the recording again"),
    (b"{", "JSON text, not audio", "a download may have saved an error page: download the recording again"),
)
DECODED_MAGIC = {
    b"\x1aE\xdf\xa3": AudioKind.MATROSKA,
    b"0&\xb2u\x8ef\xcf\x11": AudioKind.ASF,
    b"#!AMR": AudioKind.AMR,
    b"caff": AudioKind.CAF,
    b"riff.\x91\xcf\x11": AudioKind.W64,
}
FIRST_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
SUPPORTED_FORMATS_FIX = "use MP3, M4A, WAV, FLAC, AIFF, Opus or Ogg"
RENAME_FIX = "rename it to end in {}: players and hosts rely on the file extension"


def audio_mime_type(path: Path | str) -> str:
    """The media type of an enclosure with this name; empty for an unknown suffix."""
    return AUDIO_MIME_TYPES.get(Path(path).suffix.lower(), "")


def detect_audio_kind(path: Path, *, with_leading_tags: bool = False) -> AudioKind:
    """The format of a file, by its bytes; `with_leading_tags` allows ID3 before a format that does not.

    Raises InvalidAudio if it is empty, unreadable, not audio, or has the wrong file extension.
    """
    try:
        if not path.is_file() and path.exists():  # reading a pipe may block for ever, and a device has no end
            raise InvalidAudio(
                str(path), "cannot be read: not a regular file", "use the recording itself", "au.unreadable"
            )
        size = path.stat().st_size
        with path.open("rb") as file:
            kind = _sniff_kind(path, file, size, with_leading_tags=with_leading_tags)
    except OSError as error:
        raise InvalidAudio(str(path), f"cannot be read: {error.strerror or error}", code="au.unreadable") from None
    suffix = path.suffix.lower()
    if suffix not in KIND_SUFFIXES[kind] and any(suffix in names for names in KIND_SUFFIXES.values()):
        fix = RENAME_FIX.format(KIND_SUFFIXES[kind][0])
        raise InvalidAudio(str(path), f"is {kind}, but its file extension is {suffix}", fix, "au.extension")
    return kind


def _sniff_kind(path: Path, file: BinaryIO, size: int, *, with_leading_tags: bool) -> AudioKind:
    if not size:
        raise InvalidAudio(str(path), "is empty", "copy the recording again", "au.empty")
    start = id3_end(file, 0, size)
    file.seek(start)
    head = file.read(4096)
    if start and not head.strip(b"\0"):
        raise InvalidAudio(str(path), "contains tags but no audio", "copy the recording again", "au.truncated")
    if not head.strip(b"\0") and not _has_nonzero_bytes(file):
        text = "contains only zeros"
        raise InvalidAudio(str(path), text, "the copy or the disk failed; copy the recording again", "au.not-audio")
    if kind := find_kind_by_magic(head):
        _check_leading_tags(path, kind, has_tags=start > 0 and not with_leading_tags)
        return kind
    for magic, text, fix in OTHER_FORMATS:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(magic):
            raise InvalidAudio(str(path), f"is {text}", fix or SUPPORTED_FORMATS_FIX, "au.not-audio")
    from podcast_kit.audio.aac import adts
    from podcast_kit.audio.mp3 import frame_scan

    if frame_scan.find_first_frame(file, start, size) is not None:
        return AudioKind.MP3
    if adts.has_frames(head):
        return AudioKind.ADTS
    if id3_length(head) > size:
        raise InvalidAudio(str(path), "is truncated inside its tags", "copy the recording again", "au.truncated")
    text, fix = frame_scan.diagnose_other_mpeg(head) or ("is not a supported audio file", SUPPORTED_FORMATS_FIX)
    raise InvalidAudio(str(path), text, fix, "au.codec" if fix != SUPPORTED_FORMATS_FIX else "au.not-audio")


def _check_leading_tags(path: Path, kind: AudioKind, *, has_tags: bool) -> None:
    """Raise InvalidAudio for ID3 tags before a format that they make unreadable."""
    if has_tags and kind in KINDS_WITHOUT_ID3:
        text = f"begins with ID3 tags, which {kind} does not allow: players cannot open it"
        fix = "`podcast-kit inspect --fix DIR` writes a copy without them"
        raise InvalidAudio(str(path), text, fix, "au.tag.foreign")


def _has_nonzero_bytes(file: BinaryIO) -> bool:
    """Whether the next megabyte has anything but zeros."""
    return bool(file.read(1 << 20).strip(b"\0"))


def find_kind_by_magic(head: bytes) -> AudioKind | None:
    """The format of a file that begins with these bytes; None if they are not the signature of one."""
    if head[4:8] in FIRST_MP4_BOXES:
        return AudioKind.MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return AudioKind.ADTS
    signatures = {
        b"fLaC": AudioKind.FLAC,
        b"OggS": AudioKind.OGG,
        **{name + b"WAVE": AudioKind.WAV for name in (b"RIFF", b"RF64", b"BW64")},
        b"FORMAIFF": AudioKind.AIFF,
        b"FORMAIFC": AudioKind.AIFF,
    }
    kind = signatures.get(head[:4]) or signatures.get(head[:4] + head[8:12])
    return kind or next((kind for magic, kind in DECODED_MAGIC.items() if head.startswith(magic)), None)
