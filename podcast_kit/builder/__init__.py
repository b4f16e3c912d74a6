"""A show's folder made into everything that listeners get: {key: Output}.

Read the functions of `make` from top to bottom and you have read a build.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from podcast_kit import __version__, feed, site
from podcast_kit.builder import (
    description,
    enclosure,
    images,
    mastering,
    private_feeds,
    referenced_files,
    renames,
    responsive_images,
)
from podcast_kit.builder.cache import Memory, remembering
from podcast_kit.builder.episode import finished
from podcast_kit.builder.output_dir import Tree
from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, PodcastKitError, Problem
from podcast_kit.io import atomic_write
from podcast_kit.model import (
    Episode,
    Item,
    Output,
    Image,
    Project,
    LockEntry,
    Progress,
    Wave,
)
from podcast_kit.source import lock

FOLDER = "build"
MEMORY = ".podcast-kit"
LOCK = "podcast.lock"
JSON_FEED = "feed.json"
OPML = "follow/show.opml"
VERSION = 1
"""Raised when the same items would give other pages or another feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What was made."""

    folder: Path
    """Holds exactly the tree that will be in the store."""
    project: Project
    items: tuple[Item, ...]
    """Newest first."""
    outputs: Mapping[str, Output]
    lock: tuple[LockEntry, ...]
    """What podcast.lock must say before the feed goes out."""
    artwork: Image | None = None
    scheduled: tuple[Episode, ...] = ()
    """Dated in the future and left out, the next one first."""
    ahead: frozenset[str] = frozenset()
    """Slugs of those among them whose media are made already."""
    drafts: tuple[Episode, ...] = ()
    made: int = 0
    """Files written anew; 0 when nothing changed."""
    problems: tuple[Problem, ...] = field(default=())


def make(
    project: Project,
    *,
    now: datetime,
    folder: Path | None = None,
    retag: Collection[str] = (),
    ahead: bool = False,
    on: Callable[[Progress], None] = lambda _: None,
) -> Build:
    """Make everything that is due at `now` into `folder`, `build/` beside podcast.yaml unless told otherwise.

    Episodes whose slug is in `retag` get their tags anew though they are published. With `ahead` the media of what
    is scheduled are made too, so that they can lie in the store before a feed names them.
    Raises InvalidInput with every fault found; what an earlier build made is then still whole.
    """
    folder = folder or project.folder / FOLDER
    with _disk(), remembering(project.folder / MEMORY, on) as memory:
        _ours(folder, memory)
        memory.keep("tree", str(folder.resolve()), True)  # before anything lies there: a full disk may end this build
        tree = Tree(folder, memory)
        project = renames.remembered(project, now)
        project = referenced_files.addressed(project, tree, later=_due(project, now)[1])
        due, scheduled, drafts = _due(project, now)
        early = [one for one in scheduled if ahead or project.lock_entry(one.guid)]
        artwork = _artwork(project, tree)
        made = _episodes(project, due, tree, retag, on)
        done = tuple(sorted((item for item, _ in made), key=lambda item: (item.date, item.guid), reverse=True))
        with tree.untold():
            made += _episodes(project, _early(project, early, tree), tree, retag, on, now)
        mastering.sweep(project, tree)
        on(Progress("render", "pages"))
        _pages(project, done, artwork, tree)
        _feed(project, done, artwork, tree)
        for key, data in private_feeds.feeds(project, done, artwork).items():
            tree.write(key, data, Wave.FEED)
        tree.commit()
    return Build(
        folder=folder,
        project=project,
        items=done,
        outputs=dict(sorted(tree.outputs.items())),
        lock=_ledger(project, [entry for _, entry in made]),
        artwork=artwork,
        scheduled=scheduled,
        ahead=frozenset(episode.slug for episode in early),
        drafts=drafts,
        made=tree.written,
        problems=project.warnings,
    )


@contextmanager
def _disk() -> Iterator[None]:
    """A full disk or a folder that refuses is said in words; what was whole before still is."""
    try:
        yield
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise OperationError(f"{what}{error.strerror or error}", atomic_write.mend(error)) from error


def _due(project: Project, now: datetime) -> tuple[tuple[Episode, ...], tuple[Episode, ...], tuple[Episode, ...]]:
    drafts = tuple(episode for episode in project.episodes if episode.draft or episode.date is None)
    dated = [episode for episode in project.episodes if episode not in drafts]
    dated.sort(key=lambda episode: (episode.date, episode.slug))
    due = tuple(episode for episode in dated if episode.date and episode.date <= now)
    return due, tuple(dated[len(due) :]), drafts


def _ours(folder: Path, memory: Memory) -> None:
    """Refuse to write among what no build put there: in a folder that was named, or that `build` only links to."""
    named = folder.name != FOLDER or folder.is_symlink()
    if named and folder.is_dir() and any(folder.iterdir()) and not memory.recall("tree", str(folder.resolve())):
        raise OperationError(f"{folder} holds files that no build put there", "name an empty or a new folder")


def _artwork(project: Project, tree: Tree) -> Image | None:
    if not project.show.artwork:
        return None
    return images.picture(project, "podcast.yaml", project.show.artwork, project.show.locations.get("artwork"), tree)


def _episodes(
    project: Project,
    due: Collection[Episode],
    tree: Tree,
    retag: Collection[str],
    on: Callable[[Progress], None],
    now: datetime | None = None,
) -> list[tuple[Item, LockEntry]]:
    """Every episode, or every fault of every episode."""
    setting = description.Setting.of(project)
    made: list[tuple[Item, LockEntry]] = []
    problems: list[Problem] = []
    retag = {*retag, *_unheard(project, due, now)} if now else retag
    enclosure.prepare(project, due, tree, retag, on)
    for number, episode in enumerate(due, 1):
        on(Progress("episode", episode.slug, number, len(due)))
        try:
            made.append(finished(project, episode, setting, tree, retag))
        except PodcastKitError as error:
            if not error.problems:
                raise
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    return made


def _early(project: Project, episodes: Collection[Episode], tree: Tree) -> tuple[Episode, ...]:
    """Episodes that go ahead, with their own files addressed."""
    return referenced_files.addressed(replace(project, episodes=tuple(episodes)), tree).episodes


def _unheard(project: Project, early: Collection[Episode], now: datetime) -> Iterator[str]:
    """Slugs of what went ahead and nobody has heard: its tags still follow the notes, where the recording is."""
    for episode in early:
        entry = project.lock_entry(episode.guid)
        if entry and entry.date > now and episode.audio and (project.folder / episode.audio).is_file():
            yield episode.slug


def _pages(project: Project, done: tuple[Item, ...], artwork: Image | None, tree: Tree) -> None:
    """Every page whose inputs changed; the others lie there already."""
    done, artwork, icons = responsive_images.dressed(project, done, artwork, tree)
    for page in site.Site(show=project.show, folder=project.folder, artwork=artwork, icons=icons).pages(done):
        recipe = f"{VERSION} {page.key} {page.digest}"
        known = tree.memory.recall("page", recipe)
        if known and tree.holds(page.key, known["sha256"]):
            tree.add(page.key, known["size"], known["sha256"], Wave.PAGES)
            continue
        output = tree.write(page.key, page.render(), Wave.PAGES)
        tree.memory.keep("page", recipe, {"sha256": output.sha256, "size": output.size})


def _feed(project: Project, done: tuple[Item, ...], artwork: Image | None, tree: Tree) -> None:
    """The feed with its archives, and its other forms, unless memory says that they lie there already."""
    path = project.show.feed.path
    if clash := _clash(path, [*tree.outputs, JSON_FEED, OPML]):
        place = project.show.locations.get("feed.path") or SourceLocation("podcast.yaml")
        text = f"feed: path: {path!r} is the address of {clash}, which the show has too"
        raise InvalidInput([Problem(place, text, "give the feed a name of its own, such as feed.xml", "path.form")])
    inputs = hashlib.sha256(repr((VERSION, __version__, project.show, done, artwork)).encode()).hexdigest()
    known: dict[str, list[Any]] | None = tree.memory.recall("feed", inputs)
    if known and all(tree.holds(key, sha256) for key, (sha256, *_) in known.items()):
        for key, (sha256, size, wave, mime) in known.items():
            tree.add(key, size, sha256, Wave(wave), mime)
        return
    made = [
        tree.write(key, data, Wave.FEED) for key, data in feed.render_pages(project.show, done, artwork=artwork).items()
    ]
    json_feed = feed.json_feed(project.show, done, artwork=artwork)
    made.append(tree.write(JSON_FEED, json_feed, Wave.FEED))
    made.append(tree.write(OPML, feed.opml(project.show), Wave.PAGES))
    known = {one.key: [one.sha256, one.size, int(one.wave), one.content_type] for one in made}
    tree.memory.keep("feed", inputs, known)


def _clash(path: str, keys: Collection[str]) -> str:
    """What has the key already, or needs a folder of that name; where big letters are small ones, too."""
    folded = path.casefold()
    return next((key for key in keys if f"{key.casefold()}/".startswith(f"{folded}/")), "")


def _ledger(project: Project, made: Collection[LockEntry]) -> tuple[LockEntry, ...]:
    """The lock as it will be: what is published now, and whatever else was, since a guid is never forgotten."""
    now = {entry.guid: entry for entry in made}
    gone = [entry for entry in project.lock if entry.guid not in now]
    return tuple(sorted([*now.values(), *gone], key=lambda entry: (entry.date, entry.slug)))


def record(build: Build) -> None:
    """Write podcast.lock, unless it says the same already.

    Called before the feed names what the lock holds: what is once public must never be forgotten, not even what
    somebody else has published from this folder since the build was made.
    """
    path = build.project.folder / LOCK
    if not path.parent.is_dir():
        raise OperationError(f"{path.parent}: the show's folder is gone", "publish from where it is now")
    with _disk():
        known = {entry.guid for entry in build.lock}
        since = [entry for entry in lock.read(path) if entry.guid not in known]
        data = lock.render([*build.lock, *since])
        if path.is_file() and path.read_bytes() == data:
            return
        atomic_write.write(path, data)
