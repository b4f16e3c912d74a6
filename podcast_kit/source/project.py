"""Loads a show's folder, reporting every problem of every file at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, Severity, SourceLocation
from podcast_kit.io.inside import is_inside, real_path
from podcast_kit.model import (
    EPISODES_DIR,
    LOCK_FILE,
    NETWORK_FILE,
    PAGES_DIR,
    SHOW_FILE,
    BrokenEpisode,
    CommentThread,
    Episode,
    ListedShow,
    LockEntry,
    OwnPage,
    Project,
    Show,
    show_guid,
)
from podcast_kit.source import aliases, lock, reviews
from podcast_kit.source import comments as comment_files
from podcast_kit.source import episode as episodes
from podcast_kit.source import network as networks
from podcast_kit.source import show as shows
from podcast_kit.source.kept_readings import KeptReadings, file_facts
from podcast_kit.source.pages import find_page_duplicates, parse_own_page
from podcast_kit.source.paths import ShowFolder, group_audio_by_stem
from podcast_kit.source.static_files import find_secret_files, list_static_files
from podcast_kit.source.yaml import (
    MAX_SOURCE_BYTES,
    InvalidValue,
    Table,
    decode_source,
    parse_yaml_table,
    read_source_file,
)

SAFE_DIRECTORY_VARIABLE = "PODCAST_KIT_SAFE_DIRECTORY"
"""Folders whose shows are used from below though they belong to another user; `*` for all."""
MISNAMED_SHOW_FILES = ("podcast.yml", "Podcast.yaml", "show.yaml", "podcast.yaml.txt")
"""File names that are probably meant as podcast.yaml."""
MARKDOWN_SUFFIXES = {"md", "markdown", "mdown", "mkd"}


class NetworkFolderError(PodcastKitError):
    """A command for a show was started in the folder of a network."""


def find_show_folder(start: Path) -> Path:
    """The folder of the nearest podcast.yaml, from `start` upwards; raises PodcastKitError where there is none."""
    start = Path(start).absolute()
    if ".." in start.parts:  # or the folder before the ".." would count as a parent
        start = real_path(start)
    if not start.is_dir():
        text = "is not a folder" if start.exists() else "does not exist"
        raise PodcastKitError(f"{start} {text}", "pass -C the folder of a show")
    for folder in (start, *start.parents):
        if (folder / SHOW_FILE).is_file():
            if folder != start:
                refuse_folder_of_others(folder)
            return folder
    if misnamed := next((name for name in MISNAMED_SHOW_FILES if (start / name).is_file()), ""):
        raise PodcastKitError(f"no {SHOW_FILE} in {start}", f"rename {misnamed} to {SHOW_FILE}")
    if (start / NETWORK_FILE).is_file():
        text = f"{start} is the folder of a network, not of a show"
        raise NetworkFolderError(text, "go to the folder of a show, or pass it with -C")
    text = f"no {SHOW_FILE} in {start} or the folders above it"
    raise PodcastKitError(text, "go to the show's folder, pass -C DIRECTORY, or create a show with `podcast-kit init`")


def refuse_folder_of_others(folder: Path, file_name: str = SHOW_FILE) -> None:
    """Raise PodcastKitError if a show or a network in a parent folder belongs to another user, as git does.

    Someone else could have put it there, such as in /tmp. With sudo, the user who called it is trusted, too.
    """
    if not hasattr(os, "geteuid"):
        return
    safe_folders = os.environ.get(SAFE_DIRECTORY_VARIABLE, "").split(os.pathsep)
    if "*" in safe_folders or os.path.realpath(folder) in {os.path.realpath(safe) for safe in safe_folders if safe}:
        return
    trusted_users = {os.geteuid()}
    sudo_user = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and sudo_user.isdecimal():
        trusted_users.add(int(sudo_user))
    owners = {folder.stat().st_uid, (folder / file_name).lstat().st_uid}
    if not owners <= trusted_users:
        text = f"{folder / file_name} belongs to another user, so it is not used from a folder below it"
        fix = f"pass -C {folder} if you trust it, or set {SAFE_DIRECTORY_VARIABLE}={folder}"
        raise PodcastKitError(text, fix)


def load_project(
    folder: Path, *, needs_cover: bool = True, keep_going: bool = False, kept: KeptReadings | None = None
) -> Project:
    """The show, its episodes sorted by path, and the lock.

    Raises InvalidInput with every error and warning of every file. If there are only warnings, they are returned as
    `Project.warnings`. A cover that does not exist is an error, or a warning unless `needs_cover`. With
    `keep_going`, episodes with errors are left out and become `Project.broken`. Episodes are taken from what is `kept`
    where their files are unchanged, and kept for the next time.
    """
    reader = _ProjectReader(Path(folder), ShowFolder(Path(os.path.realpath(folder))), needs_cover, kept)
    show = reader.read_show()
    entries = reader.read_lock()  # before the episodes are in memory, because parsing it takes as much as they do
    all_episodes = reader.read_episodes(show)
    comments = reader.read_comments(all_episodes)
    pages = reader.read_pages(show)
    static_files = list_static_files(reader.folder, reader.problems)
    conflicts = [
        *_find_duplicates(all_episodes),
        *find_page_duplicates(pages),
        *aliases.find_alias_conflicts(all_episodes, pages),
        *find_secret_files(static_files, show.private.subscribers.file if show else "", all_episodes),
    ]
    problems = sorted([*reader.problems, *conflicts], key=lambda problem: problem.location)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    broken = _find_broken_episodes(reader, errors) if keep_going else ()
    broken_paths = {episode.path for episode in broken}
    if show is None or any(problem.location.path not in broken_paths for problem in errors):
        raise InvalidInput(problems)
    problems = [problem for problem in problems if problem.location.path not in broken_paths]
    all_episodes = tuple(episode for episode in all_episodes if episode.path not in broken_paths)
    warnings = tuple(_without_ignored(problems, show, [*all_episodes, *pages]))
    return Project(
        folder=Path(folder),
        show=show,
        episodes=all_episodes,
        lock=entries,
        broken=broken,
        pages=pages,
        static_files=static_files,
        comments=comments,
        warnings=warnings,
        shared_folder=reader.network.folder if reader.network else None,
    )


def load_settings(folder: Path) -> Project:
    """The show alone, without its episodes and its lock: what tells where it is published. Raises InvalidInput."""
    reader = _ProjectReader(Path(folder), ShowFolder(Path(os.path.realpath(folder))), needs_cover=False)
    show = reader.read_show()
    if show is None:
        raise InvalidInput(reader.problems)
    shared_folder = reader.network.folder if reader.network else None
    return Project(folder=Path(folder), show=show, episodes=(), shared_folder=shared_folder)


def load_network_page(folder: Path, listed: Collection[ListedShow], *, needs_cover: bool = True) -> Project:
    """The network's own page as a show without episodes, with its shows as they were built.

    Its feed is that of a publisher, and `pages/` and `static/` beside shows.yaml belong to it. Raises InvalidInput
    where shows.yaml or one of these has errors, or describes no page.
    """
    network = networks.load_network(folder)
    table = networks.page_table(network)
    root = ShowFolder(Path(os.path.realpath(folder)))
    show = shows.show_from_table(table, root)
    reader = _ProjectReader(Path(folder), root)
    pages = reader.read_pages(show)
    static_files = list_static_files(reader.folder, reader.problems)
    cover = show.locations.get("artwork")
    file_problems = [
        *reader.problems,
        *find_page_duplicates(pages),
        *aliases.find_alias_conflicts((), pages),
        *find_secret_files(static_files),
    ]
    problems = [
        replace(problem, severity=Severity.WARNING)
        if problem.code == "file.missing" and problem.location == cover and not needs_cover
        else problem
        for problem in table.problems
    ]
    problems += sorted(file_problems, key=lambda problem: problem.location)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidInput(problems)
    elements = (*show.elements, *networks.publisher_elements(listed))
    show = replace(show, guid=show.guid or show_guid(show.feed_url), elements=elements)
    warnings = tuple(problem for problem in problems if problem.code not in show.ignore)
    return Project(
        folder=Path(folder),
        show=show,
        episodes=(),
        pages=pages,
        static_files=static_files,
        warnings=warnings,
        listed_shows=tuple(listed),
    )


def list_network_names(folder: Path) -> frozenset[str]:
    """The folders and files at the top of the network's page that `pages/` and `static/` beside shows.yaml add."""
    reader = _ProjectReader(folder, ShowFolder(Path(os.path.realpath(folder))))
    keys = [*(page.key for page in reader.read_pages(None)), *list_static_files(folder, reader.problems)]
    return frozenset(key.partition("/")[0] for key in keys)


