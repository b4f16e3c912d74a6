"""`podcast-kit`, and `python -m podcast_kit`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C is taken calmly also while it is being loaded."""
    try:
        from podcast_kit import cli

        cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
