"""An episode's one list of chapters: loaded once, then fitted to each of the files and surfaces that show it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from podcast_kit import feed
from podcast_kit.builder import images
from podcast_kit.builder.output_dir import OutputDir, media_key
from podcast_kit.builder.prepare_audio import PreparedAudio, Recording
from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.model import Chapter, ChaptersFromNotes, Episode, LocalFile, Project, RemoteUrl, Wave, public_url
from podcast_kit.source.chapters import EpisodeChapters, find_chapter_list, load_episode_chapters
from podcast_kit.text.numbers import format_count
from podcast_kit.text.timecode import format_timecode


@dataclass(frozen=True, slots=True)
class Chapters:
    """The chapters of an episode, later by what mastering put before the recording."""

    loaded: EpisodeChapters
    are_in_notes: bool
    """Written as timestamps in the notes, or nowhere."""
    audio: PreparedAudio
    are_listed_in_notes: bool = False
    """The notes have a list of the same times, as in a show that was imported."""
    embedded: tuple[Chapter, ...] = ()
    """Those that the recording brings, repaired; used where the author wrote none."""
    problems: tuple[Problem, ...] = ()
    """Of every chapter that is left out."""

    @property
    def for_notes(self) -> tuple[Chapter, ...]:
        """Those that the notes do not show themselves."""
        return (
            ()
            if self.are_in_notes or self.are_listed_in_notes
            else _shift_chapters(self.loaded.written, self.audio.shift)
        )

    @property
    def for_item(self) -> tuple[Chapter, ...]:
        """Those that feed and pages show: the author's, else those that the recording brings."""
        chapters = self.loaded.fitting or self.embedded
        return _with_end_times(_shift_chapters(chapters, self.audio.shift), self.audio.seconds)

    def for_tags(self, recording: Recording | None) -> tuple[Chapter, ...]:
        """Those that are written into a file: the author's; those that the recording brings, with pictures and hidden
        ones, only if they are broken or encoding has lost them, since the file has them already.
        """
        if recording is None:
            return ()
        chapters = self.loaded.fitting
        in_file = recording.chapters
        has_all = in_file == recording.author_chapters and in_file.listed == self.embedded
        seconds, shift = recording.facts.length, recording.shift
        is_right = (has_all and not in_file.are_broken) or not self.are_in_notes
        chapters = chapters if chapters or is_right else self.embedded
        complete = recording.author_chapters.complete
        if is_right or self.loaded.fitting or not complete:
            return _with_end_times(_shift_chapters(chapters, shift), seconds)
        listed = _with_end_times(chapters, seconds - shift)
        return _shift_chapters(_with_pictures_and_hidden(listed, complete, seconds - shift), shift)


def load_chapters(project: Project, episode: Episode, audio: PreparedAudio) -> Chapters:
    """The chapters of an episode, from its notes, its front matter or a file. Raises InvalidInput."""
    seconds = max(0.0, audio.seconds - audio.shift)
    loaded = load_episode_chapters(project.folder, episode, seconds)
    are_in_notes = isinstance(episode.chapters, ChaptersFromNotes)
    if not are_in_notes or loaded.fitting:
        is_listed = not are_in_notes and _is_listed_in_notes(loaded.written, episode.notes)
        return Chapters(loaded, are_in_notes, audio, is_listed, problems=loaded.problems)
    embedded, skipped = _repair_embedded(audio.embedded_chapters, seconds)
    location = SourceLocation(str(episode.audio))
    problems = [Problem(location, text, fix, "ch.range", Severity.WARNING) for text, fix in skipped]
    if text := _describe_lost_extras(audio.enclosure.recording):
        problems.append(Problem(location, text, "publish it as MP3 to keep them", "ch.lost", Severity.WARNING))
    return Chapters(loaded, are_in_notes, audio, embedded=embedded, problems=(*loaded.problems, *problems))


