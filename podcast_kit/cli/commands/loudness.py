"""`loudness`: how loud recordings are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.io import atomic_write
from podcast_kit.text.timecode import format_short_timecode

if TYPE_CHECKING:
    from podcast_kit.audio.mastering.loudness_result import Loudness

DEFAULT_TARGET_LUFS = -16.0
"""What Apple asks for, within 1: https://podcasters.apple.com/support/893-audio-requirements"""
TARGET_TOLERANCE_LU = 1.0
MAX_TRUE_PEAK_DBTP = -1.0
COLUMN_WIDTHS = (6, 5, 5)


@command("loudness", short_help="Measure the loudness of recordings.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--target",
    metavar="LUFS",
    type=click.FloatRange(-40, -5),
    default=DEFAULT_TARGET_LUFS,
    show_default=True,
    help="Loudness to compare with.",
)
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Draw loudness over time.")
def loudness_command(console: Console, files: tuple[Path, ...], target: float, svg: Path | None) -> None:
    """Measure loudness (EBU R 128) and true peak of recordings, and compare them with the target.

    Nothing is changed. To master episodes in every build, set `audio: {loudness: -16}` in podcast.yaml.

    \b
      podcast-kit loudness talk.wav
      podcast-kit loudness --svg talk.svg talk.wav
    """
    from podcast_kit.audio import loudness

    if svg and len(files) > 1:
        raise click.UsageError("--svg draws a single recording")
    width = max(len(str(path)) for path in files)
    rows: list[dict[str, str | float | None]] = []
    for path in files:
        measured = loudness.measure_loudness(path, console.progress)
        if not rows:
            console.result(f"{'':<{width}}  {'length':>8}  {'LUFS':>6}  {'range':>5}  {'dBTP':>5}")
        rows.append({"path": str(path), **_loudness_to_json(measured, target)})
        console.result(f"{path!s:<{width}}  {_format_row(measured)}  {_format_verdict(measured, target)}".rstrip())
        if svg:
            atomic_write.write_atomic(svg, loudness.render_loudness_graph(measured, target, path.name).encode())
    console.document("loudness", target=target, files=rows)


def _format_row(measured: Loudness) -> str:
    levels = (measured.integrated, measured.range, measured.true_peak)
    columns = (
        f"{'-' if level is None else f'{level:.1f}':>{width}}"
        for level, width in zip(levels, COLUMN_WIDTHS, strict=True)
    )
    length = format_short_timecode(round(measured.seconds) * 1000, hours=False)
    return f"{length:>8}  {'  '.join(columns)}"


def _format_verdict(measured: Loudness, target: float) -> str:
    if measured.integrated is None:
        return str(measured)
    parts = []
    if abs(target - measured.integrated) > TARGET_TOLERANCE_LU:
        parts.append(f"{target - measured.integrated:+.1f} dB to {target:g}")
    if measured.true_peak is not None and measured.true_peak > MAX_TRUE_PEAK_DBTP:
        parts.append(f"peak over {MAX_TRUE_PEAK_DBTP:g}")
    return ", ".join(parts) or "ok"


def _loudness_to_json(measured: Loudness, target: float) -> dict[str, float | None]:
    """The levels for the JSON document; None for what silence does not have."""
    gain = None if measured.integrated is None else round(target - measured.integrated, 2)
    levels = {
        "integrated": measured.integrated,
        "range": measured.range,
        "true_peak": measured.true_peak,
        "seconds": measured.seconds,
    }
    return {**{name: None if level is None else round(level, 2) for name, level in levels.items()}, "gain": gain}
