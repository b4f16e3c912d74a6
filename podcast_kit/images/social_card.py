"""The pictures that social networks and messengers show of a page: cover and title, wide."""

from __future__ import annotations

import io
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.images.artwork import flat, opened, upright
from podcast_kit.model import Cover

if TYPE_CHECKING:
    from PIL import Image, ImageDraw
    from PIL.ImageFont import FreeTypeFont

FONT = Path(__file__).with_name("fonts") / "cards.otf"
CARD = (1200, 630)
"""Pixels of the picture that social networks and messengers show, as they ask for it."""
MARGIN = 90
SIDE = CARD[1] - 2 * MARGIN
"""Of the cover on it."""
SIZES = (72, 60, 50, 42)
"""Of the title, in pixels, the largest that fits being taken."""


class Card:
    """The cards of one cover, on the show's own colours; the blank is drawn once."""

    def __init__(self, path: Path, show: str, *, ground: str, ink: str, soft: str, accent: str) -> None:
        from PIL import Image, ImageOps

        with opened(path) as image:
            self._face = ImageOps.fit(flat(upright(image)), (SIDE, SIDE), Image.Resampling.LANCZOS)
        self._ground, self._accent, self._ink, self._soft = ground, accent, ink, soft
        self._show = _drawable(show)
        self._titled = self._blank(MARGIN)
        self._bare: Image.Image | None = None

    def of(self, title: str) -> Cover:
        """The card of a page; for letters that the font does not have, the cover stands alone."""
        from PIL import ImageDraw

        words = _drawable(title)
        if words:
            picture = self._titled.copy()
            self._write(ImageDraw.Draw(picture), words)
        else:
            self._bare = self._bare or self._blank((CARD[0] - SIDE) // 2)
            picture = self._bare
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=80)
        return Cover(data=data.getvalue(), mime="image/jpeg", width=CARD[0], height=CARD[1])

    def _blank(self, left: int) -> Image.Image:
        """The ground, the cover with its shadow, and a line in the show's colour."""
        from PIL import Image, ImageDraw, ImageFilter

        picture = Image.new("RGB", CARD, self._ground)
        shade = Image.new("L", CARD, 0)
        ImageDraw.Draw(shade).rounded_rectangle((left, MARGIN + 12, left + SIDE, MARGIN + SIDE + 12), 36, fill=90)
        picture.paste("black", mask=shade.filter(ImageFilter.GaussianBlur(18)))
        mask = Image.new("L", self._face.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, SIDE, SIDE), 36, fill=255)
        picture.paste(self._face, (left, MARGIN), mask)
        ImageDraw.Draw(picture).rectangle((0, CARD[1] - 14, *CARD), fill=self._accent)
        return picture

    def _write(self, draw: ImageDraw.ImageDraw, title: str) -> None:
        """The title as large as it fits, and the show's name above it."""
        left, width = 2 * MARGIN + SIDE - 30, CARD[0] - (2 * MARGIN + SIDE - 30) - 70
        if self._show:
            draw.text((left, MARGIN + 4), _wrapped(self._show, _font(34), width, 1)[0], fill=self._soft, font=_font(34))
        for size in SIZES:
            lines = _wrapped(title, _font(size), width, 5)
            if len(lines) * size * 1.2 <= SIDE - 80 and not lines[-1].endswith("…"):
                break
        top = MARGIN + SIDE / 2 - len(lines) * size * 0.6 + 20
        for number, line in enumerate(lines):
            draw.text((left, top + number * size * 1.2), line, fill=self._ink, font=_font(size))


@cache
def _font(size: int) -> FreeTypeFont:
    """The font that we bring along, laid out plainly: the same everywhere, so cards are the same bytes everywhere."""
    from PIL import ImageFont

    return ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _missing() -> bytes:
    """What the font shows for a letter that it does not have."""
    return bytes(_font(20).getmask("\U0010fffd"))


def _drawable(text: str) -> str:
    """The text where the font can show all of it, else nothing: boxes in place of letters help nobody.

    Emoji are left out beforehand: a title says the same without them.
    """
    plain = (letter for letter in text if letter.isascii() or not _is_emoji(letter))
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in plain).split())
    unknown = (letter for letter in words if not letter.isascii() and bytes(_font(20).getmask(letter)) == _missing())
    return "" if next(unknown, None) else words


def _is_emoji(letter: str) -> bool:
    """Also what joins and colours emoji; none of it is a letter of any script."""
    return unicodedata.category(letter) in {"So", "Sk"} or letter in "\u200d\ufe0e\ufe0f\u20e3"


def _wrapped(text: str, font: FreeTypeFont, width: int, most: int) -> list[str]:
    """The text in at most so many lines of that width; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    for word in text[:300].split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines += _broken(word, font, width)
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(lines[most - 1] + " …", font, width, ending="…")]
    return lines


def _broken(word: str, font: FreeTypeFont, width: int) -> list[str]:
    """A word in pieces that fit, each but the last with a hyphen."""
    pieces = []
    while font.getlength(word) > width and len(word) > 2:  # noqa: PLR2004  # a letter and a hyphen
        end = next((at for at in range(len(word) - 1, 1, -1) if font.getlength(word[:at] + "-") <= width), 1)
        pieces.append(word[:end] + "-")
        word = word[end:]
    return [*pieces, word]


def _cut(word: str, font: FreeTypeFont, width: int, ending: str = "") -> str:
    while font.getlength(word) > width and len(word) > 1:
        word = word[: -1 - len(ending)].rstrip() + ending
    return word
