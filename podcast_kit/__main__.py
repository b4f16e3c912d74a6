"""The program `podcast-kit`, also run as `python -m podcast_kit`."""

from __future__ import annotations

import errno
import os
import signal
import sys

WRITE_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE})
"""Errors of a stream that is being written; unlike those of opening a file, they name no file."""
INTERRUPT_DELAY = 0.01
"""How many seconds later an interrupt comes again that came where Python ignores errors."""


def main() -> None:
    """Run the command line; if interrupted or if stdout cannot be written, end with a message, not a traceback."""
    sys.unraisablehook = _repeat_lost_interrupt
    try:
        try:
            from podcast_kit import cli

            cli.run_command_line()
        finally:
            _flush_stdout()  # the interpreter would flush at exit, and could only exit with 120
    except KeyboardInterrupt:  # also while modules are being imported
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except OSError as error:
        if not (_discard_unwritable_stdout() or (error.filename is None and error.errno in WRITE_ERRNOS)):
            raise
        command_exit = error.__context__
        if isinstance(command_exit, SystemExit) and command_exit.code:
            sys.exit(command_exit.code)  # the command has reported the error
        if not isinstance(error, BrokenPipeError):  # `| head` has read enough
            sys.stderr.write(f"error: stdout: cannot be written: {error.strerror or error}\n")
        sys.exit(1)


def _repeat_lost_interrupt(error: sys.UnraisableHookArgs, /) -> None:
    """Let an interrupt come again that came within a finalizer or beside a fork, where Python drops what is raised."""
    if isinstance(error.exc_value, KeyboardInterrupt) and hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, INTERRUPT_DELAY)
    else:
        sys.__unraisablehook__(error)


def _flush_stdout() -> None:
    """Write what is left in the buffer of stdout; raises OSError."""
    if sys.__stdout__ is not None:  # None if the caller closed it
        sys.stdout.flush()


def _discard_unwritable_stdout() -> bool:
    """Whether stdout cannot be written; what is left in its buffer then goes to the null device."""
    try:
        _flush_stdout()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


if __name__ == "__main__":
    main()
