"""Inspect an audio file: its format, its tags, and its problems."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from podcast_kit.audio.probe import SILENT_WARNING, exceeds_level, probe_audio, translate_audio_errors
from podcast_kit.audio.sniff import AudioKind, detect_audio_kind
from podcast_kit.audio.tag import NO_TAGS_FIX, EmbeddedTags, describe_unpublishable, read_tags
from podcast_kit.audio.tag_bounds import find_audio_bounds, id3_length, list_end_tags, read_at
from podcast_kit.errors import InvalidAudio, Problem, Severity, SourceLocation
from podcast_kit.model import Audio, Chapter
from podcast_kit.text.numbers import format_count

REPAIR_FIX = "`podcast-kit inspect --fix DIR` writes a corrected copy; the audio stays unchanged"
CONVERT_FIX = "convert it to MP3 or M4A, or set `audio: {loudness: -16, reencode: true}` so that each build does"
WARNING_FIXES = {
    "junk before the first frame": ("au.junk", REPAIR_FIX),
    "junk before the first page": ("au.junk", "publishing leaves it out"),
    "junk after the last": ("au.junk", "publishing leaves it out"),
    "is truncated by": ("au.junk", "publishing leaves it out"),
    "without a Xing header": ("au.vbr-header", REPAIR_FIX),
    "says less than there is": ("au.vbr-header", REPAIR_FIX),
    "says more than there is": ("au.vbr-header", REPAIR_FIX),
    "more silence than": ("au.vbr-header", "export it again"),
    "are not audio": ("au.junk", "listen to these places; export it again if something is missing"),
    "last frame is truncated": ("au.truncated", "listen to its end; copy the recording again if something is missing"),
    "last page": ("au.truncated", "listen to its end; copy the recording again if something is missing"),
    "sample rate changes": ("au.mixed", "export it again at one sample rate"),
    SILENT_WARNING: ("au.silent", "listen to it; take the right track or export it again"),
    "video stream": ("au.video", "export only the audio: `ffmpeg -i IN -vn -c:a copy OUT.m4a`"),
    "audio tracks": ("au.tracks", "export it again with the right track alone: `ffmpeg -i IN -map 0:a:0 -c copy OUT`"),
    "instead of AAC": ("au.codec", CONVERT_FIX),
    "ADPCM inside instead of plain samples": ("au.codec", "export it as plain PCM, or as MP3 or M4A"),
    "inside instead of plain samples": ("au.codec", "export the original recording as MP3 or M4A"),
    "raw AAC": ("au.codec", "`ffmpeg -i IN -c copy OUT.m4a` keeps the audio unchanged"),
    "never finished": ("au.truncated", REPAIR_FIX),
    "bytes more than there are": ("au.length", REPAIR_FIX),
    "cannot store its length": ("au.length", f"{REPAIR_FIX}, as RF64"),
    "not part of any chunk": ("au.length", "listen to its end; export it again if something is missing"),
    "missing in the middle": ("au.gaps", "copy the recording again"),
    "joined in one file": ("au.chained", "export it again as one recording"),
    "has no length": ("au.length", REPAIR_FIX),
    "before the FLAC": ("au.tag.foreign", "publishing leaves them out"),
}
"""The code and the fix of each warning, by words that are in it."""
MAX_NEAR_SILENCE_LEVEL = 0.001
"""Of full scale: -60 dB, quieter than any room."""


NEARLY_SILENT = "never louder than -60 dB: is this the right track?"
FOREIGN_TAG_CODE = "au.tag.foreign"
UNPUBLISHABLE_CODE = "au.convert"
"""Of a recording that each build has to convert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioReport:
    """Format, tags and problems of a file."""

    path: str
    kind: str = ""
    """The container, such as `MP3` or `M4A`; empty if the file is not audio."""
    audio: Audio | None = None
    """None if the file cannot be measured; `problems` has the reason."""
    tags: EmbeddedTags = field(default_factory=EmbeddedTags)
    problems: tuple[Problem, ...] = ()

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """The chapters in the file."""
        return self.tags.chapters

    def to_json(self) -> dict[str, Any]:
        """The report without its problems, as values for JSON."""
        tags = asdict(replace(self.tags, chapters=(), pictures=()))
        del tags["chapters"], tags["pictures"]
        audio = asdict(self.audio) if self.audio else None
        if audio:
            audio["remarks"] = audio.pop("warnings")
        tags["fields"] = [{"name": name, "value": value} for name, value in self.tags.fields]
        return {
            "file": self.path,
            "kind": self.kind,
            "audio": audio,
            "tags": tags,
            "chapters": [asdict(mark) | {"image": str(mark.image or "")} for mark in self.chapters],
        }


