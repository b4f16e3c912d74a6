"""Long texts of values of which thousands are in memory: one letter beyond Latin-1 doubles what a text takes."""

from __future__ import annotations

from functools import lru_cache
from types import MemberDescriptorType
from typing import Any


@lru_cache(maxsize=4)  # equal texts of one value are one object, which a pickle then has only once
def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=4)
def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


class _CompactText:
    """A field of a class with slots, kept as UTF-8 unless it is ASCII, and read as text."""

    __slots__ = ("slot",)

    def __init__(self, slot: MemberDescriptorType) -> None:
        self.slot = slot

    def __get__(self, obj: object, owner: type | None = None) -> Any:  # noqa: ANN401  # itself, from the class
        if obj is None:
            return self
        kept = self.slot.__get__(obj, owner)
        return kept if type(kept) is str else _decode(kept)

    def __set__(self, obj: object, value: str) -> None:
        self.slot.__set__(obj, value if value.isascii() else _encode(value))


def keep_texts_compact(type_: type, *names: str) -> None:
    """Keep these fields of a dataclass with slots as UTF-8; nothing else about it changes."""
    for name in names:
        setattr(type_, name, _CompactText(vars(type_)[name]))
