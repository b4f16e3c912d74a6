"""All that can be told of an audio file: what it is, what its tags say, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from podcast_kit.audio.probe import SILENT, border, probe
from podcast_kit.audio.sniff import Kind, recognise
from podcast_kit.audio.tag import Found, read_tags
from podcast_kit.audio.tag_bounds import bounds, id3_length, read_at, tails
from podcast_kit.errors import InvalidAudio, SourceLocation, Problem, Severity
from podcast_kit.model import Audio, Chapter

MEND = "`podcast-kit inspect --mend DIR` writes a copy without this fault; the sound stays as it is"
MENDS = {
    "junk before the first frame": ("au.junk", MEND),
    "junk before the first page": ("au.junk", "publishing leaves it out"),
    "without a Xing header": ("au.vbr-header", MEND),
    "says less than there is": ("au.vbr-header", MEND),
    "says more than there is": ("au.vbr-header", MEND),
    "are not audio": ("au.junk", "listen to these places; export it again if something is missing"),
    "last frame is truncated": ("au.truncated", "listen to its end; copy the recording again if something is missing"),
    "sample rate changes": ("au.mixed", "export it again at one sample rate"),
    SILENT: ("au.silent", "listen to it; take the right track or export it again"),
    "video stream": ("au.video", "export only the audio: `ffmpeg -i IN -vn -c:a copy OUT.m4a`"),
    "raw AAC": ("au.codec", "`ffmpeg -i IN -c copy OUT.m4a` keeps the audio unchanged"),
    "never finished": ("au.truncated", "open it in an audio editor and save it again"),
    "missing in the middle": ("au.gaps", "copy the recording again"),
    "joined in one file": ("au.chained", "export it again as one recording"),
    "has no length": ("au.length", "`flac -f FILE` writes it again with its length"),
    "before the FLAC": ("au.tag.foreign", "publishing leaves them out"),
}
"""What a remark says, by words of it: its code and its mend."""
QUIET = 0.001
"""Of full scale: -60 dB, below what a room sounds like."""


QUIETER = "nothing is louder than -60 dB from end to end: is this the right track?"
FOREIGN = "au.tag.foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a file is, says and lacks."""

    path: str
    kind: str = ""
    """The container, as `MP3` or `M4A`; empty for what is no audio."""
    audio: Audio | None = None
    """None when the file cannot be measured; `problems` says why."""
    tags: Found = field(default_factory=Found)
    problems: tuple[Problem, ...] = ()

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """The chapters in the file."""
        return self.tags.chapters

    def plain(self) -> dict[str, Any]:
        """As JSON takes it; problems apart."""
        tags = asdict(replace(self.tags, chapters=(), pictures=()))
        del tags["chapters"], tags["pictures"]
        tags["fields"] = [{"name": name, "value": value} for name, value in self.tags.fields]
        return {
            "file": self.path,
            "kind": self.kind,
            "audio": asdict(self.audio) if self.audio else None,
            "tags": tags,
            "chapters": [asdict(mark) | {"image": str(mark.image or "")} for mark in self.chapters],
        }


def inspect(path: Path) -> Report:
    """Everything about one file; what is wrong with it is a problem of the report, never an exception."""
    kind, audio, tags, problems = "", None, Found(), list[Problem]()
    try:
        known = recognise(path)
        kind = str(known)
        problems += around(path, known)
        audio = probe(path)
        tags = read_tags(path)
    except InvalidAudio as error:
        problems += error.problems
    if audio:
        said = audio.remarks
        if SILENT not in said and hushed(path):
            said = (*said, QUIETER)
        problems += [_problem(path, remark) for remark in said]
        problems += _disagreements(path, audio, tags)
    return Report(path=str(path), kind=kind, audio=audio, tags=tags, problems=tuple(problems))


def _problem(path: Path, remark: str) -> Problem:
    code, hint = next((said for words, said in MENDS.items() if words in remark), ("au.quiet", "listen to it"))
    return Problem(SourceLocation(str(path)), remark, hint, code, Severity.WARNING)


def around(path: Path, kind: Kind) -> list[Problem]:
    """Doubled and foreign tags: those that stand behind another, or that belong to another kind of file."""
    with border(path), path.open("rb") as file:
        size = path.stat().st_size
        start, _ = bounds(file, size)
        heads, at = 0, 0
        while at < start:
            at += id3_length(read_at(file, at, 10)) or start
            heads += 1
        behind = tails(file, start, size) if kind in {Kind.MP3, Kind.ADTS, Kind.FLAC} else []
    said = []
    if heads > 1:
        text = f"{heads} ID3 tags stand one behind another: players show the first, others the last"
        said.append((text, "publishing writes one tag with what all of them say", "au.tag.doubled"))
    for name, count in sorted(Counter(behind).items()):
        if name == "ID3v1" and kind is Kind.MP3 and count == 1:
            continue  # every tagger writes one; it says less, but not otherwise
        text = f"{'an' if name[0] in 'AI' else 'a'} {name} tag stands at the end" + f", {count} times" * (count > 1)
        said.append((f"{text}: some players show it instead of the other", "take it out with a tag editor", FOREIGN))
    return [Problem(SourceLocation(str(path)), text, hint, code, Severity.WARNING) for text, hint, code in said]


def _disagreements(path: Path, audio: Audio, tags: Found) -> list[Problem]:
    """Chapters that the file cannot have."""
    late = [mark for mark in tags.chapters if mark.start_ms >= audio.seconds * 1000 + 1000]
    if not late:
        return []
    text = f"{len(late)} of {len(tags.chapters)} chapters begin behind the end of the file"
    hint = "were they made for another cut of it?"
    return [Problem(SourceLocation(str(path)), text, hint, "ch.range", Severity.WARNING)]


def hushed(path: Path) -> bool:
    """Whether nothing in it is louder than -60 dB; False where no decoder is installed.

    A decoder stops at the first sound, so that this costs nothing for a file that has one.
    """
    from importlib.util import find_spec

    if not find_spec("av") or not find_spec("numpy"):
        return False
    from podcast_kit.audio.mastering import decode

    try:
        with border(path):
            return all(abs(block).max(initial=0.0) < QUIET for block in decode.blocks(path))
    except InvalidAudio:
        return False
