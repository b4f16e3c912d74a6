"""Copies of a picture: for a tag, for the sizes that pages show, for tabs and home screens; and its colour."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.images.artwork import MIMES, flat, opened, upright
from podcast_kit.model import Cover

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 88
HUES = 24
"""Parts of the colour circle that are told apart."""
STRIKING = 70
"""Saturation and value, of 255, below which a pixel counts as grey or black."""


def cover(path: Path, size: int = 1000) -> Cover:
    """A picture as it goes into a tag: at most `size` pixels a side, upright, without metadata.

    PNG stays PNG where it has few colours, everything else becomes baseline JPEG. Same file, same bytes.
    """
    from PIL import Image

    with opened(path) as image:
        few = image.format == "PNG" and image.mode in {"P", "1", "L"}
        if image.format == "JPEG":
            image.draft("RGB", (size, size))
        copy = flat(upright(image))
        copy.thumbnail((size, size), Image.Resampling.LANCZOS)
        data = io.BytesIO()
        if few:
            copy.save(data, "PNG", optimize=True)
        else:
            copy.save(data, "JPEG", quality=QUALITY, optimize=True, progressive=False)
        return Cover(data=data.getvalue(), mime=MIMES["PNG" if few else "JPEG"], width=copy.width, height=copy.height)


def smaller(path: Path, widths: Sequence[int]) -> tuple[Cover, ...]:
    """Copies of a picture for pages, one a width, the smallest first; none as wide as the picture or wider."""
    from PIL import Image

    with opened(path) as image:
        whole = upright(image)
        alpha = "A" in whole.getbands() or "transparency" in whole.info
        whole = whole.convert("RGBA") if alpha else flat(whole)
        made = []
        for width in sorted(width for width in set(widths) if width < whole.width):
            size = (width, max(1, round(whole.height * width / whole.width)))
            made.append(
                _smallest(whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), image.format == "PNG")
            )
        return tuple(made)


def _smallest(image: Image, flat_art: bool) -> Cover:
    """As JPEG, or as PNG where that is needed or, for what was drawn, takes fewer bytes."""
    tries: list[tuple[bytes, str]] = []
    if image.mode == "RGB":
        data = io.BytesIO()
        image.save(data, "JPEG", quality=82, optimize=True, progressive=True)
        tries.append((data.getvalue(), "image/jpeg"))
    if image.mode == "RGBA" or flat_art:
        data = io.BytesIO()
        image.save(data, "PNG", optimize=True)
        tries.append((data.getvalue(), "image/png"))
    best, mime = min(tries, key=lambda made: len(made[0]))
    return Cover(data=best, mime=mime, width=image.width, height=image.height)


def icons(path: Path, sides: Sequence[int] = (32, 180, 192, 512)) -> tuple[Cover, ...]:
    """Square PNGs of the cover for tabs and home screens; the middle of it where it is not square."""
    from PIL import Image, ImageOps

    with opened(path) as image:
        whole = flat(upright(image))
        made = []
        for side in sides:
            icon = ImageOps.fit(whole, (side, side), Image.Resampling.LANCZOS)
            data = io.BytesIO()
            icon.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(data, "PNG", optimize=True)
            made.append(Cover(data=data.getvalue(), mime="image/png", width=side, height=side))
        return tuple(made)


def colour(path: Path) -> str:
    """The most striking colour of a picture as `#rrggbb`; empty where it is all grey."""
    from PIL import Image

    with opened(path) as image:
        image.draft("RGB", (96, 96))
        small = flat(upright(image))
        small.thumbnail((64, 64), Image.Resampling.BOX)
        pixels = small.tobytes()
        hues = small.convert("HSV").tobytes()
    bins: dict[int, list[tuple[int, int]]] = {}
    for at in range(0, len(hues), 3):
        hue, saturation, value = hues[at : at + 3]
        if saturation > STRIKING and value > STRIKING:
            bins.setdefault(hue * HUES // 256, []).append((saturation * value, at))
    if not bins:
        return ""
    found = max(bins.values(), key=lambda marks: sum(weight for weight, _ in marks))
    total = sum(weight for weight, _ in found)
    parts = (sum(weight * pixels[at + channel] for weight, at in found) / total for channel in range(3))
    return "#" + "".join(f"{round(part):02x}" for part in parts)
