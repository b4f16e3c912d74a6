"""An episode's notes, recording and pictures made into what feed and pages say of it, and what podcast.lock keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from functools import cache

from podcast_kit import feed
from podcast_kit.builder import alternate_enclosure, chapters, description, enclosure, images, soundbites, transcripts
from podcast_kit.builder.output_dir import Tree, media_key
from podcast_kit.model import Audio, Chapter, Episode, Item, Project, LockEntry, Tags, Wave, public_url
from podcast_kit.source import notes as markdown


def finished(
    project: Project, episode: Episode, setting: description.Setting, tree: Tree, retag: Collection[str]
) -> tuple[Item, LockEntry]:
    """The episode as listeners get it, and its entry of podcast.lock, shaped by `media.recording`.

    Raises InvalidInput with every fault of its pictures, or of its audio.
    """
    drawn = images.of_notes(project, episode, tree)

    @cache
    def said(shift: float) -> dict[str, str]:
        apart = chapters.of(project.folder, episode, 0, shift=shift).chapters if episode.chapters != "auto" else ()
        moved = replace(episode, notes=markdown.shifted(episode.notes, round(shift * 1000))) if shift else episode
        return description.text(project, moved, drawn, feed.timestamps(apart), setting, tree.memory)

    own = (
        images.picture(project, "podcast.yaml", episode.image, episode.location_of("image"), tree) if episode.image else None
    )
    face = project.folder / (episode.image or project.show.artwork)

    def tags(facts: Audio, shift: float) -> Tags:
        marks = chapters.of(project.folder, episode, facts.seconds, shift=shift)
        return replace(
            description.tags(project, episode, said(shift), marks.chapters),
            transcript=transcripts.words(project, episode),
        )

    cover = face if face.is_file() else None
    entry = enclosure.recording(project, episode, tags, cover, tree, retag=retag)
    elements = soundbites.shifted(episode.elements, entry.shift)
    known = project.lock_entry(episode.guid)
    entry = replace(
        entry,
        former_slugs=known.former_slugs if known else (),
        alternate=alternate_enclosure.of(project, episode, entry, tags, cover, tree, retag=retag),
        soundbites=soundbites.of(project, episode, entry, elements, cover, tree, retag=retag),
    )
    marks = chapters.of(project.folder, episode, entry.media.seconds, entry.chapters, entry.shift).chapters
    names = dict.fromkeys(chapter.image for chapter in marks if chapter.image and "://" not in chapter.image)
    faces = {name: images.picture(project, "podcast.yaml", name, episode.location_of("chapters"), tree) for name in names}
    marks = chapters.addressed(marks, faces)
    item = description.item(
        project,
        episode,
        said(entry.shift),
        entry,
        artwork=own,
        chapters=marks,
        chapters_url=_chapters_file(project, episode, marks, tree),
        transcripts=transcripts.of(project, episode, tree, entry.shift),
        elements=elements,
    )
    # A title may be mended at any time; what was cut stays what it is.
    cut = tuple(replace(one, title="", url="") for one in entry.soundbites if one.media)
    return item, replace(entry, soundbites=cut)


def _chapters_file(project: Project, episode: Episode, marks: tuple[Chapter, ...], tree: Tree) -> str:
    """The address of the chapters as a file of their own (JSON chapters 1.2); empty where there are none."""
    if not marks:
        return ""
    data = feed.chapters_json(marks)  # without the title: a mended one must not give the file a new address
    key = media_key(hashlib.sha256(data).hexdigest(), f"{episode.slug}.chapters.json")
    return public_url(project.show.publish.url, tree.write(key, data, Wave.MEDIA).key)
