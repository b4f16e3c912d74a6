"""Rules tr.*: transcripts in the feed, and their files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from podcast_kit.check.context import ItemView, TagView, is_complete_url
from podcast_kit.check.registry import Finding, also_checks, rule
from podcast_kit.check.rules.languages import find_language_error
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Episode, Node
from podcast_kit.text.timecode import timecode_to_ms

SUBRIP_TYPES = frozenset({"application/x-subrip", "application/srt"})
TRANSCRIPT_TYPES = frozenset({"text/vtt", "text/html", "application/json", "text/plain"}) | SUBRIP_TYPES
_CUE_TIMES = re.compile(
    r"(?:(\d{1,4})[:;])?(\d{1,2})[:;](\d{1,2})[.,:;](\d{1,3})[ \t]+-->[ \t]+"
    r"(?:(\d{1,4})[:;])?(\d{1,2})[:;](\d{1,2})[.,:;](\d{1,3})"
)
"""Also with frames in place of a fraction: reading the file reports these."""
MAX_VTT_LINE_LEN, MAX_SRT_LINE_LEN, MAX_SRT_LINES = 65, 32, 2
MAX_OVERRUN_S = 1.0
"""By how much the last cue may end after the episode."""


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """A transcript file."""

    text: str
    mime: str
    location: SourceLocation
    """The file or URL."""
    seconds: float = 0.0
    """Duration of the episode; 0 if unknown."""
    episode: Episode | None = None
    has_source_lines: bool = True
    """Whether lines of the text are those of the file at the location."""

    def at_line(self, line: int) -> SourceLocation:
        """The location of a line."""
        return SourceLocation(self.location.path, line) if self.has_source_lines else self.location


@dataclass(frozen=True, slots=True)
class TranscriptCue:
    """A cue of a VTT or SubRip file; times in seconds."""

    line: int
    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def order_problem(self) -> str:
        """Says that the cue ends before it starts, or when it starts; empty if it does not."""
        if self.end == self.start:
            return f"a cue has no length: it starts and ends at {self.start:g} s"
        return "" if self.end > self.start else f"a cue ends at {self.end:g} s but starts at {self.start:g} s"


def _parse_cues(transcript: TranscriptFile) -> Iterator[TranscriptCue]:
    """The cues of a VTT or SubRip file, in file order."""
    lines = transcript.text.splitlines()
    for number, line in enumerate(lines, 1):
        match = _CUE_TIMES.match(line.strip())
        if match is None:
            continue
        start, end = (timecode_to_ms(*match.groups()[at : at + 4]) / 1000 for at in (0, 4))
        cue_lines = []
        for index in range(number, len(lines)):
            if not lines[index].strip() or "-->" in lines[index]:
                break
            cue_lines.append(lines[index].strip())
        yield TranscriptCue(number, start, end, tuple(cue_lines))


@rule(
    "tr.type",
    Severity.ERROR,
    subject=TagView,
    platforms="apple podcastindex",
    sources="AP5316 PN",
    why="Apps choose how to read a transcript by its type; Apple accepts only text/vtt and SubRip.",
    fix="use text/vtt for .vtt, application/x-subrip for .srt, application/json, text/html or text/plain",
)
def check_transcript_tag(tag: TagView) -> Iterator[Finding]:
    """A transcript's URL is absolute, and its type is one that apps know."""
    if tag.node.key != "podcast:transcript":
        return
    url, mime = (tag.node.attributes.get(name, "").strip() for name in ("url", "type"))
    if url and not is_complete_url(url):
        yield Finding(f"the URL of a transcript is {url[:80]!r}", tag.node, "transcript")
    elif mime and mime.partition(";")[0].strip().lower() not in TRANSCRIPT_TYPES:
        yield Finding(f"a transcript has the type {mime[:60]!r}", tag.node, "transcript")


@rule(
    "tr.both",
    Severity.HINT,
    subject=ItemView,
    platforms="apple",
    sources="AP5316",
    why="Apple prefers VTT; several apps read only SubRip.",
    fix="provide both text/vtt and application/x-subrip; one can be converted to the other",
)
def check_transcript_formats(item: ItemView) -> Iterator[Finding]:
    """An episode with a transcript has it both as VTT and as SubRip."""
    nodes = item.children_named("podcast:transcript")
    types = {node.attributes.get("type", "").lower() for node in nodes}
    if nodes and types <= TRANSCRIPT_TYPES and ("text/vtt" not in types or not types & SUBRIP_TYPES):
        missing = "SubRip" if "text/vtt" in types else "VTT"
        yield Finding(f"{item.name} has no {missing} transcript", nodes[0], "transcript")


