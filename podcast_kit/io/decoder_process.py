"""Run decoders of foreign files in a process of their own, with limits of memory and time.

Pictures and sound are decoded by C libraries. If a file makes one of them crash, hang or take all memory, that process
ends, and the file is reported; the command and the other files are not affected.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import io
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from podcast_kit.errors import OperationError
from podcast_kit.limits import (
    MAX_DECODER_CPU_S,
    MAX_DECODER_MEMORY_BYTES,
    MAX_MASTERED_BYTES,
    MAX_MASTERING_CPU_S,
    MAX_UNTRUSTED_RECORDING_HOURS,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_P = ParamSpec("_P")
_T = TypeVar("_T")
WALL_CLOCK_FACTOR = 4
"""How much longer than its CPU time a call may take, on a machine that does other things."""
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ALLOWED_GLOBALS = {("array", "array"), ("array", "_array_reconstructor")}
_ALLOWED_PACKAGES = ("podcast_kit.model", "podcast_kit.images", "podcast_kit.audio", "podcast_kit.errors")


class DecoderDied(OperationError):
    """The file made its decoder crash, or take more memory or time than it may."""


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """What one call may take."""

    memory_bytes: int = MAX_DECODER_MEMORY_BYTES
    """Address space of the process."""
    cpu_s: int = MAX_DECODER_CPU_S
    file_bytes: int = 0
    """Of a file that the process writes."""


MASTERING_LIMITS = DecoderLimits(cpu_s=MAX_MASTERING_CPU_S, file_bytes=MAX_MASTERED_BYTES)
"""What mastering one recording of a stranger may take."""


class DecoderProcess:
    """A process that runs one call after the other; it is replaced after a call that ended it."""

    def __init__(self, limits: DecoderLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._process: BaseProcess | None = None

    def call(self, function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:  # noqa: ANN401  # as the function takes
        """What the function returns or raises; raises DecoderDied where it ends the process or exceeds a limit."""
        with self._lock:
            connection = self._connection or self._start()
            try:
                connection.send((function.__module__, function.__name__, args, kwargs))
                if not connection.poll(self._limits.cpu_s * WALL_CLOCK_FACTOR):
                    self._stop()
                    raise DecoderDied(f"decoding takes longer than {self._limits.cpu_s * WALL_CLOCK_FACTOR} s")
                data = connection.recv_bytes()
            except (EOFError, ConnectionError):
                raise DecoderDied(self._describe_end()) from None
        result, error = load_result(data)
        if isinstance(error, str):
            raise DecoderDied(error)
        if error is not None:
            raise error
        value: _T = result
        return value

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _start(self) -> Connection:
        import multiprocessing

        context = multiprocessing.get_context("spawn")  # inherits no locks and no open files
        connection, child = context.Pipe()
        process = context.Process(target=_serve_calls, args=(child, self._limits), daemon=True)
        try:
            process.start()
        except BaseException:
            connection.close()
            raise
        finally:
            child.close()
        self._process, self._connection = process, connection
        return connection

    def _stop(self) -> None:
        if self._process and self._connection:
            self._connection.close()
            self._process.kill()
            self._process.join()
        self._process = self._connection = None

    def _describe_end(self) -> str:
        process = self._process
        if process:
            process.join(1)
        code = process.exitcode if process else None
        self._stop()
        if code == -getattr(signal, "SIGXCPU", 0) and code:
            return f"decoding takes more than {self._limits.cpu_s} s of CPU time"
        return "the decoder crashed on this file"


_active: DecoderProcess | None = None
"""While decoders are limited; a process for the whole program, like the limits that it has."""
_is_limited = False
"""Whether this is a process that decodes a stranger's file."""


@contextmanager
def limit_decoders(limits: DecoderLimits | None = None) -> Iterator[None]:
    """Run every function that `runs_in_decoder` marks in a process with limits, as for files of strangers."""
    global _active  # noqa: PLW0603  # threads decode, too, so a context variable would not reach them
    outer = _active
    _active = process = outer or DecoderProcess(limits or DecoderLimits())
    try:
        yield
    finally:
        _active = outer
        if outer is None:
            process.close()


