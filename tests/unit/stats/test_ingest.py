"""Access logs become requests: what is read, what is skipped, what is reported."""

import gzip
import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import zstandard

from podcast_kit.stats import ingest
from podcast_kit.stats.addresses import AddressFacts
from podcast_kit.stats.log_sources import LogFile
from podcast_kit.stats.record import request_parts

NOW = datetime(2026, 11, 28, 19, tzinfo=UTC)
LINE = (
    '192.0.2.{n} - - [28/Nov/2026:23:59:{n:02} +0000] "GET /media/ab/01.mp3?from=rss HTTP/1.1" 206 5000 "-" "App/{n}"\n'
)


class Salts:
    def __init__(self, size=17):
        self.months = []
        self.size = size

    def salt_of_month(self, month):
        self.months.append(month)
        return (month.encode() * 5)[: self.size]


def log_file(path):
    status = path.stat()
    return LogFile(path, path.name, f"{status.st_size} {status.st_mtime_ns}")


def read_logs(folder, *paths, salts=None, **options):
    return ingest.ingest_logs(folder, [log_file(path) for path in paths], salts=salts or Salts(), now=NOW, **options)


def read_requests(folder, columns='CAST("at" AS VARCHAR), agent, path, status, bytes_sent'):
    paths = [str(path) for parts in request_parts(folder).values() for path in parts]
    if not paths:
        return []
    with duckdb.connect() as database:
        return database.execute(f"SELECT {columns} FROM read_parquet({paths}) ORDER BY ALL").fetchall()


def lines(*numbers):
    return "".join(LINE.format(n=number) for number in numbers).encode()


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_combined_log_becomes_requests_by_day(tmp_path, data):
    log = tmp_path / "access.log"
    log.write_bytes(lines(1) + lines(2).replace(b"28/Nov/2026:23:59:02 +0000", b"29/Nov/2026:01:30:00 +0100"))
    result = read_logs(data, log)
    assert (result.requests, result.problems) == (2, [])
    assert result.logs[0].log_format.title == "nginx or Apache combined log"
    assert sorted(request_parts(data)) == ["2026-11-28", "2026-11-29"]
    assert read_requests(data) == [
        ("2026-11-28 23:59:01", "App/1", "/media/ab/01.mp3", 206, 5000),
        ("2026-11-29 00:30:00", "App/2", "/media/ab/01.mp3", 206, 5000),
    ]


@pytest.mark.parametrize("days_by_filter", [2, 90])
def test_requests_of_many_days_and_months_are_each_in_their_day(tmp_path, data, monkeypatch, days_by_filter):
    monkeypatch.setattr(ingest, "MAX_FILTERED_DAYS", days_by_filter)
    monkeypatch.setattr(ingest, "SAMPLE_BYTES", 300)  # the months in the middle are not in the sample
    days = [datetime(2026, 3, 29, tzinfo=UTC) + timedelta(days=number) for number in range(36)]
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(1).replace(b"28/Nov/2026", f"{day:%d/%b/%Y}".encode()) for day in days * 2))
    assert read_logs(data, log).requests == 72
    rows = {f"{day:%Y-%m-%d} 23:59:01": 2 for day in days}
    assert Counter(at for (at,) in read_requests(data, 'CAST("at" AS VARCHAR)')) == rows
    parts = request_parts(data)
    assert sorted(parts) == [f"{day:%Y-%m-%d}" for day in days]
    paths = [str(path) for [path] in parts.values()]
    with duckdb.connect() as database:
        dates = 'SELECT DISTINCT filename, CAST(CAST("at" AS DATE) AS VARCHAR) FROM read_parquet($1, filename = true)'
        assert dict(database.execute(dates, [paths]).fetchall()) == {str(path): day for day, [path] in parts.items()}
    listeners = read_requests(data, "DISTINCT listener")
    assert len(listeners) == len({f"{day:%Y-%m}" for day in days})


def test_lines_of_a_shorter_chunk_are_not_mixed_with_those_of_a_longer_one(tmp_path, data, monkeypatch):
    monkeypatch.setattr(ingest, "CHUNK_BYTES", 1)
    logs = []
    for number in range(1, 4):
        logs.append(tmp_path / f"{number}.log")
        agent = f"App/{number} ".encode() + b"x" * (4 - number) * 1000
        logs[-1].write_bytes(lines(number).replace(f"App/{number}".encode(), agent))
    result = read_logs(data, *logs)
    assert (result.requests, result.problems) == (3, [])
    agents = [agent.split()[0] for (agent,) in read_requests(data, "agent")]
    assert agents == [f"App/{number}" for number in range(1, 4)]


