"""Master many recordings at once, with any executor of `concurrent.futures`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, as_completed, wait
from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.audio.master import master_recording
from podcast_kit.audio.mastering.job import MasteringJob, MasteringResult
from podcast_kit.audio.mastering.workers import WorkerDied, WorkerPool
from podcast_kit.errors import OperationError, PodcastKitError
from podcast_kit.io.atomic_write import atomic_path, remove_stale_parts
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import Progress

POLL_INTERVAL_S = 0.2
"""How often progress is reported."""


@dataclass(frozen=True, slots=True)
class MasteringOutcome:
    """The outcome of a job: its result, or its error."""

    job: MasteringJob
    mastered: MasteringResult | None = None
    error: PodcastKitError | None = None


def master_all(
    jobs: Sequence[MasteringJob],
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    count: int = 0,
    shares_disk: bool = True,
) -> Iterator[MasteringOutcome]:
    """Master every job, and yield each outcome when it is finished; a failure does not stop the other jobs.

    Without an executor each job gets its own process, with `count` at once or as many as there are processors; a
    given executor is used and left open. `on_progress` gets the progress of each job (stages `measure`, `limit`,
    `encode`, `verify`) and, with stage `master`, how many jobs are finished. Unless the executor `shares_disk`, its
    workers return the files, and only the latter is reported.
    """
    codecs.require_codecs()
    report = on_progress or (lambda _: None)
    if executor is not None:
        yield from _run_jobs(executor, jobs, report) if shares_disk else _run_jobs_elsewhere(executor, jobs, report)
        return
    with WorkerPool(max(1, min(len(jobs), count or os.cpu_count() or 1))) as workers:
        try:
            yield from _run_jobs(workers, jobs, report)
        except BaseException:
            workers.terminate()
            raise


def _run_jobs(
    executor: Executor, jobs: Sequence[MasteringJob], on_progress: Callable[[Progress], None]
) -> Iterator[MasteringOutcome]:
    with TemporaryFolder() as folder:
        logs = [Path(folder, str(number)) for number in range(len(jobs))]
        running = {executor.submit(run_job, job, log): (job, log) for job, log in zip(jobs, logs, strict=True)}
        bytes_read: dict[Path, int] = {}
        while running:
            done, _ = wait(running, timeout=POLL_INTERVAL_S, return_when=FIRST_COMPLETED)
            for job, note in running.values():
                _report_job_progress(job, note, bytes_read, on_progress)
            for future in sorted(done, key=lambda finished: jobs.index(running[finished][0])):
                job, _ = running.pop(future)
                outcome = _job_outcome(job, future)
                on_progress(
                    Progress(stage="master", subject=job.subject, done=len(jobs) - len(running), total=len(jobs))
                )
                yield outcome


def _run_jobs_elsewhere(
    executor: Executor, jobs: Sequence[MasteringJob], on_progress: Callable[[Progress], None]
) -> Iterator[MasteringOutcome]:
    """As `_run_jobs`, on machines that read the recordings by their paths, and return the files that they make."""
    futures = {executor.submit(master_into_bytes, replace(job, folder=None)): job for job in jobs}
    for done, future in enumerate(as_completed(futures), 1):
        job = futures[future]
        on_progress(Progress(stage="master", subject=job.subject, done=done, total=len(jobs)))
        try:
            result, data = future.result()
        except WorkerDied as error:
            yield _dead_worker_outcome(job, error)
            continue
        except PodcastKitError as error:
            yield MasteringOutcome(job, error=error)
            continue
        if hashlib.sha256(data).hexdigest() != result.sha256:
            text = f"{job.subject}: the mastered file was damaged on its way here"
            yield MasteringOutcome(job, error=OperationError(text, "run it again"))
            continue
        with atomic_path(job.target.with_name(result.path.name)) as part:
            part.write_bytes(data)
        yield MasteringOutcome(job, mastered=replace(result, path=job.destination.with_name(result.path.name)))


def master_into_bytes(job: MasteringJob) -> tuple[MasteringResult, bytes]:
    """Master into a temporary folder; the result, and the file."""
    with TemporaryFolder() as folder:
        result = run_job(replace(job, destination=Path(folder, job.destination.name)))
        return result, result.path.read_bytes()


def run_job(job: MasteringJob, log: Path | None = None) -> MasteringResult:
    """Master, and write progress to `log`, one line for each step; raises as `master_recording`."""
    last = ""

    def write_progress(step: Progress) -> None:
        nonlocal last
        line = f"{step.stage} {step.done} {step.total}\n"
        if log is not None and line != last:
            last = line
            with log.open("a", encoding="ascii") as file:
                file.write(line)

    result = master_recording(job.source, job.target, job.settings, write_progress, intro=job.intro, outro=job.outro)
    return replace(result, path=job.destination.with_name(result.path.name))


def _report_job_progress(
    job: MasteringJob, log: Path, bytes_read: dict[Path, int], on_progress: Callable[[Progress], None]
) -> None:
    """Report the latest progress of each stage from a worker's log; its last line may be incomplete."""
    try:
        with log.open("rb") as file:
            file.seek(bytes_read.get(log, 0))
            data = file.read()
    except FileNotFoundError:
        return
    whole = data[: data.rfind(b"\n") + 1]
    bytes_read[log] = bytes_read.get(log, 0) + len(whole)
    for line in {line.split()[0]: line for line in whole.decode("ascii").splitlines()}.values():
        stage, done, total = line.split()
        on_progress(Progress(stage=stage, subject=job.subject, done=int(done), total=int(total)))


def _job_outcome(job: MasteringJob, future: Future[MasteringResult]) -> MasteringOutcome:
    try:
        return MasteringOutcome(job, mastered=future.result())
    except WorkerDied as error:
        return _dead_worker_outcome(job, error)
    except PodcastKitError as error:
        return MasteringOutcome(job, error=error)
    except BrokenExecutor:
        # When one worker dies the whole pool fails, without saying which. Run alone, each job shows whether it did.
        return _run_job_alone(job)


def _run_job_alone(job: MasteringJob) -> MasteringOutcome:
    """Run the job again, in a process of its own."""
    with WorkerPool(1) as worker:
        return _job_outcome(job, worker.submit(run_job, job))


def _dead_worker_outcome(job: MasteringJob, error: WorkerDied) -> MasteringOutcome:
    remove_stale_parts(job.target)
    text = f"{job.subject}: mastering was stopped: {error}; no other episode is affected"
    return MasteringOutcome(job, error=OperationError(text, "run it again; if memory ran out, with fewer jobs at once"))
