"""Measure the loudness of a recording, and draw it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.audio.foreign import decodes_sound
from podcast_kit.audio.mastering.loudness_result import MIN_MEASURED_LUFS, Loudness
from podcast_kit.audio.probe import translate_audio_errors
from podcast_kit.io.decoder_process import are_decoders_limited
from podcast_kit.model import Progress
from podcast_kit.text.timecode import format_short_timecode


def measure_loudness(path: Path, on_progress: Callable[[Progress], None] | None = None) -> Loudness:
    """Loudness and true peak of a file; memory use does not depend on its length.

    More than two channels are mixed to stereo first. `on_progress` gets the seconds measured so far. Raises
    InvalidAudio for a file that cannot be decoded, and PodcastKitError if the extra `master` is not installed.
    """
    codecs.require_codecs()
    if are_decoders_limited():
        return _measure_foreign_file(path)
    return _measure_file(path, on_progress)


@decodes_sound
def _measure_foreign_file(path: Path) -> Loudness:
    """Without progress: it runs in another process."""
    return _measure_file(path, None)


def _measure_file(path: Path, on_progress: Callable[[Progress], None] | None) -> Loudness:
    from podcast_kit.audio.mastering import decode, meter

    with translate_audio_errors(path):
        source = decode.read_source_info(path)
        channels = min(source.channels, 2)
        loudness_meter = meter.LoudnessMeter(source.rate, channels)
        total, done = round(source.seconds), 0
        for block in decode.decode_blocks(path, source.rate, channels):
            loudness_meter.add(block)
            done += block.shape[1]
            if on_progress is not None:
                step = min(done // source.rate, total)
                on_progress(Progress(stage="measure", subject=path.name, done=step, total=total))
        return loudness_meter.result()


_WIDTH_PX, _HEIGHT_PX, _LEFT_PX, _BOTTOM_PX = 640, 200, 44, 24
GRAPH_MAX_LUFS, GRAPH_MIN_LUFS = 0.0, -48.0
"""LUFS at the upper and the lower edge of the graph."""


def render_loudness_graph(loudness: Loudness, target: float = -16.0, title: str = "") -> str:
    """An SVG of short-term loudness (the last 3 s) over time, with a band of 1 LU around the target.

    It has a description for screen readers, is readable without colours, and follows the dark or light colour scheme.
    """
    name = escape(title or "Loudness over time")
    length = format_short_timecode(round(loudness.seconds) * 1000)
    words = escape(f"{length}; {loudness}; the target is {target:g} LUFS, within 1 LU.")
    band_top, width = _level_y(target + 1), _WIDTH_PX - _LEFT_PX
    band = f'<rect x="{_LEFT_PX}" y="{band_top:g}" width="{width}" height="{_level_y(target - 1) - band_top:g}"/>'
    lines = "".join(
        f'<path d="M{_LEFT_PX} {_level_y(level):g}H{_WIDTH_PX}"/>'
        f'<text x="{_LEFT_PX - 6}" y="{_level_y(level) + 4:g}">{level:g}</text>'
        for level in (-6, -16, -26, -36)
    )
    times = "".join(
        f'<text x="{_LEFT_PX + width * part:g}" y="{_HEIGHT_PX - 6}" text-anchor="{anchor}">'
        f"{format_short_timecode(round(loudness.seconds * part) * 1000)}</text>"
        for part, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH_PX} {_HEIGHT_PX}" role="img" '
        'aria-labelledby="t d">'
        f'<title id="t">{name}</title><desc id="d">{words}</desc>'
        "<style>svg{color:#1b1b1f;background:#fff;font:12px system-ui,sans-serif}text{fill:currentColor;"
        "text-anchor:end}.band{fill:#3a7d44;opacity:.3}.grid{stroke:currentColor;stroke-opacity:.25;stroke-width:1}"
        ".grid text{stroke:none}.curve{fill:none;stroke:currentColor;stroke-width:1.5;stroke-linejoin:round}"
        "@media(prefers-color-scheme:dark){svg{color:#ececf1;background:#16161a}.band{fill:#7fd08b}}</style>"
        f'<g class="band">{band}</g><g class="grid">{lines}{times}</g>'
        f'<path class="curve" d="{_loudness_path(loudness)}"/></svg>\n'
    )


def _loudness_path(loudness: Loudness) -> str:
    """An SVG path of the loudest value of each column."""
    points, columns = loudness.short_term, min(_WIDTH_PX - _LEFT_PX, len(loudness.short_term))
    step = (_WIDTH_PX - _LEFT_PX) / max(1, columns - 1)
    path, drawing = "", False
    for column in range(columns):
        top = max(points[len(points) * column // columns : len(points) * (column + 1) // columns])
        if top > MIN_MEASURED_LUFS:  # silence and the first three seconds are gaps
            path += f"{'L' if drawing else 'M'}{_LEFT_PX + column * step:.1f} {_level_y(top):.1f}"
        drawing = top > MIN_MEASURED_LUFS
    return path


def _level_y(level: float) -> float:
    share = (GRAPH_MAX_LUFS - min(max(level, GRAPH_MIN_LUFS), GRAPH_MAX_LUFS)) / (GRAPH_MAX_LUFS - GRAPH_MIN_LUFS)
    return round(8 + share * (_HEIGHT_PX - _BOTTOM_PX - 8), 1)