def test_second_run_opens_nothing_and_a_new_log_opens_one(tmp_path, data, monkeypatch):
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    first.write_bytes(lines(1, 2))
    read_logs(data, first)
    opened = []
    open_log = LogFile.open_log
    monkeypatch.setattr(LogFile, "open_log", lambda self: opened.append(self.name) or open_log(self))
    assert read_logs(data, first).unchanged == 1
    assert opened == []
    second.write_bytes(lines(3))
    assert read_logs(data, first, second).requests == 1
    assert opened == ["2.log"]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
def test_rotated_and_grown_log_is_counted_once(tmp_path, data, compress):
    log, rotated = tmp_path / "access.log", tmp_path / "access.log.1"
    log.write_bytes(lines(1, 2))
    read_logs(data, log)
    log.unlink()
    rotated.write_bytes(compress(lines(1, 2, 3)))
    assert read_logs(data, rotated).requests == 1
    copy = tmp_path / "copy.log"
    copy.write_bytes(lines(1, 2, 3))
    result = read_logs(data, copy)
    assert (result.requests, result.repeated) == (0, 1)
    assert [agent for (agent,) in read_requests(data, "agent")] == ["App/1", "App/2", "App/3"]


def test_log_with_the_same_first_line_is_another_log(tmp_path, data):
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    first.write_bytes(lines(1, 2, 3))
    second.write_bytes(lines(1, 4, 5))
    assert read_logs(data, first, second).requests == 6


@pytest.mark.parametrize("cut", [1, 2, 3, 8, 60, 100])
@pytest.mark.slow
def test_log_that_is_being_written_is_counted_exactly_once(tmp_path, data, cut):
    log = tmp_path / "access.log"
    whole = lines(1, 2)
    log.write_bytes(whole[:-cut])
    result = read_logs(data, log)
    assert result.problems == []
    log.write_bytes(whole + lines(3))
    read_logs(data, log)
    assert [agent for (agent,) in read_requests(data, "agent")] == ["App/1", "App/2", "App/3"]


def test_malformed_lines_are_counted_and_located(tmp_path, data):
    log, clean = tmp_path / "access.log", tmp_path / "clean.log"
    bad = b"\n".join([b"hello", b"", b"a\0b", b"x" * 200_000, b"\xff\xfe"]) + b"\n"
    log.write_bytes(lines(1) + bad + lines(2) + LINE.format(n=3).replace("App/3", "A\xff").encode("latin-1"))
    clean.write_bytes(lines(4))
    result = read_logs(data, clean, log)
    (problem,) = result.problems
    assert str(problem).startswith("access.log:2: warning: 4 lines are not in the format of the log and not counted")
    assert [agent for (agent,) in read_requests(data, "agent")] == [r"A\xff", "App/1", "App/2", "App/4"]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("size", [0.3, 0.99])
def test_half_written_log_is_not_counted_until_it_is_complete(tmp_path, data, monkeypatch, compress, size):
    monkeypatch.setattr(ingest, "CHUNK_BYTES", 500)
    whole = compress(b"".join(lines(number) for number in range(1, 50)))
    log, other = tmp_path / "access.log.gz", tmp_path / "a.log"
    other.write_bytes(lines(51))
    log.write_bytes(whole[: int(len(whole) * size)])
    result = read_logs(data, other, log)
    assert [problem.code for problem in result.problems] == ["log.incomplete"]
    assert len(read_requests(data)) == 1
    log.write_bytes(whole)
    assert read_logs(data, other, log).requests == 49
    assert len(read_requests(data)) == 50


def test_unknown_format_is_reported(tmp_path, data):
    log = tmp_path / "notes.txt"
    log.write_text("Dear diary,\n")
    (problem,) = read_logs(data, log).problems
    assert problem.code == "log.format"
    assert read_requests(data) == []


def test_log_without_user_agents_is_refused(tmp_path, data):
    log = tmp_path / "access.log"
    log.write_bytes(lines(1).replace(b' "-" "App/1"', b""))
    (problem,) = read_logs(data, log).problems
    assert problem.code == "log.agents"