def are_decoders_limited() -> bool:
    """Whether `limit_decoders` is in force."""
    return _active is not None


def max_decoded_seconds() -> float:
    """How much of a recording may be decoded here: of a stranger's file, a compressed silence can last for days."""
    return MAX_UNTRUSTED_RECORDING_HOURS * 3600 if _is_limited or _active else float("inf")


def runs_in_decoder(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Mark a function that decodes a file. Its arguments and its result must be picklable."""

    @functools.wraps(function)
    def run_decoder(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        return _active.call(function, *args, **kwargs) if _active else function(*args, **kwargs)

    return run_decoder


class _ResultUnpickler(pickle.Unpickler):
    """Reads results only: a decoder that a file took over could send anything."""

    def find_class(self, module_name: str, global_name: str) -> Any:  # noqa: ANN401  # as the base class
        """The classes that decoders return, and our own errors."""
        is_allowed = any(module_name == name or module_name.startswith(f"{name}.") for name in _ALLOWED_PACKAGES)
        found = getattr(sys.modules.get(module_name), global_name, None) if "." not in global_name else None
        if is_allowed and (isinstance(found, type) or global_name == "_rebuild_error"):
            return found
        if (module_name, global_name) in _ALLOWED_GLOBALS:
            return super().find_class(module_name, global_name)
        if module_name.partition(".")[0] == "pathlib" and global_name in {"PosixPath", "WindowsPath"}:
            return Path
        raise DecoderDied(f"the decoder sent a {module_name}.{global_name}")


def _serve_calls(connection: Connection, limits: DecoderLimits) -> None:
    """Run calls until the connection is closed, within the limits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it
    enter_limits(limits)
    while True:
        try:
            module_name, function_name, args, kwargs = connection.recv()
        except (EOFError, OSError):
            return
        _limit_cpu(limits.cpu_s)
        try:
            function = inspect.unwrap(getattr(importlib.import_module(module_name), function_name))
            message: tuple[Any, Exception | str | None] = function(*args, **kwargs), None
        except Exception as error:  # noqa: BLE001  # it is raised again in the parent
            message = None, _describe_unless_own(error)
        connection.send_bytes(pickle.dumps(message))


def _describe_unless_own(error: Exception) -> Exception | str:
    """An error of ours unchanged; of any other only the text, because the parent reads no other classes."""
    if type(error).__module__ == "podcast_kit.errors":
        return error
    return f"the decoder failed: {type(error).__name__}: {error}"


def load_result(data: bytes) -> Any:  # noqa: ANN401  # whatever a decoder returns
    """What a process with limits sent; raises DecoderDied for anything but results and errors of ours."""
    return _ResultUnpickler(io.BytesIO(data)).load()


def enter_limits(limits: DecoderLimits) -> None:
    """Limit this process, for good: no network where the system can take it away, memory, CPU time, written files."""
    global _is_limited  # noqa: PLW0603  # of the process
    _is_limited = True
    _leave_network()
    _limit_process(limits)
    _limit_cpu(limits.cpu_s)


def _leave_network() -> None:
    """Leave the network where the system allows it: a user's namespaces can be switched off."""
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _limit_process(limits: DecoderLimits) -> None:
    """No core dumps, and no more memory and larger files than allowed, where the system can limit them."""
    if sys.platform == "win32":
        return
    import resource

    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_AS, limits.memory_bytes),
    ):
        with suppress(OSError, ValueError):  # macOS does not limit the address space
            resource.setrlimit(kind, (value, value))


def _limit_cpu(seconds: int) -> None:
    """Allow the process this much more CPU time; the kernel ends it after that."""
    if sys.platform == "win32":
        return
    import resource

    used = sum(os.times()[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, hard))
