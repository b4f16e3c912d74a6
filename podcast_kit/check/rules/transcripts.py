"""tr.*: transcripts, as the feed names them and by what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from podcast_kit.check.context import Entry, Tag, web
from podcast_kit.check.registry import Finding, also, rule
from podcast_kit.check.rules.languages import misnamed
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Episode, Node
from podcast_kit.text.timecode import timecode_to_ms

TYPES = ("text/vtt", "application/x-subrip", "application/srt", "text/html", "application/json", "text/plain")
SUBRIP = {"application/x-subrip", "application/srt"}
TIMES = re.compile(
    r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})[ \t]+-->[ \t]+(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
)
VTT_LINE, SRT_LINE, SRT_LINES = 65, 32, 2
SLACK = 1.0
"""Seconds that a last cue may reach beyond the end."""
WARN, HINT = Severity.WARNING, Severity.HINT


@dataclass(frozen=True, slots=True)
class Script:
    """A transcript file."""

    text: str
    mime: str
    place: SourceLocation
    """The file, or the address."""
    seconds: float = 0.0
    """Of the episode; 0 where nobody knows."""
    episode: Episode | None = None

    def at(self, line: int) -> SourceLocation:
        """A line of the file."""
        return SourceLocation(self.place.path, line)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A cue as it stands in the file."""

    line: int
    start: float
    end: float
    text: tuple[str, ...]


def cues(script: Script) -> Iterator[Stretch]:
    """The cues of a VTT or SRT file, in file order; times in seconds."""
    lines = script.text.splitlines()
    for number, line in enumerate(lines, 1):
        found = TIMES.match(line.strip())
        if found is None:
            continue
        start, end = (timecode_to_ms(*found.groups()[part : part + 4]) / 1000 for part in (0, 4))
        text = []
        for below in lines[number:]:
            if not below.strip():
                break
            text.append(below.strip())
        yield Stretch(number, start, end, tuple(text))


@rule(
    "tr.type",
    Severity.ERROR,
    of=Tag,
    platforms="apple podcastindex",
    sources="AP5316 PN",
    why="Apps choose their reader by it; Apple takes text/vtt and SubRip only.",
    mend="write text/vtt for .vtt, application/x-subrip for .srt, application/json, text/html or text/plain",
)
def types(tag: Tag) -> Iterator[Finding]:
    """A transcript's address is absolute, and its type is one that apps know."""
    if tag.node.key != "podcast:transcript":
        return
    url, said = (tag.node.attributes.get(name, "").strip() for name in ("url", "type"))
    if url and not web(url):
        yield Finding(f"a transcript's address is {url[:80]!r}", tag.node, "transcript")
    elif said and said.partition(";")[0].strip().lower() not in TYPES:
        yield Finding(f"a transcript has the type {said[:60]!r}", tag.node, "transcript")


@rule(
    "tr.both",
    Severity.HINT,
    of=Entry,
    platforms="apple",
    sources="AP5316",
    why="Apple takes VTT before all else; several apps read SubRip only.",
    mend="offer text/vtt and application/x-subrip; the one is made from the other",
)
def both(entry: Entry) -> Iterator[Finding]:
    """An episode with a transcript has it as VTT and as SubRip."""
    nodes = entry.all("podcast:transcript")
    types = {node.attributes.get("type", "").lower() for node in nodes}
    known = types <= {*TYPES}
    if nodes and known and ("text/vtt" not in types or not types & SUBRIP):
        missing = "SubRip" if "text/vtt" in types else "VTT"
        yield Finding(f"{entry.name} has no transcript as {missing}", nodes[0], "transcript")


@rule(
    "tr.language",
    Severity.HINT,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps offer transcripts by their language, and name it to listeners.",
    mend="write the language as the show's is written: en, de-at",
)
def language(tag: Tag) -> Iterator[Finding]:
    """Where a transcript names a language, it is one; of several in one format, each names its own."""
    if tag.node.key != "podcast:transcript":
        return
    said = tag.node.attributes.get("language", "").strip()
    if said and (wrong := misnamed(said)):
        yield Finding(f"a transcript's language: {wrong}", tag.node, "transcript")