def test_addresses_are_hashed_with_the_salt_of_their_month(tmp_path, data):
    log = tmp_path / "access.log"
    log.write_bytes(lines(1) + lines(1).replace(b"28/Nov", b"01/Dec") + lines(2).replace(b"192.0.2.2", b"2001:DB8::1"))
    read_logs(data, log)
    assert len({listener for (listener,) in read_requests(data, "listener")}) == 3
    stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"192.0.2" not in stored
    assert b"2001:" not in stored.lower()


def test_addresses_of_one_home_are_one_listener(tmp_path, data):
    log = tmp_path / "access.log"
    homes = [b"2001:DB8:0:1::1", b"2001:db8:0000:0001:aaaa:bbbb:cccc:dddd", b"2001:db8:0:1:0:0:0:2"]
    log.write_bytes(b"".join(lines(2).replace(b"192.0.2.2", address) for address in homes))
    read_logs(data, log)
    assert len({listener for (listener,) in read_requests(data, "listener")}) == 1


def test_addresses_of_private_feeds_are_not_kept(tmp_path, data):
    token = "abcdefghijklmnopqrstuvwxyz234567"
    log = tmp_path / "access.log"
    text = LINE.format(n=1).replace("/media/ab/01.mp3", f"/private/{token}.xml")
    log.write_text(
        text + text.replace("abc", "%61bc") + text.replace('"-"', f'"https://pod.example/private/{token}.xml"')
    )
    read_logs(data, log)
    assert {path for (path,) in read_requests(data, "path")} == {"/private/..."}
    assert token not in str(read_requests(data, "*"))


def test_cloudfront_columns_come_from_the_header(tmp_path, data):
    log = tmp_path / "E1.2026-11-28-19.gz"
    fields = "date time c-ip cs-uri-stem sc-status cs(User-Agent) sc-range-start sc-range-end sc-bytes cs-method"
    row = "2026-11-28\t19:00:01\t192.0.2.1\t/a%20b.mp3\t206\tApp%2520Player/1\t100\t-\t700\tGET"
    other = "#Fields: sc-status date time c-ip cs-uri-stem cs(User-Agent)\n"
    other += "200\t2026-11-28\t19:00:02\t192.0.2.2\t/c.mp3\tX\n"
    log.write_bytes(gzip.compress(f"#Version: 1.0\n#Fields: {fields}\n{row}\n{other}".encode()))
    result = read_logs(data, log)
    assert result.problems == []
    assert read_requests(data, "path, status, agent, range_start, range_end, bytes_sent, method") == [
        ("/a b.mp3", 206, "App Player/1", 100, None, 700, "GET"),
        ("/c.mp3", 200, "X", None, None, None, None),
    ]


def test_s3_server_access_log(tmp_path, data):
    log = tmp_path / "2026-11-28"
    head = "79a5 pod [28/Nov/2026:19:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE"
    tail = "- 9vKBE6vMhrNiWHZmb2L0mXOcq= - - - - - -"
    log.write_text(
        f'{head} REST.GET.OBJECT media/a%2520b/01.mp3 "GET /x HTTP/1.1" 206 - 512 9000 7 6 "-" "My "App"/1" {tail}\n'
        f'{head} S3.EXPIRE.OBJECT media/a.mp3 "-" - - - 9000 - - "-" "-" {tail}\n'
        f'{head} REST.HEAD.OBJECT media/a.mp3 "HEAD /media/a.mp3 HTTP/1.1" 200 - - 9000 7 - "-" "curl/8" {tail}\n'
    )
    result = read_logs(data, log)
    assert (result.problems, result.logs[0].log_format.name) == ([], "s3")
    assert read_requests(data, "method, path, status, bytes_sent, agent") == [
        ("GET", "/media/a b/01.mp3", 206, 512, 'My "App"/1'),
        ("HEAD", "/media/a.mp3", 200, 0, "curl/8"),
    ]


def test_a_killed_run_leaves_nothing_that_counts(tmp_path, data, monkeypatch):
    log = tmp_path / "access.log"
    log.write_bytes(lines(1, 2))

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "flush_disk", die)
        with pytest.raises(KeyboardInterrupt):
            read_logs(data, log)
    assert list(data.rglob("*.parquet")) != []
    assert read_requests(data) == []
    assert read_logs(data, log).requests == 2
    assert len(read_requests(data)) == len(list(data.rglob("*.parquet"))) * 2


