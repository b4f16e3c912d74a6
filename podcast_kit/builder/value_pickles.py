"""Values of the model as bytes and back, faster than by JSON.

What is read can be nothing but such values, whatever the bytes are: a pickle names no function and no class here, only
numbers of this module's own table.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime, timezone
from enum import Enum
from functools import partial
from typing import Any

from podcast_kit import model
from podcast_kit.builder.episode import BuiltEpisode
from podcast_kit.builder.slots import list_getters, make_value
from podcast_kit.builder.work_trace import KeptPictures, KeptWork
from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.model.episode import ChapterList, ChaptersFromFile, ChaptersFromNotes
from podcast_kit.model.lineage import SourceText
from podcast_kit.site import KeptPage, KeptPages
from podcast_kit.source.kept_readings import EpisodeReading

DATACLASSES: tuple[type, ...] = (
    *(model.Episode, model.Person, model.ListenLink, model.AudioSettings, model.Element, model.Chapter, model.Cue),
    *(model.LocalFile, model.RemoteUrl, ChaptersFromNotes, ChaptersFromFile, ChapterList, SourceText),
    *(model.Item, model.Image, model.Media, model.Soundbite, model.Transcript, model.LockEntry, model.SocialPost),
    *(model.Output, Problem, SourceLocation, EpisodeReading, BuiltEpisode, KeptWork, KeptPictures, KeptPage, KeptPages),
)
ENUMS: tuple[type[Enum], ...] = (model.EpisodeType, model.Wave, Severity)
LEFT_OUT: Mapping[type, Mapping[str, object]] = {
    model.Output: {"path": None},
}
"""Fields that are not kept, and what they are instead."""
_RESTORER = (__name__, "_restore")
"""The name of the one function that a pickle can call."""


class UnkeptValueError(ValueError):
    """A value that is not kept, or bytes that do not hold values of the model."""


def pickle_value(value: object, shared: Mapping[str, object]) -> bytes:
    """A value as bytes; of objects that are `shared`, only their names are in it. Raises UnkeptValueError."""
    file = io.BytesIO()
    try:
        _ValuePickler(file, shared).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise UnkeptValueError(str(error)) from error
    return file.getvalue()


def unpickle_value(data: bytes, shared: Mapping[str, object]) -> Any:  # noqa: ANN401  # the caller knows
    """A value from its bytes, with the shared objects of now. Raises UnkeptValueError."""
    try:
        unpickler = _ValueUnpickler(io.BytesIO(data))
        unpickler.persistent_load = {**_MEMBERS, **shared}.__getitem__  # type: ignore[method-assign]
        return unpickler.load()
    except Exception as error:  # a damaged pickle raises almost anything
        raise UnkeptValueError(str(error)) from error


class _ValuePickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in (*_MEMBERS.items(), *shared.items())}

    def persistent_id(self, obj: object) -> str | None:
        return self._names.get(id(obj))

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401  # as in pickle
        kind = type(obj)
        if kind is _Restorer:
            return _RESTORER[1]
        if (number := _NUMBERS.get(kind)) is not None:
            return _restore, (number, *_DISMANTLERS[number](obj))
        raise pickle.PicklingError(f"{kind.__qualname__} is not kept")


class _ValueUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> _Restorer:
        if (module_name, global_name) == _RESTORER:
            return _restore
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not kept")


class _Restorer:
    """Makes a value of the type that has a number; it has no attributes that a pickle could set."""

    __slots__ = ()

    def __call__(self, number: int, *values: object) -> object:
        """A dataclass gets its fields without what its constructor would work out again."""
        if not 0 <= number < len(DATACLASSES):
            return _RESTORERS[number - len(DATACLASSES)](*values)
        return make_value(_TYPES[number], values)


_restore = _Restorer()


def _dismantle_dataclass(getters: tuple[Callable[[object], object], ...], value: object) -> list[object]:
    return [get_field(value) for get_field in getters]


def _choose_dismantler(type_: type) -> Callable[[Any], list[object]]:
    """Without what the next build works out itself."""
    left_out = LEFT_OUT.get(type_, {})
    return partial(
        _dismantle_dataclass,
        tuple(
            partial(_leave_out, left_out[field.name]) if field.name in left_out else get_field
            for field, get_field in zip(fields(type_), list_getters(type_), strict=True)
        ),
    )


def _leave_out(instead: object, _value: object) -> object:
    return instead


def _dismantle_datetime(value: datetime) -> list[object]:
    """A date with a fixed offset, as the model has them."""
    if type(value.tzinfo) is not timezone or value.fold:
        raise pickle.PicklingError("a date without a fixed offset is not kept")
    return [value.isoformat()]


_TYPES: tuple[type, ...] = (*DATACLASSES, datetime)
_NUMBERS = {type_: number for number, type_ in enumerate(_TYPES)}
_RESTORERS: tuple[Callable[..., object], ...] = (datetime.fromisoformat,)
_DISMANTLERS: tuple[Callable[[Any], list[object]], ...] = (
    *map(_choose_dismantler, DATACLASSES),
    _dismantle_datetime,
)
_MEMBERS: Mapping[str, object] = {f"{type_.__name__} {member.value}": member for type_ in ENUMS for member in type_}
"""What is named in a pickle, rather than made again."""
