"""Sources that are older than what is live: publishing them would take back what someone else published.

The record has the version of each unit that is live, and the history those that were. Git, or the versions that this
folder had, tell whether a change was made on top of the live version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from podcast_kit.builder import Build
from podcast_kit.errors import InvalidInput, Problem, PublishConflict, SourceLocation
from podcast_kit.feed import parse_feed
from podcast_kit.model import NETWORK_FILE, PAGES_DIR, SHOW_FILE, STATIC_DIR
from podcast_kit.model.lineage import (
    EPISODE_UNIT,
    PAGES_UNIT,
    RECORDING_PART,
    SHARED_PREFIX,
    SHOW_UNIT,
    STATIC_UNIT,
    SUBSCRIBERS_UNIT,
    TEMPLATES_UNIT,
    Publication,
    SourceParts,
    UnitVersion,
    digest_file_part,
)
from podcast_kit.publish.base import FolderVersions
from podcast_kit.publish.lineage import live_history
from podcast_kit.publish.record import StoreRecord
from podcast_kit.source.git_history import GitHistory, is_unreadable_repository, read_git_history
from podcast_kit.source.source_text import parse_source_text
from podcast_kit.source.subscribers import SUBSCRIBERS_FILE, SUBSCRIBERS_VARIABLE
from podcast_kit.stores.lineage import MAX_VERSIONS
from podcast_kit.text.dates import format_age

MAX_PARTS_SHOWN = 4
UNIT_PATHS = {
    SHOW_UNIT: SHOW_FILE,
    TEMPLATES_UNIT: "templates",
    PAGES_UNIT: PAGES_DIR,
    STATIC_UNIT: STATIC_DIR,
    SUBSCRIBERS_UNIT: SUBSCRIBERS_FILE,
}
"""Unit that is not an episode → the file or folder that it is made from."""
OLDER_CODE, NEWER_CODE = "pb.older", "pb.newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConflict:
    """A unit whose live version this checkout does not have."""

    unit: str
    name: str
    """The slug, or `show` or `templates`: what `--take-back` names it by."""
    path: str
    title: str
    """Of the episode here; empty for the show."""
    live_title: str
    parts: tuple[str, ...]
    """What differs, and would be taken back."""
    is_older: bool
    """Whether these parts go back to an earlier version; else they are another edit of an earlier version."""
    live: Publication | None = None
    """Who published the live version."""
    earlier: Publication | None = None
    """Who published the version that this checkout has."""
    is_shallow: bool = False
    """Whether the clone lacks earlier commits, which could show that the change was meant."""
    is_in_git: bool = False
    is_unknown: bool = False
    """Whether nothing tells which version these parts were edited from: neither git nor this folder."""
    is_removed: bool = False
    """Whether the episode was removed from the feed, and would be published again."""


def find_source_conflicts(
    build: Build, record: StoreRecord, folder_versions: FolderVersions
) -> tuple[SourceConflict, ...]:
    """The units of a build that would replace a live version that they were not made from."""
    live_sources = record.state.sources
    changed = {
        unit: parts for unit, parts in build.sources.items() if unit in live_sources and parts != live_sources[unit]
    }
    again = {unit: parts for unit, parts in build.sources.items() if unit not in live_sources}
    if not changed and not (live_sources and again):
        return ()
    judge = _Judge(build.project.folder, record, folder_versions)
    paths = {EPISODE_UNIT + item.guid: item.episode for item in build.items}
    live_titles = _read_live_titles(record.state.feed.content if record.state.feed else b"")
    conflicts = []
    for unit, parts in sorted({**changed, **again}.items()):
        episode = paths.get(unit)
        path = episode.path if episode else UNIT_PATHS[unit]
        if path == SHOW_FILE and build.project.listed_shows is not None:
            path = NETWORK_FILE
        groups = judge.find_conflicting_parts(unit, path, parts) if unit in changed else judge.find_removed(unit, parts)
        conflicts += [
            SourceConflict(
                unit=unit,
                name=episode.slug if episode else unit,
                path=path,
                title=episode.title if episode else "",
                live_title=live_titles.get(episode.guid, "") if episode else "",
                parts=group.parts,
                is_older=group.is_older,
                live=judge.live_publication(unit),
                earlier=judge.find_earlier(unit, parts, group.parts),
                is_shallow=judge.git.is_shallow,
                is_in_git=bool(judge.tracked & {SHOW_FILE, NETWORK_FILE}),
                is_unknown=group.is_unknown,
                is_removed=unit in again,
            )
            for group in groups
        ]
    return tuple(conflicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ConflictingParts:
    """The parts of a unit that would take back what is live, for the same reason."""

    parts: tuple[str, ...]
    is_older: bool = False
    is_unknown: bool = False


class _Judge:
    """Decides for each part of a unit whether its change was made on top of the live version."""

    def __init__(self, folder: Path, record: StoreRecord, folder_versions: FolderVersions) -> None:
        self.folder, self.record, self.folder_versions = folder, record, folder_versions
        self._ancestors: dict[str, bool | None] = {}
        self._contents: dict[str, tuple[bytes, ...]] = {}

    @cached_property
    def git(self) -> GitHistory:
        return read_git_history(self.folder)

    @cached_property
    def tracked(self) -> frozenset[str]:
        return self.git.list_tracked()

    @cached_property
    def is_in_git(self) -> bool:
        """Whether the show is in git, also where git cannot be asked, as in CI images that lack it."""
        return bool(self.tracked & {SHOW_FILE, NETWORK_FILE}) or is_unreadable_repository(self.folder)

    def find_conflicting_parts(self, unit: str, path: str, parts: SourceParts) -> Iterator[_ConflictingParts]:
        """The parts that would take back what is live: first where that is sure, then where nothing tells."""
        live = self.record.state.sources[unit]
        live_version, earlier, later = self._split_history(unit)
        conflicting: list[str] = []
        newer: list[str] = []
        unknown: list[str] = []
        for part in sorted(parts.keys() | live.keys()):
            if parts.get(part) == live.get(part):
                continue
            is_older = any(version.parts.get(part) == parts.get(part) for version in earlier)
            is_on_top = self._is_on_top(unit, part, path, live, live_version, earlier)
            if is_on_top is False or (is_on_top is None and is_older):
                conflicting.append(part)
                newer += [] if is_older else [part]
            elif is_on_top is None and not self._may_be_on_top(unit, part, parts, later):
                unknown.append(part)
        if conflicting:
            yield _ConflictingParts(parts=tuple(conflicting), is_older=not newer)
        if unknown:
            yield _ConflictingParts(parts=tuple(unknown), is_unknown=True)

    def find_removed(self, unit: str, parts: SourceParts) -> Iterator[_ConflictingParts]:
        """All parts of an episode that was removed from the feed, unless this checkout shows that it knows that."""
        rows = self.record.history.versions.get(unit, ())
        if not rows or rows[-1].parts:  # it is new, or a rollback took it back
            return
        removal = rows[-1]
        is_ancestor = self._is_ancestor(removal.publication.commit) if removal.is_committed else None
        had = self.folder_versions
        known = [versions[unit] for versions in (had.base or {}, had.begun, *had.elsewhere) if unit in versions]
        is_known_here = bool(known) and not all(known)
        is_earlier = bool(known) or any(version.parts == parts for version in rows)
        if is_ancestor or (is_ancestor is None and is_known_here):
            return
        if is_ancestor is False or is_earlier or not self.is_in_git:
            yield _ConflictingParts(parts=tuple(sorted(parts)), is_older=True)

    def live_publication(self, unit: str) -> Publication | None:
        """Who published the live version of a unit, or removed it, as far as the record knows."""
        rows = self.record.history.versions.get(unit, ())
        if rows and unit not in self.record.state.sources:
            return rows[-1].publication
        live_version, *_ = self._split_history(unit)
        return live_version.publication if live_version else self.record.state.publication

    def find_earlier(self, unit: str, parts: SourceParts, conflicting: Collection[str]) -> Publication | None:
        """Who last published these parts as they are here."""
        _, earlier, _ = self._split_history(unit)
        for version in reversed(earlier):
            if all(version.parts.get(part) == parts.get(part) for part in conflicting):
                return version.publication
        return None

    def _split_history(self, unit: str) -> tuple[UnitVersion | None, tuple[UnitVersion, ...], tuple[UnitVersion, ...]]:
        """The live version, those before, and those after it; None where the history does not have the live one."""
        live = self.record.state.sources.get(unit)
        rows = live_history(self.record.history, unit, live)
        later = self.record.history.versions.get(unit, ())[len(rows) :]
        if unit.startswith(EPISODE_UNIT):
            rows = tuple(version for version in rows if version.parts)
        return (rows[-1], rows[:-1], later) if rows and rows[-1].parts == live else (None, rows, later)

    def _may_be_on_top(self, unit: str, part: str, parts: SourceParts, later: tuple[UnitVersion, ...]) -> bool:
        """Whether a part of which nothing tells what it was edited from is published nevertheless.

        A clone without the whole history cannot tell it of any new commit, and it is the newest commit as a rule. A
        version that a rollback took back was made on top of the one that is live again.
        """
        was_here = self.folder_versions.base is not None and unit in self.folder_versions.base
        is_rolled_back = any(version.parts.get(part) == parts.get(part) for version in later)
        return self.is_in_git or was_here or is_rolled_back

    def _is_on_top(
        self,
        unit: str,
        part: str,
        path: str,
        live: SourceParts,
        live_version: UnitVersion | None,
        earlier: tuple[UnitVersion, ...],
    ) -> bool | None:
        """Whether a part was changed from the live version; None where neither git nor this folder can tell."""
        was_in_folder = self._had_in_folder(unit, part, live, earlier)
        if part == RECORDING_PART:  # often not in git
            return was_in_folder
        is_committed = live_version is not None and live_version.is_committed
        is_ancestor = self._is_ancestor(live_version.publication.commit) if live_version and is_committed else None
        if is_ancestor or (was_in_folder and is_ancestor is None):
            return True
        if self._had_in_git(unit, part, path, live.get(part)):
            return True
        if is_ancestor is False or was_in_folder is False:
            return False
        # All of the history is here, and the live version is not in it.
        is_complete = bool(self.git.head) and not self.git.is_shallow and self._source_path(part, path) in self.tracked
        return False if is_complete else None

    def _is_ancestor(self, commit: str) -> bool | None:
        if commit not in self._ancestors:
            self._ancestors[commit] = self.git.is_ancestor(commit)
        return self._ancestors[commit]

    def _had_in_folder(self, unit: str, part: str, live: SourceParts, earlier: tuple[UnitVersion, ...]) -> bool | None:
        """Whether this folder had the live version; None where it never had a version that the history has."""
        had = self.folder_versions
        base = had.base or {}
        others = (had.begun,) if unit in base else (had.begun, *had.elsewhere)
        if any(unit in versions and versions[unit].get(part) == live.get(part) for versions in (base, *others)):
            return True
        if unit not in base:
            return None
        digest = base[unit].get(part)
        # A version that the history no longer has was set back by a rollback, unless the history is full.
        is_earlier = len(earlier) + 1 >= MAX_VERSIONS or any(version.parts.get(part) == digest for version in earlier)
        return False if is_earlier else None

    def _source_path(self, part: str, path: str) -> str:
        """The file that a part is in: a part that is a file is named by its path."""
        if part.startswith(SHARED_PREFIX):
            return NETWORK_FILE  # above the show, so that nothing here tells its versions
        return part if "/" in part or part in self.tracked else path

    def _file_versions(self, path: str) -> tuple[bytes, ...]:
        if path not in self._contents:
            self._contents[path] = self.git.file_versions(path)
        return self._contents[path]

    def _had_in_git(self, unit: str, part: str, path: str, live_digest: str | None) -> bool:
        """Whether the history of what is checked out has the live version of a part."""
        source_path = self._source_path(part, path)
        if source_path not in self.tracked:
            return False
        for content in self._file_versions(source_path):
            if source_path == part:
                parts: SourceParts = {part: digest_file_part(part, content)}
            else:
                parts = parse_source_text(content, source_path, is_show=unit == SHOW_UNIT).parts
            if parts and parts.get(part) == live_digest:
                return True
        return False


def _read_live_titles(feed: bytes) -> dict[str, str]:
    try:
        return {item.child_text("guid"): item.child_text("title") for item in parse_feed(feed, "feed").items}
    except InvalidInput:
        return {}


def refuse_source_conflicts(conflicts: Collection[SourceConflict], take_back: Collection[str], now: datetime) -> None:
    """Raise PublishConflict for the units that `take_back` does not name."""
    problems = [conflict_problem(conflict, now) for conflict in conflicts if conflict.name not in take_back]
    if problems:
        text = "what is live is newer than this checkout, and would be taken back"
        raise PublishConflict(text, "get the newer files, then publish again", problems)


def conflict_problem(conflict: SourceConflict, now: datetime) -> Problem:
    """What would be taken back, both versions, and what to do."""
    *first, last = _name_parts(conflict)
    parts = f"{', '.join(first)} and {last}" if first else last
    subject = f"{parts} of “{conflict.title}”" if conflict.title else f"{parts} of the {conflict.name}"
    if conflict.unit == SUBSCRIBERS_UNIT:
        subject = "the list of private feeds"
    live = describe_publication(conflict.live, now) if conflict.live else ""
    live_title = f"“{conflict.live_title}”" if conflict.live_title not in {"", conflict.title} else ""
    live_text = ", ".join(filter(None, (live_title, live)))
    if conflict.is_removed:
        return _removed_problem(conflict, live)
    is_plural = bool(first) or (last.endswith("s") and last != "address")
    if conflict.is_unknown:
        return _unknown_base_problem(conflict, subject, live_text, is_plural=is_plural)
    if conflict.is_older:
        earlier = (
            f"; this checkout has the version {describe_publication(conflict.earlier, now)}"
            if (conflict.earlier)
            else ""
        )
        text = f"{subject} would go back to an earlier version: live is {live_text or 'a newer one'}{earlier}"
    else:
        verb = "were" if is_plural else "was"
        text = f"{subject} {verb} edited here on top of an older version: live is {live_text or 'a newer one'}"
    goal = "go back on purpose" if conflict.is_older else "replace the newer version on purpose"
    fix = f"{_update_fix(conflict)}, then publish again; to {goal}: --take-back {conflict.name}"
    code = OLDER_CODE if conflict.is_older else NEWER_CODE
    return Problem(SourceLocation(conflict.path), text, fix, code)


def _update_fix(conflict: SourceConflict) -> str:
    """How to bring the checkout up to date."""
    how = "run `git pull`" if conflict.is_in_git else "copy the newer files from the other computer"
    if conflict.unit == SUBSCRIBERS_UNIT:
        how += f", or in CI update {SUBSCRIBERS_VARIABLE}"
    shallow = ", or in CI check out with the whole history (fetch-depth: 0)" if conflict.is_shallow else ""
    return how + shallow


def _removed_problem(conflict: SourceConflict, live: str) -> Problem:
    """That an episode was removed from the feed, and would be published again."""
    text = f"“{conflict.title}” was removed from the feed, and would be published again: the show without it was {live}"
    goal = "publish the episode again on purpose"
    fix = f"{_update_fix(conflict)}, then publish again; to {goal}: --take-back {conflict.name}"
    return Problem(SourceLocation(conflict.path), text, fix, OLDER_CODE)


def _unknown_base_problem(conflict: SourceConflict, subject: str, live_text: str, *, is_plural: bool) -> Problem:
    """That a part differs from what is live, and nothing shows what it was edited from."""
    verb, pronoun, yours = ("differ", "they were", "yours are") if is_plural else ("differs", "it was", "yours is")
    live = f"live is {live_text}" if live_text else "another version is live"
    text = f"{subject} {verb} from what is live, and nothing shows that {pronoun} edited on top of it: {live}"
    copy = "copy the newer files from the other computer, and run `podcast-kit plan` before you edit them"
    fix = f"{copy}; if {yours} the newer version: --take-back {conflict.name}"
    return Problem(SourceLocation(conflict.path), text, fix, NEWER_CODE)


def _name_parts(conflict: SourceConflict) -> Iterator[str]:
    names = [part for part in conflict.parts if part != "slug"] or ["address"]
    yield from names[:MAX_PARTS_SHOWN]
    if len(names) > MAX_PARTS_SHOWN:
        yield f"{len(names) - MAX_PARTS_SHOWN} more"


def describe_publication(
    publication: Publication, now: datetime, find_author: Callable[[str], str] = lambda _: ""
) -> str:
    """When, from which commit and on what kind of machine something was published, in words.

    `find_author` returns the name of a commit's author, as far as this clone knows the commit.
    """
    at = datetime.fromisoformat(publication.at)
    words = [f"published {format_age(now - at)} ({at:%Y-%m-%d %H:%M} UTC)"]
    if publication.ci:
        words.append(f"by {publication.ci}")
        if publication.run:
            is_address = "://" in publication.run
            words.append(f"({publication.run})" if is_address else f"(run {publication.run})")
    else:
        words.append("on a computer outside CI")
    if publication.commit:
        author = find_author(publication.commit)
        words.append(f"from commit {publication.commit[:8]}{f' of {author}' if author else ''}")
    if publication.has_uncommitted:
        words.append("with uncommitted changes")
    return " ".join(words)
