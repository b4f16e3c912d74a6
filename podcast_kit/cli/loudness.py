"""`loudness`: how loud recordings are, and what is missing to the target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.io.atomic_write import write
from podcast_kit.text.timecode import format_short_timecode

if TYPE_CHECKING:
    from podcast_kit.audio.mastering.loudness_result import Loudness

TARGET = -16.0
"""LUFS that Apple asks for, within 1: https://podcasters.apple.com/support/893-audio-requirements"""
PEAK = -1.0
"""DBTP that Apple allows."""
NEAR = 1.0


@command("loudness", short_help="Measure how loud recordings are.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--target",
    metavar="LUFS",
    type=click.FloatRange(-40, -5),
    default=TARGET,
    show_default=True,
    help="What to compare with.",
)
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Draw loudness over time.")
def loudness(console: Console, files: tuple[Path, ...], target: float, svg: Path | None) -> None:
    """Measure loudness (EBU R 128) and true peak of recordings, and say how far they are from the target.

    Nothing is changed: `audio: {loudness: -16}` in podcast.yaml lets each build do that.

    \b
      podcast-kit loudness talk.wav
      podcast-kit loudness --svg talk.svg talk.wav
    """
    from podcast_kit.audio import loudness as meter

    if svg and len(files) > 1:
        raise click.UsageError("--svg draws one recording: name one")
    width = max(len(str(path)) for path in files)
    found: list[dict[str, str | float | None]] = []
    for path in files:
        heard = meter.measure(path, console.step)
        if not found:
            console.say(f"{'':<{width}}  {'length':>8}  {'LUFS':>6}  {'range':>5}  {'dBTP':>5}")
        found.append({"path": str(path), **_figures(heard, target)})
        console.say(f"{path!s:<{width}}  {_row(heard)}  {_verdict(heard, target)}".rstrip())
        if svg:
            write(svg, meter.picture(heard, target, path.name).encode())
    console.document("loudness", target=target, files=found)


def _row(heard: Loudness) -> str:
    figures = (heard.integrated, heard.range, heard.true_peak)
    shown = (
        f"{'-' if figure is None else f'{figure:.1f}':>{wide}}" for figure, wide in zip(figures, (6, 5, 5), strict=True)
    )
    return f"{format_short_timecode(round(heard.seconds) * 1000, hours=False):>8}  " + "  ".join(shown)


def _verdict(heard: Loudness, target: float) -> str:
    if heard.integrated is None:
        return str(heard)
    parts = []
    if abs(target - heard.integrated) > NEAR:
        parts.append(f"{target - heard.integrated:+.1f} dB to {target:g}")
    if heard.true_peak is not None and heard.true_peak > PEAK:
        parts.append(f"peak over {PEAK:g}")
    return ", ".join(parts) or "fits"


def _figures(heard: Loudness, target: float) -> dict[str, float | None]:
    """In figures, None for what silence does not have."""
    gain = None if heard.integrated is None else round(target - heard.integrated, 2)
    rounded = {
        name: None if value is None else round(value, 2)
        for name, value in (
            ("integrated", heard.integrated),
            ("range", heard.range),
            ("true_peak", heard.true_peak),
            ("seconds", heard.seconds),
        )
    }
    return {**rounded, "gain": gain}
