"""The files of a show that an export of its folder has: what was written, and nothing secret, private or derived."""

from __future__ import annotations

import fnmatch
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from podcast_kit.builder import BUILD_DIR
from podcast_kit.exporter.model import ExportOptions, LeftOut
from podcast_kit.io.inside import is_inside, read_inside, real_path
from podcast_kit.model import ChaptersFromFile, Element, Episode, LocalFile, Person, Project
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES
from podcast_kit.source.episode import INDEX_STEM
from podcast_kit.source.members_lock import MEMBERS_LOCK
from podcast_kit.source.notes import find_local_images
from podcast_kit.source.paths import MAX_PATH_LEN
from podcast_kit.source.static_files import KEY_FILE_NAMES
from podcast_kit.source.subscribers import FETCHED_LIST, SUBSCRIBERS_FILE, SUBSCRIBERS_KEY_FILE

EXPORTED_HIDDEN_NAMES = {".gitignore", ".gitattributes", ".github", ".gitlab-ci.yml", ".woodpecker"}
"""Of the names that begin with a dot, those that belong to a show."""
DERIVED_FOLDERS = {"__pycache__", "node_modules"}
SECRET_NAMES = (
    *(SUBSCRIBERS_KEY_FILE, *KEY_FILE_NAMES, "*.key", "*.pem", "credentials", "credentials.*", "secrets", "secrets.*"),
    *("*service-account*.json", "*service_account*.json"),
)
"""Names that files with secrets usually have."""
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File|\bAKIA[0-9A-Z]{16}\b")
MAX_SCANNED_BYTES = 65_536
"""Start of each file that is looked at for a private key."""
BINARY_SUFFIXES = {*AUDIO_SUFFIXES, "jpg", "jpeg", "png", "webp", "gif", "avif", "mp4", "webm", "mov", "woff2"}
MAX_NAME_PARTS = 8
"""Parts of a file name between dots that may be the stem of an episode."""
DRAFT_REASON = "a draft (pass --drafts to export it)"
SCHEDULED_REASON = "scheduled (pass --drafts to export it)"
MEMBERS_REASON = "for members (pass --members to export it)"
SUBSCRIBERS_REASON = "names of subscribers (pass --members to export them)"
BROKEN_REASON = "it has errors"
UNUSED_REASON = "a recording that no exported episode uses (pass --drafts to export it)"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to export."""

    path: str
    """Relative to the show's folder, with forward slashes."""
    size: int


@dataclass(frozen=True, slots=True)
class EpisodeSelection:
    """The episodes that are exported, and why others are not."""

    exported: tuple[Episode, ...]
    left_out: tuple[tuple[Episode, str], ...]


def list_source_files(
    project: Project, selection: EpisodeSelection, options: ExportOptions, skip: Collection[Path] = ()
) -> tuple[list[SourceFile], list[LeftOut]]:
    """The files to export, sorted by path, and what is left out that a person might look for.

    `skip` has real paths of files and folders that do not belong to the show, such as the export itself.
    """
    index = _FileIndex(project)
    used_files = {path for episode in selection.exported for path in index.episode_files(episode)}
    private_files = _files_of_left_out(project, selection, index, used_files)
    members_recordings = {episode.members_audio.path for episode in project.episodes if episode.members_audio}
    private_files |= {} if options.members else _members_files(project, members_recordings - used_files)
    for broken in project.broken:
        if not (options.drafts and options.members):
            private_files[broken.path] = BROKEN_REASON
    known_files = used_files | members_recordings
    files: list[SourceFile] = []
    left_out: list[LeftOut] = []
    for path, unreadable_reason in _walk_show(project, skip):
        is_unused = not options.drafts and path not in known_files and _is_recording(path)
        reason = unreadable_reason or private_files.get(path, "") or _private_reason(project, path, options)
        reason = reason or (UNUSED_REASON if is_unused else "")
        if reason:
            left_out.append(LeftOut(path, reason))
        else:
            files.append(SourceFile(path, (project.folder / path).stat().st_size))
    return files, left_out


def _files_of_left_out(
    project: Project, selection: EpisodeSelection, index: _FileIndex, used_files: Collection[str]
) -> dict[str, str]:
    """The files that only episodes that are left out use, each with the reason."""
    shared = {*used_files, *_show_files(project)}
    files: dict[str, str] = {}
    for episode, reason in selection.left_out:
        files |= dict.fromkeys(index.episode_files(episode) - shared, reason)
        files[episode.path] = reason
    return files


def _members_files(project: Project, recordings: Collection[str]) -> dict[str, str]:
    """The files that only private feeds have: other recordings of public episodes, and lists of subscribers."""
    lists = {project.show.private.subscribers.file, MEMBERS_LOCK} - {""}
    return dict.fromkeys(recordings, MEMBERS_REASON) | dict.fromkeys(lists, SUBSCRIBERS_REASON)


def _show_files(project: Project) -> set[str]:
    show = project.show
    files = {show.artwork.path} if show.artwork else set[str]()
    files |= {show.theme.logo, show.theme.font, show.audio.intro, show.audio.outro}
    return (files | _portraits(show.people)) - {""}


def _portraits(people: Collection[Person]) -> set[str]:
    return {person.image.path for person in people if isinstance(person.image, LocalFile)}


