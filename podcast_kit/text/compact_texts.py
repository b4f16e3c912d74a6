"""Long texts of values of which thousands are in memory.

One letter beyond Latin-1 doubles what a text takes, so such texts are kept as UTF-8; and they can be moved elsewhere,
such as to a file, and are still read as before.
"""

from __future__ import annotations

from itertools import cycle
from types import MemberDescriptorType
from typing import Any, Protocol

MIN_MOVED_CHARS = 100
"""Shorter texts take less than the note of where they are."""
RECENT_TEXTS = 8
"""More than one value has: a copy of a value keeps its texts where they are, and a pickle has equal ones only once."""


class MovedText(Protocol):
    """A text that is kept elsewhere."""

    def read(self) -> str:
        """The text."""


class TextStore(Protocol):
    """Where texts can be moved to."""

    def add_text(self, text: str | bytes) -> str | bytes | MovedText:
        """Keep a text, given as ASCII or as UTF-8; returns what it is kept as."""


_NOTHING: tuple[str, object] = ("", None)
_recent = [_NOTHING] * RECENT_TEXTS
"""Texts that were read or written last, each with what it is kept as."""
_next_place = cycle(range(RECENT_TEXTS)).__next__


class _CompactText:
    """A field of a class with slots, kept as UTF-8 unless it is ASCII, or moved, and read as text."""

    __slots__ = ("slot",)

    def __init__(self, slot: MemberDescriptorType) -> None:
        self.slot = slot

    def __get__(self, obj: object, owner: type | None = None) -> Any:  # noqa: ANN401  # itself, from the class
        if obj is None:
            return self
        kept = self.slot.__get__(obj, owner)
        if type(kept) is str:
            return kept
        for text, known in _recent:
            if known is kept:
                return text
        text = kept.decode("utf-8", "surrogatepass") if type(kept) is bytes else kept.read()
        _recent[_next_place()] = (text, kept)
        return text

    def get_kept(self, obj: object) -> str | bytes:
        """The text as it is kept in memory, be it moved or not."""
        kept = self.slot.__get__(obj)
        if isinstance(kept, (str, bytes)):
            return kept
        text: str = kept.read()
        return text if text.isascii() else text.encode("utf-8", "surrogatepass")

    def __set__(self, obj: object, value: str) -> None:
        kept: object = value
        if len(value) >= MIN_MOVED_CHARS or not value.isascii():
            for text, known in _recent:
                if text == value and known is not None:
                    self.slot.__set__(obj, known)
                    return
            if not value.isascii():
                kept = value.encode("utf-8", "surrogatepass")
                _recent[_next_place()] = (value, kept)
        self.slot.__set__(obj, kept)


_fields: dict[type, tuple[_CompactText, ...]] = {}


def keep_texts_compact(type_: type, *names: str) -> None:
    """Keep these fields of a dataclass with slots as UTF-8; nothing else about it changes."""
    for name in names:
        setattr(type_, name, _CompactText(vars(type_)[name]))
    _fields[type_] = tuple(vars(type_)[name] for name in names)


def move_texts(value: object, store: TextStore) -> None:
    """Move the long texts of a value to a store; nothing else about it changes."""
    moved: dict[int, object] = {}
    for field in _fields[type(value)]:
        kept = field.slot.__get__(value)
        if isinstance(kept, (str, bytes)) and len(kept) >= MIN_MOVED_CHARS:
            if id(kept) not in moved:
                moved[id(kept)] = store.add_text(kept)
            field.slot.__set__(value, moved[id(kept)])
