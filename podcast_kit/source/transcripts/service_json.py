"""The JSON that transcription programs and services write, as segments with start, end, text and speaker.

openai-whisper, WhisperX   {"segments": [{"start": 0.0, "end": 4.0, "text", "speaker"}]}, in seconds
whisper.cpp                {"transcription": [{"offsets": {"from": 0, "to": 4000}, "text"}]}, in milliseconds
Podlove                    [{"start_ms": 0, "end_ms": 4000, "speaker": "1", "voice": "Ann", "text"}]
AWS Transcribe             {"results": {"audio_segments" | "items": [{"start_time": "0.0", "alternatives": [...]}]}}
Deepgram                   {"results": {"utterances" | "channels": [{"alternatives": [{"paragraphs" | "words"}]}]}}
AssemblyAI                 {"utterances" | "words": [{"start": 0, "end": 4000, "text", "speaker"}]}, in milliseconds
Rev                        {"monologues": [{"speaker": 0, "elements": [{"value", "ts", "end_ts"}]}]}
YouTube json3              {"events": [{"tStartMs": 0, "dDurationMs": 4000, "segs": [...]}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_WORDS_IN_CUE, MAX_PAUSE_S = 40, 2.0
"""Where words with times become cues: at the end of a sentence, at a pause, or after so many words."""
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")
NAMESPACE_KEYS = ("startTime", "endTime", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a transcript as a service wrote it; times are seconds or timecodes."""

    start: object
    end: object = None
    text: object = ""
    speaker: object = ""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: float
    end: float
    speaker: str
    is_punctuation: bool = False


def read_segments(root: Any) -> list[Segment] | None:  # noqa: ANN401  # JSON
    """The segments of a transcript in any of the formats above, or the podcast namespace's; None for other JSON."""
    if isinstance(root, dict):
        for reader in _READERS:
            segments = reader(root)
            if segments is not None:
                return list(segments)
        return None
    return list(map(_generic_segment, root)) if isinstance(root, list) else None


def is_namespace_json(root: Any) -> bool:  # noqa: ANN401  # JSON
    """Whether the JSON is in the podcast namespace's own form, which apps read."""
    segments = root.get("segments") if isinstance(root, dict) else None
    return (
        isinstance(segments, list)
        and isinstance(root.get("version"), str)
        and all(isinstance(segment, dict) and all(key in segment for key in NAMESPACE_KEYS) for segment in segments)
    )


def is_transcript_json(root: Any) -> bool:  # noqa: ANN401  # JSON
    """Whether the JSON looks like a transcript, and not like chapters or a feed."""
    if isinstance(root, dict):
        return "chapters" not in root and read_segments(root) is not None
    has_text = [isinstance(entry, dict) and bool({"body", "text"} & entry.keys()) for entry in _dicts(root)]
    return bool(has_text) and all(has_text)


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _generic_segment(entry: object) -> Segment:
    segment = entry if isinstance(entry, dict) else {}

    def first_of(*keys: str) -> object:
        return next((segment[key] for key in keys if key in segment), None)

    start, end = first_of("startTime", "start"), first_of("endTime", "end")
    if start is None and isinstance(segment.get("start_ms"), int | float):
        start, end = _to_seconds(segment["start_ms"]), _to_seconds(segment.get("end_ms"))
    return Segment(start=start, end=end, text=first_of("body", "text"), speaker=first_of("voice", "speaker"))


def _to_seconds(milliseconds: object) -> object:
    is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    return milliseconds / 1000 if is_number else milliseconds  # type: ignore[operator]


