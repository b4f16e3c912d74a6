"""Smaller copies of an image: the cover for tags, thumbnails for pages, favicons; and its dominant colour."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.images.artwork import IMAGE_MIMES, apply_exif_rotation, decodes_image, flatten_to_rgb, open_image
from podcast_kit.model import Cover

if TYPE_CHECKING:
    from PIL.Image import Image

COVER_JPEG_QUALITY = 88
THUMBNAIL_JPEG_QUALITY = 82
HUE_BINS = 24
"""Parts of the colour circle that are distinguished."""
MIN_VIVID_LEVEL = 70
"""Pixels with less saturation or value, of 255, count as grey or black."""


@decodes_image
def make_tag_cover(path: Path, size: int = 1000) -> Cover:
    """The cover for tags: at most `size` pixels a side, upright, without metadata.

    PNG with few colours stays PNG, everything else becomes baseline JPEG. The same file gives the same bytes.
    """
    from PIL import Image

    with open_image(path) as image:
        has_few_colours = image.format == "PNG" and image.mode in {"P", "1", "L"}
        if image.format == "JPEG":
            image.draft("RGB", (size, size))
        copy = flatten_to_rgb(apply_exif_rotation(image))
        copy.thumbnail((size, size), Image.Resampling.LANCZOS)
        data = io.BytesIO()
        if has_few_colours:
            copy.save(data, "PNG", optimize=True)
        else:
            copy.save(data, "JPEG", quality=COVER_JPEG_QUALITY, optimize=True, progressive=False)
        mime = IMAGE_MIMES["PNG" if has_few_colours else "JPEG"]
        return Cover(data=data.getvalue(), mime=mime, width=copy.width, height=copy.height)


@decodes_image
def make_thumbnails(path: Path, widths: Sequence[int]) -> tuple[Cover, ...]:
    """Thumbnails for pages, one for each width in pixels that is smaller than the image, the smallest first."""
    from PIL import Image

    with open_image(path) as image:
        upright = apply_exif_rotation(image)
        has_alpha = "A" in upright.getbands() or "transparency" in upright.info
        original = upright.convert("RGBA") if has_alpha else flatten_to_rgb(upright)
        thumbnails = []
        for width in sorted(width for width in set(widths) if width < original.width):
            size = (width, max(1, round(original.height * width / original.width)))
            resized = original.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
            thumbnails.append(_encode_smallest(resized, try_png=image.format == "PNG"))
        return tuple(thumbnails)


def _encode_smallest(image: Image, *, try_png: bool) -> Cover:
    """As JPEG; as PNG if it has transparency, or if `try_png` is set and that takes fewer bytes."""
    encoded: list[tuple[bytes, str]] = []
    if image.mode == "RGB":
        data = io.BytesIO()
        image.save(data, "JPEG", quality=THUMBNAIL_JPEG_QUALITY, optimize=True, progressive=True)
        encoded.append((data.getvalue(), "image/jpeg"))
    if image.mode == "RGBA" or try_png:
        data = io.BytesIO()
        image.save(data, "PNG", optimize=True)
        encoded.append((data.getvalue(), "image/png"))
    smallest, mime = min(encoded, key=lambda candidate: len(candidate[0]))
    return Cover(data=smallest, mime=mime, width=image.width, height=image.height)


@decodes_image
def make_favicons(path: Path, sides: Sequence[int] = (32, 180, 192, 512)) -> tuple[Cover, ...]:
    """Favicons and home-screen icons: square PNGs of the cover, cropped to its middle; `sides` in pixels."""
    from PIL import Image, ImageOps

    with open_image(path) as image:
        original = flatten_to_rgb(apply_exif_rotation(image))
        icons = []
        for side in sides:
            icon = ImageOps.fit(original, (side, side), Image.Resampling.LANCZOS)
            data = io.BytesIO()
            icon.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(data, "PNG", optimize=True)
            icons.append(Cover(data=data.getvalue(), mime="image/png", width=side, height=side))
        return tuple(icons)


@decodes_image
def dominant_colour(path: Path) -> str:
    """The most vivid colour of an image as `#rrggbb`; empty if it is all grey."""
    from PIL import Image

    with open_image(path) as image:
        image.draft("RGB", (96, 96))
        small = flatten_to_rgb(apply_exif_rotation(image))
        small.thumbnail((64, 64), Image.Resampling.BOX)
        pixels = small.tobytes()
        hsv = small.convert("HSV").tobytes()
    bins: dict[int, list[tuple[int, int]]] = {}
    for offset in range(0, len(hsv), 3):
        hue, saturation, value = hsv[offset : offset + 3]
        if saturation > MIN_VIVID_LEVEL and value > MIN_VIVID_LEVEL:
            bins.setdefault(hue * HUE_BINS // 256, []).append((saturation * value, offset))
    if not bins:
        return ""
    heaviest = max(bins.values(), key=lambda weighted: sum(weight for weight, _ in weighted))
    total = sum(weight for weight, _ in heaviest)
    parts = (sum(weight * pixels[offset + channel] for weight, offset in heaviest) / total for channel in range(3))
    return "#" + "".join(f"{round(part):02x}" for part in parts)
