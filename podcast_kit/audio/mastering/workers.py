"""An executor that runs each call in its own process, so that a crash affects only one call."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from podcast_kit.io.decoder_process import (
    MASTERING_LIMITS,
    DecoderLimits,
    are_decoders_limited,
    enter_limits,
    load_result,
)
from podcast_kit.io.worker_processes import WorkerDied, describe_exit

__all__ = ["WorkerDied", "WorkerPool"]

P = ParamSpec("P")
T = TypeVar("T")


class WorkerPool(Executor):
    """An executor with a new process for each call, at most `count` at once."""

    def __init__(self, count: int | None = None) -> None:
        self._limits = MASTERING_LIMITS if are_decoders_limited() else None
        # Each thread only waits for the process that it started.
        self._waiting = ThreadPoolExecutor(count or os.cpu_count() or 1)
        # A new process inherits no locks, whatever threads the caller has.
        self._context = multiprocessing.get_context("spawn")
        self._is_terminated = False
        self._processes: set[BaseProcess] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call in a process; the future raises what the call raised, or WorkerDied."""
        return self._waiting.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let running calls finish; waiting calls are cancelled with `cancel_futures`."""
        self._waiting.shutdown(wait, cancel_futures=cancel_futures)

    def terminate(self) -> None:
        """Stop all running calls immediately."""
        self._is_terminated = True
        self._waiting.shutdown(wait=False, cancel_futures=True)
        for process in tuple(self._processes):
            process.terminate()

    def _run(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_run_in_worker, args=(sender, fn, args, kwargs, self._limits), daemon=True
        )
        process.start()
        self._processes.add(process)
        if self._is_terminated:  # in the meantime
            process.terminate()
        sender.close()
        try:
            with receiver:
                data = receiver.recv_bytes()
                # A process that a foreign file took over could send anything.
                result, error = load_result(data) if self._limits else pickle.loads(data)  # noqa: S301  # our own process
        except EOFError:
            process.join()
            raise WorkerDied(f"its process ended {describe_exit(process.exitcode)}") from None
        finally:
            process.join()
            self._processes.discard(process)
        if error is not None:
            raise error
        value: T = result
        return value


def _run_in_worker(
    sender: Connection,
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    limits: DecoderLimits | None,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it
    if limits:
        enter_limits(limits)
    try:
        message: tuple[Any, BaseException | None] = fn(*args, **kwargs), None
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        message = None, error
    sender.send_bytes(pickle.dumps(message))
    sender.close()
