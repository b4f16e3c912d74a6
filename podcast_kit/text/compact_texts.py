"""Long texts of values of which thousands are in memory.

One letter beyond Latin-1 doubles what a text takes, so such texts are kept as UTF-8; and they can be moved elsewhere,
such as to a file, and are still read as before. What takes several times the memory of its text can be kept as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


_NOTHING: tuple[object, object] = ("", None)
_recent = [_NOTHING] * RECENT_TEXTS
"""Texts and values that were read or written last, each with what it is kept as."""
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
        text = _read_kept(kept)
        for place, (known_text, _) in enumerate(_recent):
            if known_text == text:  # a copy gets it from where it is now
                _recent[place] = (text, kept)
                return text
        _recent[_next_place()] = (text, kept)
        return text

    def get_kept(self, obj: object) -> str | bytes:
        """The text as it is kept in memory, be it moved or not."""
        return _fetch_moved(self.slot.__get__(obj))

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


class _PackedValue:
    """A field of a class with slots, kept as a text and read as the value that was written."""

    __slots__ = ("pack", "slot", "unpack")

    def __init__(self, slot: MemberDescriptorType, pack: Callable[[Any], str], unpack: Callable[[str], object]) -> None:
        self.slot = slot
        self.pack = pack
        self.unpack = unpack

    def __get__(self, obj: object, owner: type | None = None) -> Any:  # noqa: ANN401  # itself, from the class
        if obj is None:
            return self
        kept = self.slot.__get__(obj, owner)
        for value, known in _recent:
            if known is kept:
                return value
        value = self.unpack(_read_kept(kept))
        _recent[_next_place()] = (value, kept)
        return value

    def get_kept(self, obj: object) -> str | bytes:
        """The text as it is kept in memory, be it moved or not."""
        return _fetch_moved(self.slot.__get__(obj))

    def __set__(self, obj: object, value: object) -> None:
        for known_value, known in _recent:
            if known_value is value and known is not None:
                self.slot.__set__(obj, known)
                return
        text = self.pack(value)
        kept = text if text.isascii() else text.encode("utf-8", "surrogatepass")
        _recent[_next_place()] = (value, kept)
        self.slot.__set__(obj, kept)


def _read_kept(kept: Any) -> str:  # noqa: ANN401  # text, bytes or a MovedText
    if isinstance(kept, str):
        return kept
    return kept.decode("utf-8", "surrogatepass") if type(kept) is bytes else str(kept.read())


def _fetch_moved(kept: Any) -> str | bytes:  # noqa: ANN401  # text, bytes or a MovedText
    """What is kept, from where it was moved. Of equal ones, several are asked for in turn, and a pickle has one."""
    global _last_fetched  # noqa: PLW0603
    if isinstance(kept, (str, bytes)):
        return kept
    place, fetched = _last_fetched
    if place is not kept:
        text = kept.read()
        fetched = text if text.isascii() else text.encode("utf-8", "surrogatepass")
        _last_fetched = (kept, fetched)
    return fetched


_last_fetched: tuple[object, str | bytes] = (None, "")
_fields: dict[type, tuple[_CompactText | _PackedValue, ...]] = {}


def keep_texts_compact(type_: type, *names: str) -> None:
    """Keep these fields of a dataclass with slots as UTF-8; nothing else about it changes."""
    for name in names:
        setattr(type_, name, _CompactText(vars(type_)[name]))
    _fields[type_] = tuple(vars(type_)[name] for name in names)


def keep_packed(type_: type, name: str, pack: Callable[[Any], str], unpack: Callable[[str], object]) -> None:
    """Keep a field of a dataclass with slots as the text that `pack` makes of it; nothing else about it changes."""
    field = _PackedValue(vars(type_)[name], pack, unpack)
    setattr(type_, name, field)
    _fields[type_] = (field,)


def forget_recent_texts() -> None:
    """Let go of what was read or written last."""
    global _last_fetched  # noqa: PLW0603
    _recent[:] = [_NOTHING] * RECENT_TEXTS
    _last_fetched = (None, "")


def move_texts(values: Iterable[object], store: TextStore) -> None:
    """Move the long texts of values to a store, equal ones of several once; nothing else about them changes."""
    moved: dict[int, tuple[object, object]] = {}
    for value in values:
        for field in _fields[type(value)]:
            kept = field.slot.__get__(value)
            if isinstance(kept, (str, bytes)) and len(kept) >= MIN_MOVED_CHARS:
                if id(kept) not in moved:
                    moved[id(kept)] = (store.add_text(kept), kept)
                field.slot.__set__(value, moved[id(kept)][0])
