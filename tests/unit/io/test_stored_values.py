"""Values that are kept on disk are read as from any sequence."""

import errno

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.io import text_file
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.io.text_file import TextFile
from podcast_kit.model import Node

NODES = [Node("item", "item", text=f"no. {n} – \ud800", attributes={"n": str(n)}, line=n) for n in range(5)]


@pytest.mark.parametrize("limit", [0, 1_000, 1_000_000])
def test_values_are_read_as_they_were_added_in_memory_or_on_disk(monkeypatch, limit):
    monkeypatch.setattr(text_file, "MAX_BYTES_IN_MEMORY", limit)
    values = StoredValues(NODES[:3])
    others = StoredValues(["another value"], texts=values.texts)
    values.append(NODES[3])
    values.append(NODES[4])
    assert (len(values), list(values), list(reversed(values))) == (5, NODES, NODES[::-1])
    assert (values[0], values[-1], values[1:3]) == (NODES[0], NODES[4], NODES[1:3])
    assert list(others) == ["another value"]
    assert values == StoredValues(NODES)
    assert values != StoredValues(NODES[1:])


def test_cleared_values_are_forgotten():
    values = StoredValues(NODES)
    values.clear()
    assert (list(values), bool(values)) == ([], False)
    values.append(NODES[1])
    assert list(values) == [NODES[1]]


def test_a_full_disk_is_reported_with_a_fix(monkeypatch):
    def refuse(_file, _text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TextFile, "add_text", refuse)
    with pytest.raises(OperationError, match="No space left") as raised:
        StoredValues(NODES)
    assert "free up disk space" in raised.value.fix
