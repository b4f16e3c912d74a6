"""From what a build was made: a version of each unit of the show, for lineage."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from podcast_kit import site
from podcast_kit.builder.cache import Cache, text_kind
from podcast_kit.builder.episode import BuiltEpisode
from podcast_kit.builder.images import resolve_in_show
from podcast_kit.builder.own_pages import BuiltPage
from podcast_kit.io.inside import real_path
from podcast_kit.model import NETWORK_FILE, SHOW_FILE, STATIC_DIR, Project
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES
from podcast_kit.model.lineage import (
    DIGEST_LEN,
    EPISODE_UNIT,
    RECORDING_PART,
    SHOW_UNIT,
    STATIC_UNIT,
    TEMPLATES_UNIT,
    TEXT_SUFFIXES,
    SourceParts,
    SourceText,
    digest_file_part,
    digest_part,
)

TEXT_DIGESTS = text_kind("source text")
MAX_STATIC_PARTS = 200
"""Files of `static/` that the store's record names one by one."""


def collect_source_versions(
    project: Project, built: Collection[BuiltEpisode], cache: Cache, *, of_show: bool = True
) -> dict[str, SourceParts]:
    """Unit → the version of its sources, of the show (unless `of_show` is off), its templates and each episode."""
    versions: dict[str, SourceParts] = _digest_show(project, cache) if of_show else {}
    for built_episode in built:
        episode = built_episode.item.episode
        parts = _with_files(project.folder, episode.path, episode.source, built_episode.note_images, cache)
        parts["slug"] = digest_part(episode.slug)
        if built_episode.entry.source_sha256:
            parts[RECORDING_PART] = built_episode.entry.source_sha256[:DIGEST_LEN]
        versions[EPISODE_UNIT + episode.guid] = parts
    return versions


def _with_files(
    folder: Path,
    named_in: str,
    source: SourceText,
    more_names: Iterable[str],
    cache: Cache,
    shared: Path | None = None,
) -> dict[str, str]:
    """The parts of a source file, with those of the files that it names by their paths from the show's folder.

    `shared` is the folder of its network, which may have those that the show lacks.
    """
    parts = dict(source.parts)
    names = (*source.file_names, *more_names)
    if not names:
        return parts
    root = real_path(folder)
    for name in names:
        path = resolve_in_show(folder, named_in, name)
        path = path or (resolve_in_show(shared, NETWORK_FILE, name) if shared else None)
        if path and not _is_recording(path):
            parts[path_in_show(real_path(path), root)] = _digest_source_file(path, cache)
    return parts


def digest_own_pages(project: Project, pages: Collection[BuiltPage], cache: Cache) -> dict[str, str]:
    """The version of the podcaster's own pages: their files, and the pictures that they name."""
    parts: dict[str, str] = {}
    for built in pages:
        page = built.published.page
        parts[page.path] = digest_part(repr(sorted(page.source.parts.items())))
        files = _with_files(project.folder, page.path, SourceText({}, page.source.file_names), built.images, cache)
        parts |= files
    return parts


def _digest_show(project: Project, cache: Cache) -> dict[str, SourceParts]:
    """The versions of what is not an episode."""
    return {
        SHOW_UNIT: _with_files(project.folder, SHOW_FILE, project.show.source, (), cache, project.shared_folder),
        TEMPLATES_UNIT: {
            path_in_show(own / name, project.folder): _digest_source_file(own / name, cache)
            for name, own in sorted(site.list_own_templates(project.folder, project.shared_folder).items())
        },
        STATIC_UNIT: _digest_static_files(project, cache),
    }


def _digest_static_files(project: Project, cache: Cache) -> dict[str, str]:
    """The parts of `static/`: its files, or its folders where there are many."""
    root = project.folder / STATIC_DIR
    parts = {f"{STATIC_DIR}/{key}": _digest_source_file(root / key, cache) for key in project.static_files}
    if len(parts) <= MAX_STATIC_PARTS:
        return parts
    folders: dict[str, list[str]] = {}
    for name, digest in parts.items():
        top = "/".join(name.split("/")[:2])
        folders.setdefault(top if "/" in name.removeprefix(f"{STATIC_DIR}/") else STATIC_DIR, []).append(name + digest)
    if len(folders) > MAX_STATIC_PARTS:
        folders = {STATIC_DIR: [name + digest for name, digest in parts.items()]}
    return {name: digest_part("\n".join(rows)) for name, rows in folders.items()}


def path_in_show(path: Path, folder: Path) -> str:
    """The path of a file from the show's folder, with forward slashes; one of its network begins with `../`."""
    return os.path.relpath(real_path(path.parent) / path.name, real_path(folder)).replace(os.sep, "/")


def _is_recording(path: Path) -> bool:
    """Whether it is audio, which not every checkout has: podcast.lock has the digest of the recording."""
    return path.suffix.lower().removeprefix(".") in AUDIO_SUFFIXES


def _digest_source_file(path: Path, cache: Cache) -> str:
    """The digest of a file's content, the same for every form of line ends."""
    sha256 = cache.sha256(path)
    if not path.name.lower().endswith(TEXT_SUFFIXES):
        return sha256[:DIGEST_LEN]
    digest = cache.get(TEXT_DIGESTS, sha256)
    if digest is None:
        digest = digest_file_part(path.name, path.read_bytes())
        cache.set(TEXT_DIGESTS, sha256, digest)
    return digest
