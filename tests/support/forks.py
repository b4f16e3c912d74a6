"""Processes that are forked from a small server, which starts faster than a new interpreter.

The server is shared by everything in this process, and keeps the environment that it had when it was first needed: so
each process is given the environment of the test that starts it.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess

CONTEXT = multiprocessing.get_context("forkserver")


def start_process(target: Callable, *args, preload: Sequence[str] = ("boto3",), **kwargs) -> BaseProcess:
    """Run a function in a process with this environment; `preload` counts if the server is not running yet."""
    CONTEXT.set_forkserver_preload(list(preload))
    process = CONTEXT.Process(target=_run_in_environment, args=(dict(os.environ), target, args, kwargs))
    process.start()
    return process


def _run_in_environment(environment: Mapping[str, str], target: Callable, args: tuple, kwargs: dict) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*args, **kwargs)
