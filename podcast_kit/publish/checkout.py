"""The checkout that publishes: its commit, which of its files are committed, and what the publish records of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from podcast_kit.builder import Build
from podcast_kit.builder.source_versions import path_in_show
from podcast_kit.model import NETWORK_FILE, SHOW_FILE, Project
from podcast_kit.model.lineage import (
    EPISODE_UNIT,
    SHARED_PREFIX,
    SHOW_UNIT,
    SUBSCRIBERS_UNIT,
    History,
    Publication,
    SourceParts,
)
from podcast_kit.plan import Plan
from podcast_kit.publish.lineage import LineageUpdate, list_new_versions
from podcast_kit.publish.record import StoreRecord, digest_lock, render_lock_entry
from podcast_kit.publish.state_writer import replaced_feed_number
from podcast_kit.source.git_history import read_git_history


@dataclass(frozen=True, slots=True)
class Checkout:
    """Who publishes, and the units whose files are as in the commit."""

    publication: Publication
    committed_units: frozenset[str] = frozenset()


def describe_publisher(folder: Path, now: datetime, ci: str, ci_run: str) -> Publication:
    """Who publishes from a folder; neither the names of the user and of the computer nor paths are recorded."""
    git = read_git_history(folder)
    commit = git.head if {SHOW_FILE, NETWORK_FILE} & git.list_tracked() else ""
    return Publication(at=now.astimezone(UTC).isoformat(timespec="seconds"), commit=commit, ci=ci, run=ci_run)


def read_checkout(build: Build, now: datetime, ci: str, ci_run: str) -> Checkout:
    """The checkout of a build."""
    folder = build.project.folder
    git = read_git_history(folder)
    publication = describe_publisher(folder, now, ci, ci_run)
    if not publication.commit:
        return Checkout(publication)
    uncommitted = git.list_uncommitted()
    committed = git.list_tracked() - uncommitted
    show_file = SHOW_FILE if build.project.listed_shows is None else NETWORK_FILE
    paths = {SHOW_UNIT: show_file} | {EPISODE_UNIT + item.guid: item.episode.path for item in build.items}
    if shared_folder := build.project.shared_folder:
        committed |= _list_committed_shared(shared_folder, folder)
    committed_units = frozenset(
        unit
        for unit, parts in build.sources.items()
        if {*([paths[unit]] if unit in paths else []), *_list_part_files(build.project, parts)} <= committed
    )
    has_uncommitted = not build.sources.keys() - {SUBSCRIBERS_UNIT} <= committed_units
    if not any(path.endswith(".md") for path in uncommitted):  # what was removed was removed in a commit
        committed_units |= {EPISODE_UNIT + entry.guid for entry in build.project.lock} - build.sources.keys()
    return Checkout(replace(publication, has_uncommitted=has_uncommitted), committed_units)


def _list_part_files(project: Project, parts: SourceParts) -> set[str]:
    """The files that the parts of a unit are in, besides the one that the unit is named after."""
    files = {part for part in parts if "." in part}
    if project.shared_folder and any(part.startswith(SHARED_PREFIX) for part in parts):
        files.add(path_in_show(project.shared_folder / NETWORK_FILE, project.folder))
    return files


def _list_committed_shared(shared_folder: Path, folder: Path) -> set[str]:
    """The committed files of a show's network, by their paths from the show's folder."""
    git = read_git_history(shared_folder)
    names = git.list_tracked() - git.list_uncommitted()
    return {path_in_show(shared_folder / name, folder) for name in names if not name.startswith("../")}


def make_lineage(build: Build, record: StoreRecord | None, plan: Plan, checkout: Checkout) -> LineageUpdate | None:
    """What a publish records of its sources; None where the store was not read.

    Episodes that stay as they are live keep their version, and so does the list of subscribers where there is none.
    Of episodes that are not out yet nothing is recorded.
    """
    if record is None:
        return None
    live_sources = record.state.sources
    kept_units = {SUBSCRIBERS_UNIT, *(EPISODE_UNIT + guid for guid in build.held_guids)}
    sources = {**{unit: parts for unit, parts in live_sources.items() if unit in kept_units}, **build.sources}
    published_guids = {*plan.state.slugs, *(item.guid for item in build.items)}
    embargoed_guids = {episode.guid for episode in build.scheduled}
    live_entries = {entry.guid: entry for entry in record.live_lock()}
    entries = [entry for entry in build.lock if entry.guid in published_guids - embargoed_guids]
    entries += [entry for guid, entry in live_entries.items() if guid in embargoed_guids]
    lock_digest = digest_lock(entries)
    recent = History()
    if sources != live_sources or lock_digest != record.state.lock_digest:
        recent = History(
            versions=list_new_versions(
                record.history,
                live_sources,
                sources,
                checkout.publication,
                checkout.committed_units,
                replaced_feed_number(plan),
            ),
            lock={entry.guid: render_lock_entry(entry) for entry in entries if live_entries.get(entry.guid) != entry},
        )
    return LineageUpdate(publication=checkout.publication, sources=sources, lock_digest=lock_digest, recent=recent)
