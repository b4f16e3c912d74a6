"""`inspect`: what an audio file is, what its tags say, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import LINE_BREAKS, Console, one_line
from podcast_kit.errors import ExitCode, InvalidAudio, Problem, Severity
from podcast_kit.text.numbers import format_bytes

if TYPE_CHECKING:
    from podcast_kit.audio import AudioReport
    from podcast_kit.model import Audio

MAX_TAG_VALUE_SHOWN = 400
"""Characters of a tag's value that are shown; JSON has all."""


@command("inspect", short_help="Inspect an audio file.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--fix",
    "fixed_dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a copy of each file with a correct header and without junk into DIR; the audio is unchanged.",
)
@click.option("--mend", "fixed_dir", type=click.Path(path_type=Path, file_okay=False), hidden=True)
def inspect_command(console: Console, files: tuple[Path, ...], fixed_dir: Path | None) -> None:
    """Show length, codec, tags and chapters of audio files, and what is wrong with them.

    No file is modified. Exits with 1 when one of them can't be published.

    \b
      podcast-kit inspect talk.mp3
      podcast-kit inspect --fix fixed/ talk.mp3
    """
    from podcast_kit import audio

    console.folder = None  # files are named as seen from here, with -C too
    reports, problems = [], list[Problem]()
    for path in files:
        report = audio.inspect_audio(path)
        reports.append(report)
        problems += report.problems
        _print_report(console, report)
        console.problems(report.problems, as_result=not console.as_json)
        if fixed_dir:
            try:
                audio.repair_audio(path, fixed_dir / path.name)
            except InvalidAudio as error:
                problems += error.problems
                console.problems(error.problems, as_result=not console.as_json)
            else:
                console.result(str(fixed_dir / path.name))
    console.document("inspect", problems, files=[report.to_json() for report in reports])
    if any(problem.severity is Severity.ERROR for problem in problems):
        click.get_current_context().exit(ExitCode.FAILED)


def _print_report(console: Console, report: AudioReport) -> None:
    """A file in a few lines; nothing where only its problems are known."""
    from podcast_kit.text.timecode import format_timecode

    if not (report.audio or report.tags.fields or report.chapters):
        return
    console.result(report.path)
    if report.audio:
        console.result("  " + _describe_audio(report.kind, report.audio))
    for name, value in report.tags.fields:
        text = value if len(value) <= MAX_TAG_VALUE_SHOWN else value[:MAX_TAG_VALUE_SHOWN] + "…"
        console.result(f"  {one_line(name):<12} " + LINE_BREAKS.sub("\n" + " " * 15, text))
    for chapter in report.chapters:
        link = f"  <{one_line(chapter.url)}>" if chapter.url else ""
        hidden = "" if chapter.toc else "  (not listed)"
        console.result(f"  {format_timecode(chapter.start_ms):>12}  {one_line(chapter.title)}{link}{hidden}")


def _describe_audio(kind: str, facts: Audio) -> str:
    from podcast_kit.text.timecode import format_timecode

    channels = {1: "mono", 2: "stereo"}.get(facts.channels, f"{facts.channels} channels")
    bit_rate = f"{facts.bit_rate / 1000:.0f} kbit/s {facts.mode}".strip()
    codec = "" if facts.codec.upper() == kind else f" ({facts.codec})"
    length = format_timecode(round(facts.seconds * 1000))
    sample_rate = f"{facts.sample_rate / 1000:g} kHz"
    return ", ".join([f"{kind}{codec}", length, bit_rate, channels, sample_rate, format_bytes(facts.bytes)])
