"""A show's folder, read whole: every fault of every file at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from podcast_kit.errors import InvalidInput, SourceLocation, PodcastKitError, Problem, Severity
from podcast_kit.model import Episode, Project, LockEntry, Show
from podcast_kit.source import aliases, lock
from podcast_kit.source import episode as episodes
from podcast_kit.source import show as shows
from podcast_kit.source.paths import Folder, sounds
from podcast_kit.source.yaml.document import Wrong, contents, decode, yaml_table

SHOW, EPISODES, LOCK = "podcast.yaml", "episodes", "podcast.lock"
OTHERS = ("podcast.yml", "Podcast.yaml", "show.yaml", "podcast.yaml.txt")
"""Names that are meant and not found."""


def find(start: Path) -> Path:
    """The folder of the nearest podcast.yaml, from `start` upwards; raises PodcastKitError when there is none."""
    here = Path(start).absolute()
    if ".." in here.parts:  # else the folder that it leads out of would count as one above
        here = here.resolve()
    for folder in (here, *here.parents):
        if (folder / SHOW).is_file():
            return folder
    if other := next((name for name in OTHERS if (here / name).is_file()), ""):
        raise PodcastKitError(f"there is no {SHOW} in {here}", f"rename {other} to {SHOW}")
    text = f"there is no {SHOW} in {here} or above"
    raise PodcastKitError(text, "go to the show's folder, name it with -C, or begin a show with 'podcast-kit init'")


def read(folder: Path) -> Project:
    """The show, its episodes by path, and the lock.

    Raises InvalidInput with every error and warning of every file; where there are only warnings,
    they are the project's remarks.
    """
    reading = _Reading(Path(folder), Folder(Path(os.path.realpath(folder))))
    show = reading.show()
    found = reading.episodes(show)
    entries = reading.lock()
    problems = sorted([*reading.problems, *_doubles(found), *aliases.doubles(found)], key=lambda problem: problem.location)
    if show is None or any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidInput(problems)
    return Project(folder=Path(folder), show=show, episodes=found, lock=entries, warnings=tuple(problems))


@dataclass(slots=True)
class _Reading:
    folder: Path
    root: Folder
    problems: list[Problem] = field(default_factory=list)

    def show(self) -> Show | None:
        if (data := self.bytes(SHOW)) is None:
            return None
        try:
            table = yaml_table(decode(data, SHOW), SHOW)
            show = shows.read(table, self.root)
        except InvalidInput as error:
            self.problems += error.problems
            return None
        self.problems += table.problems
        return show

    def episodes(self, show: Show | None) -> tuple[Episode, ...]:
        found: list[Episode] = []
        for path, beside in self.notes():
            if (data := self.bytes(path)) is None:
                continue
            base = path.rpartition("/")[0]
            setting = episodes.Setting(Folder(self.root.root, base), path, beside)
            if show is not None:
                setting = episodes.Setting(setting.folder, path, beside, show.timezone, tuple(show.prompts), show.audio)
            try:
                found.append(episodes.read(data, setting, self.problems))
            except InvalidInput as error:
                self.problems += error.problems
        return tuple(found)

    def notes(self) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
        """Each file of notes with the audio beside it, sorted by path."""
        found: list[tuple[str, dict[str, tuple[str, ...]]]] = []
        names, folders = self.listing(EPISODES)
        beside = sounds(names)
        for name in names:
            if name.endswith(".md"):
                found.append((f"{EPISODES}/{name}", beside))
            elif name.rpartition(".")[2].lower() in {"md", "markdown", "mdown", "mkd"}:
                self.unread(f"{EPISODES}/{name}", "rename it so that it ends in .md")
        for inner in folders:
            below, _ = self.listing(f"{EPISODES}/{inner}")
            if "index.md" in below:
                found.append((f"{EPISODES}/{inner}/index.md", sounds(below)))
            elif notes := [name for name in below if name.endswith(".md")]:
                self.unread(f"{EPISODES}/{inner}/{notes[0]}", "an episode's folder has its notes in index.md")
        return sorted(found, key=lambda one: one[0])

    def unread(self, path: str, hint: str) -> None:
        problem = Problem(SourceLocation(path), "is not read", hint, "episode.place", Severity.WARNING)
        self.problems.append(problem)

    def listing(self, path: str) -> tuple[list[str], list[str]]:
        """Files and folders there, sorted; hidden ones are nobody's business."""
        try:
            with os.scandir(self.folder / path) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
                seen = [(entry.name, _is_folder(entry)) for entry in visible if self.sayable(entry.name, path)]
        except FileNotFoundError:
            return [], []
        except OSError as error:
            self.problems.append(Problem(SourceLocation(path), f"cannot be read: {error.strerror}", "", "file.read"))
            return [], []
        return sorted(name for name, folder in seen if not folder), sorted(name for name, folder in seen if folder)

    def sayable(self, name: str, folder: str) -> bool:
        """Whether the name is text: file systems take bytes that are not."""
        try:
            name.encode()
        except UnicodeEncodeError:
            shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            self.unread(f"{folder}/{shown}", "rename it; its name is not UTF-8")
            return False
        return True

    def lock(self) -> tuple[LockEntry, ...]:
        try:
            return lock.read(self.folder / LOCK)
        except InvalidInput as error:
            self.problems += error.problems
        return ()

    def bytes(self, path: str) -> bytes | None:
        try:
            self.root.inside(path)
            return contents(self.folder / path, path)
        except InvalidInput as error:
            hint = "begin a show with 'podcast-kit init'" if path == SHOW else ""
            self.problems += [replace(problem, fix=problem.fix or hint) for problem in error.problems]
        except Wrong as wrong:
            self.problems.append(Problem(SourceLocation(path), str(wrong), wrong.hint, wrong.code))
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _doubles(found: tuple[Episode, ...]) -> list[Problem]:
    """Guids, slugs and numbers that two episodes share."""
    problems: list[Problem] = []
    first: dict[tuple[str, str], Episode] = {}
    for one in found:
        for key, said in (("guid", one.guid), ("slug", one.slug.casefold())):
            other = first.setdefault((key, said), one)
            if said and other is not one:
                hint = "give the newer episode its own" if key == "slug" else "remove the line from the newer one"
                text = f"{key} {said!r} is also that of {other.path}"
                code = "slug.unique" if key == "slug" else "it.guid.unique"
                problems.append(Problem(one.location_of(key), text, hint, code))
    for (season, number), same in episodes.numbers(found).items():
        for one in same[1:]:
            within = f" of season {season}" if season else ""
            text = f"number {number}{within} is also that of {same[0].path}"
            hint = "give each full episode its own number"
            problems.append(Problem(one.location_of("number"), text, hint, "it.episode", Severity.WARNING))
    return problems
