"""Social cards: the wide images of link previews, with cover and title."""

from __future__ import annotations

import io
import math
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.images.artwork import apply_exif_rotation, decodes_image, flatten_to_rgb, open_image
from podcast_kit.images.jpeg_strips import JpegStrips, encode_jpeg
from podcast_kit.model import Cover

if TYPE_CHECKING:
    from PIL import Image, ImageDraw
    from PIL.ImageFont import FreeTypeFont

FONT_FILE = Path(__file__).with_name("fonts") / "cards.otf"
SOCIAL_CARD_SIZE_PX = (1200, 630)
"""The size that social networks recommend."""
MARGIN_PX = 90
CARD_COVER_SIDE_PX = SOCIAL_CARD_SIZE_PX[1] - 2 * MARGIN_PX
TEXT_LEFT_PX = 2 * MARGIN_PX + CARD_COVER_SIDE_PX - 30
TEXT_WIDTH_PX = SOCIAL_CARD_SIZE_PX[0] - TEXT_LEFT_PX - 70
CARD_JPEG_QUALITY = 80
MAX_ROUNDING_PX = 2
"""How much further than Pillow says a text may be drawn at a place that is not a whole pixel."""
TITLE_SIZES_PX = (72, 60, 50, 42)
"""Font sizes of the title; the largest that fits is used."""
MAX_CARD_TEXT_LEN = 300


@dataclass(frozen=True, slots=True)
class PosterFormat:
    """A picture of cover and title to upload oneself, in pixels."""

    name: str
    width: int
    height: int
    cover_side: int
    top: int
    """Above the cover."""
    bottom: int
    """Below the title."""


POSTER_FORMATS = (
    PosterFormat("square", 1080, 1080, cover_side=540, top=90, bottom=80),
    # Apps put their own controls over the upper 250 and the lower 340 pixels of a story.
    PosterFormat("tall", 1080, 1920, cover_side=760, top=290, bottom=360),
)
POSTER_TITLE_SIZES_PX = (84, 72, 60, 50, 42)
POSTER_SIDE_MARGIN_PX = 90
MAX_POSTER_BYTES = 1_000_000
"""Bluesky takes no larger pictures."""


