"""A record that is damaged, huge or made up is no record, and never a traceback."""

import json
import time
from contextlib import closing

import pytest

from podcast_kit.io import last_run
from podcast_kit.io.file_stamps import SourceStamps, list_outputs, stamp_outputs
from podcast_kit.io.last_run import (
    LastRun,
    digest_outputs,
    has_unchanged_outputs,
    read_document,
    read_last_run,
    write_document,
    write_last_run,
)
from podcast_kit.io.pinned_folder import PinnedFolder

NOW = time.time()


@pytest.fixture
def folder(tmp_path):
    with closing(PinnedFolder(tmp_path / "cache", create=True)) as pinned:
        yield pinned.root


def make_record(**values):
    return LastRun(
        **{
            "program": "p",
            "sources": SourceStamps("s", {}),
            "since": NOW,
            "until": None,
            "outputs": "o",
            "results": {"build": {"result": 1, "document": ""}},
        }
        | values
    )


def test_record_is_read_as_it_was_written(folder):
    record = make_record(until=NOW + 60.5)
    write_last_run(folder, record, b"")
    assert read_last_run(folder) == record


@pytest.mark.parametrize(
    ("values", "moment", "holds"),
    [
        ({}, 0, True),
        ({"until": NOW + 60}, 59, True),
        ({"until": NOW + 60}, 60, False),
        ({}, -1, False),
        ({"program": "another"}, 0, False),
        ({"sources": SourceStamps("another", {})}, 0, False),
        ({"sources": SourceStamps("s", {"/no/such/file": "0"})}, 0, False),
    ],
    ids=["same", "before the date", "at the date", "clock set back", "program", "sources", "recent file"],
)
def test_record_holds_for_the_same_program_and_sources_until_the_next_date(values, moment, holds):
    assert make_record(**values).holds("p", SourceStamps("s", {}), NOW + moment) is holds


DAMAGES = {
    "empty": b"",
    "cut": b'{"version": 1, "program": "p"',
    "other form": b"[]",
    "no bytes of text": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "other version": json.dumps({"version": 0}).encode(),
    "numbers for texts": json.dumps({"version": 1, "program": 1, "sources": 2, "recent": 3}).encode(),
    "huge number": b'{"version": 1, "program": "", "sources": "", "recent": {}, "since": 1e999, "until": "x"}',
    "results of another kind": b'{"version": 1, "program": "", "sources": "", "recent": {}, "since": 1, "until": null, '
    b'"outputs": "", "results": 1}',
}


@pytest.mark.parametrize("data", DAMAGES.values(), ids=DAMAGES)
def test_damaged_record_is_no_record(folder, data):
    with folder.create("last-run.json") as file:
        file.write(data)
    assert read_last_run(folder) is None


def test_record_is_read_only_up_to_its_limit(folder, monkeypatch):
    write_last_run(folder, make_record(), b"")
    monkeypatch.setattr(last_run, "MAX_LAST_RUN_BYTES", 20)
    assert read_last_run(folder) is None


def test_link_in_place_of_the_record_is_not_followed(folder, tmp_path):
    write_last_run(folder, make_record(), b"")
    (tmp_path / "cache/last-run.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "cache/last-run.json").symlink_to(tmp_path / "elsewhere.json")
    assert read_last_run(folder) is None


def test_outputs_are_compared_by_the_list_that_was_recorded(folder, tmp_path):
    build = tmp_path / "build"
    build.mkdir()
    (build / "index.html").write_text("first")
    paths = list_outputs(build)
    digest = digest_outputs(stamp_outputs(build, b"\0".join(paths))[0], b"\0".join(paths))
    write_last_run(folder, make_record(outputs=digest), b"\0".join(paths))
    assert has_unchanged_outputs(folder, build, digest)
    write_last_run(folder, make_record(outputs=digest), b"")
    assert not has_unchanged_outputs(folder, build, digest)


def test_without_a_list_or_a_digest_outputs_are_unknown(folder, tmp_path):
    assert not has_unchanged_outputs(folder, tmp_path, "digest")
    write_last_run(folder, make_record(), b"no/such/file")
    assert not has_unchanged_outputs(folder, tmp_path, "")


def test_document_of_another_run_is_not_used(folder):
    assert read_document(folder, "0") is None
    write_document(folder, b"[1]")
    digest = "55ec27a6bb18d3a6ea6b6d6b9b1bb1c8d3f1b0d1a1e0e9d0a9c7b3f0c8b6d2a0"
    assert read_document(folder, digest) is None


def test_nothing_is_left_of_a_record_that_cannot_be_written(folder, monkeypatch):
    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(type(folder), "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_last_run(folder, make_record(), b"")
    assert folder.entries() == []
