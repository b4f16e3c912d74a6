"""Refuses what must not be published: what harms subscribers or others' work, and what the checks reject."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity
from podcast_kit.model import Wave
from podcast_kit.model.lineage import EPISODE_UNIT
from podcast_kit.plan import Change, Plan
from podcast_kit.plan.subscriber_changes import ChangeKind, refuse_harmful_changes
from podcast_kit.publish.base import read_folder_versions
from podcast_kit.publish.conflicts import describe_publication, refuse_source_conflicts
from podcast_kit.publish.prepared import PreparedPublish, PublishOptions
from podcast_kit.publish.purge import list_changed_keys, require_command_consent
from podcast_kit.publish.record import first_publications
from podcast_kit.publish.store_plan import REVOKED_FEEDS_CODE, UNKNOWN_FILES_CODE

ALLOWED_NOTICES = {UNKNOWN_FILES_CODE: "replaced", REVOKED_FEEDS_CODE: "revoked"}
"""Code of an error that the plan shows → the word of `--allow` that turns it off, if it is not `removed`."""

ALLOWED_RULES = {"guids": "it.guid.stable"}
"""Word of `--allow` → the check rule that it turns off."""


def refuse_harm(
    prepared: PreparedPublish,
    options: PublishOptions,
    now: datetime,
    on_warnings: Callable[[tuple[Problem, ...]], None],
) -> None:
    """Refuse what must not be published: another show's place, removed episodes, older sources, errors, recordings."""
    errors = [
        notice
        for notice in prepared.notices
        if notice.severity is Severity.ERROR
        and ALLOWED_NOTICES.get(notice.code, "removed") not in options.allow
        and not (notice.code == UNKNOWN_FILES_CODE and "removed" in options.allow)
    ]
    if errors:
        raise InvalidInput(errors)
    origins = _describe_removed(prepared, now)
    refuse_harmful_changes(prepared.subscriber_changes, remove=options.remove, allow=options.allow, origins=origins)
    refuse_source_conflicts(prepared.conflicts, options.take_back, now)
    if options.run_checks:
        _run_checks(prepared, options.allow, on_warnings)
    if options.feed_only:
        _refuse_recordings(prepared.plan)
    if list_changed_keys(prepared.plan):
        require_command_consent(prepared.build.project.show.publish, prepared.build.project.folder)


def _describe_removed(prepared: PreparedPublish, now: datetime) -> dict[str, str]:
    """Guid of each removed episode that never was in this checkout → who published it, in words."""
    record, project = prepared.record, prepared.build.project
    removed = [change.guid for change in prepared.subscriber_changes if change.kind is ChangeKind.REMOVED]
    if record is None or not removed:
        return {}
    base = read_folder_versions(project.folder, prepared.store.name).base
    added = {entry.guid for entry in prepared.added_entries}
    was_here = (
        {unit.removeprefix(EPISODE_UNIT) for unit, parts in base.items() if parts}
        if base is not None
        else {entry.guid for entry in project.lock} - added
    )
    publications = first_publications(record, removed)
    return {
        guid: describe_publication(publications[guid], now) if guid in publications else "published"
        for guid in removed
        if guid not in was_here
    }


def _run_checks(
    prepared: PreparedPublish, allow: Collection[str], on_warnings: Callable[[tuple[Problem, ...]], None]
) -> None:
    """Report the warnings of the checks, then raise InvalidInput with the errors that `allow` does not turn off."""
    from podcast_kit import check  # a run that publishes nothing does not need it

    build = prepared.build
    reported = {*build.problems, *build.errors}
    problems = [problem for problem in check.check_build(build, now=prepared.due) if problem not in reported]
    allowed = {ALLOWED_RULES[word] for word in allow if word in ALLOWED_RULES}
    errors = [problem for problem in problems if problem.severity is Severity.ERROR and problem.code not in allowed]
    on_warnings(tuple(problem for problem in problems if problem.severity is Severity.WARNING))
    if errors:
        raise InvalidInput(errors)


def _refuse_recordings(plan: Plan) -> None:
    """Raise OperationError when recordings would be uploaded; images, transcripts and chapters may be."""
    keys = [change.key for change in plan.wave(Wave.MEDIA) if change.uploads and _is_recording(change)]
    if keys:
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        text = f"--only feed, but {keys[0]}{more} is not published yet"
        raise OperationError(text, "publish where the recordings are")


def _is_recording(change: Change) -> bool:
    return change.output is not None and change.output.content_type.startswith(("audio/", "video/"))
