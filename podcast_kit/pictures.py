"""Pictures by their pixels: what a file really is, and a copy that fits a tag or a page. The only home of Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.errors import InvalidInput, Place, Problem
from podcast_kit.model import Cover

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

MAX_PIXELS = 50_000_000
"""Apple takes 3000 × 3000 at most; five times as many are still read, to be told that they are too many."""
MAX_BYTES = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
QUALITY = 88
HUES = 24
"""Parts of the colour circle that are told apart."""
STRIKING = 70
"""Saturation and value, of 255, below which a pixel counts as grey or black."""


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
    with _opened(path) as image:
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


def cover(path: Path, size: int = 1000) -> Cover:
    """A picture as it goes into a tag: at most `size` pixels a side, upright, without metadata.

    PNG stays PNG where it has few colours, everything else becomes baseline JPEG. Same file, same bytes.
    """
    return _saved(path, size, formats=("JPEG", "PNG"))


def _saved(path: Path, size: int, *, formats: tuple[str, ...]) -> Cover:
    from PIL import Image

    with _opened(path) as image:
        if image.format == "JPEG":
            image.draft("RGB", (size, size))
        upright = _upright(image)
        kept = "PNG" if image.format == "PNG" and image.mode in {"P", "1", "L"} and "PNG" in formats else "JPEG"
        flat = _flat(upright)
        flat.thumbnail((size, size), Image.Resampling.LANCZOS)
        data = io.BytesIO()
        if kept == "PNG":
            flat.save(data, "PNG", optimize=True)
        else:
            flat.save(data, "JPEG", quality=QUALITY, optimize=True, progressive=False)
        return Cover(data=data.getvalue(), mime=MIMES[kept], width=flat.width, height=flat.height)


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _flat(image: Image) -> Image:
    """In RGB and without transparency: players show transparent covers on any ground, often black."""
    from PIL import Image as Pictures

    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if "A" in image.getbands() or "transparency" in image.info:
        above = image.convert("RGBA")
        ground = Pictures.new("RGBA", above.size, "white")
        return Pictures.alpha_composite(ground, above).convert("RGB")
    return image.convert("RGB")


def smaller(path: Path, widths: Sequence[int]) -> tuple[Cover, ...]:
    """Copies of a picture for pages, one a width, the smallest first; none as wide as the picture or wider."""
    from PIL import Image

    with _opened(path) as image:
        upright = _upright(image)
        alpha = "A" in upright.getbands() or "transparency" in upright.info
        whole = upright.convert("RGBA") if alpha else _flat(upright)
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

    with _opened(path) as image:
        whole = _flat(_upright(image))
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

    with _opened(path) as image:
        image.draft("RGB", (96, 96))
        small = _flat(_upright(image))
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


CARD = (1200, 630)
"""Pixels of the picture that social networks and messengers show, as they ask for it."""


class Card:
    """Pictures that stand for pages: the cover, the title and the show's name, on the show's own colours."""

    def __init__(self, path: Path, show: str, *, ground: str, ink: str, soft: str, accent: str) -> None:
        from PIL import Image, ImageDraw, ImageFilter, ImageOps

        with _opened(path) as image:
            face = ImageOps.fit(_flat(_upright(image)), (CARD[1] - 180,) * 2, Image.Resampling.LANCZOS)
        self._blank = Image.new("RGB", CARD, ground)
        shade = Image.new("L", CARD, 0)
        ImageDraw.Draw(shade).rounded_rectangle((90, 102, 90 + face.width, 102 + face.height), 36, fill=90)
        self._blank.paste("black", mask=shade.filter(ImageFilter.GaussianBlur(18)))
        mask = Image.new("L", face.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *face.size), 36, fill=255)
        self._blank.paste(face, (90, 90), mask)
        draw = ImageDraw.Draw(self._blank)
        draw.rectangle((0, CARD[1] - 14, CARD[0], CARD[1]), fill=accent)
        self._left = 90 + face.width + 60
        self._ink = ink
        line = _wrapped(show, _font(34), CARD[0] - 70 - self._left, 1)
        if line:
            draw.text((self._left, 96), line[0], fill=soft, font=_font(34))

    def of(self, title: str) -> Cover:
        """The card of a page; letters that the font does not have are left to the page itself."""
        from PIL import ImageDraw

        picture = self._blank.copy()
        for size in (72, 60, 50, 42):
            font = _font(size)
            lines = _wrapped(title, font, CARD[0] - 70 - self._left, 5)
            if lines and len(lines) * size * 1.2 <= CARD[1] - 260 and not lines[-1].endswith("…"):
                break
        top = 90 + (CARD[1] - 180) / 2 - len(lines) * size * 0.6 + 20
        draw = ImageDraw.Draw(picture)
        for number, line in enumerate(lines):
            draw.text((self._left, top + number * size * 1.2), line, fill=self._ink, font=font)
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=80)
        return Cover(data=data.getvalue(), mime="image/jpeg", width=CARD[0], height=CARD[1])


@cache
def _font(size: int) -> FreeTypeFont:
    """The font that Pillow brings along: the same everywhere, so that cards are the same bytes everywhere."""
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101  # every wheel of Pillow has FreeType
    return font


def _drawable(text: str) -> str:
    """The text where the font can show all of it, else nothing: boxes in place of letters help nobody."""
    words = " ".join(text.split())
    missing = _font(20).getmask("\U0010fffd").getbbox(), bytes(_font(20).getmask("\U0010fffd"))
    shown = (letter for letter in words if not letter.isspace() and not letter.isascii())
    boxes = any((_font(20).getmask(letter).getbbox(), bytes(_font(20).getmask(letter))) == missing for letter in shown)
    return "" if boxes else words


def _wrapped(text: str, font: FreeTypeFont, width: int, most: int) -> list[str]:
    """The text in at most so many lines of that width; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    for word in _drawable(text)[:300].split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(_cut(word, font, width))
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(lines[most - 1] + " …", font, width, ending="…")]
    return lines


def _cut(word: str, font: FreeTypeFont, width: int, ending: str = "") -> str:
    while font.getlength(word) > width and len(word) > 1:
        word = word[: -1 - len(ending)].rstrip() + ending
    return word


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """An open picture of a kind we know, decoded within bounds; every failure of Pillow as our own error."""
    from PIL import Image, UnidentifiedImageError

    def refused(text: str, hint: str, code: str) -> InvalidInput:
        return InvalidInput([Problem(Place(path.as_posix()), text, hint, code)])

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
