"""An executor whose every call has a process of its own: one that dies takes nothing with it but its call."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from podcast_kit.errors import OperationError

P = ParamSpec("P")
T = TypeVar("T")


class WorkerDied(OperationError):
    """The process that did the work ended before it was done; others were not touched."""


class Workers(Executor):
    """`concurrent.futures` by one fresh process a call, at most `count` at once."""

    def __init__(self, count: int | None = None) -> None:
        # The threads only wait: each for the process that it started.
        self._waiting = ThreadPoolExecutor(count or os.cpu_count() or 1)
        # A process that starts afresh inherits no locks, whatever threads the caller has.
        self._context = multiprocessing.get_context("spawn")
        self._processes: set[BaseProcess] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run it in a process; the future raises what the call raised, or WorkerDied."""
        return self._waiting.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let what runs come to its end; what waits is dropped when so asked."""
        self._waiting.shutdown(wait, cancel_futures=cancel_futures)

    def end(self) -> None:
        """Stop what runs, at once."""
        self._waiting.shutdown(wait=False, cancel_futures=True)
        for process in tuple(self._processes):
            process.terminate()

    def _run(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        here, there = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(there, fn, args, kwargs), daemon=True)
        process.start()
        self._processes.add(process)
        there.close()
        try:
            with here:
                result, error = here.recv()
        except EOFError:
            process.join()
            raise WorkerDied(f"its process ended {_how(process.exitcode)}") from None
        finally:
            process.join()
            self._processes.discard(process)
        if error is not None:
            raise error
        done: T = result
        return done


def _work(there: Connection, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and says what is to be done
    try:
        said: tuple[Any, BaseException | None] = fn(*args, **kwargs), None
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
        said = None, error
    there.send(said)
    there.close()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"by signal {-code}"
    return f"with code {code}"
