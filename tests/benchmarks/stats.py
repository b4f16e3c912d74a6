"""Millions of log lines to download figures, beside gunzip, DuckDB's bare count over the same files, and GoAccess."""

import gzip
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import duckdb

from podcast_kit.stats import CountingInput, CountingRules, DuckDBEngine, StatsFolder, load_agent_lists
from podcast_kit.stats.counting import counting_statements, counting_steps
from podcast_kit.stats.folder import SALT_BYTES
from podcast_kit.stats.ingest import ingest_logs
from podcast_kit.stats.log_sources import LogFile
from podcast_kit.stats.record import request_parts
from podcast_kit.stats.report import count_months, prepare_tables
from tests.support import access_logs, request_files
from tests.support.access_logs import APPS, BOTS
from tests.support.shows import ROOT

LINES = [int(count) for count in os.environ.get("BENCH_LINES", "1000000,4000000").split(",")]
FORMATS = os.environ.get("BENCH_FORMATS", "combined,cloudfront").split(",")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
"""The best one counts, of what takes less than half a minute."""
MAX_REPEATED_SECONDS = 30
LINES_PER_FILE = 500_000
DAYS = 28
NOW = datetime(2026, 11, 3, tzinfo=UTC)
MAX_INGEST = 2.5
"""Times DuckDB's bare count over the same files."""
MAX_COUNT = 1.5
"""Times the same SQL without our program."""
MIN_FASTER_THAN_GOACCESS = {"ingest and count": 2.5, "count": 10.0}
MAX_GROWTH = 1.5
"""Of the CPU seconds of a line, from the smallest log to the largest."""
MAX_PEAK_BYTES = 2_000_000_000
GOACCESS = ("goaccess", "--no-progress", "-o", "/dev/null", "--output-format=json")


def main() -> None:
    """Print lines per CPU second of each, and stop where a limit is not kept."""
    problems = [problem for log_format in FORMATS for problem in measure_format(log_format)]
    if problems:
        raise SystemExit("slower than promised: " + "; ".join(problems))


def measure_format(log_format: str) -> list[str]:
    """Measure logs of each size in one format; returns the limits that were not kept."""
    per_line: dict[str, list[float]] = {}
    problems: list[str] = []
    for lines in LINES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            logs = write_logs(folder / "logs", lines, log_format)
            size = sum(path.stat().st_size for path in logs)
            print(f"\n{log_format}: {lines:,} lines, {size / 1e6:.0f} MB gzip")
            print(f"{'':34}{'cpu s':>8}{'lines/cpu s':>14}{'peak MB':>9}")
            cpu = {name: measure(name, lines, command) for name, command in commands(folder, logs, log_format).items()}
        for name, seconds in cpu.items():
            per_line.setdefault(name, []).append(seconds / lines)
        problems += [f"{log_format}: {problem}" for problem in broken_limits(cpu)]
    return problems + [
        f"{log_format}: {name}: {rates[-1] / rates[0]:.2f} times the CPU of a line"
        for name, rates in per_line.items()
        if name in {"podcast_kit, ingest", "podcast_kit, count"} and rates[-1] > MAX_GROWTH * rates[0]
    ]


def commands(folder: Path, logs: list[Path], log_format: str) -> dict[str, list[str | Path]]:
    """What is measured, in the order in which it must run."""
    step: list[str | Path] = [sys.executable, "-m", "tests.benchmarks.stats", folder, log_format]
    rows: dict[str, list[str | Path]] = {
        "gunzip | wc -l": ["sh", "-c", 'gunzip -c "$@" | wc -l', "sh", *logs],
        "DuckDB, bare count": [*step, "bare"],
        "DuckDB, fields as they are": [*step, "fields"],
        "podcast_kit, ingest": [*step, "ingest"],
        "the same SQL by hand": [*step, "sql"],
        "podcast_kit, count": [*step, "count"],
    }
    if shutil.which("goaccess"):
        goaccess = f"{' '.join(GOACCESS)} --log-format={log_format.upper()}"
        rows["GoAccess"] = ["sh", "-c", f'gunzip -c "$@" | {goaccess} -', "sh", *logs]
    else:
        print("GoAccess is not installed (apt-get install goaccess)")
    return rows


