"""A second file of an episode, in another format, for those whose app would rather have that."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from podcast_kit.builder import enclosure, mastering
from podcast_kit.builder.output_dir import Tree
from podcast_kit.model import Audio, Episode, Media, Project, LockEntry, Tags, Wave

APART = 1.0
"""Seconds by which two encodings of one sound may differ: some count what an encoder put before and behind it."""


def of(
    project: Project,
    episode: Episode,
    entry: LockEntry,
    tags: Callable[[Audio, float], Tags],
    cover: Path | None,
    tree: Tree,
    *,
    retag: Collection[str] = (),
) -> Media | None:
    """The alternate of an episode whose enclosure is `entry.media`; None where none is asked for.

    One that is out stays as it is for as long as its enclosure does, also where the recording is not here. One that
    would be of another length is none: the intro may be another since the enclosure went out, and moments would differ.
    """
    order = mastering.alternate(project, episode, entry.media.key, mastered=entry.loudness is not None)
    if order is None:
        return None
    before, source = project.lock_entry(episode.guid), project.folder / episode.audio
    here = bool(episode.audio) and source.is_file()
    known = before.alternate if before and not enclosure.renewed(project, episode, tree, retag) else None
    if known and (order.gives(known) or not here):
        enclosure.restored(project, order, entry.source_sha256, known, tags, cover, tree)
        return known
    if not here:
        return None  # the enclosure is out, and the next publish where the recording lies adds this to it
    with enclosure.told(episode):
        sha256 = tree.memory.sha256(source)
        ready = mastering.ready(project, order, source, sha256, tree)
        made = enclosure.tagged(ready, episode.slug, tags, cover, tree)
        facts = enclosure.probe(ready.path, ready.sha256, tree)
    if abs(made.seconds - entry.media.seconds) > APART:
        return None
    tree.add(made.key, made.bytes, made.sha256, Wave.MEDIA, made.mime)
    return replace(made, bit_rate=facts.bit_rate)
