"""How far people listen to an episode: by the parts that apps request while it plays."""

from __future__ import annotations

from dataclasses import dataclass, replace

from podcast_kit.model import Chapter, Episode, Project
from podcast_kit.source.chapters import load_episode_chapters
from podcast_kit.stats.report import RETENTION_PARTS, DownloadReport

WHOLE_EPISODE = "whole episode"


@dataclass(frozen=True, slots=True)
class ChapterListening:
    """A chapter, and the share of listeners who got it, on average over its length."""

    title: str
    start_ms: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeListening:
    """How far people listen to an episode."""

    guid: str
    title: str
    streams: int
    """Downloads that came in parts; those that came at once do not tell how much was listened to."""
    seconds: float
    shares: tuple[float, ...]
    """Of these downloads, for each hundredth of the episode."""
    chapters: tuple[ChapterListening, ...]
    """The whole episode as one where it has none."""


def listening_of(show: Project, episode: Episode, report: DownloadReport) -> EpisodeListening:
    """How far people listen to an episode, over the chapters that podcast.lock or its notes have."""
    retention = report.retention_of(episode.guid)
    shares = tuple(count / retention.streams if retention.streams else 0.0 for count in retention.parts)
    entry = show.lock_entry(episode.guid)
    seconds = entry.media.seconds if entry else 0.0
    chapters = [(chapter.title, chapter.start_ms) for chapter in _chapters_of(show, episode)]
    if not chapters or chapters[0][1] > 0:
        chapters.insert(0, ("start" if chapters else WHOLE_EPISODE, 0))
    parts = [min(RETENTION_PARTS - 1, _part_at(start_ms, seconds)) for _, start_ms in chapters]
    ends = [*parts[1:], RETENTION_PARTS]
    return EpisodeListening(
        guid=episode.guid,
        title=episode.title,
        streams=retention.streams,
        seconds=seconds,
        shares=shares,
        chapters=tuple(
            ChapterListening(title, start_ms, _mean(shares[start : max(start + 1, end)]))
            for (title, start_ms), start, end in zip(chapters, parts, ends, strict=True)
        ),
    )


def _chapters_of(show: Project, episode: Episode) -> list[Chapter]:
    """The chapters as positions in the enclosure, the listed ones only."""
    entry = show.lock_entry(episode.guid)
    shift, seconds = (entry.shift, entry.media.seconds) if entry else (0.0, 0.0)
    loaded = load_episode_chapters(show.folder, episode, max(0.0, seconds - shift))
    shift_ms = round(shift * 1000)
    chapters = [replace(chapter, start_ms=max(0, chapter.start_ms + shift_ms)) for chapter in loaded.fitting]
    return [chapter for chapter in chapters or (entry.chapters if entry else ()) if chapter.toc]


def _part_at(start_ms: int, seconds: float) -> int:
    return int(start_ms / 1000 / seconds * RETENTION_PARTS) if seconds else 0


def _mean(shares: tuple[float, ...]) -> float:
    return sum(shares) / len(shares) if shares else 0.0
