"""What a picture file is, whatever its name says: read within bounds, and every fault in our own words."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.errors import InvalidInput, SourceLocation, Problem

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
"""Apple takes 3000 × 3000 at most; five times as many are still read, to be told that they are too many."""
MAX_BYTES = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a picture is, whatever its name says."""

    format: str
    """`JPEG`, `PNG`, `WEBP` or `GIF`."""
    mime: str
    mode: str
    """Pillow's word: `RGB`, `RGBA`, `CMYK`, `P`, `L`, ..."""
    alpha: bool
    width: int
    height: int
    """As shown, after the rotation that EXIF asks for."""
    bytes: int
    rotated: bool = False
    """EXIF asks players to turn it, and some do not."""
    progressive: bool = False
    dpi: tuple[int, int] | None = None
    profile: bool = False
    """An ICC profile is inside."""


def probe(path: Path) -> Facts:
    """What a picture file is; InvalidInput for what is none, is broken, or is larger than we decode."""
    with opened(path) as image:
        turned = image.getexif().get(0x0112, 1)
        width, height = image.size if turned < 5 else image.size[::-1]  # noqa: PLR2004  # 5 to 8 lie on the side
        dpi = image.info.get("dpi")
        return Facts(
            format=image.format or "",
            mime=MIMES[image.format or ""],
            mode=image.mode,
            alpha="A" in image.getbands() or "transparency" in image.info,
            width=width,
            height=height,
            bytes=path.stat().st_size,
            rotated=turned != 1,
            progressive=bool(image.info.get("progressive")),
            dpi=(round(dpi[0]), round(dpi[1])) if dpi else None,
            profile="icc_profile" in image.info,
        )


def upright(image: Image) -> Image:
    """The picture as EXIF wants it turned."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def flat(image: Image) -> Image:
    """In RGB and without transparency: players show transparent covers on any ground, often black."""
    from PIL import Image as Pictures

    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if "A" in image.getbands() or "transparency" in image.info:
        above = image.convert("RGBA")
        ground = Pictures.new("RGBA", above.size, "white")
        return Pictures.alpha_composite(ground, above).convert("RGB")
    return image.convert("RGB")


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """An open picture of a kind we know, decoded within bounds; every failure of Pillow as our own error."""
    from PIL import Image, UnidentifiedImageError

    def refused(text: str, hint: str, code: str) -> InvalidInput:
        return InvalidInput([Problem(SourceLocation(path.as_posix()), text, hint, code)])

    try:
        if path.stat().st_size > MAX_BYTES:
            raise refused(f"is larger than {MAX_BYTES // 10**6} MB", "save it smaller", "art.bytes")
        with warnings.catch_warnings():
            # Pillow warns of large and odd pictures; our own bounds say what is too large.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    text = f"has {image.width} × {image.height} pixels, more than we decode"
                    raise refused(text, "save it with at most 3000 pixels a side", "art.size")
                image.load()
                yield image
    except FileNotFoundError:
        raise refused("is not there", "mend the path", "art.missing") from None
    except UnidentifiedImageError:
        raise refused("is no picture we know", "use a JPEG or PNG", "art.format") from None
    except InvalidInput:
        raise
    except Image.DecompressionBombError:
        raise refused("has more pixels than we decode", "save it with at most 3000 pixels a side", "art.size") from None
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, MemoryError) as error:
        raise refused(f"is broken: {error}", "save it again as JPEG or PNG", "art.broken") from error
