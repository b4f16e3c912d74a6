"""The cache is saved into the folder that was opened, whatever becomes of its name; and it survives what happens."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import pytest

from podcast_kit.builder import cache as cache_module
from podcast_kit.builder import cache_database
from podcast_kit.builder.cache import open_cache, text_kind
from podcast_kit.errors import OperationError
from podcast_kit.io.pinned_folder import OpenFolder

KIND = text_kind("words")


def read_word(folder, key="one", **where):
    with open_cache(folder, **where) as cache:
        return cache.get(KIND, key)


def write_word(folder, word, key="one"):
    with open_cache(folder) as cache:
        cache.set(KIND, key, word)


def test_what_was_set_is_there_the_next_time(tmp_path):
    write_word(tmp_path / "cache", "kept")
    assert read_word(tmp_path / "cache") == "kept"
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"building", "memory.sqlite", "owner.json"}


@pytest.mark.skipif(os.name == "nt", reason="folders have no descriptors there")
@pytest.mark.parametrize("where", [{}, {"subfolder": "checked"}])
def test_a_folder_that_becomes_a_link_gets_nothing(tmp_path, where):
    folder, outside = tmp_path / "cache", tmp_path / "outside"
    outside.mkdir()
    with open_cache(folder, **where) as cache:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(outside)
        cache.set(KIND, "one", "kept")
        cache.commit()
        cache.subfolder("mastered")
        cache.set(KIND, "two", "kept")
    assert list(outside.iterdir()) == []
    assert read_word(tmp_path / "moved", "two", **where) == "kept"


def test_a_commit_survives_a_kill_and_nothing_else_is_left(tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    script = (
        "import os, signal, sys, pathlib\n"
        "from podcast_kit.builder.cache import open_cache, text_kind\n"
        "with open_cache(pathlib.Path(sys.argv[1])) as cache:\n"
        "    cache.set(text_kind('words'), 'one', 'kept')\n"
        "    cache.commit()\n"
        "    cache.set(text_kind('words'), 'two', 'lost')\n"
        "    os.kill(os.getpid(), signal.SIGTERM if os.name == 'nt' else signal.SIGKILL)\n"
    )
    environment = {**os.environ, "TMPDIR": str(private)}
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "cache")], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert (read_word(tmp_path / "cache"), read_word(tmp_path / "cache", "two")) == ("kept", None)
    assert [path for path in private.rglob("*") if path.is_file()] == []


def test_commits_take_a_small_share_of_the_time(tmp_path, monkeypatch):
    saves = []
    replace = OpenFolder.replace
    monkeypatch.setattr(OpenFolder, "replace", lambda *names: (saves.append(names), replace(*names)))
    clock = SimpleNamespace(monotonic=iter(range(1000)).__next__)  # each save takes 1 s
    monkeypatch.setattr(cache_database, "time", clock)
    with open_cache(tmp_path / "cache") as cache:
        for number in range(100):
            cache.set(KIND, str(number), "x")
            cache.commit()
    assert 2 < len(saves) < 20


def test_an_unchanged_cache_is_not_written(tmp_path):
    write_word(tmp_path / "cache", "kept")
    before = (tmp_path / "cache/memory.sqlite").stat()
    write_word(tmp_path / "cache", "kept")
    after = (tmp_path / "cache/memory.sqlite").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_cache_of_an_earlier_version_is_read_and_its_journals_are_removed(tmp_path):
    write_word(tmp_path / "cache", "kept")
    path = tmp_path / "cache/memory.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    for name in ("memory.sqlite-wal", "memory.sqlite-shm", ".0123456789abcdef.part"):
        (tmp_path / "cache" / name).write_bytes(b"left over")
    assert read_word(tmp_path / "cache") == "kept"
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"building", "memory.sqlite", "owner.json"}


@pytest.mark.parametrize("data", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_cache_is_replaced(tmp_path, data):
    write_word(tmp_path / "cache", "kept")
    (tmp_path / "cache/memory.sqlite").write_bytes(data)
    assert read_word(tmp_path / "cache") is None
    write_word(tmp_path / "cache", "new")
    assert read_word(tmp_path / "cache") == "new"


def test_a_cache_that_cannot_be_saved_is_reported_and_the_last_one_stays(tmp_path, monkeypatch):
    write_word(tmp_path / "cache", "kept")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(OpenFolder, "replace", refuse)
    with pytest.raises(OperationError, match="No space left") as error:
        write_word(tmp_path / "cache", "new")
    assert "free up disk space" in error.value.fix
    monkeypatch.undo()
    assert read_word(tmp_path / "cache") == "kept"
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"building", "memory.sqlite", "owner.json"}


def test_the_first_commit_of_a_large_cache_waits_as_long_as_those_after_a_save(tmp_path, monkeypatch):
    with open_cache(tmp_path / "cache") as cache:
        cache.set(text_kind("words"), "long", "x" * 2_000_000)
    saves = []
    replace = OpenFolder.replace
    monkeypatch.setattr(OpenFolder, "replace", lambda *names: (saves.append(names), replace(*names)))
    with open_cache(tmp_path / "cache") as cache:
        cache.set(text_kind("words"), "one", "kept")
        cache.commit()
        assert saves == []
    assert read_word(tmp_path / "cache") == "kept"


@pytest.mark.parametrize("single_reads", [0, 2, 99])
def test_a_row_is_what_was_set_last_however_many_are_read(tmp_path, monkeypatch, single_reads):
    monkeypatch.setattr(cache_module, "MAX_SINGLE_READS", single_reads)
    names = [f"{number}" for number in range(5)]
    for word in ("first", "second"):
        with open_cache(tmp_path / "cache") as cache:
            before = [cache.get(KIND, name) for name in names]
            for name in names[:3]:
                cache.set(KIND, name, word)
            assert [cache.get(KIND, name) for name in names] == [*[word] * 3, None, None]
            cache.flush()
            assert [cache.get(KIND, name) for name in names] == [*[word] * 3, None, None]
    assert before == [*["first"] * 3, None, None]


def test_rows_that_no_build_used_are_evicted_once_they_are_most(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "MIN_ROWS_BEFORE_EVICTION", 10)
    for build in range(8):
        with open_cache(tmp_path / "cache") as cache:
            for name in range(10):
                cache.set(KIND, f"{build} {name}", "x")
            cache.repeat_uses(SimpleNamespace(list_uses=lambda: [(KIND.name, "0 0")]))
            used = cache.keys_used(KIND)
            assert sorted(used) == sorted({"0 0", *(f"{build} {name}" for name in range(10))})
    with open_cache(tmp_path / "cache") as cache:
        kept = [name for name in range(8) if cache.get(KIND, f"{name} 1")]
        assert cache.get(KIND, "0 0") == "x"
    assert kept[-1] == 7
    assert len(kept) < 7


def test_a_part_of_a_build_counts_what_it_used_in_the_parts_that_it_is_in(tmp_path):
    with open_cache(tmp_path / "cache") as cache:
        outer, inner = set(), set()
        with cache.watched(outer):
            with cache.watched(inner):
                cache.set(KIND, "one", "x")
            cache.get(KIND, "two")
        cache.get(KIND, "three")
        assert inner == {("words", "one")}
        assert outer == {("words", "one"), ("words", "two")}
        assert cache.keys_used(KIND) == ["one"]
