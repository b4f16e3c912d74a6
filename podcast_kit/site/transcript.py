"""A transcript as people read it: cues put together to paragraphs, each with the moment it begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from podcast_kit.model import Cue, Item

ENOUGH = 380
"""Letters after which a paragraph ends with its sentence."""
MOST = 900
INLINE = 20_000
"""Letters up to which a transcript stands on the episode's page; a longer one has a page of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """What one person says in a row."""

    start_ms: int
    text: str
    speaker: str = ""
    """Empty where the one before still speaks."""


def cues(item: Item) -> Sequence[Cue]:
    """The cues of the transcript that pages show: the first that has any, its own language before others."""
    return next((transcript.cues for transcript in item.transcripts if transcript.cues), ())


def is_long(found: Iterable[Cue]) -> bool:
    """Whether it needs a page of its own."""
    return sum(len(cue.text) for cue in found) > INLINE


def paragraphs(found: Iterable[Cue]) -> tuple[Paragraph, ...]:
    """Cues put together: a new paragraph with each new speaker, and where enough has been said."""
    made: list[Paragraph] = []
    start, words, speaker, shown = 0, "", "", ""

    def done() -> None:
        nonlocal shown
        if words:
            made.append(Paragraph(start_ms=start, text=words, speaker=speaker if speaker != shown else ""))
            shown = speaker

    for cue in found:
        text = " ".join(cue.text.split())
        if not text:
            continue
        full = len(words) >= MOST or (len(words) >= ENOUGH and words.endswith((".", "!", "?", "…", "。", "”", '"')))
        if not words or full or (cue.speaker and cue.speaker != speaker):
            done()
            start, words = cue.start_ms, text
            speaker = cue.speaker or speaker
        else:
            words = f"{words} {text}"
    done()
    return tuple(made)
