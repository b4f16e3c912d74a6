"""`inspect`: what an audio file is, what its tags say, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.errors import ExitCode, InvalidAudio, Problem, Severity
from podcast_kit.text.numbers import format_bytes

if TYPE_CHECKING:
    from podcast_kit.audio import Report

WIDTH = 400
"""Characters of a tag's value that are shown; JSON has all."""


@command("inspect", short_help="Show what an audio file is, says and lacks.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--mend",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a copy of each MP3 with a true header frame into DIR; the sound stays as it is.",
)
def inspect(console: Console, files: tuple[Path, ...], mend: Path | None) -> None:
    """Show what audio files are, by their frames: length, codec, tags, chapters, and what is wrong with them.

    No file is changed. Exit code 1 when one of them cannot be published.

    \b
      podcast-kit inspect talk.mp3
      podcast-kit inspect --mend mended/ talk.mp3
    """
    from podcast_kit import audio

    console.folder = None  # files are named as seen from here, with -C too
    reports, problems = [], list[Problem]()
    for path in files:
        report = audio.inspect(path)
        reports.append(report)
        problems += report.problems
        _show(console, report)
        console.problems(report.problems)
        if mend:
            try:
                audio.mend(path, mend / path.name)
            except InvalidAudio as error:
                problems += error.problems
                console.problems(error.problems)
            else:
                console.say(str(mend / path.name))
    console.document("inspect", problems, files=[report.plain() for report in reports])
    if any(problem.severity is Severity.ERROR for problem in problems):
        click.get_current_context().exit(ExitCode.FAILED)


def _show(console: Console, report: Report) -> None:
    """A file in a few lines for people; nothing of one of which nothing is known but its faults."""
    from podcast_kit.text.timecode import format_timecode

    if not (report.audio or report.tags.fields or report.chapters):
        return
    console.say(report.path)
    if audio := report.audio:
        channels = {1: "mono", 2: "stereo"}.get(audio.channels, f"{audio.channels} channels")
        rate = f"{audio.bit_rate / 1000:.0f} kbit/s {audio.mode}".strip()
        codec = "" if audio.codec.upper() == report.kind else f" ({audio.codec})"
        parts = [f"{report.kind}{codec}", format_timecode(round(audio.seconds * 1000)), rate, channels]
        console.say("  " + ", ".join([*parts, f"{audio.sample_rate / 1000:g} kHz", format_bytes(audio.bytes)]))
    for name, value in report.tags.fields:
        text = value if len(value) <= WIDTH else value[:WIDTH] + "…"
        console.say(f"  {name:<12} " + text.replace("\n", "\n" + " " * 15))
    for mark in report.chapters:
        link = f"  <{mark.url}>" if mark.url else ""
        hidden = "" if mark.toc else "  (not listed)"
        console.say(f"  {format_timecode(mark.start_ms):>12}  {mark.title}{link}{hidden}")
