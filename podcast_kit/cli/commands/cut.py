"""`cut`: a part of a recording as a file of its own."""

from __future__ import annotations

from pathlib import Path

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.text.numbers import format_bytes
from podcast_kit.text.timecode import format_filename_timecode

MAX_MISSING_MS = 100
"""By which `--to` may be after the end: the length of a few frames."""


def _parse_time_option(context: click.Context, param: click.Parameter, value: str) -> int:
    """`1:20`, `1:02:03.5` or seconds, in milliseconds."""
    from podcast_kit.source.yaml import converters
    from podcast_kit.source.yaml.document import InvalidValue

    try:
        return converters.to_milliseconds(value)
    except InvalidValue as error:
        raise click.BadParameter(f"{error}; {error.fix}" if error.fix else str(error), context, param) from None


def _refuse_time_after_end(file: Path, end_ms: int) -> None:
    """Raise OperationError if the recording ends before `--to`; a file that cannot be read is reported by the cut."""
    from podcast_kit.audio import probe_audio
    from podcast_kit.text.timecode import format_timecode

    try:
        length_ms = round(probe_audio(file).seconds * 1000)
    except PodcastKitError:
        return
    if end_ms > length_ms + MAX_MISSING_MS:
        text = f"--to {format_timecode(end_ms)} is after the end of the recording ({format_timecode(length_ms)})"
        raise OperationError(text, f"pass --to {format_timecode(length_ms)} to cut to the end")


@command("cut", short_help="Cut a part out of a recording to share it.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--from",
    "start_ms",
    metavar="TIME",
    callback=_parse_time_option,
    default="0:00",
    help="Where it begins.  [default: 0:00]",
)
@click.option("--to", "end_ms", metavar="TIME", callback=_parse_time_option, required=True, help="Where it ends.")
@click.option("--title", metavar="TEXT", default="", help="Title of the cut.  [default: the recording's]")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Output file.  [default: named after the recording and the times, in this folder]",
)
def cut_command(console: Console, file: Path, start_ms: int, end_ms: int, title: str, out: Path | None) -> None:
    """Cut a part out of a recording, as a file of its own with title, show and author.

    MP3 is cut losslessly. M4A and Opus are re-encoded; anything else becomes an MP3, which needs the extra `master`.
    The recording is never modified. Soundbites named in an episode's `soundbites:` are cut by every build.

    \b
      podcast-kit cut talk.mp3 --from 1:20 --to 1:50
      podcast-kit cut talk.mp3 --from 80 --to 110 --title "The best of it" --out best.mp3
    """
    from podcast_kit.audio.clips import cut_tagged_clip
    from podcast_kit.audio.cut import clip_suffix

    console.folder = None  # the file is named as seen from here, with -C too
    if end_ms <= start_ms:
        raise click.UsageError("--to must be after --from")
    _refuse_time_after_end(file, end_ms)
    times = f"{format_filename_timecode(start_ms)}-{format_filename_timecode(end_ms)}"
    destination = out or Path(f"{file.stem}-{times}{clip_suffix(file)}")
    result = cut_tagged_clip(file, destination, start_ms / 1000, (end_ms - start_ms) / 1000, title)
    size = result.path.stat().st_size
    method = "lossless" if result.lossless else "re-encoded"
    console.result(f"{result.path}  {result.seconds:.1f} s, {format_bytes(size)}, {method}")
    console.document("cut", path=str(result.path), seconds=result.seconds, bytes=size, lossless=result.lossless)
