"""Reads values that PHP's serialize() wrote, as WordPress and its plugins keep them: data only, never objects.

Nothing is created but texts, numbers and dictionaries; objects, references and whatever is larger or deeper than
settings ever are is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from podcast_kit.errors import PodcastKitError

MAX_SERIALIZED_BYTES = 1_000_000
MAX_PHP_DEPTH = 12
MAX_PHP_VALUES = 20_000
MAX_PHP_DIGITS = 20
_SCALAR = re.compile(rb"([idb]):([-+0-9.eEINFA]{1,40});")
_LENGTH = re.compile(rb"([sa]):(\d{1,9}):([\"{])")
_TEXT_END = re.compile(rb"\";(?=[aisbdN}]|\Z)")
_REFUSED = {b"O": "an object", b"C": "an object", b"R": "a reference", b"r": "a reference", b"E": "an enumeration"}

PhpValue = str | int | float | bool | None | dict[str, "PhpValue"]


class PhpDataError(PodcastKitError):
    """Serialized data that are damaged, too large, or not data only."""


def parse_php_value(data: bytes) -> PhpValue:
    """The value of serialized data; the keys of arrays are texts. Raises PhpDataError.

    A text whose length is wrong, because its line ends or entities were changed on the way, ends where the next value
    begins.
    """
    if len(data) > MAX_SERIALIZED_BYTES:
        raise PhpDataError(f"has more than {MAX_SERIALIZED_BYTES:,} bytes")
    reader = _PhpReader(data)
    value = reader.read_value(0)
    if data[reader.position :].strip():
        raise PhpDataError(f"has more after the value, at byte {reader.position:,}")
    return value


@dataclass(slots=True)
class _PhpReader:
    """Reads values from a position on."""

    data: bytes
    position: int = 0
    values: int = 0

    def read_value(self, depth: int) -> PhpValue:
        self.values += 1
        if depth > MAX_PHP_DEPTH or self.values > MAX_PHP_VALUES:
            raise PhpDataError("is nested deeper, or has more values, than settings ever have")
        if self.data.startswith(b"N;", self.position):
            self.position += 2
            return None
        if scalar := _SCALAR.match(self.data, self.position):
            self.position = scalar.end()
            return self.to_number(scalar[1], scalar[2])
        if length := _LENGTH.match(self.data, self.position):
            if length[1] == b"s" and length[3] == b'"':
                return self.read_text(length.end(), int(length[2]))
            if length[1] == b"a" and length[3] == b"{":
                self.position = length.end()
                return self.read_array(int(length[2]), depth)
        kind = self.data[self.position : self.position + 1]
        reason = f"has {_REFUSED[kind]}, which is never read," if kind in _REFUSED else "cannot be read"
        raise PhpDataError(f"{reason} at byte {self.position:,}")

    def to_number(self, kind: bytes, digits: bytes) -> PhpValue:
        """An integer, a float or a boolean."""
        text = digits.decode("ascii")
        try:
            if kind == b"i" and len(text) <= MAX_PHP_DIGITS:
                return int(text)
            if kind == b"b" and text in {"0", "1"}:
                return text == "1"
            if kind == b"d":
                return float(text.replace("INF", "inf").replace("NAN", "nan").replace("NaN", "nan"))
        except ValueError:
            pass
        raise PhpDataError(f"has a number that cannot be read at byte {self.position:,}")

    def read_text(self, start: int, length: int) -> str:
        """A text of a number of bytes, or up to the next value where the number is wrong."""
        end = start + length
        if not self.data.startswith(b'";', end):
            match = _TEXT_END.search(self.data, start)
            if match is None:
                raise PhpDataError(f"has a text without an end at byte {start:,}")
            end = match.start()
        self.position = end + 2
        return self.data[start:end].decode("utf-8", "replace")

    def read_array(self, count: int, depth: int) -> dict[str, PhpValue]:
        """The entries of an array; the last of two with the same key, as PHP has it."""
        entries: dict[str, PhpValue] = {}
        if count > MAX_PHP_VALUES:
            raise PhpDataError(f"has an array of {count:,} values at byte {self.position:,}")
        for _ in range(count):
            key = self.read_value(depth + 1)
            if not isinstance(key, (str, int)) or isinstance(key, bool):
                raise PhpDataError(f"has a key that is neither text nor number at byte {self.position:,}")
            entries[str(key)] = self.read_value(depth + 1)
        if not self.data.startswith(b"}", self.position):
            raise PhpDataError(f"has an array without an end at byte {self.position:,}")
        self.position += 1
        return entries


def php_text(value: PhpValue) -> str:
    """A value as text; empty for arrays and nothing."""
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value).strip() if isinstance(value, (str, int, float)) else ""
