"""Many recordings mastered at once, through any executor of `concurrent.futures`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.audio.master import master
from podcast_kit.audio.mastering.job import Job, Mastered
from podcast_kit.audio.mastering.workers import WorkerDied, Workers
from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.io.atomic_write import remove_stale_parts
from podcast_kit.model import Progress

BEAT = 0.2
"""Seconds between two looks at how far each has come."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job: a result, or the error that says why there is none."""

    job: Job
    mastered: Mastered | None = None
    error: PodcastKitError | None = None


def master_all(
    jobs: Sequence[Job], executor: Executor | None = None, on: Callable[[Progress], None] | None = None
) -> Iterator[Outcome]:
    """Master every job, and yield each as it comes to its end; the first failure stops none of the others.

    Without an executor each job has a process of its own, as many at once as there are processors; an executor that is
    handed in is used and left open. `on` hears how far each has come (`measure`, `limit`, `encode`, `verify`) and, at
    stage `master`, how many of all are done.
    """
    codecs.require()
    told = on or (lambda _: None)
    if executor is not None:
        yield from _through(executor, jobs, told)
        return
    with Workers(max(1, min(len(jobs), os.cpu_count() or 1))) as workers:
        try:
            yield from _through(workers, jobs, told)
        except BaseException:
            workers.end()
            raise


def _through(executor: Executor, jobs: Sequence[Job], on: Callable[[Progress], None]) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as folder:
        notes = [Path(folder, str(number)) for number in range(len(jobs))]
        running = {executor.submit(_one, job, note): (job, note) for job, note in zip(jobs, notes, strict=True)}
        heard: dict[Path, int] = {}
        while running:
            done, _ = wait(running, timeout=BEAT, return_when=FIRST_COMPLETED)
            for job, note in running.values():
                _listen(job, note, heard, on)
            for future in sorted(done, key=lambda one: jobs.index(running[one][0])):
                job, _ = running.pop(future)
                outcome = _outcome(job, future)
                on(Progress(stage="master", subject=job.subject, done=len(jobs) - len(running), total=len(jobs)))
                yield outcome


def _one(job: Job, note: Path | None = None) -> Mastered:
    """In the worker: master, and note line by line how far it has come."""
    last = ""

    def write(step: Progress) -> None:
        nonlocal last
        line = f"{step.stage} {step.done} {step.total}\n"
        if note is not None and line != last:
            last = line
            with note.open("a", encoding="ascii") as file:
                file.write(line)

    return master(job.source, job.destination, job.settings, write, intro=job.intro, outro=job.outro)


def _listen(job: Job, note: Path, heard: dict[Path, int], on: Callable[[Progress], None]) -> None:
    """Tell the news of a worker's note, of each stage the last; a line may be read while it is being written."""
    try:
        with note.open("rb") as file:
            file.seek(heard.get(note, 0))
            news = file.read()
    except FileNotFoundError:
        return
    whole = news[: news.rfind(b"\n") + 1]
    heard[note] = heard.get(note, 0) + len(whole)
    for line in {line.split()[0]: line for line in whole.decode("ascii").splitlines()}.values():
        stage, done, total = line.split()
        on(Progress(stage=stage, subject=job.subject, done=int(done), total=int(total)))


def _outcome(job: Job, future: Future[Mastered]) -> Outcome:
    try:
        return Outcome(job, mastered=future.result())
    except WorkerDied as error:
        return _died(job, error)
    except PodcastKitError as error:
        return Outcome(job, error=error)
    except BrokenExecutor:
        # The pool went down with whichever worker died: which, it does not say. Alone, each finds out for itself.
        return _alone(job)


def _alone(job: Job) -> Outcome:
    """The job once more, in a process that nobody shares."""
    with Workers(1) as worker:
        return _outcome(job, worker.submit(_one, job))


def _died(job: Job, error: WorkerDied) -> Outcome:
    remove_stale_parts(job.destination)
    text = f"{job.subject}: mastering was cut short: {error}; no other episode was touched"
    return Outcome(job, error=OperationError(text, "run it again; if memory was short, with fewer at once"))