@dataclass(slots=True)
class _ProjectReader:
    folder: Path
    root: ShowFolder
    needs_cover: bool = True
    kept: KeptReadings | None = None
    problems: list[Problem] = field(default_factory=list)
    network: networks.ShowNetwork | None = None
    """The network that the show is part of."""
    identities: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The slug and the guid (empty where it cannot be read) of each episode, by the path of its notes."""

    def read_show(self) -> Show | None:
        if (data := self.read_bytes(SHOW_FILE)) is None:
            return None
        try:
            table = parse_yaml_table(decode_source(data, SHOW_FILE), SHOW_FILE)
            show = self.add_network(table)
        except InvalidInput as error:
            self.problems += error.problems
            return None
        cover = show.locations.get("artwork")
        for problem in table.problems:
            is_missing_cover = problem.code == "file.missing" and problem.location == cover
            severity = Severity.WARNING if is_missing_cover and not self.needs_cover else problem.severity
            self.problems.append(replace(problem, severity=severity))
        return self.add_reviews(show)

    def add_network(self, table: Table) -> Show:
        """The show in podcast.yaml, with what its network sets for all shows, if it is part of one."""
        self.network = networks.find_network(self.folder)
        member = self.network.find_member(self.folder) if self.network else None
        if self.network is None or member is None:
            return shows.show_from_table(table, self.root)
        refuse_folder_of_others(self.network.folder, NETWORK_FILE)
        merged, source = networks.inherit_defaults(table, self.network, member)
        show = shows.show_from_table(merged, replace(self.root, shared=real_path(self.network.folder)))
        elements = networks.network_elements(self.network, member, show.elements)
        publish = replace(show.publish, network_folder=str(self.network.folder))
        return replace(show, elements=(*show.elements, *elements), source=source, publish=publish)

    def add_reviews(self, show: Show) -> Show:
        """The show with what is in reviews.yaml, if there is one."""
        if not (self.folder / reviews.REVIEWS_FILE).is_file():
            return show
        data = self.read_bytes(reviews.REVIEWS_FILE)
        if data is None:
            return show
        try:
            table = parse_yaml_table(decode_source(data, reviews.REVIEWS_FILE), reviews.REVIEWS_FILE)
            all_reviews = reviews.reviews_from_table(table)
        except InvalidInput as error:
            self.problems += error.problems
            return show
        self.problems += table.problems
        source = replace(show.source, file_names=(*show.source.file_names, reviews.REVIEWS_FILE))
        return replace(show, reviews=all_reviews, source=source)

    def read_episodes(self, show: Show | None) -> tuple[Episode, ...]:
        all_episodes: list[Episode] = []
        settings: dict[str, Any] = {}
        if show is not None:
            settings = {
                "timezone": show.timezone,
                "prompts": tuple(show.prompts),
                "mastering": show.audio,
                "tiers": show.private.tiers,
            }
        kept = self.kept if show is not None else None
        if kept is not None:
            kept.start(self.root.root, repr(settings))
        for path, audio_by_stem in self.list_note_files(EPISODES_DIR):
            reading = kept.find(path, episodes.list_audio_beside(path, audio_by_stem)) if kept is not None else None
            if reading is not None:
                self.problems += reading.problems
                episode: Episode | None = reading.episode
            else:
                folder = ShowFolder(self.root.root, path.rpartition("/")[0], looked_up=None if kept is None else {})
                context = episodes.EpisodeFileContext(folder, path, audio_by_stem, **settings)
                self.identities[path] = (context.slug, "")
                episode = self.read_episode(context)
            if episode is not None:
                self.identities[path] = (episode.slug, episode.guid)
                all_episodes.append(episode)
        return tuple(all_episodes)

    def read_episode(self, context: episodes.EpisodeFileContext) -> Episode | None:
        """The episode in a file of notes; None where it cannot be read."""
        looked_up = context.folder.looked_up
        if looked_up is not None:
            looked_up[context.path] = file_facts(f"{self.root.root}/{context.path}")
        if (data := self.read_bytes(context.path)) is None:
            return None
        problems: list[Problem] = []
        try:
            episode = episodes.parse_episode(data, context, problems)
        except InvalidInput as error:
            self.problems += error.problems
            return None
        self.problems += problems
        is_valid = not any(problem.severity is Severity.ERROR for problem in problems)
        if self.kept is not None and looked_up is not None and is_valid:
            self.kept.keep(episode, tuple(problems), context.audio_names, looked_up)
        return episode

    def read_pages(self, show: Show | None) -> tuple[OwnPage, ...]:
        """The pages of the podcaster's own."""
        pages: list[OwnPage] = []
        for path, _ in self.list_note_files(PAGES_DIR):
            if (data := self.read_bytes(path)) is None:
                continue
            prompts = tuple(show.prompts) if show else ("default", "none")
            folder = ShowFolder(self.root.root, path.rpartition("/")[0])
            context = episodes.EpisodeFileContext(folder, path, {}, prompts=prompts)
            try:
                pages.append(parse_own_page(data, context, self.problems))
            except InvalidInput as error:
                self.problems += error.problems
        return tuple(pages)

    def list_note_files(self, root: str) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
        """The path of the notes of each episode, or of each page, sorted, with the audio files next to it."""
        note_files: list[tuple[str, dict[str, tuple[str, ...]]]] = []
        names, folders = self.list_folder(root)
        audio_by_stem = group_audio_by_stem(names)
        for name in names:
            if name.endswith(".md"):
                note_files.append((f"{root}/{name}", audio_by_stem))
            elif name.rpartition(".")[2].lower() in MARKDOWN_SUFFIXES:
                self.warn_skipped(f"{root}/{name}", "rename it so that it ends in .md")
        for subfolder in folders:
            names, _ = self.list_folder(f"{root}/{subfolder}")
            if "index.md" in names:
                note_files.append((f"{root}/{subfolder}/index.md", group_audio_by_stem(names)))
            elif other_notes := [name for name in names if name.endswith(".md")]:
                path = f"{root}/{subfolder}/{other_notes[0]}"
                owner = "an episode's" if root == EPISODES_DIR else "a page's"
                self.warn_skipped(path, f"in {owner} folder, name the notes index.md")
        return sorted(note_files, key=lambda note_file: note_file[0])

    def warn_skipped(self, path: str, fix: str) -> None:
        problem = Problem(SourceLocation(path), "is skipped", fix, "episode.place", Severity.WARNING)
        self.problems.append(problem)

    def list_folder(self, path: str) -> tuple[list[str], list[str]]:
        """The names of files and of folders in a folder, each sorted, without hidden ones."""
        if not is_inside(self.root.root, path):
            text, fix = "leads out of the show's folder", "replace the link by the folder"
            self.problems.append(Problem(SourceLocation(path), text, fix, "path.outside"))
            return [], []
        try:
            with os.scandir(self.folder / path) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
                named = [
                    (entry.name, _is_dir_entry(entry)) for entry in visible if self.has_utf8_name(entry.name, path)
                ]
        except FileNotFoundError:
            return [], []
        except OSError as error:
            self.problems.append(Problem(SourceLocation(path), f"cannot be read: {error.strerror}", "", "file.read"))
            return [], []
        files = sorted(name for name, is_folder in named if not is_folder)
        return files, sorted(name for name, is_folder in named if is_folder)

    def has_utf8_name(self, name: str, folder: str) -> bool:
        """Whether a file's name is UTF-8, as some file systems allow any bytes; else warns that it is skipped."""
        try:
            name.encode()
        except UnicodeEncodeError:
            printable = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            self.warn_skipped(f"{folder}/{printable}", "rename it; its name is not UTF-8")
            return False
        return True

    def read_lock(self) -> tuple[LockEntry, ...]:
        try:
            return lock.read_lock(self.folder / LOCK_FILE)
        except InvalidInput as error:
            self.problems += error.problems
        return ()

    def read_comments(self, all_episodes: tuple[Episode, ...]) -> dict[str, tuple[CommentThread, ...]]:
        """The replies to the posts of each episode, from the files in comments/."""
        names, _ = self.list_folder(comment_files.COMMENTS_DIR)
        slugs = {episode.slug for episode in all_episodes} & {name.removesuffix(".json") for name in names}
        threads: dict[str, tuple[CommentThread, ...]] = {}
        for slug in sorted(slugs):
            path = comment_files.comments_path(slug)
            try:
                if (data := self.read_bytes(path, comment_files.MAX_COMMENTS_FILE_BYTES)) is not None:
                    threads[slug] = comment_files.parse_comment_threads(data, path)
            except InvalidInput as error:
                self.problems += error.problems
        return threads

    def read_bytes(self, path: str, max_bytes: int = MAX_SOURCE_BYTES) -> bytes | None:
        try:
            self.root.resolve_path(path)
            return read_source_file(self.folder / path, path, max_bytes)
        except InvalidInput as error:
            fix = "create a show with `podcast-kit init`" if path == SHOW_FILE else ""
            self.problems += [replace(problem, fix=problem.fix or fix) for problem in error.problems]
        except InvalidValue as error:
            self.problems.append(Problem(SourceLocation(path), str(error), error.fix, error.code))
        return None


