"""Workers of a Dask cluster: the same tasks on other machines, once they are known to give the same bytes.

Notes and recordings reach the workers by a shared folder, but for recordings in object storage, which each worker
fetches with its own credentials. Results come back over the network.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from podcast_kit import __version__
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidInput, OperationError, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.worker_processes import WorkerDied
from podcast_kit.model import SHOW_FILE
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES

_P = ParamSpec("_P")
_T = TypeVar("_T")
SCHEDULER_TIMEOUT_S = 10
"""How long a scheduler may take to answer, and its first worker to appear."""
CHECK_TIMEOUT_S = 60
WATCH_INTERVAL_S = 0.5
RUNNING = "running"
"""The status of a client that has its scheduler."""
NOISY_LOGGERS = ("distributed", "distributed.client", "distributed.core", "tornado", "tornado.application")
SCHEMES = ("tcp", "tls")
PACKAGES = ("av", "lameenc", "numpy", "Pillow")
"""Packages that the bytes of a build depend on."""
INSTALL_CLUSTER_FIX = "install the `cluster` extra: in a clone of podcast_kit, run pipx install --force '.[cluster]'"
VERSION_CODE, FILES_CODE = "cluster.version", "cluster.files"


@contextmanager
def connect_cluster(address: str, folder: Path) -> Iterator[Workers]:
    """The workers of the cluster that has its scheduler at this address, such as `tcp://scheduler:8786`.

    `folder` is the show's. Raises PodcastKitError where the scheduler does not answer, and InvalidInput with the
    problems of all workers.
    """
    with _quiet_libraries():
        client = _connect(address)
        executor = _ClusterExecutor(client, address)
        try:
            names = _check_workers(client, address, folder)
            ask_each = partial(_ask_all, client, address)
            with Workers(executor=executor, count=len(names), shares_disk=False, ask_each=ask_each) as workers:
                yield workers
        finally:
            executor.shutdown()
            if client.status == RUNNING:  # a scheduler that is gone cannot say goodbye
                with suppress(Exception):
                    client.close(timeout=2)


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Without what the library logs: what goes wrong is raised."""
    with suppress(ImportError):
        import distributed  # noqa: F401  # importing it sets these levels
    loggers = [logging.getLogger(name) for name in NOISY_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _connect(address: str) -> Any:  # noqa: ANN401  # the library is an extra
    try:
        from distributed import Client
    except ImportError:
        raise PodcastKitError("--workers needs dask.distributed, which is not installed", INSTALL_CLUSTER_FIX) from None
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.hostname:
        fix = "use the address that `dask scheduler` prints, such as tcp://scheduler:8786"
        raise PodcastKitError(f"{address!r} is not the address of a scheduler", fix)
    fix = "check that `dask scheduler` runs there and that this machine reaches its port"
    try:
        client: Any = Client(address, timeout=SCHEDULER_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise OperationError(
            f"the scheduler at {address} does not answer within {SCHEDULER_TIMEOUT_S} s", fix
        ) from error
    try:
        client.wait_for_workers(1, timeout=SCHEDULER_TIMEOUT_S)
    except (OSError, TimeoutError) as error:
        client.close(timeout=2)
        fix = f"start at least one: dask worker {shlex.quote(address)}"
        raise OperationError(f"the scheduler at {address} has no workers", fix) from error
    return client


def _check_workers(client: Any, address: str, folder: Path) -> list[str]:  # noqa: ANN401
    """The addresses of the threads of all workers; raises InvalidInput with what is wrong with any of them."""
    own_versions, sizes = describe_versions(), list_source_sizes(folder)
    problems: list[Problem] = []
    answers = _ask_all(client, address, describe_versions)
    for worker, answer in sorted(answers.items()):
        if isinstance(answer, Exception):
            text = f"cannot run this podcast_kit: {type(answer).__name__}: {answer}"
            problems.append(_worker_problem(worker, text, f"install podcast_kit {__version__} there", VERSION_CODE))
            continue
        for name, own in own_versions.items():
            if answer.get(name) != own:
                text = f"has {name} {answer.get(name) or '(none)'}, and {own or 'none'} is used here"
                fix = "install the same version on both: the bytes of a build depend on it"
                problems.append(_worker_problem(worker, text, fix, VERSION_CODE))
    healthy = [worker for worker in answers if worker not in {problem.location.path for problem in problems}]
    missing = _ask_all(client, address, find_missing_sources, str(folder), sizes, workers=healthy) if healthy else {}
    for worker, answer in sorted(missing.items()):
        names = [f"{type(answer).__name__}: {answer}"] if isinstance(answer, Exception) else answer
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            text = f"does not have {names[0]}{more} of {folder} as they are here"
            fix = "mount the show's folder there under the same path"
            problems.append(_worker_problem(worker, text, fix, FILES_CODE))
    if problems:
        raise InvalidInput(problems)
    threads = client.nthreads()
    return [f"{worker} {number}" for worker in answers for number in range(threads.get(worker, 1))]


def _ask_all(
    client: Any,  # noqa: ANN401
    address: str,
    function: Callable[..., Any],
    *args: object,
    workers: list[str] | None = None,
) -> dict[str, Any]:
    """What the function returns on each worker, or the exception that it raises there."""
    try:
        answers: dict[str, Any] = client.sync(
            client._run,  # noqa: SLF001  # `run` has no time limit
            function,
            *args,
            workers=workers,
            on_error="return",
            callback_timeout=CHECK_TIMEOUT_S,
        )
    except (OSError, TimeoutError) as error:
        fix = "look at the logs of the scheduler and its workers"
        raise OperationError(f"the workers of {address} do not answer within {CHECK_TIMEOUT_S} s", fix) from error
    return answers


def _worker_problem(worker: str, text: str, fix: str, code: str) -> Problem:
    return Problem(SourceLocation(worker), text, fix, code)


def describe_versions() -> dict[str, str]:
    """What the bytes of a build depend on, by its name for people; empty for what is not installed."""
    versions = {"podcast_kit": f"{__version__} ({_digest_package()})", "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = ""
    return versions


@cache
def _digest_package() -> str:
    """The start of a digest of this package's own code: two checkouts can have the same version."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def list_source_sizes(folder: Path) -> dict[str, int]:
    """The size of podcast.yaml and of each recording in a show's folder, by path."""
    sizes = {SHOW_FILE: (folder / SHOW_FILE).stat().st_size}
    for below, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(".") and name != "build")
        for name in sorted(names):
            if name.rpartition(".")[2].lower() in AUDIO_SUFFIXES:
                path = Path(below, name)
                with suppress(OSError):
                    sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    return sizes


def find_missing_sources(folder: str, sizes: Mapping[str, int]) -> list[str]:
    """Those of the files that are not in this folder, or of another size."""
    missing = []
    for name, size in sizes.items():
        try:
            is_equal = Path(folder, name).stat().st_size == size
        except OSError:
            is_equal = False
        if not is_equal:
            missing.append(name)
    return missing


class _ClusterExecutor(Executor):
    """The cluster's own executor, with errors that people understand."""

    def __init__(self, client: Any, address: str) -> None:  # noqa: ANN401
        self._inner = client.get_executor(pure=False)  # or equal arguments would be merged
        self._client = client
        self._address = address
        self._lock = threading.Lock()
        self._waiting: set[Future[Any]] = set()
        self._is_ended = threading.Event()
        threading.Thread(target=self._watch_connection, daemon=True).start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002  # as the base class
        """Stop watching the connection, which stays open."""
        self._is_ended.set()

    def _watch_connection(self) -> None:
        """Fail every call once the client has given up to reconnect: its own futures would never end."""
        while not self._is_ended.wait(WATCH_INTERVAL_S):
            if self._client.status in {RUNNING, "connecting"}:
                continue
            with self._lock:
                waiting, self._waiting = self._waiting, set()
            for future in waiting:
                future.set_exception(self._translate(ConnectionError("it does not come back")))

    def _settle(self, future: Future[Any]) -> bool:
        """Whether the call has no outcome yet, and gets one now."""
        with self._lock:
            is_waiting = future in self._waiting
            self._waiting.discard(future)
        return is_waiting

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run the call on a worker. The future raises WorkerDied where it ended each worker that tried it."""
        outer: Future[_T] = Future()
        outer.set_running_or_notify_cancel()
        with self._lock:
            self._waiting.add(outer)
        try:
            inner = self._inner.submit(fn, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # of a client that has lost its scheduler
            if self._settle(outer):
                outer.set_exception(self._translate(error))
            return outer

        def pass_on(done: Future[_T]) -> None:
            try:
                error = done.exception()
            except CancelledError as cancelled:
                error = cancelled
            if not self._settle(outer):
                return
            if error is None:
                outer.set_result(done.result())
            else:
                outer.set_exception(self._translate(error))

        inner.add_done_callback(pass_on)
        return outer

    def _translate(self, error: BaseException) -> BaseException:
        kind = type(error)
        if kind.__name__ == "KilledWorker":
            return WorkerDied("its worker ended each time")
        is_of_cluster = kind.__module__.partition(".")[0] in {"distributed", "asyncio", "concurrent", "tornado"}
        if is_of_cluster or isinstance(error, (ConnectionError, RuntimeError, CancelledError)):
            text = f"the connection to the scheduler at {self._address} was lost: {str(error) or kind.__name__}"
            return OperationError(text, "build again: what was finished is kept")
        return error
