"""The fields of dataclasses with slots as they are kept, for builds that handle thousands of values."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from itertools import repeat
from operator import call
from typing import Any, TypeVar

KeptT = TypeVar("KeptT")


@cache
def list_slots(type_: type) -> tuple[Any, ...]:
    """Where each field of a dataclass is kept, be it as another value than it is read as."""
    return tuple(getattr(slot, "slot", slot) for slot in _list_descriptors(type_))


@cache
def list_getters(type_: type) -> tuple[Any, ...]:
    """What gets each field as it is kept: of a text that was moved, the text."""
    return tuple(getattr(slot, "get_kept", getattr(slot, "slot", slot).__get__) for slot in _list_descriptors(type_))


def _list_descriptors(type_: type) -> list[Any]:
    slots = {name: slot for base in reversed(type_.__mro__) for name, slot in vars(base).items()}
    return [slots[field.name] for field in fields(type_)]


@cache
def list_setters(type_: type) -> tuple[Any, ...]:
    """What sets each field of a dataclass, be it frozen or not."""
    return tuple(slot.__set__ for slot in list_slots(type_))


def make_value(type_: type, values: tuple[object, ...]) -> Any:  # noqa: ANN401  # of that type
    """A value of a dataclass with these in its slots, without what its constructor would work out again."""
    made: object = object.__new__(type_)
    setters = list_setters(type_)
    if len(setters) != len(values):
        raise ValueError("fields are missing")
    any(map(call, setters, repeat(made), values))  # calls all: a setter returns None
    return made


def copy_value(value: KeptT, **changes: object) -> KeptT:
    """As `dataclasses.replace`, faster; `changes` are values as they are kept."""
    type_: type = type(value)
    kept = map(call, (slot.__get__ for slot in list_slots(type_)), repeat(value))
    names = _list_names(type_)
    copy: KeptT = make_value(type_, tuple(changes.get(name, old) for name, old in zip(names, kept, strict=True)))
    return copy


@cache
def _list_names(type_: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(type_))
