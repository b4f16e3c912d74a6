"""Files that wait to be written are kept on disk until then."""

from pathlib import Path

import pytest

from podcast_kit.builder import spool
from podcast_kit.builder.disk_errors import disk_errors
from podcast_kit.builder.spool import Spool
from podcast_kit.errors import OperationError


def test_bytes_are_read_as_they_were_added(tmp_path):
    files = Spool(lambda: tmp_path)
    files.add_bytes("a", b"one")
    files.add_bytes("b", b"two")
    files.add_bytes("a", b"three")
    assert (files.read_bytes("a"), files.read_bytes("b")) == (b"three", b"two")
    files.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_closing_it_on_a_full_disk_hides_no_other_error(tmp_path, monkeypatch):
    with Path("/dev/full").open("wb+", buffering=0) as full:
        monkeypatch.setattr(spool.tempfile, "TemporaryFile", lambda **_: open(full.fileno(), "wb+", closefd=False))  # noqa: SIM115  # closed below
        files = Spool(lambda: tmp_path)
        files.add_bytes("page", b"waits in a buffer")
        files.close()
    assert files.keys() == []


def test_a_full_disk_is_named_by_its_folder_where_the_system_names_no_file(tmp_path):
    with pytest.raises(OperationError) as raised, disk_errors(tmp_path):
        raise OSError(28, "No space left on device")
    assert raised.value.text == f"{tmp_path}: No space left on device"
