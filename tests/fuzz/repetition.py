"""Time and memory of every parser for hostile input: short pieces of its syntax, repeated up to its limit.

`python -m tests.fuzz.repetition [--target NAME] [--count N] [--seed N] [--minutes N]` prints a line for each input
that takes longer than 5 s or more than 300 MB, with what reproduces it, and the slowest input of each target.
"""

import argparse
import gc
import json
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from podcast_kit.errors import PodcastKitError
from tests.fuzz.targets import TARGETS, Target

MAX_SECONDS = 5
"""Of CPU time, where the reference work takes `REFERENCE_SECONDS`; a slower machine has more."""
REFERENCE_SECONDS = 0.25
PATIENCE = 4
"""An input is stopped after this many times the limit."""
MAX_MEGABYTES = 300
MAX_PIECE_LEN = 8
DEFAULT_COUNT = 200


@dataclass(frozen=True)
class HostileInput:
    """Bytes that are made of repeated pieces."""

    head: bytes
    pieces: tuple[bytes, ...]
    tail: bytes

    def render(self, size: int) -> bytes:
        """The input at its limit; several pieces are repeated one after the other, each for its share."""
        space = size - len(self.head) - len(self.tail)
        share = max(space // len(self.pieces), 0)
        body = b"".join((piece * (share // len(piece) + 1))[:share] for piece in self.pieces)
        return self.head + body + self.tail

    def __str__(self) -> str:
        pieces = " then ".join(repr(piece) for piece in self.pieces)
        return f"{self.head!r} + {pieces} + {self.tail!r}"


def to_bytes(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode()


def hostile_inputs(target: Target, count: int, seed: int = 0) -> Iterator[HostileInput]:
    """Every piece alone, then combinations; the same seed gives the same inputs."""
    dice = random.Random(seed)
    pieces = [to_bytes(piece) for piece in target.pieces]
    singles = [HostileInput(head, (piece,), target.tails[0]) for head in target.heads for piece in pieces]
    if seed or len(singles) > count // 2:
        dice.shuffle(singles)
    produced = 0
    for hostile in singles[: count * 2 // 3]:
        yield hostile
        produced += 1
    while produced < count:
        head, tail = dice.choice(target.heads), dice.choice(target.tails)
        if dice.random() < 0.5:
            joined = b"".join(dice.choices(pieces, k=dice.choice((2, 3))))
            chosen: tuple[bytes, ...] = (joined[:MAX_PIECE_LEN] if dice.random() < 0.7 else joined,)
        else:
            chosen = tuple(dice.choices(pieces, k=2))
        yield HostileInput(head, chosen, tail)
        produced += 1


def refuse_to_go_on(*_: object) -> None:
    raise TimeoutError(f"took longer than {MAX_SECONDS * PATIENCE} s")


def measure_slowness() -> float:
    """How many times slower this machine is now than the one the limit is meant for; at least 1.

    The reference work is ordinary Markdown by the parser's own rules.
    """
    from markdown_it import MarkdownIt

    parser, text = MarkdownIt("commonmark"), "One *ordinary* sentence with [a link](https://pod.example/).\n\n" * 3_000
    parser.parse(text[:1_000])
    with without_tracing():
        started = time.process_time()
        parser.parse(text)
        return max(1, (time.process_time() - started) / REFERENCE_SECONDS)


@contextmanager
def without_tracing() -> Iterator[None]:
    """Do not measure the coverage of a parser while its time is measured."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


@dataclass(frozen=True)
class Measurement:
    seconds: float
    megabytes: float
    error: str = ""

    @cached_property
    def is_slow(self) -> bool:
        return self.seconds > MAX_SECONDS and self.seconds > MAX_SECONDS * measure_slowness()

    @property
    def is_too_much(self) -> bool:
        return bool(self.error) or self.is_slow or self.megabytes > MAX_MEGABYTES


def measure(target: Target, data: bytes) -> Measurement:
    """CPU time and the growth of memory; an error that is not one of ours is a failure, too."""
    gc.collect()
    reset_peak()
    before, started = resident_megabytes(), time.process_time()
    signal.signal(signal.SIGVTALRM, refuse_to_go_on)
    signal.setitimer(signal.ITIMER_VIRTUAL, MAX_SECONDS * PATIENCE)
    error = ""
    try:
        with without_tracing(), suppress(PodcastKitError):
            target.parse(data)
    except Exception as unexpected:  # noqa: BLE001  # whatever it is, it is a bug
        error = f"{type(unexpected).__name__}: {str(unexpected)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return Measurement(time.process_time() - started, max(peak_megabytes() - before, 0), error)


def status_megabytes(field: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return int(status.read_text("utf-8").partition(f"{field}:")[2].split()[0]) / 1024


def resident_megabytes() -> float:
    return status_megabytes("VmRSS")


def peak_megabytes() -> float:
    return status_megabytes("VmHWM")


def reset_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def run_target(name: str, count: int, seed: int) -> list[dict[str, object]]:
    """Measure every input of a target in this process."""
    target = TARGETS[name]
    with suppress(PodcastKitError):
        target.parse(b"warm up")  # the imports
    rows = []
    for hostile in hostile_inputs(target, count, seed):
        measured = measure(target, hostile.render(target.max_bytes))
        rows.append({"input": str(hostile), **measured.__dict__, "too_much": measured.is_too_much})
        if measured.is_too_much:
            print(
                f"{name}: {measured.seconds:.1f} s, {measured.megabytes:.0f} MB {measured.error}: {hostile}", flush=True
            )
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0, help="go on with new seeds until the time is over")
    options = parser.parse_args(arguments)
    if options.target:
        rows = run_target(options.target, options.count, options.seed)
        slowest, largest = max(row["seconds"] for row in rows), max(row["megabytes"] for row in rows)
        failures = sum(bool(row["too_much"]) for row in rows)
        print(
            json.dumps(
                {
                    "target": options.target,
                    "inputs": len(rows),
                    "seconds": round(slowest, 2),
                    "megabytes": round(largest),
                    "failures": failures,
                }
            )
        )
        return int(failures > 0)
    failed, seed, end = False, options.seed, time.monotonic() + options.minutes * 60
    while True:
        for name in TARGETS:
            command = [sys.executable, "-m", "tests.fuzz.repetition", "--target", name, "--count", str(options.count)]
            failed |= subprocess.run([*command, "--seed", str(seed)], check=False).returncode != 0
        seed += 1
        if time.monotonic() >= end:
            return int(failed)


if __name__ == "__main__":
    sys.exit(main())
