"""Fetches the list of subscribers with the show's own command, once the user has allowed it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.ci_reports import is_pull_request
from podcast_kit.cli.consents import allow_command
from podcast_kit.cli.questions import is_interactive
from podcast_kit.errors import InvalidInput, OperationError, PodcastKitError, Problem, Severity, SourceLocation

if TYPE_CHECKING:
    from podcast_kit.cli.console import Console
    from podcast_kit.model import Project

FETCH_TIMEOUT_S = 120
PRIVATE_SETTINGS = "private"
FETCH_CODE = "list.command"


def fetch_subscriber_list(
    console: Console, project: Project, allowed_digests: Collection[str] = (), *, keeps_old: bool = False
) -> None:
    """Run the command of `private: subscribers:`, if there is one, and keep the list that it prints.

    Without the user's consent it is not run, and nothing in a pull request. With `keeps_old` a command that fails is
    a warning where there is a list from before. Raises OperationError or InvalidInput.
    """
    from podcast_kit.io.show_commands import digest_show_command, read_command_output
    from podcast_kit.source import subscriber_lists

    settings, folder = project.show.private, project.folder
    source = settings.subscribers
    if not source.command or is_pull_request():
        return
    digest = digest_show_command("\n".join(source.command), source.environment, folder)
    _require_consent(console, project, digest, allowed_digests)
    location = project.show.locations.get(f"{PRIVATE_SETTINGS}.subscribers") or SourceLocation("podcast.yaml")
    before = None
    try:
        before = subscriber_lists.load_subscribers(folder, settings)
        data = read_command_output(
            source.command,
            folder,
            source.environment,
            timeout_s=FETCH_TIMEOUT_S,
            max_bytes=subscriber_lists.MAX_SUBSCRIBER_LIST_BYTES,
        )
        after = subscriber_lists.parse_subscriber_list(data, source, settings.tiers, "the command's output")
        if before.names and not after.names:
            raise OperationError("the command printed no active member, and there were some before")
    except PodcastKitError as error:
        text = f"private.subscribers: {error.problems[0] if error.problems else error.text}"
        fix = "run the command yourself, and look at what it prints"
        if not (keeps_old and before):
            raise InvalidInput([Problem(location, text, fix, FETCH_CODE)]) from error
        text += "; the private feeds keep the list that was fetched last"
        console.problems([Problem(location, text, fix, FETCH_CODE, Severity.WARNING)])
        return
    subscriber_lists.store_fetched_list(folder, data)


def _require_consent(console: Console, project: Project, digest: str, allowed_digests: Collection[str]) -> None:
    """Ask once whether the command may run; elsewhere an option allows it. Raises OperationError."""
    from podcast_kit.io.consent import ConsentKind, has_consent

    folder = project.folder
    if digest in {allowed.strip().lower() for allowed in allowed_digests}:
        allow_command(folder, digest)
    if has_consent(ConsentKind.COMMAND, folder, digest):
        return
    source = project.show.private.subscribers
    command = " ".join(source.command)
    if not is_interactive():
        text = f"private.subscribers runs a command that you have not allowed yet: {command}"
        fix = f"run `podcast-kit private --fetch` once on a terminal, which asks, or pass --allow-command {digest}"
        raise OperationError(text, fix)
    console.info(f"for the list of subscribers, podcast.yaml runs: {command}")
    if source.environment:
        console.info(f"with the variables {', '.join(source.environment)}")
    if not click.confirm("Allow this command? (You are asked once.)", default=False, err=True):
        raise OperationError("cancelled: nothing was changed", "remove the command, or allow it")
    allow_command(folder, digest)