def inspect_audio(path: Path) -> AudioReport:
    """Everything about one file; its problems are in the report, and are never raised."""
    kind, audio, tags, problems = "", None, EmbeddedTags(), list[Problem]()
    try:
        audio_kind = detect_audio_kind(path)
        kind = str(audio_kind)
        problems += find_stray_tags(path, audio_kind)
        if text := describe_unpublishable(audio_kind):
            problems.append(Problem(SourceLocation(str(path)), text, NO_TAGS_FIX, UNPUBLISHABLE_CODE, Severity.WARNING))
        audio = probe_audio(path)
        tags = read_tags(path)
    except InvalidAudio as error:
        problems += error.problems
    if audio:
        warnings = audio.warnings
        if SILENT_WARNING not in warnings and exceeds_level(path, MAX_NEAR_SILENCE_LEVEL) is False:
            warnings = (*warnings, NEARLY_SILENT)
        problems += [_warning_problem(path, warning) for warning in warnings]
        problems += _find_late_chapters(path, audio, tags)
    return AudioReport(path=str(path), kind=kind, audio=audio, tags=tags, problems=tuple(problems))


def _warning_problem(path: Path, warning: str) -> Problem:
    code, fix = next(
        (code_and_fix for words, code_and_fix in WARNING_FIXES.items() if words in warning),
        ("au.quiet", "listen to it"),
    )
    return Problem(SourceLocation(str(path)), warning, fix, code, Severity.WARNING)


def find_stray_tags(path: Path, kind: AudioKind) -> list[Problem]:
    """Duplicate tags, and tags that belong to another file format, as warnings."""
    with translate_audio_errors(path), path.open("rb") as file:
        size = path.stat().st_size
        start, _ = find_audio_bounds(file, size)
        heads, at = 0, 0
        while at < start:
            at += id3_length(read_at(file, at, 10)) or start
            heads += 1
        behind = list_end_tags(file, start, size) if kind in {AudioKind.MP3, AudioKind.ADTS, AudioKind.FLAC} else []
    problems = []
    if heads > 1:
        text = f"has {heads} ID3 tags: some players show the first, others the last"
        problems.append((text, "publishing merges them into one tag", "au.tag.doubled"))
    for name, count in sorted(Counter(behind).items()):
        if name == "ID3v1" and kind is AudioKind.MP3 and count == 1:
            continue  # every tagger writes one; it has less than the ID3v2 tag, but nothing else
        text = f"has {'an' if name[0] in 'AI' else 'a'} {name} tag at the end" + f", {count} times" * (count > 1)
        problems.append(
            (f"{text}: some players show it instead of the main tag", "remove it with a tag editor", FOREIGN_TAG_CODE)
        )
    return [Problem(SourceLocation(str(path)), text, fix, code, Severity.WARNING) for text, fix, code in problems]


def _find_late_chapters(path: Path, audio: Audio, tags: EmbeddedTags) -> list[Problem]:
    """A warning if chapters begin after the end of the file."""
    late = [mark for mark in tags.chapters if mark.start_ms >= audio.seconds * 1000 + 1000]
    if not late:
        return []
    text = f"{len(late)} of {format_count(len(tags.chapters), 'chapter')} begin after the end of the file"
    fix = "were they made for another edit of it?"
    return [Problem(SourceLocation(str(path)), text, fix, "ch.range", Severity.WARNING)]
