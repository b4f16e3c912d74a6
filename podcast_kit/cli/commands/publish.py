"""`publish`: publish everything that is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, load_show, load_show_settings, parse_build_date
from podcast_kit.cli.builds import prepare_with_progress
from podcast_kit.cli.ci_reports import describe_ci_run
from podcast_kit.cli.consents import ALLOW_COMMAND_OPTION, ask_command_consent
from podcast_kit.cli.console import Console
from podcast_kit.cli.last_runs import RunRecord
from podcast_kit.cli.options import (
    AHEAD_OPTION,
    AT_OPTION,
    JOBS_OPTION,
    REFRESH_OPTION,
    RETAG_OPTION,
    WORKERS_OPTION,
    YES_OPTION,
    allows_unprotected_writes,
    complete_slugs,
    resolve_episode,
    target_options,
    unprotected_writes_option,
)
from podcast_kit.cli.plan_view import (
    added_entries_line,
    append_github_summary,
    print_plan,
    print_plan_document,
    summarize_plan,
)
from podcast_kit.cli.progress import UploadProgress
from podcast_kit.cli.questions import confirm_action, is_interactive
from podcast_kit.cli.subscriber_list import fetch_subscriber_list
from podcast_kit.cli.unchanged_shows import UnchangedShow, finish_unchanged_show, is_nothing_to_do
from podcast_kit.errors import ExitCode

if TYPE_CHECKING:
    from podcast_kit.plan.planfile import PlanFile
    from podcast_kit.publish.prepared import PreparedPublish, PublishOptions


@command("publish", for_shows=True, short_help="Publish what is due: media, pages, and the feed last.")
@click.argument("episodes", metavar="[EPISODE]...", nargs=-1, shell_complete=complete_slugs)
@click.option(
    "--plan", "plan_path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Apply a saved plan."
)
@target_options
@AT_OPTION
@AHEAD_OPTION
@RETAG_OPTION
@REFRESH_OPTION
@JOBS_OPTION
@WORKERS_OPTION
@YES_OPTION
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would change, as `plan` does.")
@click.option("--only", type=click.Choice(["feed"]), help="`feed`: publish everything except audio.")
@click.option("--remove", metavar="EPISODE", multiple=True, help="Allow removing this episode.")
@click.option(
    "--allow",
    type=click.Choice(["removed", "guids", "replaced", "revoked"]),
    multiple=True,
    help="Allow removing any episode, changing any guid, replacing files of other programs, or deleting most private "
    "feeds.",
)
@click.option(
    "--take-back",
    metavar="EPISODE",
    multiple=True,
    shell_complete=complete_slugs,
    help="Publish an older version over a newer one (an episode, `show`, `templates`, `subscribers` or `all`).",
)
@ALLOW_COMMAND_OPTION
@click.option("--release", is_flag=True, help="End the hold that `rollback --hold` placed.")
@click.option("--keep-going", is_flag=True, help="Publish the other episodes when some have errors.")
@unprotected_writes_option
@click.option("--announce/--no-announce", default=True, help="Announce new episodes. [default: announce]")
@click.option("--events", is_flag=True, help="Stream progress as JSON lines on stdout.")
@click.option("--check/--no-check", "run_checks", default=True, help="Stop on check errors. [default: check]")
def publish_command(
    console: Console,
    episodes: tuple[str, ...],
    plan_path: Path | None,
    at: str | None,
    ahead: bool,
    retag: tuple[str, ...],
    refresh: bool,
    jobs: int | None,
    workers: str | None,
    yes: bool,
    dry_run: bool,
    only: str | None,
    remove: tuple[str, ...],
    allow: tuple[str, ...],
    take_back: tuple[str, ...],
    allow_command: tuple[str, ...],
    release: bool,
    keep_going: bool,
    allow_unprotected_writes: bool,
    announce: bool,
    events: bool,
    run_checks: bool,
    **target: Any,  # noqa: ANN401  # what target_options take
) -> None:
    """Publish everything that is due: media first, then pages, the feed last.

    With EPISODEs only these, by slug, number, path or guid: every other item, page and lock entry stays as it is live.

    Shows the plan and what subscribers will notice, and asks for confirmation once. Publishing again without changes
    does nothing. A saved plan is applied exactly as it was saved, or not at all. Credentials are looked up as boto3
    does: in the environment, a profile, or an IAM role.

    \b
      podcast-kit publish
      podcast-kit publish 12
      podcast-kit publish --yes --json
      podcast-kit publish --plan friday.plan
    """
    unusual = (
        *(episodes, plan_path, at, ahead, retag, refresh, workers, dry_run, only, remove, allow, take_back),
        *(allow_command, release, keep_going, *target.values()),
    )
    is_usual = announce and run_checks and not any(unusual)
    record = RunRecord(console, "publish", UnchangedShow.from_json, is_usual=is_usual)
    if is_nothing_to_do(console, record, events=events):
        return
    from podcast_kit.publish.prepared import PublishOptions

    _refuse_plan_as_episode(episodes)
    saved_plan = _load_plan(plan_path)
    ci, ci_run = describe_ci_run()
    if saved_plan:
        at, ahead, retag = saved_plan.now.isoformat(), saved_plan.ahead, saved_plan.retag
    yes = yes or saved_plan is not None
    options = PublishOptions(
        retag=retag,
        ahead=ahead,
        refresh=refresh,
        feed_only=only == "feed",
        run_checks=run_checks,
        remove=remove,
        allow=allow,
        keep_going=keep_going,
        release=release,
        only=episodes or None,
        allow_unprotected_writes=allows_unprotected_writes(is_allowed=allow_unprotected_writes),
        announce=announce,
        ci=ci,
        ci_run=ci_run,
    )
    if not dry_run and saved_plan is None and (settings := load_show_settings(console)):
        fetch_subscriber_list(console, settings, allow_command, keeps_old=True)
    prepared = prepare_with_progress(
        console,
        lambda: load_show(console, add_guids=True, keep_going=keep_going),
        parse_build_date(at),
        options,
        saved_plan,
        target=target,
        use_fast_path=not dry_run,
        jobs=jobs,
        cluster=workers,
        on_built=record.stamp_build,
    )
    if prepared.recorded_at is None and (dry_run or not ((console.as_json or events) and yes)):
        print_plan(
            console,
            prepared,
            as_info=not dry_run and yes,
            with_conflicts=dry_run or (not yes and is_interactive()),
            with_errors=dry_run or bool(options.allow),
        )
    if dry_run:
        print_plan_document(console, "publish", prepared)
        _save_plan(console, prepared, options)
        return
    options = replace(
        options,
        remove=_resolve_removed(prepared, remove),
        take_back=_confirm_take_back(prepared, _resolve_take_back(prepared, take_back), yes=yes),
    )
    ask_command_consent(console, prepared, allow_command)
    progress = _carry_out(console, prepared, options, yes=yes, events=events)
    if prepared.plan:
        _print_published(console, prepared, progress, events=events)
    else:
        finish_unchanged_show(console, prepared, record, events=events)
    if prepared.build.broken:
        console.info(f"not published: {', '.join(episode.slug for episode in prepared.build.broken)} (errors above)")
        click.get_current_context().exit(ExitCode.FAILED)


def _carry_out(
    console: Console, prepared: PreparedPublish, options: PublishOptions, *, yes: bool, events: bool
) -> UploadProgress:
    """Publish what is planned, once it is confirmed; returns what was sent."""
    from podcast_kit.publish import publishing

    progress = UploadProgress(console, prepared.plan, events=events)
    for outcome in publishing.carry_out(
        prepared,
        now=datetime.now(UTC),
        options=options,
        confirm=lambda _: _confirm_publish(yes=yes),
        on_warnings=console.problems,
        on_start=lambda _: progress.start(),
        on_sent=progress.add_sent,
    ):
        progress.add_outcome(outcome)
    console.clear_progress()
    if line := added_entries_line(prepared.added_entries):
        console.info(line)
    return progress


def _save_plan(console: Console, prepared: PreparedPublish, options: PublishOptions) -> None:
    """Keep the plan of a dry run for the question that is asked once for several shows."""
    from podcast_kit.plan import planfile

    console.summary = summarize_plan(prepared.plan) if prepared.plan else "nothing to publish"
    if prepared.plan:
        console.saved_plan = planfile.render_plan_file(
            prepared.plan, prepared.store.name, prepared.due, ahead=options.ahead, retag=tuple(options.retag)
        )


def _print_published(console: Console, prepared: PreparedPublish, progress: UploadProgress, *, events: bool) -> None:
    append_github_summary(console, "publish", prepared)
    uploads = sum(change.uploads for change in prepared.plan.pending)
    if prepared.build.ahead_slugs:
        console.info("podcast.lock has the addresses of early files: commit it to a private repository only")
    if not events:
        print_plan_document(console, "publish", prepared, uploaded=uploads, **progress.to_json(prepared.store))
        console.result(prepared.build.project.show.feed_url)
    console.summarize(f"published {summarize_plan(prepared.plan)}{progress.summary(prepared.store)}")


def _refuse_plan_as_episode(names: tuple[str, ...]) -> None:
    """Raise click.UsageError for a saved plan among the episodes, where it had its place before."""
    for name in names:
        if name.endswith(".plan") and Path(name).is_file():
            raise click.UsageError(f"{name} is a file: to apply a saved plan, pass --plan {name}")


def _load_plan(path: Path | None) -> PlanFile | None:
    from podcast_kit.plan import planfile
    from podcast_kit.source.yaml import read_source_file

    if path is None:
        return None
    return planfile.parse_plan_file(read_source_file(path, str(path), planfile.MAX_BYTES), str(path))


def _resolve_removed(prepared: PreparedPublish, names: tuple[str, ...]) -> tuple[str, ...]:
    """The guids of the episodes that `--remove` names. Raises click.BadParameter."""
    from podcast_kit.source.episode_names import resolve_guids
    from podcast_kit.source.yaml import InvalidValue

    changed_guids = {change.guid for change in prepared.subscriber_changes}
    try:
        return tuple(resolve_guids(prepared.build.project, names, changed_guids))
    except InvalidValue as error:
        raise click.BadParameter(f"{error} ({error.fix})", param_hint="--remove") from None


def _resolve_take_back(prepared: PreparedPublish, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the conflicts that `--take-back` means. Raises click.BadParameter."""
    from podcast_kit.publish.conflicts import UNIT_PATHS

    if "all" in names:
        return tuple(conflict.name for conflict in prepared.conflicts)
    return tuple(
        name if name in UNIT_PATHS else resolve_episode(name, prepared.build.project, "--take-back").slug
        for name in names
    )


def _confirm_take_back(prepared: PreparedPublish, names: tuple[str, ...], *, yes: bool) -> tuple[str, ...]:
    """The names, and on a terminal those of the other conflicts to which the answer is yes."""
    if yes or not is_interactive():
        return names
    titles = {conflict.name: conflict.title or conflict.name for conflict in prepared.conflicts}
    newer = {conflict.name for conflict in prepared.conflicts if not conflict.is_unknown}
    confirmed = [
        name
        for name, title in titles.items()
        if name not in names
        and click.confirm(f"Replace the {'newer' if name in newer else 'live'} version of {title}?", err=True)
    ]
    return (*names, *confirmed)


def _confirm_publish(*, yes: bool) -> bool:
    confirm_action("Publish?", "pass --yes, or preview with `podcast-kit plan`", yes=yes)
    return True