class SocialCard:
    """Renders the social cards of one cover, in the show's colours; the background is drawn once."""

    def __init__(self, path: Path, show: str, *, ground: str, ink: str, soft: str, accent: str) -> None:
        from PIL import Image

        side = CARD_COVER_SIDE_PX
        self._path = path
        self._cover = Image.frombytes("RGB", (side, side), crop_to_square(path, side))
        self._ground, self._accent, self._ink, self._soft = ground, accent, ink, soft
        self._show = _drawable_text(show)
        self._background = self._draw_background(MARGIN_PX)
        self._draw_show()
        self._canvas = self._background.copy()
        """Where titles are drawn, one after the other: new memory for each card takes twice as long."""
        self._strips: JpegStrips | None = None
        self._has_titled = False
        self._untitled: Image.Image | None = None

    def render(self, title: str) -> Cover:
        """The card with a title; if the font lacks letters of the title, the card only shows the cover."""
        text = _drawable_text(title)
        if text:
            data = self._render_titled(text)
        else:
            self._untitled = self._untitled or self._draw_background((SOCIAL_CARD_SIZE_PX[0] - CARD_COVER_SIDE_PX) // 2)
            data = encode_jpeg(self._untitled, CARD_JPEG_QUALITY)
        width, height = SOCIAL_CARD_SIZE_PX
        return Cover(data=data, mime="image/jpeg", width=width, height=height)

    def _render_titled(self, title: str) -> bytes:
        """The card as JPEG; from the second one on, only the rows with the title are encoded."""
        from PIL import ImageDraw

        card = self._canvas
        card.paste(self._background)
        top, bottom = self._draw_title(ImageDraw.Draw(card), title)
        if not self._has_titled:
            self._has_titled = True
            return encode_jpeg(card, CARD_JPEG_QUALITY)
        self._strips = self._strips or JpegStrips(self._background, CARD_JPEG_QUALITY)
        return self._strips.encode(card, top - MAX_ROUNDING_PX, bottom + MAX_ROUNDING_PX)

    def render_poster(self, title: str, poster: PosterFormat) -> Cover:
        """A poster with the cover above the title; if the font lacks letters of the title, it shows the cover only."""
        from PIL import Image, ImageDraw

        card = Image.new("RGB", (poster.width, poster.height), self._ground)
        draw = ImageDraw.Draw(card)
        side, left = poster.cover_side, (poster.width - poster.cover_side) // 2
        mask = Image.new("L", (side, side), 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, side, side), 36, fill=255)
        cover = Image.frombytes("RGB", (side, side), crop_to_square(self._path, side))
        card.paste(cover, (left, poster.top), mask)
        draw.rectangle((0, poster.height - 18, poster.width, poster.height), fill=self._accent)
        text = _drawable_text(title)
        if text:
            self._draw_poster_text(draw, text, poster)
        for quality in (88, 75, 60):
            data = io.BytesIO()
            card.save(data, "JPEG", quality=quality)
            if data.tell() <= MAX_POSTER_BYTES:
                break
        return Cover(data=data.getvalue(), mime="image/jpeg", width=poster.width, height=poster.height)

    def _draw_poster_text(self, draw: ImageDraw.ImageDraw, title: str, poster: PosterFormat) -> None:
        """The show's name, and the title in the largest size that fits, both centred."""
        width, top = poster.width - 2 * POSTER_SIDE_MARGIN_PX, poster.top + poster.cover_side + 40
        middle = poster.width // 2
        if self._show:
            font = _load_font(38)
            draw.text((middle, top), _wrap_text(self._show, font, width, 1)[0], fill=self._soft, font=font, anchor="ma")
            top += 64
        room = poster.height - poster.bottom - top
        for size in POSTER_TITLE_SIZES_PX:
            lines = _wrap_text(title, _load_font(size), width, 6)
            if len(lines) * size * 1.2 <= room and not lines[-1].endswith("…"):
                break
        lines = lines[: max(1, int(room // (size * 1.2)))]
        for number, line in enumerate(lines):
            draw.text((middle, top + number * size * 1.2), line, fill=self._ink, font=_load_font(size), anchor="ma")

    def _draw_background(self, left: int) -> Image.Image:
        """The background, the cover with its shadow, and a line in the show's colour."""
        from PIL import Image, ImageDraw, ImageFilter

        side, top = CARD_COVER_SIDE_PX, MARGIN_PX
        card = Image.new("RGB", SOCIAL_CARD_SIZE_PX, self._ground)
        shadow = Image.new("L", SOCIAL_CARD_SIZE_PX, 0)
        ImageDraw.Draw(shadow).rounded_rectangle((left, top + 12, left + side, top + side + 12), 36, fill=90)
        card.paste("black", mask=shadow.filter(ImageFilter.GaussianBlur(18)))
        mask = Image.new("L", self._cover.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, side, side), 36, fill=255)
        card.paste(self._cover, (left, top), mask)
        bottom_line = (0, SOCIAL_CARD_SIZE_PX[1] - 14, *SOCIAL_CARD_SIZE_PX)
        ImageDraw.Draw(card).rectangle(bottom_line, fill=self._accent)
        return card

    def _draw_show(self) -> None:
        """The show's name above where titles are drawn."""
        from PIL import ImageDraw

        if self._show:
            font = _load_font(34)
            line = _wrap_text(self._show, font, TEXT_WIDTH_PX, 1)[0]
            ImageDraw.Draw(self._background).text((TEXT_LEFT_PX, MARGIN_PX + 4), line, fill=self._soft, font=font)

    def _draw_title(self, draw: ImageDraw.ImageDraw, title: str) -> tuple[int, int]:
        """The title in the largest size that fits; the rows of pixels that it is in."""
        for size in TITLE_SIZES_PX:
            lines = _wrap_text(title, _load_font(size), TEXT_WIDTH_PX, 5)
            if len(lines) * size * 1.2 <= CARD_COVER_SIDE_PX - 80 and not lines[-1].endswith("…"):
                break
        top = MARGIN_PX + CARD_COVER_SIDE_PX / 2 - len(lines) * size * 0.6 + 20
        font, boxes = _load_font(size), list[tuple[float, float, float, float]]()
        for number, line in enumerate(lines):
            place = (TEXT_LEFT_PX, top + number * size * 1.2)
            draw.text(place, line, fill=self._ink, font=font)
            boxes.append(draw.textbbox(place, line, font=font))
        return math.floor(min(box[1] for box in boxes)), math.ceil(max(box[3] for box in boxes))


@decodes_image
def crop_to_square(path: Path, side: int) -> bytes:
    """The pixels of an image in RGB, upright, cropped to its middle and scaled to `side` pixels a side."""
    from PIL import Image, ImageOps

    with open_image(path) as image:
        upright = flatten_to_rgb(apply_exif_rotation(image))
        return ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS).tobytes()


@cache
def _load_font(size: int) -> FreeTypeFont:
    """The bundled font with basic layout, so that cards are the same bytes on every machine."""
    from PIL import ImageFont

    return ImageFont.truetype(FONT_FILE, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _missing_glyph() -> bytes:
    """What the font draws for a letter that it lacks."""
    return bytes(_load_font(20).getmask("\U0010fffd"))


def _drawable_text(text: str) -> str:
    """The text without emoji; empty if the font lacks any other letter, because it would be drawn as a box."""
    letters = (letter for letter in text if letter.isascii() or not _is_emoji(letter))
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in letters).split())
    has_unknown = any(
        not letter.isascii() and bytes(_load_font(20).getmask(letter)) == _missing_glyph() for letter in words
    )
    return "" if has_unknown else words


def _is_emoji(letter: str) -> bool:
    """Whether it is an emoji, or a modifier or joiner of emoji."""
    return unicodedata.category(letter) in {"So", "Sk"} or letter in "\u200d\ufe0e\ufe0f\u20e3"


def _wrap_text(text: str, font: FreeTypeFont, width: int, max_lines: int) -> list[str]:
    """The text in at most `max_lines` lines of `width` pixels; text that does not fit ends in an ellipsis."""
    lines: list[str] = []
    for word in text[:MAX_CARD_TEXT_LEN].split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines += _hyphenate_word(word, font, width)
    if len(lines) > max_lines:
        last = _shorten_line(lines[max_lines - 1] + " …", font, width, ending="…")
        lines = [*lines[: max_lines - 1], last]
    return lines


def _hyphenate_word(word: str, font: FreeTypeFont, width: int) -> list[str]:
    """A word in pieces that fit, each except the last with a hyphen."""
    pieces = []
    while font.getlength(word) > width and len(word) > 2:  # noqa: PLR2004  # a letter and a hyphen
        stops = range(2, len(word))
        fitting = bisect_left(stops, True, key=lambda stop: font.getlength(word[:stop] + "-") > width)
        end = stops[fitting - 1] if fitting else 1
        pieces.append(word[:end] + "-")
        word = word[end:]
    return [*pieces, word]


def _shorten_line(line: str, font: FreeTypeFont, width: int, ending: str) -> str:
    while font.getlength(line) > width and len(line) > 1:
        line = line[: -1 - len(ending)].rstrip() + ending
    return line
