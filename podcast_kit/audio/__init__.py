"""Audio files: probed, and tagged in a copy. The only home of mutagen and the codecs."""

from podcast_kit.audio.inspect import Report, inspect
from podcast_kit.audio.probe import probe
from podcast_kit.audio.repair import mend
from podcast_kit.audio.sniff import Kind, mime, recognise
from podcast_kit.audio.tag import MASTER, Found, digest, read_tags, tag, taggable

__all__ = [
    "MASTER",
    "Found",
    "Kind",
    "Report",
    "digest",
    "inspect",
    "mend",
    "mime",
    "probe",
    "read_tags",
    "recognise",
    "tag",
    "taggable",
]
