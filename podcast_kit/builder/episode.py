"""One episode, in one pass: images, chapters, transcripts, text, tags, files, and the item that feed and pages show.

Its audio was prepared before, see `prepare_audio`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from podcast_kit.builder.alternate_enclosure import write_alternate
from podcast_kit.builder.chapters import load_chapters, publish_chapters
from podcast_kit.builder.description import DescriptionContext, episode_page_url, render_description
from podcast_kit.builder.enclosure import write_enclosure
from podcast_kit.builder.images import publish_episode_image, publish_note_images
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.prepare_audio import PreparedAudio, errors_at
from podcast_kit.builder.renames import find_former_slugs
from podcast_kit.builder.soundbites import shift_elements, write_soundbites
from podcast_kit.builder.tags import EmbeddedImages, build_tags, with_chapters
from podcast_kit.builder.transcripts import load_transcripts, publish_transcripts, transcript_text
from podcast_kit.errors import Problem
from podcast_kit.model import Episode, Item, LockEntry, Media, Project, SocialPost, public_url
from podcast_kit.source.social_posts import add_social_elements


@dataclass(frozen=True, slots=True)
class EpisodeContext:
    """What every episode of a build is built with."""

    project: Project
    out: OutputDir
    description: DescriptionContext
    embedded: EmbeddedImages


@dataclass(frozen=True, slots=True)
class BuiltEpisode:
    """An episode as listeners get it."""

    item: Item
    entry: LockEntry
    """Of podcast.lock."""
    problems: tuple[Problem, ...] = ()
    """Warnings and hints: which chapters and cues are left out or changed, and why."""
    note_images: tuple[str, ...] = ()
    """Files that the notes show, as they name them."""


def build_episode(context: EpisodeContext, episode: Episode, audio: PreparedAudio) -> BuiltEpisode:
    """The episode as listeners get it. Raises InvalidInput."""
    assert episode.date is not None  # noqa: S101  # only a draft has none, and drafts are not built
    project, out = context.project, context.out
    base_url = project.show.publish.url
    note_images = publish_note_images(project, episode, out)
    image = publish_episode_image(project, episode, out)
    chapters = load_chapters(project, episode, audio)
    transcripts = load_transcripts(project, episode, audio.shift)
    length_ms = round(audio.seconds * 1000) or None
    text = render_description(
        project, episode, note_images, chapters.for_notes, audio.shift, context.description, out.cache, length_ms
    )
    tags = build_tags(
        project, episode, text, chapters.for_tags(audio.enclosure.recording), transcript_text(transcripts)
    )
    with errors_at(episode):
        enclosure = write_enclosure(audio, episode.slug, tags, out, context.embedded)
    recording = audio.alternate.recording if audio.alternate else None
    if recording:
        tags = with_chapters(tags, project, chapters.for_tags(recording))
    alternate = write_alternate(audio, episode.slug, tags, out, context.embedded)
    posts = _published_posts(project, episode)
    elements = add_social_elements(shift_elements(episode.elements, audio.shift), posts)
    soundbites = write_soundbites(project, episode, audio, enclosure, elements, out, context.embedded)
    published_chapters, chapters_url = publish_chapters(project, episode, chapters.for_item, out)
    former_slugs = find_former_slugs(project, episode, audio.entry)
    entry = replace(
        _lock_entry(episode, episode.date, audio, enclosure, alternate), former_slugs=former_slugs, social=posts
    )
    item = Item(
        episode=episode,
        guid=episode.guid,
        date=episode.date.astimezone(UTC),
        url=episode_page_url(project, episode),
        enclosure=enclosure,
        enclosure_url=enclosure.key if audio.is_remote else public_url(base_url, out.place(enclosure.key)),
        alternate=alternate,
        alternate_url=public_url(base_url, out.place(alternate.key)) if alternate else "",
        soundbites=soundbites,
        former_slugs=entry.former_slugs,
        artwork=image,
        summary=text.summary,
        description=text.description,
        content=text.content,
        notes=text.notes,
        page=text.page,
        chapters=published_chapters,
        chapters_url=chapters_url,
        transcripts=publish_transcripts(project, episode, transcripts, out, audio.shift),
        people=episode.people or project.show.people,
        elements=elements,
        post_urls={post.uri: post.url for post in posts if post.url},
    )
    # The lock freezes the files, not the titles, which may be edited at any time.
    frozen_soundbites = tuple(replace(soundbite, title="", url="") for soundbite in soundbites if soundbite.media)
    problems = [*chapters.problems, *(problem for transcript in transcripts for problem in transcript.problems)]
    ignored = {*project.show.ignore, *episode.ignore}
    return BuiltEpisode(
        item=item,
        entry=replace(entry, soundbites=frozen_soundbites),
        problems=tuple(problem for problem in problems if problem.code not in ignored),
        note_images=tuple(note_images),
    )


def _published_posts(project: Project, episode: Episode) -> tuple[SocialPost, ...]:
    entry = project.lock_entry(episode.guid)
    return entry.social if entry else ()


def _lock_entry(
    episode: Episode, date: datetime, audio: PreparedAudio, enclosure: Media, alternate: Media | None
) -> LockEntry:
    """What podcast.lock will say of the episode; a kept enclosure keeps the date under which it was published."""
    is_kept = audio.entry is not None and not audio.is_new and not audio.is_remote
    return LockEntry(
        slug=episode.slug,
        guid=episode.guid,
        date=audio.entry.date if audio.entry and is_kept else date,
        source_sha256=audio.source_sha256,
        source_address=audio.source_address,
        media=enclosure,
        alternate=alternate,
        chapters=audio.embedded_chapters,
        shift=audio.shift,
        loudness=audio.loudness,
        true_peak=audio.true_peak,
    )
