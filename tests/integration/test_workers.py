"""Episodes and pages are built by several processes: the outcome is that of one, and a lost worker costs its tasks."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import forkserver, get_context
from pathlib import Path

import pytest

from podcast_kit import builder
from podcast_kit.builder import many_episodes
from podcast_kit.builder import workers as worker_module
from podcast_kit.builder.episode import build_episode
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidInput
from podcast_kit.io.worker_processes import LocalWorkers, WorkerDied, start_fork_server
from podcast_kit.source import project
from tests.support import interrupts, worker_tasks
from tests.support.shows import add, sample, small, tree

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EPISODES = 10


@pytest.fixture(autouse=True)
def always_parallel(monkeypatch):
    """However little there is to do."""
    monkeypatch.setattr(worker_module, "MIN_SECONDS", 0)


def build(folder, workers=None, **options):
    progress = []
    done = builder.build(project.load_project(folder), now=NOW, workers=workers, on_progress=progress.append, **options)
    return done, progress


def outcome(done):
    """What a build says, without its folder."""
    items = [(item.guid, item.enclosure.key, item.content, item.page) for item in done.items]
    outputs = {key: (output.sha256, output.own_digest, output.embargoed) for key, output in done.outputs.items()}
    return items, outputs, done.lock, done.problems, done.broken, done.sources, done.files_written


def copies(folder, count=2):
    """The same show in folders of their own."""
    for number in range(1, count):
        shutil.copytree(folder, folder.with_name(f"{folder.name}-{number}"))
    return [folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(1, count))]


def log_lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_one_and_two_jobs_give_the_same(tmp_path):
    ones, twos = copies(sample(tmp_path / "show"))
    alone, _ = build(ones, ahead=True)
    with Workers(2) as workers:
        together, steps = build(twos, workers, ahead=True)
        assert workers.has_started
        again, _ = build(twos, workers, ahead=True)
    assert outcome(alone) == outcome(together)
    assert tree(ones / "build") == tree(twos / "build")
    assert again.files_written == 0
    numbers = [step.done for step in steps if step.stage == "episode"]
    assert numbers[: len(alone.items)] == list(range(1, len(alone.items) + 1))


def test_where_nothing_has_to_be_worked_out_no_episode_is_built_twice(tmp_path, monkeypatch):
    built = []

    def record(context, episode, audio):
        built.append(episode.slug)
        return build_episode(context, episode, audio)

    folder = small(tmp_path / "show", episodes=4)
    build(folder)
    monkeypatch.setattr(many_episodes, "build_episode", record)
    monkeypatch.setattr(worker_module, "MIN_SECONDS", 60)
    with Workers(2) as workers:
        again, _ = build(folder, workers)
        assert (len(built), again.files_written) == (4, 0)
        add(folder, 5)
        more, _ = build(folder, workers)
        assert not workers.has_started
    assert (len(built), len(more.items)) == (4 + 5, 5)


def test_errors_and_warnings_come_in_the_order_of_one_process(tmp_path):
    folder = small(tmp_path / "show", episodes=4)
    (folder / "episodes" / "broken.png").write_text("no picture")
    add(folder, 5, notes="![broken](broken.png)\n")
    (folder / "episodes" / "broken.vtt").write_bytes(b"\xff\xfe\x00")
    add(folder, 6, transcript="broken.vtt")
    (folder / "episodes/003-talk.mp3").write_bytes(b"no audio at all")
    for number in (7, 8):
        add(folder, number, notes="00:00 Start\n99:00 After the end\n")
    ones, twos = copies(folder)
    alone, _ = build(ones, keep_going=True)
    with Workers(2) as workers:
        together, _ = build(twos, workers, keep_going=True)
        with pytest.raises(InvalidInput) as strict:
            build(twos, workers)
    assert outcome(alone) == outcome(together)
    assert [episode.slug for episode in together.broken] == ["003-talk", "005-talk", "006-talk"]
    assert tree(ones / "build") == tree(twos / "build")
    with pytest.raises(InvalidInput) as alone_strict:
        build(ones)
    assert strict.value.problems == alone_strict.value.problems


def test_pictures_and_files_that_episodes_share_are_written_once(tmp_path):
    folder = small(tmp_path / "show", episodes=0)
    shutil.copy(folder / "cover.jpg", folder / "episodes" / "banner.jpg")
    (folder / "episodes" / "words.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n")
    for number in range(1, EPISODES + 1):
        add(folder, number, notes="![Banner](banner.jpg)\n", transcript="words.vtt")
    ones, twos = copies(folder)
    alone, _ = build(ones)
    with Workers(2) as workers:
        together, _ = build(twos, workers)
    assert outcome(alone) == outcome(together)
    assert tree(ones / "build") == tree(twos / "build")


def test_an_error_in_a_template_is_the_same(tmp_path):
    folder = small(tmp_path / "show", episodes=4)
    (folder / "templates").mkdir()
    (folder / "templates" / "episode.html").write_text("{{ item.episode.title }}\n{{ item.nothing }}\n")
    with pytest.raises(InvalidInput) as alone:
        build(folder)
    with Workers(2) as workers, pytest.raises(InvalidInput) as together:
        build(folder, workers)
    assert alone.value.problems == together.value.problems


def test_nothing_is_started_for_little_work(tmp_path, monkeypatch):
    monkeypatch.undo()
    folder = small(tmp_path / "show", episodes=3)
    with Workers(2) as workers:
        build(folder, workers)
        assert not workers.has_started
        monkeypatch.setattr(worker_module, "MIN_SECONDS", 0)
        build(folder, workers)  # nothing changed
        assert not workers.has_started


def test_results_are_in_order_and_a_lost_worker_costs_its_own_tasks_only(tmp_path):
    log = tmp_path / "log"
    with Workers(2) as workers:
        results = list(workers.run(worker_tasks.square_and_die_once, str(log), list(range(EPISODES))))
    assert results == [number**2 for number in range(EPISODES)]
    runs = sorted(map(int, log_lines(log)))
    assert runs == sorted([*range(EPISODES), worker_tasks.DEADLY])
    assert workers.reruns == 1


def test_of_a_group_only_the_task_that_kills_fails(tmp_path):
    log = tmp_path / "log"
    with Workers(2) as workers:
        results = list(workers.run(worker_tasks.square_or_die, str(log), list(range(EPISODES)), group_size=4))
    assert isinstance(results[worker_tasks.DEADLY], WorkerDied)
    assert [result for result in results if not isinstance(result, WorkerDied)] == [
        number**2 for number in range(EPISODES) if number != worker_tasks.DEADLY
    ]
    assert log_lines(log).count(str(worker_tasks.DEADLY)) == worker_module.MAX_TRIES
    assert "by signal SIGKILL" in str(results[worker_tasks.DEADLY])


def test_a_pool_that_breaks_is_replaced(tmp_path):
    log = tmp_path / "log"
    with ProcessPoolExecutor(2, get_context("spawn")) as pool, Workers(executor=pool, count=2) as workers:
        results = list(workers.run(worker_tasks.square_and_die_once, str(log), list(range(EPISODES))))
    assert results == [number**2 for number in range(EPISODES)]
    assert workers.reruns >= 1


def test_a_worker_killed_in_the_middle_changes_nothing(tmp_path):
    ones, twos = copies(small(tmp_path / "show", episodes=2 * EPISODES))
    alone, _ = build(ones)
    with Workers(2) as workers:
        victims = []

        def kill_one(step):
            if step.stage == "episode" and step.done == EPISODES and not victims:
                victims.extend(worker_tasks.child_workers(workers))
                os.kill(victims[0], signal.SIGKILL)

        together = builder.build(project.load_project(twos), now=NOW, workers=workers, on_progress=kill_one)
    assert victims
    assert outcome(alone) == outcome(together)
    assert tree(ones / "build") == tree(twos / "build")


def test_a_build_that_is_killed_keeps_what_workers_have_done(tmp_path):
    folder = small(tmp_path / "show", episodes=2 * EPISODES)
    cache = folder / ".podcast-kit/memory.sqlite"
    is_saved = []
    with Workers(2) as workers:
        builder.build(
            project.load_project(folder),
            now=NOW,
            workers=workers,
            on_progress=lambda _: is_saved.append(cache.exists()),
        )
    assert not is_saved[0]
    assert is_saved[EPISODES]


def test_an_episode_that_kills_its_worker_is_left_out_in_words(tmp_path, monkeypatch):
    folder = small(tmp_path / "show", episodes=4)
    deadly = folder / "episodes" / "002-talk.mp3"
    monkeypatch.setattr("podcast_kit.builder.episode_tasks.build_episodes_in_worker", worker_tasks.build_or_die)
    with Workers(2) as workers:
        done, _ = build(folder, workers, keep_going=True)
    (broken,) = done.broken
    assert broken.slug == "002-talk"
    (problem,) = broken.problems
    assert problem.code == "au.worker"
    assert "3 times" in problem.text
    assert problem.location.path.endswith(deadly.name)
    assert len(done.items) == 3


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_killed_parent_leaves_no_process(tmp_path):
    script = (
        "import sys, time\n"
        "from podcast_kit.io.worker_processes import LocalWorkers\n"
        "from tests.support import worker_tasks\n"
        "if __name__ == '__main__':\n"
        "    pool = LocalWorkers(2)\n"
        "    print(*[pool.submit(worker_tasks.own_pid, 0.3).result() for _ in range(2)], flush=True)\n"
        "    running = [pool.submit(time.sleep, 600) for _ in range(2)]\n"
        "    time.sleep(600)\n"
    )
    path = tmp_path / "main.py"
    path.write_text(script)
    with subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    ) as process:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert pids
    assert wait_until_gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_when_the_process_that_forks_workers_is_killed_another_takes_its_place():
    pool = LocalWorkers(1)
    try:
        start_fork_server([])
        server_pid = forkserver._forkserver._forkserver_pid
        os.kill(server_pid, signal.SIGSTOP)  # so that it is killed while it is asked for a process
        threading.Timer(0.5, os.kill, (server_pid, signal.SIGKILL)).start()
        assert is_running(pool.submit(worker_tasks.own_pid, 0).result(timeout=60))
    finally:
        pool.terminate()


def wait_until_gone(pids, seconds=60):
    """Whether none of these processes is left after a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(is_running(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_terminated_workers_stop_at_once():
    pool = LocalWorkers(1)
    running = pool.submit(time.sleep, 600)
    pid = pool.submit(worker_tasks.own_pid, 0)
    while not running.running():
        time.sleep(0.01)
    start = time.monotonic()
    pool.terminate()
    assert time.monotonic() - start < 30
    assert isinstance(running.exception(), WorkerDied)
    assert pid.cancelled()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no process groups")
@pytest.mark.parametrize("processes", [1, 4], ids=["while it is being loaded", "with its workers"])
def test_ctrl_c_ends_everything_without_a_traceback(tmp_path, processes):
    show = small(tmp_path / "show", episodes=worker_module.MIN_NOTES)
    with interrupts.start_program(
        *("build", "-q", "-C", str(show), "--jobs", "2"), stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        interrupts.wait_for_group(process, processes)
        os.killpg(process.pid, signal.SIGINT)
        printed = process.communicate(timeout=60)[0]
    # Python ends by the signal if the code of a dataclass was just being compiled; a shell shows 130 for both.
    assert process.returncode in (130, -signal.SIGINT)
    assert printed == "interrupted\n"


def test_process_has_the_environment_of_when_it_is_started(monkeypatch):
    for value in ("before", "later"):
        monkeypatch.setenv("PODCAST_KIT_TEST", value)
        with LocalWorkers(1) as workers:
            assert workers.submit(os.getenv, "PODCAST_KIT_TEST").result() == value
