"""What people type: parse, call one function, say what came of it. The only home of click."""

from podcast_kit.cli import (
    check,
    completion,
    cut,
    importing,
    inspect,
    keeping,
    keys,
    loudness,
    making,
    pages,
    private,
    publishing,
    show,
)
from podcast_kit.cli.app import cli

__all__ = [
    "check",
    "completion",
    "cut",
    "importing",
    "inspect",
    "keeping",
    "keys",
    "loudness",
    "main",
    "making",
    "pages",
    "private",
    "publishing",
    "show",
]


def main() -> None:
    """The console script."""
    cli.main(prog_name="podcast-kit")
