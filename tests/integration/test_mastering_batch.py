"""Recordings are mastered in parallel, and a worker that dies affects only its own job."""

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from podcast_kit.audio.mastering.batch import master_all
from podcast_kit.audio.mastering.job import MasteringJob, Treatment
from podcast_kit.audio.mastering.workers import WorkerDied, WorkerPool
from podcast_kit.errors import InvalidAudio, OperationError
from podcast_kit.io.decoder_process import DecoderDied, limit_decoders
from podcast_kit.model import AudioSettings
from tests.support import hostile_decoders
from tests.support.sound import voice, write


def make_job(folder, name, seconds=2.0, **kw):
    source = write(folder / f"{name}.wav", voice(seconds, channels=1))
    settings = AudioSettings(**{"loudness": -16.0} | kw)
    return MasteringJob(source=source, destination=folder / "out" / f"{name}.mp3", settings=settings, name=name)


def by_name(outcomes):
    return {outcome.job.name: outcome for outcome in outcomes}


@pytest.mark.parametrize("kind", ["its own", "threads", "processes"])
def test_any_executor_can_be_used(kind, tmp_path):
    jobs = [make_job(tmp_path, name) for name in ("one", "two", "three")]
    (tmp_path / "four.wav").write_text("no sound at all")
    bad = MasteringJob(
        source=tmp_path / "four.wav", destination=tmp_path / "four.mp3", settings=AudioSettings(loudness=-16)
    )
    executors = {"threads": ThreadPoolExecutor, "processes": lambda n: ProcessPoolExecutor(n, get_context("spawn"))}
    executor = executors[kind](2) if kind in executors else None
    found = by_name(master_all([*jobs, bad], executor))
    if executor is not None:
        executor.shutdown()
    assert {name: outcome.mastered.treatment for name, outcome in found.items() if outcome.mastered} == dict.fromkeys(
        ("one", "two", "three"), Treatment.ENCODE
    )
    assert isinstance(found[""].error, InvalidAudio)
    assert found[""].error.problem.location.path.endswith("four.wav")


def test_no_jobs_give_no_outcomes():
    assert list(master_all([])) == []


def test_batch_progress_of_each_job_and_of_all(tmp_path):
    steps = []
    list(master_all([make_job(tmp_path, name, 20) for name in ("one", "two")], on_progress=steps.append))
    assert [(step.done, step.total) for step in steps if step.stage == "master"] == [(1, 2), (2, 2)]
    assert {step.subject for step in steps if step.stage in {"measure", "limit", "encode", "verify"}} == {"one", "two"}


def test_batch_reports_every_stage_however_short(tmp_path):
    steps = []
    list(master_all([make_job(tmp_path, "one", 1)], on_progress=steps.append))
    assert {"measure", "encode", "verify", "master"} == {step.stage for step in steps}


def kill_when_busy(folder, name):
    """Kill the process that is writing this episode, as the kernel does when memory runs out."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for part in folder.glob(f".{name}.mp3.*.part"):
            os.kill(int(part.name.split(".")[-2]), signal.SIGKILL)
            return
        time.sleep(0.01)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_worker_fails_only_its_own_job(tmp_path):
    jobs = [make_job(tmp_path, "long", 120), make_job(tmp_path, "one"), make_job(tmp_path, "two")]
    killer = threading.Thread(target=kill_when_busy, args=(tmp_path / "out", "long"))
    killer.start()
    found = by_name(master_all(jobs))
    killer.join()
    assert found["one"].mastered
    assert found["two"].mastered
    assert isinstance(found["long"].error, OperationError)
    assert "long: mastering was stopped: its process ended by signal SIGKILL" in found["long"].error.text
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.mp3", "two.mp3"]
    again = by_name(master_all(jobs[:1]))
    assert again["long"].mastered.path.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_jobs_of_a_broken_pool_are_run_again(tmp_path):
    jobs = [make_job(tmp_path, "long", 120), make_job(tmp_path, "one"), make_job(tmp_path, "two")]
    killer = threading.Thread(target=kill_when_busy, args=(tmp_path / "out", "long"))
    killer.start()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = by_name(master_all(jobs, pool))
    killer.join()
    assert all(outcome.mastered for outcome in found.values())


def test_recordings_of_strangers_are_mastered_within_limits_to_the_same_bytes(tmp_path):
    job = make_job(tmp_path, "one")
    [free] = master_all([job])
    expected = free.mastered.path.read_bytes()
    free.mastered.path.unlink()
    with limit_decoders():
        [limited] = master_all([job])
    assert limited.mastered == free.mastered
    assert limited.mastered.path.read_bytes() == expected


def test_a_worker_within_limits_can_send_nothing_but_results(tmp_path):
    canary = tmp_path / "canary"
    with limit_decoders(), WorkerPool(1) as pool:
        with pytest.raises(DecoderDied, match=r"sent a posix\.system"):
            pool.submit(send_trap, canary).result()
        assert pool.submit(shout, "still here").result() == "STILL HERE"
    assert not canary.exists()


def send_trap(path):
    return hostile_decoders.Trap(f"touch {path}")


def shout(word):
    return word.upper()


def fail(word):
    raise InvalidAudio(word, "is damaged", "export it again", "au.broken")


def die(code):
    os._exit(code)


def test_workers_return_results_errors_and_deaths():
    with WorkerPool(2) as workers:
        said, raised, died = workers.submit(shout, "hear"), workers.submit(fail, "a.mp3"), workers.submit(die, 3)
        assert said.result() == "HEAR"
        with pytest.raises(InvalidAudio, match=r"a\.mp3: is damaged") as caught:
            raised.result()
        assert (caught.value.fix, caught.value.problem.code) == ("export it again", "au.broken")
        with pytest.raises(WorkerDied, match="with code 3"):
            died.result()


def test_abandoned_batch_stops_its_workers(tmp_path):
    jobs = [make_job(tmp_path, name, 60) for name in ("one", "two", "three")]
    jobs[0] = make_job(tmp_path, "one", 1)
    outcomes = master_all(jobs)
    assert next(outcomes).job.name == "one"
    outcomes.close()
    assert not Path(tmp_path / "out" / "three.mp3").exists()
