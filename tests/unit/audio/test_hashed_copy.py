"""Pieces are hashed while they are written, and the final name only ever has a complete file."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.audio import hashed_copy
from podcast_kit.errors import OperationError

SOURCE = bytes(range(256)) * 40
pieces = st.lists(
    st.binary(max_size=9)
    | st.tuples(st.integers(0, len(SOURCE)), st.integers(0, 5000)).filter(lambda piece: sum(piece) <= len(SOURCE)),
    max_size=12,
)


@pytest.mark.parametrize("pour", [hashed_copy._write_in_one_thread, hashed_copy._write_in_two_threads])
@given(pieces=pieces, block=st.integers(1, 700))
def test_pieces_are_written_in_order_and_hashed(pour, pieces, block):
    out = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashed_copy, "HASHED_BLOCK_BYTES", block)
        said = pour(io.BytesIO(SOURCE), out, pieces)
    whole = b"".join(piece if isinstance(piece, bytes) else SOURCE[piece[0] :][: piece[1]] for piece in pieces)
    assert out.getvalue() == whole
    assert said == (hashlib.sha256(whole).hexdigest(), len(whole))


def test_source_that_ends_early_leaves_no_file(tmp_path):
    (tmp_path / "kept").write_bytes(b"old")
    with pytest.raises(EOFError):
        hashed_copy.write_hashed_copy(io.BytesIO(SOURCE), tmp_path / "kept", [b"new", (5, len(SOURCE))])
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == b"old"


def test_folder_that_cannot_be_created_is_reported(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperationError, match="cannot be written"):
        hashed_copy.write_hashed_copy(io.BytesIO(SOURCE), tmp_path / "file" / "copy", [b"new"])