def measure(name: str, lines: int, command: list[str | Path]) -> float:
    """CPU seconds of a command and its children, in the best of some rounds."""
    seconds, peak = run_measured(name, command)
    for _ in range(ROUNDS - 1):
        if seconds < MAX_REPEATED_SECONDS:
            seconds, peak = min((seconds, peak), run_measured(name, command))
    print(f"{name:34}{seconds:8.1f}{lines / seconds:14,.0f}{peak / 1e6:9.0f}", flush=True)
    if name.startswith("podcast_kit") and peak > MAX_PEAK_BYTES:
        raise SystemExit(f"{name} took {peak / 1e6:.0f} MB")
    return seconds


def run_measured(name: str, command: list[str | Path]) -> tuple[float, int]:
    """CPU seconds and most bytes of memory of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def broken_limits(cpu: dict[str, float]) -> list[str]:
    """The limits that were not kept."""
    ingest, count = cpu["podcast_kit, ingest"], cpu["podcast_kit, count"]
    ratios = {
        "ingest, times DuckDB's bare count": (ingest / cpu["DuckDB, bare count"], MAX_INGEST),
        "count, times the same SQL": (count / cpu["the same SQL by hand"], MAX_COUNT),
    }
    if "GoAccess" in cpu:
        ratios |= {
            "ingest and count, of GoAccess": (
                (ingest + count) / cpu["GoAccess"],
                1 / MIN_FASTER_THAN_GOACCESS["ingest and count"],
            ),
            "count, of GoAccess": (count / cpu["GoAccess"], 1 / MIN_FASTER_THAN_GOACCESS["count"]),
        }
    fields = cpu["DuckDB, fields as they are"] / cpu["DuckDB, bare count"]
    print(f"{'fields as they are, times bare count':40}{fields:8.2f}  (neither decoded, checked nor hashed)")
    for name, (ratio, limit) in ratios.items():
        print(f"{name:40}{ratio:8.2f}  (at most {limit:.2f})")
    return [f"{name} {ratio:.2f}" for name, (ratio, limit) in ratios.items() if ratio > limit]


def write_logs(folder: Path, lines: int, log_format: str = "combined") -> list[Path]:
    """Logs in files of half a million lines: many listeners, some of whom come back."""
    folder.mkdir(parents=True)
    chance = random.Random(lines)
    recordings = access_logs.make_recordings(60)
    agents = [*APPS, *BOTS] + [f"{agent} build/{number}" for agent in APPS for number in range(300)]
    render_line, head = LINE_WRITERS[log_format]
    if log_format == "cloudfront":
        agents = [quote(agent, safe="()/;") for agent in agents]
    files = []
    start = datetime(2026, 10, 1, tzinfo=UTC)
    written = 0
    while written < lines:
        count = min(LINES_PER_FILE, lines - written)
        path = folder / f"access-{len(files):03}.log.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.write(head)
            for number in range(written, written + count):
                moment = start + timedelta(seconds=number * DAYS * 86400 / lines)
                recording = recordings[int(chance.random() ** 2 * len(recordings))]
                listener = chance.randrange(lines // 3 + 1)
                address = f"{10 + listener // 16_777_216}.{listener >> 16 & 255}.{listener >> 8 & 255}.{listener & 255}"
                is_part = chance.random() < 0.3
                status, size = (206, chance.randrange(recording.bytes)) if is_part else (200, recording.bytes)
                file.write(render_line(moment, address, recording.path, status, size, agents[listener % len(agents)]))
        written += count
        files.append(path)
    return files


def combined_line(moment: datetime, address: str, path: str, status: int, size: int, agent: str) -> str:
    """As nginx and Apache write it."""
    request = f'{address} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1"'
    return f'{request} {status} {size} "-" "{agent}"\n'


CLOUDFRONT_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)"
    " cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken"
    " x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status"
    " fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end"
)


def cloudfront_line(moment: datetime, address: str, path: str, status: int, size: int, agent: str) -> str:
    """As CloudFront writes it, with all of its 33 fields."""
    identity = hashlib.sha256(f"{moment.timestamp()}{address}".encode()).hexdigest()
    first = (
        f"{moment:%Y-%m-%d\t%H:%M:%S}\tFRA56-P3\t{size + 400}\t{address}\tGET\td111111abcdef8.cloudfront.net\t{path}"
    )
    middle = f"{status}\t-\t{agent}\t-\t-\tHit\t{identity}==\tpod.example\thttps\t213\t0.112\t-\tTLSv1.3"
    ranges = f"0\t{size - 1}" if status == 206 and size else "-\t-"
    last = f"TLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t40192\t0.027\tHit\taudio/mpeg\t{size}"
    return f"{first}\t{middle}\t{last}\t{ranges}\n"


LINE_WRITERS: dict[str, tuple[Callable[..., str], str]] = {
    "combined": (combined_line, ""),
    "cloudfront": (cloudfront_line, f"#Version: 1.0\n#Fields: {CLOUDFRONT_FIELDS}\n"),
}
"""The function for a line, and what a file begins with."""
READ_FIELDS = {
    "combined": (
        10,
        "delim=' ', quote='\"', escape='\\', comment=''",
        "f1, try_strptime(f4, '[%d/%b/%Y:%H:%M:%S') AS f4, f6, CAST(f7 AS INTEGER), CAST(f8 AS BIGINT), f9, f10",
    ),
    "cloudfront": (
        33,
        "delim='\t', quote='', escape='', comment='#'",
        "CAST(f1 || ' ' || f2 AS TIMESTAMP), CAST(f4 AS BIGINT), f5, f6, f8, CAST(f9 AS INTEGER), f10, f11, f15, f33",
    ),
}
"""Number of fields, how DuckDB splits them, and what an ingest needs of them."""


class Salts:
    """A secret that is no secret."""

    def salt_of_month(self, month: str) -> bytes:
        """The same for each run."""
        return (month.encode() * 4)[:SALT_BYTES]


def counting_input() -> CountingInput:
    """What is counted against."""
    log = access_logs.AccessLog(access_logs.make_recordings(60))
    facts = tuple(request_files.enclosure_facts(log))
    return CountingInput(enclosures=facts, lists=load_agent_lists(), rules=CountingRules())


def run_step(folder: Path, log_format: str, step: str) -> None:
    """One of the steps, in a process of its own."""
    logs = sorted((folder / "logs").glob("*.gz"))
    stats = StatsFolder(folder / "stats")
    if step == "bare":
        with duckdb.connect() as database:
            names = ", ".join(f"'{path}'" for path in logs)
            options = "columns={'line': 'VARCHAR'}, delim='\\x01', quote='', escape='', header=false, auto_detect=false"
            print(database.execute(f"SELECT count(*) FROM read_csv([{names}], {options})").fetchone())
        return
    if step == "fields":  # no more than what every ingest does: split, and write; nothing is decoded, hashed or checked
        count, options, fields = READ_FIELDS[log_format]
        columns = {f"f{number}": "VARCHAR" for number in range(1, count + 1)}
        with duckdb.connect(config={"preserve_insertion_order": False}) as database:
            names = ", ".join(f"'{path}'" for path in logs)
            lines = f"read_csv([{names}], columns={columns}, {options}, header=false, auto_detect=false)"
            target = folder / "fields.parquet"
            database.execute(f"COPY (SELECT {fields} FROM {lines}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        return
    if step == "ingest":
        shutil.rmtree(stats.root, ignore_errors=True)
        sources = [LogFile(path, str(path), "1") for path in logs]
        ingest_logs(stats.root, sources, salts=Salts(), now=NOW)
        return
    files = [path for paths in request_parts(stats.root).values() for path in paths]
    with DuckDBEngine(folder / "spill") as engine:
        if step == "count":
            print(sum(row.downloads for counts in count_months(engine, files, counting_input()) for row in counts.rows))
            return
        prepare_tables(engine, files, counting_input())  # what the SQL needs; the rest is plain SQL
        for query in counting_steps(CountingRules()):
            kind = "VIEW" if query.is_view else "TABLE"
            engine.connection.execute(f"CREATE TEMP {kind} {query.name} AS {query.query}")
        for name in ("downloads", "listeners_by_day", "listeners", "requests_by_reason", "excess_downloads"):
            engine.connection.execute(counting_statements()[name]).fetchall()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_step(Path(sys.argv[1]), *sys.argv[2:])
    else:
        main()
