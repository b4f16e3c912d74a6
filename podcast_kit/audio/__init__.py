"""Audio files: probed, and tagged in a copy. The only home of mutagen and the codecs."""

from podcast_kit.audio.inspection import Report, inspect
from podcast_kit.audio.kinds import Kind, mime, recognise
from podcast_kit.audio.measuring import probe
from podcast_kit.audio.mending import mend
from podcast_kit.audio.tagging import MASTER, VERSION, Found, digest, read_tags, tag, taggable

__all__ = [
    "MASTER",
    "VERSION",
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