@rule(
    "tr.language",
    Severity.HINT,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps let listeners choose a transcript by its language.",
    fix="write the language in the same form as the show's: en, de-at",
)
def check_transcript_language(tag: TagView) -> Iterator[Finding]:
    """The language of a transcript is valid; if there are several in one format, each has its language."""
    if tag.node.key != "podcast:transcript":
        return
    language = tag.node.attributes.get("language", "").strip()
    if language and (problem := find_language_error(language)):
        yield Finding(f"the language of a transcript: {problem}", tag.node, "transcript")


@also_checks("tr.language", subject=ItemView)
def check_transcript_languages_given(item: ItemView) -> Iterator[Finding]:
    """If there are several transcripts of one type, each has its language."""
    first_by_type: dict[str, Node] = {}
    for node in item.children_named("podcast:transcript"):
        first = first_by_type.setdefault(node.attributes.get("type", ""), node)
        without_language = [other for other in (first, node) if not other.attributes.get("language", "").strip()]
        if first is not node and without_language:
            text = f"one of several transcripts of {item.name} has no language"
            yield Finding(text, without_language[0], "transcript")
            return


@rule(
    "tr.live",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="AN",
    why="AntennaPod fails there, and its users lose the whole feed.",
    fix="leave it out until the live show has become an episode",
)
def check_live_item_transcript(tag: TagView) -> Iterator[Finding]:
    """A liveItem contains no transcript and no chapters."""
    if tag.parent.key == "podcast:liveItem" and tag.node.key in {"podcast:transcript", "podcast:chapters"}:
        yield Finding(f"a podcast:liveItem contains {tag.node.name}", tag.node, "live")


@rule(
    "tr.vtt",
    Severity.ERROR,
    subject=TranscriptFile,
    platforms="apple",
    sources="AP5316 PN",
    why="Apple drops a transcript that it cannot read completely, and generates its own.",
    fix="start the file with WEBVTT, sort the cues, and let each end after it starts",
)
def check_vtt_file(transcript: TranscriptFile) -> Iterator[Finding]:
    """A VTT file starts with WEBVTT; its cues are in order, end after they start, and end with the episode."""
    if transcript.mime != "text/vtt":
        return
    first_line = transcript.text.lstrip("\ufeff").partition("\n")[0].rstrip("\r")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", first_line):
        yield Finding(f"the file starts with {first_line[:40]!r}, not WEBVTT", transcript.at_line(1))
    cues = list(_parse_cues(transcript))
    if not cues:
        yield Finding("the file has no cues", transcript.at_line(1))
    previous_start = 0.0
    for cue in cues:
        location = transcript.at_line(cue.line)
        if cue.order_problem:
            yield _order_finding(cue, location)
            return
        if cue.start < previous_start:
            yield Finding(f"a cue starts at {cue.start:g} s, before the previous one", location)
            return
        if transcript.seconds and cue.end > transcript.seconds + MAX_OVERRUN_S:
            text = f"a cue ends at {cue.end:g} s, but the episode at {transcript.seconds:g} s"
            yield Finding(text, location, fix="is this the transcript of this recording?")
            return
        previous_start = cue.start
    for cue in cues:
        if any(len(_strip_tags(line)) > MAX_VTT_LINE_LEN for line in cue.lines):
            text = f"a line has more than {MAX_VTT_LINE_LEN} characters"
            yield Finding(text, transcript.at_line(cue.line), fix="break the line", severity=Severity.HINT)
            return


def _order_finding(cue: TranscriptCue, location: SourceLocation) -> Finding:
    """That a cue ends before it starts; Whisper writes cues without length, which a build lengthens."""
    severity = Severity.WARNING if cue.end == cue.start else Severity.ERROR
    return Finding(cue.order_problem, location, fix="let each cue end after it starts", severity=severity)


def _strip_tags(line: str) -> str:
    """A line without voice and style tags."""
    return re.sub(r"<[^<>]*>", "", line)


@rule(
    "tr.srt",
    Severity.HINT,
    subject=TranscriptFile,
    platforms="podcastindex",
    sources="PN",
    why="Apps show two short lines; longer text does not fit on the screen.",
    fix="use at most two lines of 32 characters per cue",
)
def check_srt_file(transcript: TranscriptFile) -> Iterator[Finding]:
    """A SubRip file has cues of at most two lines of 32 characters, which end after they start."""
    if transcript.mime not in SUBRIP_TYPES:
        return
    cues = list(_parse_cues(transcript))
    if not cues:
        yield Finding("the file has no cues", transcript.at_line(1), severity=Severity.ERROR)
    for cue in cues:
        if cue.order_problem:
            yield _order_finding(cue, transcript.at_line(cue.line))
            return
    for cue in cues:
        if len(cue.lines) > MAX_SRT_LINES or any(len(line) > MAX_SRT_LINE_LEN for line in cue.lines):
            yield Finding("a cue has more than two lines of 32 characters", transcript.at_line(cue.line))
            return