def test_work_folder_is_private_and_removed(tmp_path, data):
    log = tmp_path / "access.log"
    log.write_bytes(lines(1))
    read_logs(data, log)
    assert data.stat().st_mode & 0o777 == 0o700
    assert not [path for path in Path(data).iterdir() if path.name.startswith("reading-")]


def cloudfront(*rows):
    fields = "date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent) x-edge-request-id"
    body = "".join(f"2026-11-{day}\t19:00:00\t192.0.2.1\tGET\t/a.mp3\t200\tApp\t{row}\n" for day, row in rows)
    return gzip.compress(f"#Version: 1.0\n#Fields: {fields}\n{body}".encode())


def test_lines_that_are_delivered_twice_are_counted_once(tmp_path, data):
    first, second, third = tmp_path / "1.gz", tmp_path / "2.gz", tmp_path / "3.gz"
    first.write_bytes(cloudfront((28, "a"), (28, "b"), (28, "a"), (27, "c")))
    second.write_bytes(cloudfront((28, "d"), (28, "b"), (28, "-"), (28, "-")))
    third.write_bytes(cloudfront((28, "d")))
    result = read_logs(data, first)
    assert (result.requests, result.repeated_lines, result.problems) == (3, 1, [])
    result = read_logs(data, first, second, third)
    assert (result.requests, result.repeated_lines, result.problems) == (3, 2, [])
    assert len(read_requests(data)) == 6


@pytest.mark.parametrize(
    ("salt_bytes", "listener_hash", "line_hash"), [(32, "sha256", "sha256"), (16, "sha256", "md5"), (17, "md5", "md5")]
)
def test_a_month_that_an_earlier_version_began_goes_on_as_it_was(tmp_path, data, salt_bytes, listener_hash, line_hash):
    """The length of a salt tells how the version that made it hashed addresses and the ids of lines."""
    log = tmp_path / "1.gz"
    log.write_bytes(cloudfront((28, "a")))
    salts = Salts(salt_bytes)
    read_logs(data, log, salts=salts)
    [(listener, request_id)] = read_requests(data, "listener, request_id")

    def short_id(name, text):
        digest = hashlib.new(name, text.encode()).digest()
        return int.from_bytes(digest) >> 196 if name == "sha256" else int.from_bytes(digest, "little") & (1 << 60) - 1

    assert listener == short_id(listener_hash, salts.salt_of_month("2026-11").hex() + "192.0.2.1")
    assert request_id == short_id(line_hash, "a")


def test_late_lines_change_only_their_day(tmp_path, data):
    log, late = tmp_path / "1.gz", tmp_path / "2.gz"
    log.write_bytes(cloudfront((27, "a"), (28, "b")))
    late.write_bytes(cloudfront((27, "c")))
    read_logs(data, log)
    before = request_parts(data)
    assert read_logs(data, log, late).days == {"2026-11-27"}
    after = request_parts(data)
    assert after["2026-11-28"] == before["2026-11-28"]
    assert len(after["2026-11-27"]) == 2


class Directory:
    def look_up(self, address):
        return {"192.0.2.1": AddressFacts("DE"), "2001:db8:0:1": AddressFacts("FR", is_datacenter=True)}.get(
            address, AddressFacts()
        )


def test_addresses_are_looked_up_while_a_log_is_read(tmp_path, data):
    log = tmp_path / "access.log"
    log.write_bytes(lines(1, 2) + lines(3).replace(b"192.0.2.3", b"2001:db8:0:1::5"))
    read_logs(data, log, addresses=Directory())
    rows = read_requests(data, "agent, country, is_datacenter")
    assert rows == [("App/1", "DE", False), ("App/2", None, False), ("App/3", "FR", True)]


def test_country_of_the_log_is_kept(tmp_path, data):
    log = tmp_path / "log"
    log.write_text("HIT|206|1795892699500|5000|390|192.0.2.1|-|https://a.b-cdn.net/a.mp3|DE|App/1|32|US\n")
    read_logs(data, log, addresses=Directory())
    assert read_requests(data, "country") == [("US",)]
