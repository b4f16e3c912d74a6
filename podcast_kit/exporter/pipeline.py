"""Export a show: what was built as a feed or as another tool's files, or the show's own files as a ZIP file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from podcast_kit.builder import Build
from podcast_kit.errors import Problem, Severity
from podcast_kit.exporter.archive import write_archive
from podcast_kit.exporter.feeds import render_export_feed
from podcast_kit.exporter.hugo import render_hugo_site
from podcast_kit.exporter.limits import list_used_limits
from podcast_kit.exporter.model import ExportFormat, ExportOptions, ExportResult, LeftOut
from podcast_kit.exporter.output import refuse_output, write_output_file, write_output_folder
from podcast_kit.exporter.podlove import render_podlove_export
from podcast_kit.exporter.sources import (
    BROKEN_REASON,
    DRAFT_REASON,
    MEMBERS_REASON,
    SCHEDULED_REASON,
    EpisodeSelection,
    list_source_files,
)
from podcast_kit.io.inside import real_path
from podcast_kit.model import LOCK_FILE, Episode, Progress, Project
from podcast_kit.source import lock

ONLY_IN_ZIP_REASON = "for members (only a zip can hold it, with --members)"
NEVER_PUBLISHED = "its audio was never published, so the address in the export does not answer yet"
PUBLISH_FIX = "run `podcast-kit publish` before another host reads the export"


def export_build(
    build: Build, export_format: ExportFormat, output: Path, options: ExportOptions | None = None
) -> ExportResult:
    """Write the public episodes of a build to `output` in a format other than ZIP. Raises OperationError."""
    options = options or ExportOptions()
    project = build.project
    refuse_output(project, output, export_format, force=options.force)
    written_drafts: tuple[Episode, ...] = ()
    faults: list[tuple[str, str]] = []
    files = 1
    if export_format is ExportFormat.HUGO:
        drafts = (*build.drafts, *build.scheduled) if options.drafts else ()
        written_drafts = tuple(episode for episode in drafts if not episode.audience)
        site = render_hugo_site(build, written_drafts)
        written_bytes, files, faults = write_output_folder(output, site.files), len(site.files), site.left_out
    elif export_format is ExportFormat.PODLOVE:
        podlove = render_podlove_export(build)
        written_bytes, files, faults = write_output_folder(output, podlove.files), len(podlove.files), podlove.left_out
    else:
        data = render_export_feed(build, is_locked=False if export_format is ExportFormat.CASTOPOD else None)
        written_bytes = write_output_file(output, data)
    left_out = [LeftOut(path, reason) for path, reason in faults]
    left_out += [LeftOut(episode.path, DRAFT_REASON) for episode in build.drafts if episode not in written_drafts]
    left_out += [LeftOut(entry.path, SCHEDULED_REASON) for entry in build.scheduled if entry not in written_drafts]
    left_out += [LeftOut(episode.path, BROKEN_REASON) for episode in build.broken]
    members = [episode for episode in project.episodes if episode.guid in build.members_guids]
    left_out += [LeftOut(episode.path, ONLY_IN_ZIP_REASON) for episode in members]
    return ExportResult(
        path=output,
        format=export_format,
        episodes=tuple(item.episode.slug for item in build.items),
        files=files,
        bytes=written_bytes,
        left_out=tuple(sorted(left_out, key=lambda entry: entry.path)),
        limits=list_used_limits(project, export_format),
        problems=tuple(_warn_of_unpublished_media(build)),
    )


def _warn_of_unpublished_media(build: Build) -> list[Problem]:
    published = {entry.guid: entry.media.key for entry in build.project.lock}
    return [
        Problem(item.episode.location_of("audio"), NEVER_PUBLISHED, PUBLISH_FIX, "export.unpublished", Severity.WARNING)
        for item in build.items
        if published.get(item.guid) != item.enclosure.key and "://" not in item.enclosure.key
    ]


def export_sources(
    project: Project,
    output: Path,
    options: ExportOptions | None = None,
    *,
    now: datetime,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> ExportResult:
    """Write the show's own files to `output`, a ZIP file, without secrets. Raises OperationError."""
    options = options or ExportOptions()
    refuse_output(project, output, ExportFormat.ZIP, force=options.force)
    selection = select_episodes(project, options, now)
    files, left_out = list_source_files(project, selection, options, skip=[real_path(output)])
    replaced = _exported_lock(project, selection, options, now)
    size = write_archive(output, project.folder, files, replaced, on_progress)
    return ExportResult(
        path=output,
        format=ExportFormat.ZIP,
        episodes=tuple(episode.slug for episode in selection.exported),
        files=len(files),
        bytes=size,
        left_out=tuple(left_out),
        limits=list_used_limits(project, ExportFormat.ZIP),
    )


def select_episodes(project: Project, options: ExportOptions, now: datetime) -> EpisodeSelection:
    """Which episodes are exported at `now`, and why others are not."""
    exported: list[Episode] = []
    left_out: list[tuple[Episode, str]] = []
    for episode in project.episodes:
        reason = ""
        if episode.audience and not options.members:
            reason = MEMBERS_REASON
        elif not options.drafts and (episode.draft or episode.date is None):
            reason = DRAFT_REASON
        elif not options.drafts and episode.date and episode.date > now:
            reason = SCHEDULED_REASON
        if reason:
            left_out.append((episode, reason))
        else:
            exported.append(episode)
    return EpisodeSelection(tuple(exported), tuple(left_out))


def _exported_lock(
    project: Project, selection: EpisodeSelection, options: ExportOptions, now: datetime
) -> dict[str, bytes]:
    """podcast.lock without what is left out: it names where audio is. Nothing if it stays as it is."""
    guids = {episode.guid for episode, _ in selection.left_out}
    kept = [entry for entry in project.lock if entry.guid not in guids and (options.drafts or entry.date <= now)]
    if not options.members:
        kept = [replace(entry, members=None) for entry in kept]
    return {} if tuple(kept) == project.lock else {LOCK_FILE: lock.render_lock(kept)}
