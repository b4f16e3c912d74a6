"""`pull`: complete podcast.lock by what was published from elsewhere."""

from __future__ import annotations

from typing import Any

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import override_target, target_options
from podcast_kit.cli.plan_view import added_entries_line


@command("pull", short_help="Complete podcast.lock by what was published elsewhere.")
@target_options
def pull_command(console: Console, **target: Any) -> None:  # noqa: ANN401  # what target_options take
    """Add to podcast.lock what CI or another computer published, such as the audio of a new episode.

    Notes and recordings come by `git pull`; `publish` completes podcast.lock, too.

    \b
      podcast-kit pull
    """
    from podcast_kit.model import Progress
    from podcast_kit.publish.pull import pull_lock

    show = override_target(load_show(console, needs_cover=False), **target)
    console.progress(Progress("read", show.show.publish.to))
    added_entries = pull_lock(show, console.waiting_for)
    console.document("pull", added=[{"slug": entry.slug, "guid": entry.guid} for entry in added_entries])
    console.result(added_entries_line(added_entries) or "podcast.lock is complete")
