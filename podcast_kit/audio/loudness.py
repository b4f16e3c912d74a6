"""How loud a recording is: measured, and drawn."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.audio.mastering.loudness_result import FLOOR, Loudness
from podcast_kit.model import Progress
from podcast_kit.text.timecode import format_short_timecode


def measure(path: Path, on: Callable[[Progress], None] | None = None) -> Loudness:
    """Loudness and true peak of a file, in memory that does not grow with it.

    More than two channels are mixed to stereo first. `on` hears of the seconds that passed. Raises InvalidAudio for
    what cannot be decoded, and PodcastKitError where the extra `master` is not installed.
    """
    codecs.require()
    from podcast_kit.audio.mastering import decode, meter

    shape = decode.shape(path)
    channels = min(shape.channels, 2)
    heard = meter.Meter(shape.rate, channels)
    total, done = round(shape.seconds), 0
    for block in decode.blocks(path, shape.rate, channels):
        heard.add(block)
        done += block.shape[1]
        if on is not None:
            on(Progress(stage="measure", subject=path.name, done=min(done // shape.rate, total), total=total))
    return heard.result()


WIDTH, HEIGHT, LEFT, BOTTOM = 640, 200, 44, 24
TOP, LOWEST = 0.0, -48.0
"""LUFS at the upper and the lower edge of the picture."""


def picture(loudness: Loudness, target: float = -16.0, title: str = "") -> str:
    """An SVG of loudness over time, of the last 3 s at each moment, with the band of the target (1 LU around it).

    It says in words what it shows, keeps its sense without colours, and follows the reader's dark or light ground.
    """
    name = escape(title or "Loudness over time")
    words = escape(f"{format_short_timecode(round(loudness.seconds) * 1000)}; {loudness}; the target is {target:g} LUFS, within 1 LU.")
    band = (
        f'<rect x="{LEFT}" y="{_y(target + 1):g}" width="{WIDTH - LEFT}" height="{_y(target - 1) - _y(target + 1):g}"/>'
    )
    lines = "".join(
        f'<path d="M{LEFT} {_y(level):g}H{WIDTH}"/><text x="{LEFT - 6}" y="{_y(level) + 4:g}">{level:g}</text>'
        for level in (-6, -16, -26, -36)
    )
    times = "".join(
        f'<text x="{LEFT + (WIDTH - LEFT) * part:g}" y="{HEIGHT - 6}" text-anchor="{anchor}">'
        f"{format_short_timecode(round(loudness.seconds * part) * 1000)}</text>"
        for part, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">'
        f'<title id="t">{name}</title><desc id="d">{words}</desc>'
        "<style>svg{color:#1b1b1f;background:#fff;font:12px system-ui,sans-serif}text{fill:currentColor;"
        "text-anchor:end}.band{fill:#3a7d44;opacity:.3}.grid{stroke:currentColor;stroke-opacity:.25;stroke-width:1}"
        ".grid text{stroke:none}.curve{fill:none;stroke:currentColor;stroke-width:1.5;stroke-linejoin:round}"
        "@media(prefers-color-scheme:dark){svg{color:#ececf1;background:#16161a}.band{fill:#7fd08b}}</style>"
        f'<g class="band">{band}</g><g class="grid">{lines}{times}</g>'
        f'<path class="curve" d="{_curve(loudness)}"/></svg>\n'
    )


def _curve(loudness: Loudness) -> str:
    """The loudest of each column, as a path."""
    points, columns = loudness.short_term, min(WIDTH - LEFT, len(loudness.short_term))
    step = (WIDTH - LEFT) / max(1, columns - 1)
    path, drawing = "", False
    for column in range(columns):
        top = max(points[len(points) * column // columns : len(points) * (column + 1) // columns])
        if top > FLOOR:  # silence, and the first three seconds, leave a gap
            path += f"{'L' if drawing else 'M'}{LEFT + column * step:.1f} {_y(top):.1f}"
        drawing = top > FLOOR
    return path


def _y(level: float) -> float:
    share = (TOP - min(max(level, LOWEST), TOP)) / (TOP - LOWEST)
    return round(8 + share * (HEIGHT - BOTTOM - 8), 1)
