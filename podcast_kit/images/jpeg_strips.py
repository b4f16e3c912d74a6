"""JPEG files of pictures that differ only in some rows: these are encoded, and the bytes are those of the whole.

A baseline JPEG is one series of bits, block after block and row after row, in which a block depends on the one before
it only by its mean colour. Where all rows end in a margin of one colour, rows of two pictures can be exchanged.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

ROW_PX = 16
"""The height and width of what is encoded together: two blocks, because there are half as many colours as pixels."""
_START_OF_SCAN = b"\xff\xda"
_END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class _Bits:
    value: int
    length: int

    def __add__(self, other: _Bits) -> _Bits:
        return _Bits(self.value << other.length | other.value, self.length + other.length)

    def without_start(self, length: int) -> _Bits:
        """All but the first bits."""
        return _Bits(self.value & ((1 << self.length - length) - 1), self.length - length)


def encode_jpeg(image: Image, quality: int) -> bytes:
    """An image as baseline JPEG."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return data.getvalue()


class JpegStrips:
    """Encodes pictures that are like a background, but for some rows, and these too in the margin at the right."""

    def __init__(self, background: Image, quality: int) -> None:
        """The margin is at least ROW_PX wide, and has one colour, but for the last two rows of blocks."""
        from PIL import Image

        self.quality = quality
        self._background = background
        self._margin_colour = background.getpixel((background.width - 1, 0)) or 0
        margin = Image.new("RGB", (background.width, ROW_PX), self._margin_colour)
        whole = encode_jpeg(background, quality)
        header_end = _find_scan(whole)
        self._header = whole[:header_end]
        self._margin_length = _read_bits(encode_jpeg(margin, quality)).length
        self._kept_above: dict[int, _Bits] = {}
        self._kept_below: dict[int, _Bits] = {}
        # With another encoder, or with what a later version of it does by default, rows may not be exchangeable.
        self._is_possible = self._join(background, ROW_PX, 2 * ROW_PX) == whole

    def encode(self, picture: Image, top: int, bottom: int) -> bytes:
        """A picture that differs from the background only in the rows of pixels from `top` up to `bottom`."""
        top = top // ROW_PX * ROW_PX
        bottom = -(-bottom // ROW_PX) * ROW_PX
        if not self._is_possible or not ROW_PX <= top < bottom <= picture.height - 2 * ROW_PX:
            return encode_jpeg(picture, self.quality)
        return self._join(picture, top, bottom)

    def _join(self, picture: Image, top: int, bottom: int) -> bytes:
        """The background with rows of a picture in the place of its own."""
        bits = self._above(top) + self._encode(picture, top, bottom) + self._below(bottom)
        padding = -bits.length % 8
        scan = (bits + _Bits((1 << padding) - 1, padding)).value.to_bytes((bits.length + padding) // 8, "big")
        return self._header + scan.replace(b"\xff", b"\xff\0") + _END

    def _above(self, bottom: int) -> _Bits:
        """The background's first rows."""
        if bottom not in self._kept_above:
            rows = self._background.crop((0, 0, self._background.width, bottom))
            self._kept_above[bottom] = _read_bits(encode_jpeg(rows, self.quality))
        return self._kept_above[bottom]

    def _below(self, top: int) -> _Bits:
        """The background's last rows."""
        if top not in self._kept_below:
            self._kept_below[top] = self._encode(self._background, top, self._background.height)
        return self._kept_below[top]

    def _encode(self, picture: Image, top: int, bottom: int) -> _Bits:
        """The bits of some rows in the middle of a picture, which begin after a margin."""
        rows = picture.crop((0, top - ROW_PX, picture.width, bottom))
        rows.paste(self._margin_colour, (0, 0, picture.width, ROW_PX))
        return _read_bits(encode_jpeg(rows, self.quality)).without_start(self._margin_length)


def _find_scan(data: bytes) -> int:
    """Where the bits begin."""
    start = data.index(_START_OF_SCAN) + len(_START_OF_SCAN)
    return start + int.from_bytes(data[start : start + 2], "big")


def _read_bits(data: bytes) -> _Bits:
    """The bits of a picture whose last block has one colour: its own are zeros, and ones fill the last byte."""
    scan = data[_find_scan(data) : -len(_END)].replace(b"\xff\0", b"\xff")
    value = int.from_bytes(scan, "big")
    padding = (~value & value + 1).bit_length() - 1
    return _Bits(value >> padding, 8 * len(scan) - padding)
