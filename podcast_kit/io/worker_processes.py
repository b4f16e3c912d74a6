"""Processes that run one call after the other and stay until all work is done."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from podcast_kit.errors import OperationError
from podcast_kit.io.fast_pickle import dump_pickle

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext
    from multiprocessing.process import BaseProcess

_P = ParamSpec("_P")
_T = TypeVar("_T")


MAX_STARTS = 3
"""How often it is tried to start a process."""


class WorkerDied(OperationError):
    """The worker process ended before it was finished; other calls are not affected."""


@dataclass(frozen=True, slots=True, eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection


class LocalWorkers(Executor):
    """An executor with at most `count` processes, each started when it is first needed.

    A call whose process ends raises WorkerDied, and the next call gets a new process: no other call is affected. The
    processes end with this one, also if it is killed.
    """

    def __init__(self, count: int, *, preload: Sequence[str] = ()) -> None:
        """`preload` are modules that every process needs; where processes can be forked they are imported only once."""
        self.count = count
        # Neither kind of process inherits locks or open files, whatever threads the caller has.
        self._context: SpawnContext | ForkServerContext = multiprocessing.get_context("spawn")
        if sys.platform == "linux":
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload(list(preload))
        self._threads = ThreadPoolExecutor(count)  # each only waits for a process
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._is_ended = False

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run the call in a process; the future raises what the call raised, or WorkerDied."""
        return self._threads.submit(self._call, dump_pickle((fn, args, kwargs)))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let running calls finish, then end the processes; waiting calls are cancelled with `cancel_futures`."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self._end()

    def terminate(self) -> None:
        """Stop everything immediately."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._is_ended = True
            workers = tuple(self._workers)
        for worker in workers:
            worker.process.kill()
        self._threads.shutdown()
        self._end(is_killed=True)

    def _call(self, data: bytes) -> Any:  # noqa: ANN401  # as the function returns
        worker = self._take_worker()
        try:
            worker.connection.send_bytes(data)
            result, error = pickle.loads(worker.connection.recv_bytes())  # noqa: S301  # our own process
        except (EOFError, OSError):
            raise WorkerDied(f"its process ended {self._bury(worker)}") from None
        with self._lock:
            self._idle.append(worker)
        if error is not None:
            raise error
        return result

    def _take_worker(self) -> _Worker:
        with self._lock:
            if self._is_ended:
                raise WorkerDied("its process was stopped")
            if self._idle:
                return self._idle.pop()
        worker = self._start_worker()
        with self._lock:
            self._workers.add(worker)
        self._kill_if_ended(worker)
        return worker

    def _start_worker(self) -> _Worker:
        for _ in range(MAX_STARTS):
            connection, child = self._context.Pipe()
            # A process that is forked has the environment of when the first one was, which may have changed.
            process = self._context.Process(
                target=_serve_calls_until_closed, args=(child, dict(os.environ)), daemon=True
            )
            try:
                with blocked_interrupts():
                    process.start()
            except (EOFError, OSError):  # what forks processes has ended: the next start is by a new one
                connection.close()
                continue
            finally:
                child.close()
            return _Worker(process, connection)
        raise WorkerDied("its process could not be started")

    def _kill_if_ended(self, worker: _Worker) -> None:
        """End a process that was being started when everything was stopped."""
        if self._is_ended:
            worker.process.kill()

    def _bury(self, worker: _Worker) -> str:
        """Forget a process that has ended; how it did."""
        with self._lock:
            self._workers.discard(worker)
        worker.connection.close()
        worker.process.join(1)
        if worker.process.is_alive():  # it has closed the connection, and hangs
            worker.process.kill()
            worker.process.join()
        return describe_exit(worker.process.exitcode)

    def _end(self, *, is_killed: bool = False) -> None:
        with self._lock:
            workers, self._workers, self._idle = tuple(self._workers), set(), []
        for worker in workers:
            worker.connection.close()
            if is_killed:
                worker.process.kill()  # also what was started in the meantime
        for worker in workers:
            worker.process.join()


def start_fork_server(preload: Sequence[str]) -> None:
    """Start to import modules in the process that workers are forked from, where they are."""
    if sys.platform == "linux":
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
        with blocked_interrupts():
            forkserver.ensure_running()


@contextmanager
def blocked_interrupts() -> Iterator[None]:
    """A process that is started inside never gets Ctrl-C: the one that started it decides what happens then."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # started inside, it would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve_calls_until_closed(connection: Connection, environment: Mapping[str, str]) -> None:
    """Run calls until the connection is closed, or until the process that sends them has ended."""
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            data = connection.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            fn, args, kwargs = pickle.loads(data)  # noqa: S301  # from the process that started this one
            answer = dump_pickle((fn(*args, **kwargs), None))
        except Exception as error:  # noqa: BLE001  # it is raised again in the parent
            answer = _pickle_error(error)
        with suppress(OSError):
            connection.send_bytes(answer)


def _pickle_error(error: Exception) -> bytes:
    """An answer that is an error; one that cannot be read back becomes a RuntimeError with its text."""
    try:
        data = pickle.dumps((None, error))
        pickle.loads(data)  # noqa: S301  # ours
    except Exception:  # noqa: BLE001  # whatever its class does
        data = pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))
    return data


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def describe_exit(code: int | None) -> str:
    """How a process ended: `by signal SIGKILL` or `with code 1`."""
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"by signal {-code}"
    return f"with code {code}"
