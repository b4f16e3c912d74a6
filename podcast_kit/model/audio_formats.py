"""The one list of audio formats: what `new` takes, what a build finds beside the notes, and what `inspect` knows."""

from __future__ import annotations

from enum import StrEnum


class AudioKind(StrEnum):
    """The container of an audio file; the value is shown in messages."""

    MP3 = "MP3"
    MP4 = "M4A"
    OGG = "Ogg"
    FLAC = "FLAC"
    WAV = "WAV"
    AIFF = "AIFF"
    ADTS = "raw AAC"
    W64 = "Wave64"
    CAF = "Core Audio"
    MATROSKA = "Matroska or WebM"
    ASF = "Windows Media"
    AMR = "AMR"


KIND_SUFFIXES = {
    AudioKind.MP3: (".mp3",),
    AudioKind.MP4: (".m4a", ".mp4", ".m4b", ".m4v", ".mov"),
    AudioKind.OGG: (".opus", ".ogg", ".oga"),
    AudioKind.FLAC: (".flac",),
    AudioKind.WAV: (".wav", ".wave", ".rf64", ".bwf"),
    AudioKind.AIFF: (".aiff", ".aif", ".aifc"),
    AudioKind.ADTS: (".aac",),
    AudioKind.W64: (".w64",),
    AudioKind.CAF: (".caf",),
    AudioKind.MATROSKA: (".webm", ".weba", ".mkv", ".mka"),
    AudioKind.ASF: (".wma", ".wmv", ".asf"),
    AudioKind.AMR: (".amr",),
}
"""The file extensions of each; the usual one first."""
DECODED_KINDS = frozenset({AudioKind.W64, AudioKind.CAF, AudioKind.MATROSKA, AudioKind.ASF, AudioKind.AMR})
"""Only a decoder reads these."""
AUDIO_SUFFIXES = tuple(suffix[1:] for suffixes in KIND_SUFFIXES.values() for suffix in suffixes)
"""All of them, without the dot."""
PREFERRED_SUFFIXES = frozenset({"mp3", "m4a", "mp4", "opus", "ogg", "flac", "wav", "aiff", "aif"})
"""Where a file of another format has the same stem, this one is the recording: the other may be its video."""
PUBLISHED_SUFFIXES = {".m4b": ".m4a", ".oga": ".ogg"}
"""The usual extension of the same format, which directories accept, for one that they do not."""
UNUSABLE_AUDIO_SUFFIXES = {
    ".3gp": "a video of a phone",
    ".ac3": "AC-3 audio",
    ".ape": "a Monkey's Audio file",
    ".aup3": "an Audacity project",
    ".avi": "an AVI video",
    ".dts": "DTS audio",
    ".flv": "a Flash video",
    ".mid": "a MIDI file",
    ".mp2": "MPEG audio of layer II",
    ".mpeg": "an MPEG video",
    ".mpg": "an MPEG video",
    ".ra": "a RealAudio file",
    ".rpp": "a Reaper project",
    ".sesx": "an Audition session",
    ".tta": "a True Audio file",
    ".wv": "a WavPack file",
}
"""What a file beside the notes is that no build can use; a program exports it as one of the others."""