def _is_listed_in_notes(chapters: tuple[Chapter, ...], notes: str) -> bool:
    """Whether the notes have a list of exactly these chapters, to the second."""
    listed = sorted(chapter.start_ms // 1000 for chapter in chapters if chapter.toc and chapter.title)
    return bool(listed) and [timestamp.start_ms // 1000 for timestamp in find_chapter_list(notes)[0]] == listed


def _describe_lost_extras(recording: Recording | None) -> str:
    """What the chapters of the author's file have and those of the published one cannot have; empty if nothing."""
    if recording is None or recording.path.suffix == ".mp3" or recording.chapters == recording.author_chapters:
        return ""
    complete = recording.author_chapters.complete
    counts = {
        "hidden chapter": sum(not chapter.toc for chapter in complete),
        "picture": sum(chapter.image is not None for chapter in complete if chapter.toc),
    }
    lost = " and ".join(format_count(count, name) for name, count in counts.items() if count)
    format_ = recording.path.suffix.removeprefix(".").upper()
    return f"{lost} of the recording's chapters are left out: {format_} can't hold them" if lost else ""


def _with_pictures_and_hidden(
    listed: tuple[Chapter, ...], complete: tuple[Chapter, ...], seconds: float
) -> tuple[Chapter, ...]:
    """Listed chapters with the pictures that a recording has for them, and its hidden chapters, by start."""
    pictures = {(chapter.start_ms, chapter.title): chapter.image for chapter in complete if chapter.toc}
    shown = [replace(chapter, image=pictures.get((chapter.start_ms, chapter.title))) for chapter in listed]
    length_ms = round(seconds * 1000)
    hidden = [
        replace(chapter, end_ms=chapter.end_ms or length_ms)
        for chapter in complete
        if not chapter.toc and chapter.start_ms < length_ms
    ]
    return tuple(sorted([*shown, *hidden], key=lambda chapter: (chapter.start_ms, not chapter.toc)))


def _repair_embedded(
    chapters: tuple[Chapter, ...], seconds: float
) -> tuple[tuple[Chapter, ...], list[tuple[str, str]]]:
    """A recording's chapters in order, each with an end after its start; and what is left out and why, with a fix."""
    length_ms = round(seconds * 1000)
    repaired: dict[int, Chapter] = {}
    skipped: list[tuple[str, str]] = []
    for chapter in sorted(chapters, key=lambda chapter: chapter.start_ms):
        start = format_timecode(chapter.start_ms, fraction=False)
        name = f"the chapter {chapter.title!r} at {start} in the recording is left out"
        if length_ms and chapter.start_ms >= length_ms:
            length = format_timecode(length_ms, fraction=False)
            skipped.append((f"{name}: it begins after the end ({length})", "was it made for another cut?"))
        elif chapter.start_ms in repaired:
            other = repaired[chapter.start_ms].title
            skipped.append((f"{name}: {other!r} begins at the same time", "give it another time in your editor"))
        else:
            has_end = chapter.end_ms is not None and chapter.end_ms > chapter.start_ms
            repaired[chapter.start_ms] = chapter if has_end else replace(chapter, end_ms=None)
    return tuple(repaired.values()), skipped


def publish_chapters(
    project: Project, episode: Episode, chapters: tuple[Chapter, ...], out: OutputDir
) -> tuple[tuple[Chapter, ...], str]:
    """The chapters with public URLs for their pictures, and the URL of them as a JSON chapters 1.2 file (or '')."""
    files = dict.fromkeys(chapter.image for chapter in chapters if isinstance(chapter.image, LocalFile))
    location = episode.location_of("chapters")
    urls = {
        file: RemoteUrl(images.publish_image(project, "podcast.yaml", file.path, location, out).url) for file in files
    }
    chapters = tuple(
        replace(chapter, image=urls[chapter.image]) if isinstance(chapter.image, LocalFile) else chapter
        for chapter in chapters
    )
    if not chapters:
        return (), ""
    data = feed.render_chapters_json(chapters)  # without the title: editing it must not change the file's URL
    key = media_key(hashlib.sha256(data).hexdigest(), f"{episode.slug}.chapters.json")
    return chapters, public_url(project.show.publish.url, out.write(key, data, Wave.MEDIA).key)


def _shift_chapters(chapters: tuple[Chapter, ...], seconds: float) -> tuple[Chapter, ...]:
    """Each later by so many seconds; the first still begins with the episode."""
    by_ms = round(seconds * 1000)
    if not by_ms or not chapters:
        return chapters
    moved = [
        replace(
            chapter,
            start_ms=max(0, chapter.start_ms + by_ms),
            end_ms=chapter.end_ms and max(1, chapter.end_ms + by_ms),
        )
        for chapter in chapters
    ]
    return (replace(moved[0], start_ms=0) if chapters[0].start_ms == 0 else moved[0], *moved[1:])


def _with_end_times(chapters: tuple[Chapter, ...], seconds: float) -> tuple[Chapter, ...]:
    """Each ends where the next begins, the last with the episode."""
    ends = [chapter.start_ms for chapter in chapters[1:]] + [round(seconds * 1000)][: len(chapters)]
    return tuple(
        replace(chapter, end_ms=chapter.end_ms or end) if end > chapter.start_ms else chapter
        for chapter, end in zip(chapters, ends, strict=True)
    )
