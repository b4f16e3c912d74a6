"""`cut`: a stretch of a recording as a file of its own."""

from __future__ import annotations

from pathlib import Path

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.text.numbers import format_bytes
from podcast_kit.text.timecode import format_filename_timecode


def _moment(context: click.Context, param: click.Parameter, value: str) -> int:
    """`1:20`, `1:02:03.5` or seconds, in milliseconds."""
    from podcast_kit.source.yaml import converters
    from podcast_kit.source.yaml.document import Wrong

    try:
        return converters.clock(value)
    except Wrong as error:
        raise click.BadParameter(f"{error}; {error.hint}" if error.hint else str(error), context, param) from None


@command("cut", short_help="Cut a stretch out of a recording, to be shared.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--from", "start", metavar="TIME", callback=_moment, default="0:00", help="Where it begins.  [default: 0:00]"
)
@click.option("--to", "stop", metavar="TIME", callback=_moment, required=True, help="Where it ends.")
@click.option("--title", metavar="TEXT", default="", help="Title of the cut; else the recording's own.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the cut goes; else this folder, named after the recording and the times.",
)
def cut(console: Console, file: Path, start: int, stop: int, title: str, out: Path | None) -> None:
    """Cut a stretch out of a recording, as a file of its own with title, show and author.

    Of an MP3 every sample stays what it is; M4A and Opus are encoded anew, and of anything else an MP3 is made, which
    takes the extra `master`. The recording is only read. What an episode names as `soundbites:` is cut by each build.

    \b
      podcast-kit cut talk.mp3 --from 1:20 --to 1:50
      podcast-kit cut talk.mp3 --from 80 --to 110 --title "The best of it" --out best.mp3
    """
    from podcast_kit.audio.clips import clip
    from podcast_kit.audio.cut import suffix

    console.folder = None  # the file is named as seen from here, with -C too
    if stop <= start:
        raise click.UsageError("--to is not behind --from")
    destination = out or Path(f"{file.stem}-{format_filename_timecode(start)}-{format_filename_timecode(stop)}{suffix(file)}")
    made = clip(file, destination, start / 1000, (stop - start) / 1000, title)
    how = "without loss" if made.lossless else "encoded anew"
    console.say(f"{made.path}  {made.seconds:.1f} s, {format_bytes(made.path.stat().st_size)}, {how}")
    if made.seconds * 1000 < stop - start - 100:
        console.note(f"the recording ends {(stop - start) / 1000 - made.seconds:.1f} s before --to")
    console.document(
        "cut", path=str(made.path), seconds=made.seconds, bytes=made.path.stat().st_size, lossless=made.lossless
    )
