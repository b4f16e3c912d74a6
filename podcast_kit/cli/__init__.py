"""The command line. The only home of click."""

import gc

from podcast_kit.cli.app import cli

__all__ = ["cli", "run_command_line"]

OBJECTS_PER_COLLECTION = 500_000
"""More than most commands make; as many that are not needed any more would take some ten megabytes."""


def run_command_line() -> None:
    """Run the console script `podcast-kit`.

    Python looks for reference cycles again and again while a show of thousands of objects is read, and once more at
    exit, and finds none: a sixth of the time. It does so less often here, and not at exit.
    """
    gc.set_threshold(OBJECTS_PER_COLLECTION, *gc.get_threshold()[1:])
    try:
        cli.main(prog_name="podcast-kit")
    finally:
        gc.freeze()
