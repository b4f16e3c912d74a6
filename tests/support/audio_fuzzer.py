"""Fuzz every reader and writer of audio with mutated audio files.

`python -m tests.support.audio_fuzzer SECONDS [SEED] [FOLDER]`: as rounds over every sample as the time allows, two at
least; the same SEED gives the same mutations in the same order. What fails is said with its seed and mutations and kept
in FOLDER. Only our own exceptions may come out, within five seconds of CPU, in 200 MB of memory, and the source must be
the same afterwards.
"""

import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from podcast_kit.audio import inspect_audio, repair_audio, write_tags
from podcast_kit.audio.loudness import measure_loudness
from podcast_kit.errors import PodcastKitError
from tests.support import peak_memory
from tests.support.audio_samples import RECORDINGS, make_tags, sample

SLOW = 5
MEMORY = 200
FIELDS = (b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80", b"\0\0\0\1", b"\xff\xfb")
Mutation = Callable[[random.Random, bytearray], None]


def flip(dice: random.Random, data: bytearray) -> None:
    for _ in range(dice.choice((1, 1, 3, 10, 100))):
        data[dice.randrange(len(data))] = dice.randrange(256)


def flip_head(dice: random.Random, data: bytearray) -> None:
    for _ in range(dice.choice((1, 2, 5))):
        data[dice.randrange(min(len(data), 600))] = dice.randrange(256)


def field(dice: random.Random, data: bytearray) -> None:
    """Set a possible length to an extreme value."""
    value = dice.choice(FIELDS)
    at = dice.randrange(min(len(data), dice.choice((64, 2000, 1 << 20))))
    data[at : at + len(value)] = value


def name(dice: random.Random, data: bytearray) -> None:
    """Change the length of a structure: four bytes next to a name."""
    marks = (b"moov", b"trak", b"stsz", b"stco", b"stts", b"stsc", b"mdat", b"ilst", b"data", b"fmt ", b"COMM", b"SSND")
    marks += (b"CHAP", b"CTOC", b"APIC", b"TIT2", b"ID3", b"OggS", b"fLaC", b"Xing", b"Info", b"chpl", b"elst", b"text")
    places = [place for mark in marks if (place := data.find(mark)) >= 0]
    if places:
        at = dice.choice(places) + dice.choice((-4, 4, 8, 12, 16, 26))
        data[max(at, 0) : max(at, 0) + 4] = dice.choice((*FIELDS, dice.randbytes(4))).ljust(4, b"\0")[:4]


def cut(dice: random.Random, data: bytearray) -> None:
    del data[dice.randrange(len(data)) :]


def drop(dice: random.Random, data: bytearray) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 4, 100, 5000))]


def repeat(dice: random.Random, data: bytearray) -> None:
    at = dice.randrange(len(data))
    data[at:at] = data[at : at + dice.choice((1, 16, 1000))] * dice.choice((1, 3, 50))


def noise(dice: random.Random, data: bytearray) -> None:
    at = dice.randrange(len(data))
    data[at:at] = dice.choice((dice.randbytes(3000), b"\xff" * 200_000, b"\0" * 3000, b"\xff\xfb\x90\x64" * 20_000))


def splice(dice: random.Random, data: bytearray) -> None:
    """Half of this file, half of one in another format."""
    other = sample(dice.choice(RECORDINGS)).read_bytes()
    data[dice.randrange(len(data)) :] = other[dice.randrange(len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (flip, flip_head, field, name, name, cut, drop, repeat, noise, splice)


def seeds(folder: Path) -> dict[str, bytes]:
    """Every sample file, and a tagged copy where the format can hold tags."""
    found = {}
    for path in map(sample, RECORDINGS):
        found[path.name] = path.read_bytes()
        copy = folder / path.name
        try:
            write_tags(path, copy, make_tags())
        except PodcastKitError:
            continue
        found[f"tagged-{path.name}"] = copy.read_bytes()
    return found


def attempt(data: bytes, path: Path, copy: Path) -> None:
    """Do everything with a file; raises exceptions that are not ours."""
    path.write_bytes(data)
    inspect_audio(path)
    for write in (lambda: write_tags(path, copy, make_tags()), lambda: repair_audio(path, copy)):
        try:
            write()
        except PodcastKitError:
            continue
        if not copy.stat().st_size:
            raise AssertionError("an empty copy")
    with suppress(PodcastKitError):
        measure_loudness(path)
    if path.read_bytes() != data:
        raise AssertionError("the source was changed")
    if left := [one.name for one in copy.parent.iterdir() if one.name.endswith(".part")]:
        raise AssertionError(f"left behind: {left}")


class Hung(BaseException):
    """No code under test catches this."""


def mutations(seed: int, whole: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Endlessly, for each sample in turn: the file name, the mutation, and the bytes."""
    for number in count():
        for name_, data in whole.items():
            dice = random.Random(f"{seed} {name_} {number}")
            mutated = bytearray(data)
            chosen = dice.choices(MUTATIONS, k=dice.choice((1, 1, 2, 4)))
            for mutation in chosen:
                mutation(dice, mutated)
                mutated = mutated or bytearray(1)
            done = ", ".join(mutation.__name__ for mutation in chosen)
            yield name_, f"seed {seed}, {name_}, number {number}: {done}", bytes(mutated)


def main(seconds: float, seed: int = 1, keep: str = "") -> int:
    """Run; return how many failed."""

    def hung(*_: object) -> None:
        raise Hung(f"took longer than {SLOW} s")

    signal.signal(signal.SIGPROF, hung)  # of CPU time: other programs on the machine do not count
    failed, slowest, done = 0, 0.0, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "copies").mkdir()
        whole = seeds(folder)
        until = time.monotonic() + seconds
        for name_, words, data in mutations(seed, whole):
            if time.monotonic() > until and done >= 2 * len(whole):
                break
            path = folder / f"mutation{Path(name_).suffix}"
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, SLOW)
            try:
                attempt(data, path, folder / "copies" / path.name)
            except (Exception, Hung) as error:  # noqa: BLE001 - whatever comes out is the find
                failed += 1
                print(f"{words}: {type(error).__name__}: {error}", flush=True)
                if keep:
                    Path(keep).mkdir(parents=True, exist_ok=True)
                    (Path(keep) / f"{seed}-{done}-{name_}").write_bytes(data)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            slowest = max(slowest, time.process_time() - began)
            done += 1
    used = peak_memory.megabytes()
    print(f"{failed} of {done} failed, seed {seed}; the slowest took {slowest:.1f} s; {used} MB at most")
    return failed + (used > MEMORY)


if __name__ == "__main__":
    sys.exit(bool(main(float(sys.argv[1]), *(int(part) for part in sys.argv[2:3]), *sys.argv[3:4])))
