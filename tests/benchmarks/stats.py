"""Millions of log lines to download figures, beside gunzip, DuckDB's bare count over the same files, and GoAccess."""

import gzip
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from podcast_kit.stats import CountingInput, CountingRules, DuckDBEngine, StatsFolder, load_agent_lists
from podcast_kit.stats.counting import counting_statements, counting_steps
from podcast_kit.stats.folder import SALT_BYTES
from podcast_kit.stats.ingest import LogFile, ingest_logs, request_parts
from podcast_kit.stats.report import count_months, prepare_tables
from tests.support import access_logs, request_files
from tests.support.access_logs import APPS, BOTS
from tests.support.shows import ROOT

LINES = [int(count) for count in os.environ.get("BENCH_LINES", "1000000,4000000").split(",")]
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
GOACCESS = ("goaccess", "--log-format=COMBINED", "--no-progress", "-o", "/dev/null", "--output-format=json")


def main() -> None:
    """Print lines per CPU second of each, and stop where a limit is not kept."""
    per_line: dict[str, list[float]] = {}
    problems: list[str] = []
    for lines in LINES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            logs = write_logs(folder / "logs", lines)
            size = sum(path.stat().st_size for path in logs)
            print(f"\n{lines:,} lines, {size / 1e6:.0f} MB gzip\n{'':34}{'cpu s':>8}{'lines/cpu s':>14}{'peak MB':>9}")
            cpu = {name: measure(name, lines, command) for name, command in commands(folder, logs).items()}
        for name, seconds in cpu.items():
            per_line.setdefault(name, []).append(seconds / lines)
        problems += broken_limits(cpu)
    problems += [
        f"{name}: {rates[-1] / rates[0]:.2f} times the CPU of a line"
        for name, rates in per_line.items()
        if name in {"podcast_kit, ingest", "podcast_kit, count"} and rates[-1] > MAX_GROWTH * rates[0]
    ]
    if problems:
        raise SystemExit("slower than promised: " + "; ".join(problems))


def commands(folder: Path, logs: list[Path]) -> dict[str, list[str | Path]]:
    """What is measured, in the order in which it must run."""
    step: list[str | Path] = [sys.executable, "-m", "tests.benchmarks.stats", folder]
    rows: dict[str, list[str | Path]] = {
        "gunzip | wc -l": ["sh", "-c", 'gunzip -c "$@" | wc -l', "sh", *logs],
        "DuckDB, bare count": [*step, "bare"],
        "podcast_kit, ingest": [*step, "ingest"],
        "the same SQL by hand": [*step, "sql"],
        "podcast_kit, count": [*step, "count"],
    }
    if shutil.which("goaccess"):
        rows["GoAccess"] = ["sh", "-c", f'gunzip -c "$@" | {" ".join(GOACCESS)} -', "sh", *logs]
    else:
        print("GoAccess is not installed (apt-get install goaccess)")
    return rows


def measure(name: str, lines: int, command: list[str | Path]) -> float:
    """CPU seconds of a command and its children."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed")
    seconds = usage.ru_utime + usage.ru_stime
    peak = usage.ru_maxrss * 1024
    print(f"{name:34}{seconds:8.1f}{lines / seconds:14,.0f}{peak / 1e6:9.0f}", flush=True)
    if name.startswith("podcast_kit") and peak > MAX_PEAK_BYTES:
        raise SystemExit(f"{name} took {peak / 1e6:.0f} MB")
    return seconds


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
    for name, (ratio, limit) in ratios.items():
        print(f"{name:40}{ratio:8.2f}  (at most {limit:.2f})")
    return [f"{name} {ratio:.2f}" for name, (ratio, limit) in ratios.items() if ratio > limit]


def write_logs(folder: Path, lines: int) -> list[Path]:
    """Logs of nginx, in files of half a million lines: many listeners, some of whom come back."""
    folder.mkdir(parents=True)
    chance = random.Random(lines)
    recordings = access_logs.make_recordings(60)
    agents = [*APPS, *BOTS] + [f"{agent} build/{number}" for agent in APPS for number in range(300)]
    files = []
    start = datetime(2026, 10, 1, tzinfo=UTC)
    written = 0
    while written < lines:
        count = min(LINES_PER_FILE, lines - written)
        path = folder / f"access-{len(files):03}.log.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            for number in range(written, written + count):
                moment = start + timedelta(seconds=number * DAYS * 86400 / lines)
                recording = recordings[int(chance.random() ** 2 * len(recordings))]
                listener = chance.randrange(lines // 3 + 1)
                address = f"{10 + listener // 16_777_216}.{listener >> 16 & 255}.{listener >> 8 & 255}.{listener & 255}"
                is_part = chance.random() < 0.3
                status, size = (206, chance.randrange(recording.bytes)) if is_part else (200, recording.bytes)
                file.write(
                    f'{address} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "GET {recording.path} HTTP/1.1" {status} {size} '
                    f'"-" "{agents[listener % len(agents)]}"\n'
                )
        written += count
        files.append(path)
    return files


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


def run_step(folder: Path, step: str) -> None:
    """One of the steps, in a process of its own."""
    logs = sorted((folder / "logs").glob("*.gz"))
    stats = StatsFolder(folder / "stats")
    if step == "bare":
        with duckdb.connect() as database:
            names = ", ".join(f"'{path}'" for path in logs)
            options = "columns={'line': 'VARCHAR'}, delim='\\x01', quote='', escape='', header=false, auto_detect=false"
            print(database.execute(f"SELECT count(*) FROM read_csv([{names}], {options})").fetchone())
        return
    if step == "ingest":
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
        run_step(Path(sys.argv[1]), sys.argv[2])
    else:
        main()
