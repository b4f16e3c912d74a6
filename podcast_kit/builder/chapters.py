"""An episode's one list of chapters: loaded once, then fitted to each of the files and surfaces that show it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from podcast_kit import feed
from podcast_kit.builder import images
from podcast_kit.builder.output_dir import OutputDir, media_key
from podcast_kit.builder.prepare_audio import PreparedAudio
from podcast_kit.model import Chapter, ChaptersFromNotes, Episode, LocalFile, Project, RemoteUrl, Wave, public_url
from podcast_kit.source.chapters import EpisodeChapters, load_episode_chapters


@dataclass(frozen=True, slots=True)
class Chapters:
    """The chapters of an episode, later by what mastering put before the recording."""

    loaded: EpisodeChapters
    are_in_notes: bool
    """Written as timestamps in the notes, or nowhere."""
    audio: PreparedAudio

    @property
    def for_notes(self) -> tuple[Chapter, ...]:
        """Those that the notes do not show themselves."""
        return () if self.are_in_notes else _shift_chapters(self.loaded.written, self.audio.shift)

    @property
    def for_item(self) -> tuple[Chapter, ...]:
        """Those that feed and pages show: the author's, else those that the recording brings."""
        chapters = self.loaded.fitting
        if not chapters and not self.loaded.problems and self.are_in_notes:
            chapters = self.audio.embedded_chapters
        return _with_end_times(_shift_chapters(chapters, self.audio.shift), self.audio.seconds)

    def for_tags(self, seconds: float, shift: float) -> tuple[Chapter, ...]:
        """Those that the author wrote, for a file of that length; what the recording brings it has already."""
        return _with_end_times(_shift_chapters(self.loaded.fitting, shift), seconds)


def load_chapters(project: Project, episode: Episode, audio: PreparedAudio) -> Chapters:
    """The chapters of an episode, from its notes, its front matter or a file. Raises InvalidInput."""
    loaded = load_episode_chapters(project.folder, episode, audio.seconds)
    return Chapters(loaded, isinstance(episode.chapters, ChaptersFromNotes), audio)


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
