"""Publishing to one S3 server: ours, s5cmd and rclone, on loopback and behind 40 ms.

    1,000 files of 8 KiB, 10 files of 60 MiB, and nothing to do over 5,000 objects; medians of five rounds in turn.

Each program finds a bucket of its own, in which one file was published before: in one that is empty, the server
lays out its volumes first, which takes it as long as all the rest, and ours finds out what the store makes of
conditional writes. `into a new bucket` shows that too.

Ours does what a publish does, with the digests that a build remembers: reads the record, plans, sends each file
with its MD5 and sha256 on condition that nothing is there, and writes the record. The look at the public address
of every new file, which the others have no counterpart of, is shown by itself.
It ends with an error where ours takes longer than `BARS` allow.
"""

import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, Server, free_ports

BARS = {
    "1,000 x 8 KiB into a new bucket": {"s5cmd": 1.3},
    "1,000 x 8 KiB": {"s5cmd": 1.2},
    "10 x 60 MiB": {"s5cmd": 1.05},
    "nothing to do": {"s5cmd": 1.0, "rclone": 1.0},
}
"""Workload, by the beginning of its title → program → how many times as long as that ours may take."""
SCRIPTS = Path(sysconfig.get_path("scripts"))


def main() -> None:
    """Print one table a workload; raise SystemExit at the end where a bar was missed."""
    missed: list[str] = []
    rounds = int(os.environ.get("ROUNDS", "5"))
    with tempfile.TemporaryDirectory(prefix="podcast-kit-bench-") as folder, Server(Path(folder) / "server") as server:
        os.environ |= server.environment()
        small, large = _files(Path(folder) / "small", 1000, 8 << 10), _files(Path(folder) / "large", 10, 60 << 20)
        _files(Path(folder) / "one", 1, 64)
        many = _files(Path(folder) / "many", 5000, 64)
        for link in ("loopback", "40 ms"):
            with _link(server, link) as endpoint:
                missed += _upload(f"1,000 x 8 KiB, {link}", server, endpoint, small, rounds)
                missed += _upload(f"1,000 x 8 KiB into a new bucket, {link}", server, endpoint, small, rounds, new=True)
                missed += _upload(f"10 x 60 MiB, {link}", server, endpoint, large, rounds)
                missed += _nothing(f"nothing to do over 5,000 objects, {link}", server, endpoint, many, rounds)
    if missed:
        raise SystemExit("\n" + "\n".join(missed))


def _files(folder: Path, count: int, size: int) -> Path:
    """Files that no program can make smaller, and what a build would know of them."""
    folder.mkdir()
    outputs = []
    for number in range(count):
        data = hashlib.shake_128(f"{size} {number}".encode()).digest(min(size, 1 << 20)) * max(1, size >> 20)
        key = f"media/{number:016x}/{number}.mp3"
        path = folder / key
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        outputs.append([key, len(data), hashlib.sha256(data).hexdigest()])
    folder.with_suffix(".json").write_text(json.dumps(outputs))
    return folder


def _upload(title: str, server: Server, endpoint: str, folder: Path, rounds: int, *, new: bool = False) -> list[str]:
    def fresh(command: Callable[[str], list[str]]) -> Callable[[], tuple[float, float]]:
        def once() -> tuple[float, float]:
            bucket = server.bucket().name
            try:
                if not new:
                    _run(_ours(folder.with_name("one"), bucket, endpoint))
                return _run(command(bucket))
            finally:
                _drop(server, bucket)

        return once

    return _table(
        title,
        rounds,
        {
            "podcast-kit": fresh(lambda bucket: _ours(folder, bucket, endpoint)),
            "podcast-kit, and asked for": fresh(lambda bucket: _ours(folder, bucket, endpoint, "--gate")),
            "s5cmd": fresh(lambda bucket: _s5cmd(endpoint, "cp", f"{folder}/*", f"s3://{bucket}/")),
            "rclone": fresh(lambda bucket: _rclone(endpoint, "copy", "--no-check-dest", str(folder), f":s3:{bucket}")),
        },
    )


def _nothing(title: str, server: Server, endpoint: str, folder: Path, rounds: int) -> list[str]:
    bucket = server.bucket().name
    _run(_ours(folder, bucket, endpoint))
    memo = ["--memo", str(folder.with_suffix(".memo"))]
    _run(_ours(folder, bucket, endpoint, *memo))
    missed = _table(
        title,
        rounds,
        {
            "podcast-kit": lambda: _run(_ours(folder, bucket, endpoint, *memo)),
            "podcast-kit, elsewhere": lambda: _run(_ours(folder, bucket, endpoint)),
            "s5cmd": lambda: _run(_s5cmd(endpoint, "sync", "--size-only", f"{folder}/", f"s3://{bucket}/")),
            "rclone": lambda: _run(
                _rclone(endpoint, "copy", "--size-only", "--fast-list", str(folder), f":s3:{bucket}")
            ),
        },
    )
    _drop(server, bucket)
    return missed


def _table(title: str, rounds: int, programs: dict[str, Callable[[], tuple[float, float]]]) -> list[str]:
    """Print the medians; what missed its bar, in words."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    names = list(programs)
    for turn in range(rounds):  # another begins each time: what one leaves behind for the server meets the next
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            measured[name].append(programs[name]())
    print(f"\n{title}\n{'':<28}{'seconds':>9}{'x s5cmd':>9}{'CPU s':>8}")
    median = {name: statistics.median(seconds for seconds, _ in times) for name, times in measured.items()}
    base = median["s5cmd"]
    for name, times in measured.items():
        seconds = median[name]
        processor = statistics.median(each for _, each in times)
        print(f"{name:<28}{seconds:>9.2f}{seconds / base:>9.2f}{processor:>8.2f}", flush=True)
    bars = next(bars for workload, bars in BARS.items() if title.startswith(workload))
    return [
        f"{title}: {median['podcast-kit'] / median[peer]:.2f} x {peer}, more than {bar}"
        for peer, bar in bars.items()
        if median["podcast-kit"] > bar * median[peer]
    ]


def _run(command: list[str]) -> tuple[float, float]:
    """Wall seconds and the client's own CPU seconds."""
    # An installed program is compiled once, not at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stderr:
        process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {said[-2000:].decode()}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime


def _ours(folder: Path, bucket: str, endpoint: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks._publisher", str(folder), bucket, endpoint, *more]


def _s5cmd(endpoint: str, *arguments: str) -> list[str]:
    return [str(SCRIPTS / "s5cmd"), "--endpoint-url", endpoint, *arguments]


def _rclone(endpoint: str, command: str, *arguments: str) -> list[str]:
    settings = ["--s3-provider", "Other", "--s3-endpoint", endpoint, "--s3-region", "us-east-1"]
    settings += ["--s3-access-key-id", ACCESS_KEY, "--s3-secret-access-key", SECRET_KEY, "--s3-no-check-bucket"]
    return [
        str(SCRIPTS / "rclone"), command, "--config", os.devnull, "--transfers", "32", "--checkers", "32",
        *settings, *arguments,
    ]  # fmt: skip


def _drop(server: Server, bucket: str) -> None:
    client = server.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", ())]
        if keys:
            client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    client.delete_bucket(Bucket=bucket)
    client.close()


@contextlib.contextmanager
def _link(server: Server, kind: str) -> Iterator[str]:
    if kind == "loopback":
        yield server.endpoint
        return
    port = free_ports(("proxy",))["proxy"]
    command = [sys.executable, "-m", "tests.benchmarks._slow_link", str(port), str(server.ports["s3"])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        if process.stdout:
            process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
