"""The command line. The only home of click."""

from podcast_kit.cli.app import cli

__all__ = ["cli", "run_command_line"]


def run_command_line() -> None:
    """Run the console script `podcast-kit`."""
    cli.main(prog_name="podcast-kit")