class _FileIndex:
    """The files of a show by the episode that they belong to; each folder is listed once."""

    def __init__(self, project: Project) -> None:
        self.folder = project.folder
        self.stems_by_folder: dict[PurePosixPath, dict[str, list[str]]] = {}

    def episode_files(self, episode: Episode) -> set[str]:
        """The files of one episode: those that its front matter and notes name, and those with the same stem."""
        notes_path = PurePosixPath(episode.path)
        names = {episode.path, *episode.transcripts, *_portraits(episode.people)}
        names |= {resource.path for resource in (episode.audio, episode.image) if isinstance(resource, LocalFile)}
        if isinstance(episode.chapters, ChaptersFromFile):
            names.add(episode.chapters.path)
        written = [image.source for image in find_local_images(episode.notes)]
        written += [value for element in episode.elements for value in _element_values(element)]
        names |= {path for name in written for path in self.named_files(name, notes_path.parent)}
        if notes_path.stem == INDEX_STEM:
            names |= set(_files_below(self.folder, notes_path.parent))
        else:
            names |= set(self.files_of_stem(notes_path.parent, notes_path.stem))
        if episode.members_audio:
            names.discard(episode.members_audio.path)
            names |= {episode.members_audio.path} if episode.audience else set()
        return names

    def named_files(self, name: str, folder: PurePosixPath) -> Iterator[str]:
        """The paths that a name in an episode may mean."""
        if "://" in name or "\0" in name:
            return
        for base in (folder, PurePosixPath()):
            path = os.path.normpath(base / name)
            if not path.startswith("..") and is_inside(self.folder, path):
                yield PurePosixPath(path).as_posix()

    def files_of_stem(self, folder: PurePosixPath, stem: str) -> Iterator[str]:
        """The files of a folder whose name begins with a stem and a dot."""
        if folder not in self.stems_by_folder:
            stems: dict[str, list[str]] = defaultdict(list)
            for path in _siblings(self.folder, folder):
                parts = PurePosixPath(path).name.split(".")
                for count in range(1, min(len(parts), MAX_NAME_PARTS)):
                    stems[".".join(parts[:count])].append(path)
            self.stems_by_folder[folder] = stems
        yield from self.stems_by_folder[folder].get(stem, ())


def _element_values(element: Element) -> Iterator[str]:
    """The values of an element's attributes that may be paths."""
    for _, value in element.attributes:
        if value and len(value) <= MAX_PATH_LEN and "\0" not in value:
            yield value
    for child in element.children:
        yield from _element_values(child)


def _siblings(root: Path, folder: PurePosixPath) -> Iterator[str]:
    try:
        names = sorted(path.name for path in (root / folder).iterdir())
    except OSError:
        return
    yield from ((folder / name).as_posix() for name in names)


def _files_below(root: Path, folder: PurePosixPath) -> Iterator[str]:
    for path in _siblings(root, folder):
        if (root / path).is_dir() and not (root / path).is_symlink():
            yield from _files_below(root, PurePosixPath(path))
        else:
            yield path


def _walk_show(project: Project, skip: Collection[Path]) -> Iterator[tuple[str, str]]:
    """Every file of the show's folder, sorted, with the reason why one is never exported; derived ones are omitted."""
    to = project.show.publish.to
    omitted = {*skip, real_path(project.folder / BUILD_DIR), real_path(project.output_folder / BUILD_DIR)}
    if to and "://" not in to:
        omitted.add(real_path(project.folder / to))
    yield from _walk_folder(project.folder, PurePosixPath(), omitted)


def _walk_folder(root: Path, folder: PurePosixPath, omitted: Collection[Path]) -> Iterator[tuple[str, str]]:
    with os.scandir(root / folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        path = (folder / entry.name).as_posix()
        is_hidden = entry.name.startswith(".") and entry.name not in EXPORTED_HIDDEN_NAMES
        if is_hidden or entry.name in DERIVED_FOLDERS or entry.name.endswith((".part", "~")):
            continue
        if not path.isprintable() or "\\" in path:
            yield path, "its name has characters that a ZIP file cannot hold on every system"
        elif entry.is_symlink() and not is_inside(root, path):
            yield path, "a link that leads out of the show's folder"
        elif real_path(Path(entry.path)) in omitted:
            continue
        elif entry.is_dir():
            if entry.is_symlink():
                yield path, "a link to a folder, whose files are exported under their own names"
            elif (Path(entry.path) / "pyvenv.cfg").exists() or (Path(entry.path) / ".git").exists():
                continue
            else:
                yield from _walk_folder(root, PurePosixPath(path), omitted)
        else:
            yield path, "" if entry.is_file() else "not a regular file"


def _private_reason(project: Project, path: str, options: ExportOptions) -> str:
    """Why a file is never exported, or only on request; empty if it may be."""
    name = PurePosixPath(path).name.lower()
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in SECRET_NAMES):
        return "a secret, by its name"
    if name in {SUBSCRIBERS_FILE, FETCHED_LIST} and not options.members:
        return SUBSCRIBERS_REASON
    if name.rpartition(".")[2] not in BINARY_SUFFIXES and _has_private_key(project.folder, path):
        return "it contains a private key"
    return ""


def _has_private_key(folder: Path, path: str) -> bool:
    try:
        return PRIVATE_KEY.search(read_inside(folder, path, MAX_SCANNED_BYTES)) is not None
    except OSError:
        return False


def _is_recording(path: str) -> bool:
    return path.startswith("episodes/") and path.rpartition(".")[2].lower() in AUDIO_SUFFIXES
