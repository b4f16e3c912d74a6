"""Broken audio files: each kind is made from a good sample, with the expected message.

`python -m tests.support.broken_audio DIR` writes all of them into DIR, to be looked at with other programs.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.audio_samples import sample

FILLER = bytes(range(7, 107)) * 30
"""Bytes that are not a frame of any format."""


@dataclass(frozen=True)
class Broken:
    """One kind of damage."""

    id: str
    name: str
    data: bytes
    says: str
    """A part of the message that no other kind has."""
    code: str
    plays: bool = False
    """It can be published with a warning, and its duration is right."""


def read(name: str) -> bytes:
    return sample(name).read_bytes()


def cut(name: str, part: float) -> bytes:
    data = read(name)
    return data[: int(len(data) * part)]


def box(name: bytes, data: bytes) -> bytes:
    return (8 + len(data)).to_bytes(4, "big") + name + data


def id3(title: str) -> bytes:
    frame = b"TIT2" + (1 + len(title)).to_bytes(4, "big") + b"\0\0\0" + title.encode("latin-1")
    return b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame


def strangers() -> Iterator[Broken]:
    """Not audio, whatever the file extension."""
    rows = [
        ("empty", b"", "is empty", "au.empty"),
        ("zeros", bytes(9000), "contains only zeros", "au.not-audio"),
        ("text", b"Dear diary, " * 300, "not a supported audio file", "au.not-audio"),
        ("web-page", b"\n<!DOCTYPE html><title>404</title>", "a web page", "au.not-audio"),
        ("json", b'{"error": "gone"}', "JSON text", "au.not-audio"),
        ("png", b"\x89PNG\r\n\x1a\n" + FILLER, "a PNG image", "au.not-audio"),
        ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF" + FILLER, "a JPEG image", "au.not-audio"),
        ("pdf", b"%PDF-1.7\n" + FILLER, "a PDF document", "au.not-audio"),
        ("zip", b"PK\x03\x04" + FILLER, "a ZIP archive", "au.not-audio"),
        ("lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer", "au.not-audio"),
        ("webm", b"\x1aE\xdf\xa3" + FILLER, "is Matroska or WebM, but its file extension is .mp3", "au.extension"),
        ("wma", b"0&\xb2u\x8ef\xcf\x11" + FILLER, "is Windows Media, but its file extension is .mp3", "au.extension"),
        ("amr", b"#!AMR\n" + FILLER, "is AMR, but its file extension is .mp3", "au.extension"),
        ("tta", b"TTA1" + FILLER, "a True Audio file", "au.not-audio"),
        ("musepack", b"MPCKSH" + FILLER, "is a Musepack file", "au.not-audio"),
        ("musepack-7", b"MP+\x07" + FILLER, "a Musepack file (SV7)", "au.not-audio"),
        ("optimfrog", b"OFR \x0f" + FILLER, "an OptimFROG file", "au.not-audio"),
        ("tak", b"tBaK\1" + FILLER, "a TAK file", "au.not-audio"),
        ("dsf", b"DSD \x1c" + FILLER, "DSD recording (DSF)", "au.not-audio"),
        ("dsdiff", b"FRM8\0" + FILLER, "DSD recording (DSDIFF)", "au.not-audio"),
        ("rifx", b"RIFX\0" + FILLER, "big-endian order (RIFX)", "au.not-audio"),
        ("sun", b".snd\0" + FILLER, "a Sun audio file", "au.not-audio"),
        ("ac3", b"\x0bw\x1c" + FILLER, "AC-3 without a container", "au.not-audio"),
        ("adif", b"ADIF\0" + FILLER, "of the old kind (ADIF)", "au.not-audio"),
        ("midi", b"MThd\0\0\0\6" + FILLER, "MIDI file", "au.not-audio"),
        ("caf", b"caff\0\1\0\0" + FILLER, "is Core Audio, but its file extension is .mp3", "au.extension"),
    ]
    for kind, data, says, code in rows:
        yield Broken(kind, f"{kind}.mp3", data, says, code)


def mp3s() -> Iterator[Broken]:
    """MP3 from interrupted recorders, bad editors and old taggers."""
    bare, cbr = read("cbr-bare.mp3"), read("cbr.mp3")
    hole = len(bare) // 2
    yield Broken("tags-only", "a.mp3", id3("A") + bytes(5000), "tags but no audio", "au.truncated")
    yield Broken("cut-in-tags", "a.mp3", b"ID3\x03\0\0\0\x7f\0\0" + FILLER, "truncated inside its tags", "au.truncated")
    yield Broken("mp3-cut", "a.mp3", cut("vbr.mp3", 0.4), "header says 2.4 s, but it has", "au.truncated")
    yield Broken("mp3-cut-cbr", "a.mp3", cut("cbr.mp3", 0.2), "is truncated: its header says", "au.truncated")
    yield Broken("mp3-layer-2", "a.mp3", b"\xff\xfd\x84\xc4" + FILLER, "layer I or II", "au.codec")
    yield Broken("mp3-free-format", "a.mp3", b"\xff\xfb\x00\xc4" + FILLER, "free-format", "au.codec")
    tiny = cbr[: cbr.index(b"Info") + 60]
    yield Broken("mp3-cut-in-header", "a.mp3", tiny, "no complete frame of audio", "au.truncated")
    yield Broken("mp3-half-a-frame", "a.mp3", bare[:-100], "the last frame is truncated", "au.truncated", plays=True)
    yield Broken("mp3-junk", "a.mp3", FILLER + cbr, "bytes of junk before", "au.junk", plays=True)
    filled = bare[:hole] + FILLER + bare[hole:]
    yield Broken("mp3-hole", "a.mp3", filled, "between the frames are not audio", "au.junk", plays=True)
    yield Broken("mp3-joined", "a.mp3", cbr + cbr, "two files joined", "au.vbr-header", plays=True)
    yield Broken("mp3-vbr-bare", "a.mp3", read("vbr-bare.mp3"), "without a Xing header", "au.vbr-header", plays=True)
    yield Broken("mp3-two-tags", "a.mp3", id3("A") + id3("B") + cbr, "2 ID3 tags", "au.tag.doubled", plays=True)
    ape = b"APETAGEX\xd0\x07\0\0\x20\0\0\0" + bytes(16)
    yield Broken("mp3-ape", "a.mp3", cbr + ape, "an APEv2 tag at the end", "au.tag.foreign", plays=True)
    lyrics = b"LYRICSBEGININD0000200000024LYRICS200"
    yield Broken("mp3-lyrics", "a.mp3", cbr + lyrics, "a Lyrics3 tag", "au.tag.foreign", plays=True)
    mixed = read("cbr-bare.mp3") + read("vbr-bare.mp3")
    yield Broken("mp3-two-rates", "a.mp3", mixed, "sample rate changes", "au.mixed", plays=True)
    yield Broken("mp3-named-m4a", "a.m4a", cbr, "is MP3, but its file extension is .m4a", "au.extension")


def mp4s() -> Iterator[Broken]:
    """M4A whose index does not match its audio, or with other content."""
    data = read("aac.m4a")
    index = data.index(b"moov") - 4
    moov = data[index:]
    head, sound = data[:index], data[data.index(b"mdat") - 4 : index]
    yield Broken("m4a-no-index", "a.m4a", head, "has no index (moov)", "au.truncated")
    yield Broken("m4a-cut", "a.m4a", data[:-300], "300 bytes are missing at the end", "au.truncated")
    yield Broken("m4a-no-sound", "a.m4a", head[:28] + moov, "its audio continues for", "au.truncated")
    yield Broken("m4a-no-box", "a.m4a", head + b"\0\0\0\7" + moov[4:], "bytes are not an MP4 box", "au.broken")
    still = moov.replace(b"soun", b"vide")
    yield Broken("m4a-picture-only", "a.m4a", head + still, "has no audio track", "au.not-audio")
    none = moov.replace(b"stsz", b"stsq")
    yield Broken("m4a-empty", "a.m4a", head + none, "has an empty audio track", "au.truncated")
    locked = head + moov.replace(b"mp4a", b"drms", 1)
    yield Broken("m4a-protected", "a.m4a", locked, "is copy-protected", "au.codec")
    unknown = head + moov.replace(b"stsd", b"stsq")
    yield Broken("m4a-no-codec", "a.m4a", unknown, "does not say how its audio is encoded", "au.broken")
    yield Broken("m4a-in-m4a-suffix", "a.mp3", data, "is M4A, but its file extension is .mp3", "au.extension")
    film = head + box(b"moov", moov[8:] + _second_track(moov, b"vide"))
    yield Broken("m4a-id3", "a.m4a", id3("A") + data, "ID3 tags, which M4A does not allow", "au.tag.foreign")
    behind = data + b"TAG" + bytes(125)
    yield Broken("m4a-tail", "a.m4a", behind, "128 bytes of junk after the last box", "au.junk", plays=True)
    open_end = data + b"\0\0\x10\0free" + bytes(100)
    yield Broken("m4a-cut-box", "a.m4a", open_end, "last box (free) is truncated", "au.junk", plays=True)
    pair = head + box(b"moov", moov[8:] + _second_track(moov, b"soun").replace(b"avc1", b"mp4a"))
    yield Broken("m4a-two", "a.m4a", pair, "has 2 audio tracks", "au.tracks", plays=True)
    yield Broken("m4a-video", "a.m4a", film, "has a video stream", "au.video", plays=True)
    assert sound


def _second_track(moov: bytes, handler: bytes) -> bytes:
    at = moov.index(b"trak") - 4
    size = int.from_bytes(moov[at : at + 4], "big")
    return moov[at : at + size].replace(b"soun", handler).replace(b"mp4a", b"avc1", 1)


def oggs() -> Iterator[Broken]:
    """Ogg with truncated or missing pages."""
    data = read("speech.opus")
    pages = [b"OggS" + page for page in data.split(b"OggS")[1:]]
    yield Broken("ogg-cut", "a.opus", data[:-50], "ends in the middle of a page", "au.truncated")
    endless = b"".join(pages[:-1])
    yield Broken("ogg-no-end", "a.opus", endless, "last page is not marked as the end", "au.truncated", plays=True)
    yield Broken("ogg-tail", "a.opus", data + FILLER, "bytes of junk after the last page", "au.junk", plays=True)
    yield Broken("ogg-two", "a.ogg", two_tracks(read("speech.ogg")), "has 2 audio tracks", "au.tracks", plays=True)
    dumb = data.replace(b"OpusHead\1" + data[37:38], b"OpusHead\1\0")
    yield Broken("ogg-no-channels", "a.opus", dumb, "its header has no channels", "au.broken")
    yield Broken("ogg-heads", "a.opus", b"".join(pages[:2]), "it ends before the audio", "au.truncated")
    yield Broken("ogg-speex", "a.ogg", _bos(b"Speex   1.2"), "is Ogg with Speex", "au.codec")
    yield Broken("ogg-video", "a.ogg", _bos(b"\x80theora"), "without Opus or Vorbis", "au.codec")
    missing = b"".join(pages[:3] + pages[4:])
    yield Broken("ogg-id3", "a.opus", id3("A") + data, "bytes of junk before the first page", "au.junk", plays=True)
    yield Broken("ogg-lost", "a.opus", missing, "a page is missing", "au.gaps", plays=True)
    other = data.replace(data[14:18], b"abcd")
    yield Broken("ogg-chained", "a.opus", data + other, "2 recordings are joined", "au.chained", plays=True)


def two_tracks(data: bytes) -> bytes:
    """Every page twice, as of a second stream that runs at the same time."""
    pages = [b"OggS" + page for page in data.split(b"OggS")[1:]]
    return b"".join(page + page[:14] + b"abcd" + page[18:] for page in pages)


def _bos(packet: bytes) -> bytes:
    return b"OggS\0\2" + bytes(8) + b"abcd" + bytes(8) + bytes([1, len(packet)]) + packet


def flacs() -> Iterator[Broken]:
    """FLAC that says more than it has, or less."""
    data = read("speech.flac")
    yield Broken("flac-cut", "a.flac", cut("speech.flac", 0.7), "its header says 2.3 s", "au.truncated")
    yield Broken("flac-head", "a.flac", data[:60], "is truncated: it ends before", "au.truncated")
    unknown = data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:]
    yield Broken("flac-length", "a.flac", unknown, "has no length", "au.length", plays=True)
    yield Broken("flac-id3v1", "a.flac", data + b"TAG" + bytes(125), "an ID3v1 tag", "au.tag.foreign", plays=True)
    yield Broken("flac-id3", "a.flac", id3("A") + data, "before the FLAC data", "au.tag.foreign", plays=True)


def plain() -> Iterator[Broken]:
    """WAV, AIFF and raw AAC."""
    wav, aiff, aac = read("speech.wav"), read("speech.aiff"), read("speech.aac")
    at = wav.index(b"data") + 4
    yield Broken("wav-cut", "a.wav", cut("speech.wav", 0.5), "s of audio are missing", "au.truncated")
    yield Broken("wav-id3", "a.wav", id3("A") + wav, "ID3 tags, which WAV does not allow", "au.tag.foreign")
    yield Broken("wav-no-data", "a.wav", wav[: at - 4], "ends before the audio begins", "au.truncated")
    yield Broken("wav-codec", "a.wav", wav[:20] + b"\x34\x12" + wav[22:], "an unsupported codec", "au.codec")
    yield Broken("wav-rate", "a.wav", wav[:24] + bytes(8) + wav[32:], "no channels or no sample rate", "au.broken")
    yield Broken("wav-no-samples", "a.wav", wav[:at] + bytes(4), "has an empty data chunk", "au.truncated")
    endless = wav[:at] + b"\xff\xff\xff\xff" + wav[at + 4 :]
    yield Broken("wav-unfinished", "a.wav", endless, "its header was never finished", "au.truncated", plays=True)
    size = len(wav) - at - 4
    wide = wav[:at] + (size + 44).to_bytes(4, "little") + wav[at + 4 :]
    yield Broken("wav-44-more", "a.wav", wide, "44 bytes more than there are", "au.length", plays=True)
    early = wav[:at] + (size // 4 * 2).to_bytes(4, "little") + wav[at + 4 :]
    yield Broken(
        "wav-early", "a.wav", early, "bytes after the audio data are not part of any chunk", "au.length", plays=True
    )
    yield Broken("aiff-cut", "a.aiff", cut("speech.aiff", 0.4), "s of audio are missing", "au.truncated")
    odd = aiff.replace(b"AIFF", b"AIFC", 1).replace(b"COMM\0\0\0\x12", b"COMM\0\0\0\x12", 1)
    yield Broken("aiff-form", "a.aiff", _with_form(odd), "AIFF in an unsupported format", "au.codec")
    begin = aac.find(aac[:3], len(aac) // 2)
    stray = aac[:begin] + FILLER[:10] + aac[begin:] + FILLER[:5]
    yield Broken("aac-stray", "a.aac", stray, "15 bytes between or after the frames", "au.junk", plays=True)
    yield Broken("aac-cut", "a.aac", aac[:-20], "bytes are not AAC frames", "au.truncated")


def _with_form(aiff: bytes) -> bytes:
    at = aiff.index(b"COMM")
    return aiff[: at + 4] + (24).to_bytes(4, "big") + aiff[at + 8 : at + 26] + b"MAC6\0\0" + aiff[at + 26 :]


KINDS: tuple[Callable[[], Iterator[Broken]], ...] = (strangers, mp3s, mp4s, oggs, flacs, plain)


def everything() -> list[Broken]:
    return [one for kind in KINDS for one in kind()]


def write(one: Broken, folder: Path) -> Path:
    path = folder / one.name
    path.write_bytes(one.data)
    return path


if __name__ == "__main__":
    for each in everything():
        (Path(sys.argv[1]) / each.id).mkdir(parents=True, exist_ok=True)
        print(write(each, Path(sys.argv[1]) / each.id), "--", each.says)