def _find_broken_episodes(reader: _ProjectReader, errors: list[Problem]) -> tuple[BrokenEpisode, ...]:
    """The episodes whose notes have errors."""
    by_path: dict[str, list[Problem]] = {}
    for error in errors:
        if error.location.path in reader.identities:
            by_path.setdefault(error.location.path, []).append(error)
    return tuple(
        BrokenEpisode(
            slug=reader.identities[path][0], path=path, guid=reader.identities[path][1], problems=tuple(problems)
        )
        for path, problems in by_path.items()
    )


def _without_ignored(warnings: list[Problem], show: Show, texts: list[Episode | OwnPage]) -> Iterator[Problem]:
    """The warnings that neither the show's `ignore:` nor that of their episode or page turns off."""
    ignored_codes = {text.path: set(text.ignore) for text in texts}
    for warning in warnings:
        if warning.code not in show.ignore and warning.code not in ignored_codes.get(warning.location.path, ()):
            yield warning


def _is_dir_entry(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link to itself
        return False


def _find_duplicates(all_episodes: tuple[Episode, ...]) -> list[Problem]:
    """Guids, slugs and numbers that two episodes share."""
    problems: list[Problem] = []
    holders: dict[tuple[str, str], Episode] = {}
    for episode in all_episodes:
        for key, value in (("guid", episode.guid), ("slug", episode.slug.casefold())):
            holder = holders.setdefault((key, value), episode)
            if value and holder is not episode:
                is_slug = key == "slug"
                fix = "give the newer episode another one" if is_slug else "remove the line from the newer episode"
                text = f"{key} {value!r} is also used by {holder.path}"
                code = "slug.unique" if is_slug else "it.guid.unique"
                problems.append(Problem(episode.location_of(key), text, fix, code))
    for (season, number), same_number in episodes.group_by_number(all_episodes).items():
        for episode in same_number[1:]:
            of_season = f" of season {season}" if season else ""
            text = f"number {number}{of_season} is also used by {same_number[0].path}"
            fix = "give each full episode its own number"
            problems.append(Problem(episode.location_of("number"), text, fix, "it.episode", Severity.WARNING))
    return problems
