"""Tasks for worker processes that count their runs, and some that end their process."""

import os
import signal
import time
from pathlib import Path

import podcast_kit
from podcast_kit.builder import cluster, episode_tasks

DEADLY = 5
BUILD_EPISODES = episode_tasks.build_episodes_in_worker


def _log(path, number):
    with Path(path).open("a", encoding="ascii") as file:
        file.write(f"{number}\n")


def _end_process():
    os.kill(os.getpid(), signal.SIGKILL)


def square_and_die_once(log, numbers):
    """Squares; the first time that DEADLY is to be squared, the process ends."""
    for number in numbers:
        is_first = number == DEADLY and str(DEADLY) not in (Path(log).read_text().split() if Path(log).exists() else [])
        _log(log, number)
        if is_first:
            _end_process()
    return [number**2 for number in numbers]


def square_or_die(log, numbers):
    """Squares; the process ends at DEADLY."""
    for number in numbers:
        _log(log, number)
        if number == DEADLY:
            _end_process()
    return [number**2 for number in numbers]


def build_or_die(context, tasks):
    """Builds episodes; the process ends at the second."""
    if any(task.episode.slug == "002-talk" for task in tasks):
        _end_process()
    return BUILD_EPISODES(context, tasks)


def own_pid(seconds):
    """The process that this runs in."""
    time.sleep(seconds)
    return os.getpid()


def child_workers(workers):
    """The processes of a build's workers."""
    return [worker.process.pid for worker in workers.executor._workers]


def lie_about_version(text):
    """Give this process another version of podcast_kit, or its own again."""
    cluster.__version__ = text or podcast_kit.__version__


def sizes_with_others(folder):
    """What a worker that lacks a file, and has another one, would be asked for."""
    sizes = cluster.list_source_sizes(folder)
    return sizes | {"episodes/003-talk.mp3": 1, "episodes/004-talk.mp3": 5}


def set_variables(variables):
    """Give a worker these environment variables."""
    os.environ.update(variables)
