"""`python -m podcast_kit`."""

from podcast_kit.cli import main

if __name__ == "__main__":
    main()
