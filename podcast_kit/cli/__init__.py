"""The command line. The only home of click."""

from podcast_kit.cli.app import cli
from podcast_kit.cli.commands import (
    build,
    check,
    comments,
    completion,
    cut,
    doctor,
    explain,
    help_,
    import_,
    init,
    inspect,
    keys,
    loudness,
    move,
    new,
    plan,
    private,
    prune,
    publish,
    pull,
    rollback,
    serve,
    share,
    status,
    theme,
    unpublish,
    verify,
)

__all__ = [
    "build",
    "check",
    "cli",
    "comments",
    "completion",
    "cut",
    "doctor",
    "explain",
    "help_",
    "import_",
    "init",
    "inspect",
    "keys",
    "loudness",
    "move",
    "new",
    "plan",
    "private",
    "prune",
    "publish",
    "pull",
    "rollback",
    "run_command_line",
    "serve",
    "share",
    "status",
    "theme",
    "unpublish",
    "verify",
]


def run_command_line() -> None:
    """Run the console script `podcast-kit`."""
    cli.main(prog_name="podcast-kit")
