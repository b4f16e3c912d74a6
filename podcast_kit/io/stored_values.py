"""Lists of values that would fill the memory, kept on disk: the items of a feed of thousands of episodes."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, overload

from podcast_kit.io.atomic_write import write_error
from podcast_kit.io.fast_pickle import dump_pickle
from podcast_kit.io.text_file import TextFile, TextPlace

StoredT = TypeVar("StoredT")


class StoredValues(Sequence[StoredT]):
    """A sequence that keeps its values in a file without a name: each access makes a new, equal value."""

    def __init__(self, values: Iterable[StoredT] = (), *, texts: TextFile | None = None) -> None:
        """With `texts`, they are kept in the same file as other values."""
        self.texts = texts or TextFile(lambda: Path(tempfile.gettempdir()))
        self._places: list[str | bytes | TextPlace] = []
        for value in values:
            self.append(value)

    def append(self, value: StoredT) -> None:
        """Add a value at the end; raises OperationError if the disk is full."""
        try:
            self._places.append(self.texts.add_text(dump_pickle(value)))
        except OSError as error:
            raise write_error(error, tempfile.gettempdir()) from error

    def clear(self) -> None:
        """Forget all values."""
        self._places.clear()

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> StoredT: ...

    @overload
    def __getitem__(self, index: slice) -> list[StoredT]: ...

    def __getitem__(self, index: int | slice) -> StoredT | list[StoredT]:
        if isinstance(index, slice):
            return [self._read(place) for place in self._places[index]]
        return self._read(self._places[index])

    def __iter__(self) -> Iterator[StoredT]:
        return map(self._read, self._places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredValues) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def _read(self, place: str | bytes | TextPlace) -> StoredT:
        data = place.file.read(place.start, place.length) if isinstance(place, TextPlace) else place
        assert isinstance(data, bytes)  # noqa: S101  # as it was added
        value: StoredT = pickle.loads(data)  # noqa: S301  # of a file without a name, which only this process has
        return value
