"""A transcript for reading: cues joined into paragraphs, each with its start time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from podcast_kit.model import Cue, Item

MIN_PARAGRAPH_LEN = 380
"""A paragraph of at least this many characters ends with its sentence."""
MAX_PARAGRAPH_LEN = 900
MAX_INLINE_LEN = 20_000
"""A transcript with more characters gets its own page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """What one person says in a row."""

    start_ms: int
    text: str
    speaker: str = ""
    """Empty if it is the speaker of the previous paragraph."""


def shown_cues(item: Item) -> Sequence[Cue]:
    """The cues of the transcript that pages show, the first that has any."""
    return next((transcript.cues for transcript in item.transcripts if transcript.cues), ())


def needs_own_page(cues: Iterable[Cue]) -> bool:
    """Whether the transcript is too long for the episode's page."""
    return sum(len(cue.text) for cue in cues) > MAX_INLINE_LEN


def group_into_paragraphs(cues: Iterable[Cue]) -> tuple[Paragraph, ...]:
    """Join cues into paragraphs; a new one starts with each new speaker, and when one is long enough."""
    spoken: list[Paragraph] = []
    for cue in cues:
        words = " ".join(cue.text.split())
        if not words:
            continue
        last = spoken[-1] if spoken else None
        if last is None or _is_full(last.text) or (cue.speaker and cue.speaker != last.speaker):
            speaker = cue.speaker or (last.speaker if last else "")
            spoken.append(Paragraph(start_ms=cue.start_ms, text=words, speaker=speaker))
        else:
            spoken[-1] = replace(last, text=f"{last.text} {words}")
    speakers = ["", *(paragraph.speaker for paragraph in spoken)]
    return tuple(
        replace(paragraph, speaker="") if paragraph.speaker == previous else paragraph
        for paragraph, previous in zip(spoken, speakers, strict=False)
    )


def _is_full(text: str) -> bool:
    ends_sentence = text.endswith((".", "!", "?", "…", "。", "”", '"'))
    return len(text) >= MAX_PARAGRAPH_LEN or (len(text) >= MIN_PARAGRAPH_LEN and ends_sentence)
