"""The command line. The only home of click."""

import gc

from podcast_kit.cli.app import cli

__all__ = ["cli", "run_command_line"]

OBJECTS_PER_COLLECTION = 50_000
"""More than are made before anything of the show is read; they take a few megabytes."""


def run_command_line() -> None:
    """Run the console script `podcast-kit`.

    Python looks for reference cycles again and again while a show of thousands of objects is read, and finds none: a
    tenth of the time. It does so less often here.
    """
    gc.set_threshold(OBJECTS_PER_COLLECTION, *gc.get_threshold()[1:])
    cli.main(prog_name="podcast-kit")
