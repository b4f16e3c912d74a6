"""Open image files safely, and tell what they are, whatever their name says."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.decoder_process import DecoderDied, runs_in_decoder

_P = ParamSpec("_P")
_T = TypeVar("_T")
if TYPE_CHECKING:
    from PIL.Image import Image

MAX_IMAGE_PIXELS = 50_000_000
"""Five times Apple's limit of 3000 × 3000, so that the check can report images that are too large."""
MAX_IMAGE_BYTES = 40_000_000
IMAGE_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
"""The supported formats, by Pillow's name."""
_EXIF_ORIENTATION = 0x0112
_FIRST_SIDEWAYS_ORIENTATION = 5
_RESAVE_FIX = "save it again as JPEG or PNG"
_MAX_SIDE_FIX = "save it with at most 3000 pixels a side"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """What an image file is, whatever its name says."""

    format: str
    """`JPEG`, `PNG`, `WEBP` or `GIF`."""
    mime: str
    mode: str
    """Pillow's mode: `RGB`, `RGBA`, `CMYK`, `P`, `L`, ..."""
    alpha: bool
    """Whether it has an alpha channel or transparent colours."""
    width: int
    height: int
    """In pixels, after EXIF rotation."""
    bytes: int
    rotated: bool = False
    """Whether EXIF asks viewers to rotate it; some do not."""
    progressive: bool = False
    dpi: tuple[int, int] | None = None


def decodes_image(function: Callable[Concatenate[Path, _P], _T]) -> Callable[Concatenate[Path, _P], _T]:
    """Mark a function that decodes the image that is its first argument; it may run in a process with limits."""
    run_decoder = runs_in_decoder(function)

    def decode(path: Path, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return run_decoder(path, *args, **kwargs)
        except DecoderDied as error:
            raise _image_error(path, f"cannot be decoded: {error}", _RESAVE_FIX, "art.broken") from None

    functools.update_wrapper(decode, run_decoder)
    return decode


@decodes_image
def probe_image(path: Path) -> ImageInfo:
    """Read what an image file is; raises InvalidInput if it is not an image, damaged, or too large."""
    with open_image(path) as image:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        width, height = image.size if orientation < _FIRST_SIDEWAYS_ORIENTATION else image.size[::-1]
        dpi = image.info.get("dpi")
        return ImageInfo(
            format=image.format or "",
            mime=IMAGE_MIMES[image.format or ""],
            mode=image.mode,
            alpha="A" in image.getbands() or "transparency" in image.info,
            width=width,
            height=height,
            bytes=path.stat().st_size,
            rotated=orientation != 1,
            progressive=bool(image.info.get("progressive")),
            dpi=(round(dpi[0]), round(dpi[1])) if dpi else None,
        )


def apply_exif_rotation(image: Image) -> Image:
    """The image rotated upright, as EXIF asks."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def flatten_to_rgb(image: Image) -> Image:
    """The image in RGB on white, because players show transparent covers on any background, often black."""
    from PIL import Image as PillowImage

    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        background = PillowImage.new("RGBA", layer.size, "white")
        return PillowImage.alpha_composite(background, layer).convert("RGB")
    return image.convert("RGB")


@contextmanager
def open_image(path: Path) -> Iterator[Image]:
    """Open and decode a supported image within size limits; every error of Pillow is raised as InvalidInput."""
    from PIL import Image, UnidentifiedImageError

    try:
        if path.stat().st_size > MAX_IMAGE_BYTES:
            raise _image_error(path, f"is larger than {MAX_IMAGE_BYTES // 10**6} MB", "save it smaller", "art.bytes")
        with warnings.catch_warnings():
            # Pillow warns of large and unusual images; the limits here replace that.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=tuple(IMAGE_MIMES)) as image:
                if image.width * image.height > MAX_IMAGE_PIXELS:
                    text = f"has too many pixels: {image.width} × {image.height}"
                    raise _image_error(path, text, _MAX_SIDE_FIX, "art.size")
                image.load()
                yield image
    except FileNotFoundError:
        raise _image_error(path, "does not exist", "fix the path", "art.missing") from None
    except UnidentifiedImageError:
        raise _image_error(path, "is not a supported image", "use a JPEG or PNG", "art.format") from None
    except InvalidInput:
        raise
    except Image.DecompressionBombError:
        raise _image_error(path, "has too many pixels", _MAX_SIDE_FIX, "art.size") from None
    except MemoryError:
        raise _image_error(path, "takes too much memory to decode", _MAX_SIDE_FIX, "art.size") from None
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        raise _image_error(path, f"is damaged: {error}", _RESAVE_FIX, "art.broken") from error


def _image_error(path: Path, text: str, fix: str, code: str) -> InvalidInput:
    return InvalidInput([Problem(SourceLocation(path.as_posix()), text, fix, code)])