@also("tr.language", of=Entry)
def languages(entry: Entry) -> Iterator[Finding]:
    """Of several transcripts of one kind, each names its language."""
    seen: dict[str, Node] = {}
    for node in entry.all("podcast:transcript"):
        kind = node.attributes.get("type", "")
        first = seen.setdefault(kind, node)
        nameless = [one for one in (first, node) if not one.attributes.get("language", "").strip()]
        if first is not node and nameless:
            text = f"one of several transcripts of {entry.name} names no language"
            yield Finding(text, nameless[0], "transcript")
            return


@rule(
    "tr.live",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="AN",
    why="AntennaPod stops there, and its users lose the whole feed.",
    mend="leave it out until the show is an episode",
)
def live(tag: Tag) -> Iterator[Finding]:
    """No transcript and no chapters stand inside of a liveItem."""
    if tag.parent.key == "podcast:liveItem" and tag.node.key in {"podcast:transcript", "podcast:chapters"}:
        yield Finding(f"{tag.node.name} stands in a podcast:liveItem", tag.node, "live")


@rule(
    "tr.vtt",
    Severity.ERROR,
    of=Script,
    platforms="apple",
    sources="AP5316 PN",
    why="Apple drops a transcript that it cannot read to the end, and writes one of its own.",
    mend="begin with WEBVTT, and let each cue start after the one before and end after it starts",
)
def vtt(script: Script) -> Iterator[Finding]:
    """A VTT file begins with WEBVTT; its cues ascend, end after they start, and end with the episode."""
    if script.mime != "text/vtt":
        return
    first = script.text.lstrip("\ufeff").partition("\n")[0].rstrip("\r")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", first):
        yield Finding(f"the file begins with {first[:40]!r}, not WEBVTT", script.at(1))
    found = list(cues(script))
    if not found:
        yield Finding("the file has no cue", script.at(1))
    before = 0.0
    for cue in found:
        if cue.end <= cue.start:
            yield Finding(f"a cue ends at {cue.end:g} s, before it starts at {cue.start:g} s", script.at(cue.line))
            return
        if cue.start < before:
            yield Finding(f"a cue starts at {cue.start:g} s, before the one above it", script.at(cue.line))
            return
        if script.seconds and cue.end > script.seconds + SLACK:
            text = f"a cue ends at {cue.end:g} s, the episode at {script.seconds:g} s"
            yield Finding(text, script.at(cue.line), mend="is it the transcript of this very recording?")
            return
        before = cue.start
    long = next((cue for cue in found if any(len(spoken(line)) > VTT_LINE for line in cue.text)), None)
    if long is not None:
        text = f"a line has more than {VTT_LINE} characters"
        yield Finding(text, script.at(long.line), mend="break it", severity=HINT)


def spoken(line: str) -> str:
    """A line without the tags of voices and styles."""
    return re.sub(r"<[^<>]*>", "", line)


@rule(
    "tr.srt",
    Severity.HINT,
    of=Script,
    platforms="podcastindex",
    sources="PN",
    why="Apps show two short lines; more runs out of the screen.",
    mend="give each cue at most two lines of 32 characters",
)
def srt(script: Script) -> Iterator[Finding]:
    """A SubRip file has cues of at most two lines of 32 characters, which end after they start."""
    if script.mime not in SUBRIP:
        return
    found = list(cues(script))
    if not found:
        yield Finding("the file has no cue", script.at(1), severity=Severity.ERROR)
    for cue in found:
        if cue.end <= cue.start:
            text = f"a cue ends at {cue.end:g} s, before it starts at {cue.start:g} s"
            yield Finding(text, script.at(cue.line), severity=Severity.ERROR)
            return
    for cue in found:
        if len(cue.text) > SRT_LINES or any(len(line) > SRT_LINE for line in cue.text):
            yield Finding("a cue has more than two lines of 32 characters", script.at(cue.line))
            return
