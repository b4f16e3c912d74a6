"""Pickles of values for another process of this machine: as pickle's own, but dataclasses take half as long."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any

_Reduce = Callable[[Any], str | tuple[Any, ...]]
MIN_FIELDS = 2
"""With fewer, an attrgetter returns no tuple."""


def dump_pickle(value: object) -> bytes:
    """A value as bytes, which `pickle.loads` reads."""
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


class _Reductions(dict[type, _Reduce]):
    """How values of a type are taken apart: those of pickle, and one for each frozen dataclass with slots."""

    def __missing__(self, kind: type) -> _Reduce:
        reduce_with = copyreg.dispatch_table.get(kind) or _choose_reduction(kind)
        if reduce_with is None:
            raise KeyError(kind)
        self[kind] = reduce_with
        return reduce_with


class _Pickler(pickle.Pickler):
    dispatch_table = _Reductions()


def _choose_reduction(kind: type) -> _Reduce | None:
    """None for a type that says itself how it is taken apart."""
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    state = vars(kind).get("__getstate__")
    has_own = any({"__reduce__", "__reduce_ex__"} & vars(base).keys() for base in kind.__mro__[:-1])
    if has_own or len(names) < MIN_FIELDS or getattr(state, "__module__", "") != "dataclasses":
        return None
    slots = _list_slots(kind)
    if any(hasattr(slot, "slot") for slot in slots):  # as they are kept, which is not as they are read
        getters = tuple(getattr(slot, "get_kept", getattr(slot, "slot", slot).__get__) for slot in slots)
        return lambda value: (_restore_dataclass, (kind, *[get_kept(value) for get_kept in getters]))
    get_values = attrgetter(*names)
    return lambda value: (_restore_dataclass, (kind, *get_values(value)))


def _restore_dataclass(kind: type, *values: object) -> object:
    """A value with these fields, without what its constructor would work out again."""
    value: object = object.__new__(kind)
    for set_field, field_value in zip(_list_setters(kind), values, strict=True):
        set_field(value, field_value)
    return value


@cache
def _list_setters(kind: Any) -> tuple[Callable[[object, object], None], ...]:  # noqa: ANN401  # a dataclass
    """What sets each field as it is kept, although the dataclass is frozen."""
    return tuple(getattr(slot, "slot", slot).__set__ for slot in _list_slots(kind))


def _list_slots(kind: Any) -> list[Any]:  # noqa: ANN401  # a dataclass
    slots = {name: slot for base in reversed(kind.__mro__) for name, slot in vars(base).items()}
    return [slots[field.name] for field in fields(kind)]
