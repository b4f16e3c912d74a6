"""Logs that are made to break the reader: counted as malformed or refused, never a wrong number, in little memory."""

import gzip
import io
import resource
import zlib
from datetime import UTC, datetime

import duckdb
import pytest
import zstandard

from podcast_kit.stats import ingest
from podcast_kit.stats.record import request_parts

NOW = datetime(2026, 11, 28, 19, tzinfo=UTC)
LINE = b'192.0.2.1 - - [28/Nov/2026:19:00:00 +0000] "GET /a.mp3 HTTP/1.1" 200 5000 "-" "App"\n'
GIGABYTE = 1 << 30


class Salts:
    def salt_of_month(self, month):
        return month.encode() * 4


class MadeLog:
    """A log that is made while it is read."""

    version = ""

    def __init__(self, blocks, name="made.log"):
        self.blocks, self.name = blocks, name

    def open_log(self):
        return io.BufferedReader(MadeStream(iter(self.blocks)), 1 << 20)


class MadeStream(io.RawIOBase):
    def __init__(self, blocks):
        self.blocks, self.rest = blocks, b""

    def readable(self):
        return True

    def readinto(self, buffer):
        self.rest = self.rest or next(self.blocks, b"")
        taken, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def read_made(tmp_path, *blocks_or_bytes, name="made.log", folder="data"):
    blocks = [block for block in blocks_or_bytes if isinstance(block, bytes)]
    source = MadeLog(blocks if len(blocks) == len(blocks_or_bytes) else blocks_or_bytes[0], name)
    return ingest.ingest_logs(tmp_path / folder, [source], salts=Salts(), now=NOW)


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def gzip_of(block, repetitions):
    """Gzip data of a block many times over, as small as it gets."""
    compressor = zlib.compressobj(9, wbits=31)
    for _ in range(repetitions):
        yield compressor.compress(block)
    yield compressor.flush()


@pytest.mark.slow
def test_line_of_a_gigabyte_is_one_malformed_line(tmp_path):
    def blocks():
        yield LINE
        for _ in range(GIGABYTE >> 20):
            yield b"x" * (1 << 20)
        yield b"\n" + LINE

    before = peak_bytes()
    result = read_made(tmp_path, blocks())
    assert result.requests == 2
    (problem,) = result.problems
    assert str(problem).startswith("made.log:2: warning: 1 line is not in the format")
    assert peak_bytes() - before < 300 << 20


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"\0", b"\n", b"x"], ids=["zeros", "newlines", "one line"])
def test_gzip_bomb_is_refused(tmp_path, content):
    block = content * ((1 << 20) // len(content))
    bomb = b"".join(gzip_of(block, 150))
    assert len(bomb) < (150 << 20) / 150
    before = peak_bytes()
    result = read_made(tmp_path, bomb)
    assert [problem.code for problem in result.problems] in (["log.expansion"], ["log.format"])
    assert result.requests == 0
    assert peak_bytes() - before < 300 << 20


@pytest.mark.slow
def test_zstd_bomb_is_refused(tmp_path):
    compressor = zstandard.ZstdCompressor(level=19).compressobj()
    block = LINE * 10_000
    bomb = b"".join([*(compressor.compress(block) for _ in range(400)), compressor.flush()])
    result = read_made(tmp_path, bomb)
    assert [problem.code for problem in result.problems] == ["log.expansion"]
    assert result.requests == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (gzip.compress(LINE, mtime=0) + b"garbage", "log.damaged"),
        (gzip.compress(LINE, mtime=0)[:-4] + b"\0\0\0\1", "log.damaged"),
        (
            gzip.compress(LINE * 100, mtime=0)[:60] + b"\xff" * 20 + gzip.compress(LINE * 100, mtime=0)[80:],
            "log.damaged",
        ),
        (zstandard.compress(LINE)[:-3], "log.incomplete"),
        (zstandard.compress(LINE) + b"garbage", "log.damaged"),
        (b"\x1f\x8b", "log.incomplete"),
    ],
)
def test_damaged_compression_counts_nothing(tmp_path, data, code):
    result = read_made(tmp_path, data)
    assert [problem.code for problem in result.problems] == [code]
    assert (result.requests, request_parts(tmp_path / "data")) == (0, {})


def test_several_members_and_padding_are_one_log(tmp_path):
    data = gzip.compress(LINE, mtime=0) + gzip.compress(LINE.replace(b"App", b"B"), mtime=0) + b"\0" * 512
    assert read_made(tmp_path, data).requests == 2
    frames = zstandard.compress(LINE.replace(b"App", b"C")) + zstandard.compress(LINE.replace(b"App", b"D"))
    assert read_made(tmp_path, frames, name="b").requests == 2


def test_control_characters_never_move_a_field(tmp_path):
    lines = [LINE.replace(b"App", b"A" + bytes([code]) + b"p") for code in range(256) if code not in {10, 34, 92}]
    result = read_made(tmp_path, b"".join(lines))
    (problem,) = result.problems
    assert str(problem).startswith("made.log:1: warning: 2 lines")  # NUL, and a carriage return inside of a line
    paths = [str(path) for parts in request_parts(tmp_path / "data").values() for path in parts]
    with duckdb.connect() as database:
        rows = database.execute("SELECT DISTINCT path, status, bytes_sent FROM read_parquet(?)", [paths]).fetchall()
        agents = database.execute("SELECT count(DISTINCT agent) FROM read_parquet(?)", [paths]).fetchall()
    assert rows == [("/a.mp3", 200, 5000)]
    assert agents == [(len(lines) - 2,)]


@pytest.mark.parametrize(
    "name", ["it's; DROP TABLE logs--", "../../etc/passwd", "day=2026-01-01", "a\nb", "%s{i}*?[x]"]
)
def test_names_of_logs_and_folders_are_only_names(tmp_path, name):
    folder = "it's [a] {i} *folder*"
    assert read_made(tmp_path, LINE, name=name, folder=folder).requests == 1
    again = request_parts(tmp_path / folder)
    assert [len(parts) for parts in again.values()] == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b" 200 ", b" 2000 "),
        LINE.replace(b" 200 ", b" -20 "),
        LINE.replace(b"28/Nov/2026", b"31/Feb/2026"),
        LINE.replace(b"28/Nov/2026", b"28/Nov/0001"),
        LINE.replace(b"192.0.2.1", b"-"),
        LINE.replace(b" +0000", b" +9900"),
    ],
)
def test_impossible_values_are_malformed(tmp_path, line):
    result = read_made(tmp_path, LINE + line)
    assert result.requests == 1
    assert [problem.location.line for problem in result.problems] == [2]


@pytest.mark.parametrize("size", [b"-5", b"99999999999999999999", b"x"])
def test_impossible_sizes_are_unknown(tmp_path, size):
    result = read_made(tmp_path, LINE + LINE.replace(b" 5000 ", b" " + size + b" "))
    paths = [str(path) for parts in request_parts(tmp_path / "data").values() for path in parts]
    with duckdb.connect() as database:
        rows = database.execute("SELECT bytes_sent FROM read_parquet(?) ORDER BY 1", [paths]).fetchall()
    assert {value for (value,) in rows} <= {5000, None, 0}
    assert result.requests + sum(log.malformed.count for log in result.logs) == 2
