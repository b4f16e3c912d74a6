"""Many at once: quicker than one by one, and no worker takes another's episode with it."""

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
from podcast_kit.errors import OperationError, InvalidAudio
from podcast_kit.model import AudioSettings
from tests.support.sound import voice, write


def make_job(folder, name, seconds=2.0, **kw):
    source = write(folder / f"{name}.wav", voice(seconds, channels=1))
    settings = AudioSettings(**{"loudness": -16.0} | kw)
    return MasteringJob(source=source, destination=folder / "out" / f"{name}.mp3", settings=settings, name=name)


def by_name(outcomes):
    return {outcome.job.name: outcome for outcome in outcomes}


@pytest.mark.parametrize("kind", ["its own", "threads", "processes"])
def test_any_executor_will_do(kind, tmp_path):
    jobs = [make_job(tmp_path, name) for name in ("one", "two", "three")]
    (tmp_path / "four.wav").write_text("no sound at all")
    bad = MasteringJob(source=tmp_path / "four.wav", destination=tmp_path / "four.mp3", settings=AudioSettings(loudness=-16))
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


def test_progress_of_each_and_of_all(tmp_path):
    steps = []
    list(master_all([make_job(tmp_path, name, 20) for name in ("one", "two")], on_progress=steps.append))
    assert [(step.done, step.total) for step in steps if step.stage == "master"] == [(1, 2), (2, 2)]
    assert {step.subject for step in steps if step.stage in {"measure", "limit", "encode", "verify"}} == {"one", "two"}


def test_no_stage_is_passed_over_however_short_it_is(tmp_path):
    steps = []
    list(master_all([make_job(tmp_path, "one", 1)], on_progress=steps.append))
    assert {"measure", "encode", "verify", "master"} == {step.stage for step in steps}


def kill_when_busy(folder, name):
    """End, as the kernel does when memory is short, the process that is writing this episode."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for part in folder.glob(f".{name}.mp3.*.part"):
            os.kill(int(part.name.split(".")[-2]), signal.SIGKILL)
            return
        time.sleep(0.01)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed_takes_only_its_own_episode(tmp_path):
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
def test_a_pool_that_breaks_costs_nobody_an_episode(tmp_path):
    jobs = [make_job(tmp_path, "long", 120), make_job(tmp_path, "one"), make_job(tmp_path, "two")]
    killer = threading.Thread(target=kill_when_busy, args=(tmp_path / "out", "long"))
    killer.start()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = by_name(master_all(jobs, pool))
    killer.join()
    assert all(outcome.mastered for outcome in found.values())


def shout(word):
    return word.upper()


def fail(word):
    raise InvalidAudio(word, "is not what it must be", "mend it", "au.test")


def die(code):
    os._exit(code)


def test_workers_return_raise_and_tell_of_a_death():
    with WorkerPool(2) as workers:
        said, raised, died = workers.submit(shout, "hear"), workers.submit(fail, "a.mp3"), workers.submit(die, 3)
        assert said.result() == "HEAR"
        with pytest.raises(InvalidAudio, match=r"a\.mp3: is not what it must be") as caught:
            raised.result()
        assert (caught.value.fix, caught.value.problem.code) == ("mend it", "au.test")
        with pytest.raises(WorkerDied, match="with code 3"):
            died.result()


def test_what_is_left_early_is_stopped(tmp_path):
    jobs = [make_job(tmp_path, name, 60) for name in ("one", "two", "three")]
    jobs[0] = make_job(tmp_path, "one", 1)
    outcomes = master_all(jobs)
    assert next(outcomes).job.name == "one"
    outcomes.close()
    assert not Path(tmp_path / "out" / "three.mp3").exists()