def _read_segment_list(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    for key in ("segments", "cues", "transcripts", "transcript"):
        if isinstance(root.get(key), list):
            return map(_generic_segment, root[key])
    return None


def _read_whisper_cpp(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    if not isinstance(root.get("transcription"), list):
        return None
    segments = []
    for entry in _dicts(root["transcription"]):
        times, offsets = entry.get("timestamps"), entry.get("offsets")
        if isinstance(offsets, dict):
            start, end = _to_seconds(offsets.get("from")), _to_seconds(offsets.get("to"))
        else:
            start, end = (times.get("from"), times.get("to")) if isinstance(times, dict) else (None, None)
        segments.append(Segment(start=start, end=end, text=entry.get("text"), speaker=entry.get("speaker")))
    return segments


def _read_aws(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    results = root.get("results")
    if not isinstance(results, dict) or not isinstance(results.get("items"), list):
        return None
    segments = _dicts(results.get("audio_segments"))
    if segments:
        return [
            Segment(
                start=entry.get("start_time"),
                end=entry.get("end_time"),
                text=entry.get("transcript"),
                speaker=_number_speaker(entry.get("speaker_label")),
            )
            for entry in segments
        ]
    return _join_words(_aws_words(_dicts(results["items"])))


def _aws_words(items: Iterable[Mapping[str, Any]]) -> Iterator[_Word]:
    end = 0.0
    for item in items:
        alternatives = _dicts(item.get("alternatives"))
        text = str(alternatives[0].get("content", "")) if alternatives else ""
        start, end = _as_seconds(item.get("start_time"), end), _as_seconds(item.get("end_time"), end)
        yield _Word(text, start, end, _number_speaker(item.get("speaker_label")), item.get("type") == "punctuation")


def _read_deepgram(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    results = root.get("results")
    if not isinstance(results, dict) or not isinstance(results.get("channels"), list):
        return None
    utterances = _dicts(results.get("utterances"))
    if utterances:
        return [
            Segment(
                start=entry.get("start"),
                end=entry.get("end"),
                text=entry.get("transcript"),
                speaker=entry.get("speaker"),
            )
            for entry in utterances
        ]
    segments: list[Segment] = []
    for channel in _dicts(results["channels"]):
        alternative = next(iter(_dicts(channel.get("alternatives"))), {})
        paragraphs = alternative.get("paragraphs")
        listed = _dicts(paragraphs.get("paragraphs")) if isinstance(paragraphs, dict) else []
        segments += [
            Segment(
                start=sentence.get("start"),
                end=sentence.get("end"),
                text=sentence.get("text"),
                speaker=paragraph.get("speaker"),
            )
            for paragraph in listed
            for sentence in _dicts(paragraph.get("sentences"))
        ]
        if not listed:
            segments += _join_words(_timed_words(_dicts(alternative.get("words"))))
    return segments


def _read_assemblyai(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    entries = _dicts(root.get("utterances"))
    if entries:
        return [
            Segment(
                start=_to_seconds(entry.get("start")),
                end=_to_seconds(entry.get("end")),
                text=entry.get("text"),
                speaker=name_speaker(entry.get("speaker")),
            )
            for entry in entries
        ]
    words = _dicts(root.get("words"))
    if not words or "text" not in words[0]:
        return None
    return _join_words(_timed_words(words, unit=0.001))


def _read_rev(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    if not isinstance(root.get("monologues"), list):
        return None
    return _join_words(_rev_words(_dicts(root["monologues"])))


def _rev_words(monologues: Iterable[Mapping[str, Any]]) -> Iterator[_Word]:
    end = 0.0
    for monologue in monologues:
        speaker = monologue.get("speaker")
        for element in _dicts(monologue.get("elements")):
            start, end = _as_seconds(element.get("ts"), end), _as_seconds(element.get("end_ts"), end)
            text = str(element.get("value", "")).strip()
            if text:
                yield _Word(text, start, end, name_speaker(speaker), element.get("type") != "text")


def _read_json3(root: Mapping[str, Any]) -> Iterable[Segment] | None:
    if not isinstance(root.get("events"), list):
        return None
    segments = []
    for event in _dicts(root["events"]):
        text = "".join(str(part.get("utf8", "")) for part in _dicts(event.get("segs")))
        start, length = event.get("tStartMs"), event.get("dDurationMs")
        if text.strip() and isinstance(start, int | float) and isinstance(length, int | float):
            segments.append(Segment(start=start / 1000, end=(start + length) / 1000, text=text))
    following = [segment.start for segment in segments[1:]]
    return [  # its captions roll: one is still shown when the next begins
        Segment(start=segment.start, end=min(_as_seconds(segment.end), _as_seconds(start)), text=segment.text)
        for segment, start in zip(segments, [*following, float("inf")], strict=True)
    ]


def _timed_words(words: Iterable[Mapping[str, Any]], unit: float = 1.0) -> Iterator[_Word]:
    for word in words:
        text = str(word.get("punctuated_word") or word.get("word") or word.get("text") or "")
        start, end = (_as_seconds(word.get(key)) * unit for key in ("start", "end"))
        yield _Word(text, start, end, name_speaker(word.get("speaker")))


def _join_words(words: Iterable[_Word]) -> Iterator[Segment]:
    """Cues of whole sentences, as far as they are not too long."""
    pending: list[_Word] = []
    for word in words:
        if pending and not word.is_punctuation and _ends_cue(pending, word):
            yield _to_segment(pending)
            pending = []
        pending.append(word)
    if pending:
        yield _to_segment(pending)


def _ends_cue(pending: list[_Word], following: _Word) -> bool:
    last = pending[-1]
    return (
        last.text.endswith(_SENTENCE_ENDS)
        or following.speaker != pending[0].speaker
        or following.start - last.end > MAX_PAUSE_S
        or len(pending) >= MAX_WORDS_IN_CUE
    )


def _to_segment(words: list[_Word]) -> Segment:
    text = "".join(word.text if word.is_punctuation else f" {word.text}" for word in words).strip()
    return Segment(start=words[0].start, end=words[-1].end, text=text, speaker=words[0].speaker)


def _as_seconds(value: object, default: float = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return default
    try:
        return float(value)
    except ValueError:
        return default


def _number_speaker(label: object) -> str:
    """`Speaker 1` for AWS's `spk_0`."""
    _, mark, number = label.rpartition("spk_") if isinstance(label, str) else ("", "", "")
    return name_speaker(int(number)) if mark and number.isdecimal() else name_speaker(label)


def name_speaker(speaker: object) -> str:
    """A speaker's name; services count speakers from 0, or use letters."""
    if isinstance(speaker, int) and not isinstance(speaker, bool):
        return f"Speaker {speaker + 1}"
    if not isinstance(speaker, str):
        return ""
    return f"Speaker {speaker}" if len(speaker) == 1 and speaker.isascii() and speaker.isupper() else speaker


_READERS: tuple[Callable[[Mapping[str, Any]], Iterable[Segment] | None], ...] = (
    _read_segment_list,
    _read_whisper_cpp,
    _read_aws,
    _read_deepgram,
    _read_assemblyai,
    _read_rev,
    _read_json3,
)
