"""`unpublish`: take a published episode back."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.builds import prepare_with_progress
from podcast_kit.cli.ci_reports import describe_ci_run
from podcast_kit.cli.consents import ask_command_consent
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import (
    YES_OPTION,
    allows_unprotected_writes,
    complete_slugs,
    override_target,
    resolve_episode,
    target_options,
    unprotected_writes_option,
)
from podcast_kit.cli.outcomes import print_outcomes
from podcast_kit.cli.plan_view import print_plan, print_plan_document
from podcast_kit.cli.questions import confirm_action
from podcast_kit.errors import OperationError

if TYPE_CHECKING:
    from podcast_kit.model import Episode, Project


@command("unpublish", short_help="Take a published episode back.")
@click.argument("name", metavar="EPISODE", shell_complete=complete_slugs)
@target_options
@YES_OPTION
@unprotected_writes_option
def unpublish_command(
    console: Console,
    name: str,
    yes: bool,
    allow_unprotected_writes: bool,
    **target: Any,  # noqa: ANN401  # what target_options take
) -> None:
    """Remove an episode from the feed and the pages: its notes become a draft, and the show is published without it.

    Shows the plan and what subscribers will notice, and asks for confirmation once. The episode's files stay in the
    store until `prune` deletes them, and its guid stays in podcast.lock: without `draft`, it is published again.

    \b
      podcast-kit unpublish 12
      podcast-kit unpublish 012-more-social --yes
    """
    from podcast_kit.publish import publishing
    from podcast_kit.publish.prepared import PublishOptions

    show = override_target(load_show(console, add_guids=True), **target)
    episode = resolve_episode(name, show, "EPISODE")
    if episode.draft:
        raise OperationError(f"{os.path.relpath(show.folder / episode.path)} is a draft already", "nothing to do")
    ci, ci_run = describe_ci_run()
    options = PublishOptions(
        announce=False,
        remove=(episode.guid,),
        ci=ci,
        ci_run=ci_run,
        allow_unprotected_writes=allows_unprotected_writes(is_allowed=allow_unprotected_writes),
    )
    now = datetime.now(UTC)
    prepared = prepare_with_progress(console, lambda: _with_draft(show, episode), now, options, target=target)
    print_plan(console, prepared, as_info=yes, with_errors=False)
    ask_command_consent(console, prepared)
    outcomes = publishing.carry_out(
        prepared,
        now=now,
        options=options,
        confirm=lambda _: _confirm_unpublish(show, episode, yes=yes),
        on_warnings=console.problems,
    )
    print_outcomes(console, outcomes)
    if not prepared.plan:
        _write_draft(show, episode)
    print_plan_document(console, "unpublish", prepared)
    console.result(os.path.relpath(show.folder / episode.path))
    console.info(f"“{episode.title}” is a draft now; its files stay in {prepared.store.name} until `podcast-kit prune`")


def _with_draft(show: Project, episode: Episode) -> Project:
    others = tuple(replace(other, draft=True) if other is episode else other for other in show.episodes)
    return replace(show, episodes=others)


def _confirm_unpublish(show: Project, episode: Episode, *, yes: bool) -> bool:
    """Ask, then make the notes a draft: they are what the feed is about to say."""
    question = f"Unpublish “{episode.title}”? It disappears from apps; those who downloaded it keep their copy."
    confirm_action(question, yes=yes)
    _write_draft(show, episode)
    return True


def _write_draft(show: Project, episode: Episode) -> None:
    from podcast_kit.source import scaffold

    scaffold.write_draft_line(show.folder, str(episode.path))
