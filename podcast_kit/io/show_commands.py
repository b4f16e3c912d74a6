"""Commands that a show's podcast.yaml names: which of them the user has allowed, and what they may use."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from podcast_kit.errors import OperationError
from podcast_kit.io.consent import digest_command
from podcast_kit.io.inside import read_inside

MAX_SCRIPT_BYTES = 1_000_000
"""How much of a script is part of the digest by which it is allowed."""
BASIC_VARIABLES = frozenset({"PATH", "HOME", "LANG", "SYSTEMROOT", "PATHEXT", "USERPROFILE"})
"""What a command gets without being named; the last three are what Windows needs to start programs."""
OUTPUT_BLOCK_BYTES = 1 << 16
CLOSE_TIMEOUT_S = 5.0
_COMMAND_WORD = re.compile(r"[^\s'\"=;&|()<>`$]+")
"""Words that may name files, also in what a shell is given to run."""


def digest_show_command(command: str, variables: Iterable[str], folder: Path) -> str:
    """The sha256 (hex) by which a command is allowed.

    It covers the command, the variables that it gets, and the files of the show that it names, such as a script.
    """
    lines = [command, *sorted(variables)]
    for word in dict.fromkeys(_COMMAND_WORD.findall(command)):
        try:
            script = read_inside(folder, word, MAX_SCRIPT_BYTES)
        except (OSError, ValueError):  # no file of the show
            continue
        lines.append(f"{word} {hashlib.sha256(script).hexdigest()}")
    return digest_command("\n".join(lines))


def command_environment(names: Collection[str]) -> dict[str, str]:
    """What a command sees: where programs are, the user's home and language, and what is named."""
    basic = {name for name in os.environ if name in BASIC_VARIABLES or name.startswith("LC_")}
    return {name: value for name, value in os.environ.items() if name in {*basic, *names}}


def read_command_output(
    words: Sequence[str], folder: Path, variables: Collection[str], *, timeout_s: float, max_bytes: int
) -> bytes:
    """Run a command without a shell, and return what it prints.

    Raises OperationError if it cannot run, fails, prints too much or takes too long. What it writes to stderr is not
    shown, because it may have names and tokens.
    """
    try:
        process = subprocess.Popen(  # noqa: S603  # the podcaster's own command, without a shell
            list(words),
            cwd=folder,
            env=command_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OperationError(f"{words[0]}: {reason}") from None
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    blocks: list[bytes] = []
    reader = Thread(target=_read_blocks, args=(process.stdout, blocks, max_bytes), daemon=True)
    reader.start()
    try:
        reader.join(timeout_s)
        is_too_slow = reader.is_alive()
        size = sum(map(len, blocks))
        if is_too_slow or size > max_bytes:
            _stop_group(process)
        code = process.wait()
    except BaseException:
        _stop_group(process)
        raise
    finally:
        reader.join(CLOSE_TIMEOUT_S)
        if not reader.is_alive():  # a program that left the group may still hold the pipe
            process.stdout.close()
    if is_too_slow:
        raise OperationError(f"{words[0]} took longer than {timeout_s:g} seconds and was stopped")
    if size > max_bytes:
        raise OperationError(f"{words[0]} printed more than {max_bytes // 10**6} MB and was stopped")
    if code:
        raise OperationError(f"{words[0]} exited with {code}")
    return b"".join(blocks)


def _read_blocks(stream: BinaryIO, blocks: list[bytes], max_bytes: int) -> None:
    size = 0
    while size <= max_bytes and (block := stream.read(OUTPUT_BLOCK_BYTES)):
        blocks.append(block)
        size += len(block)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """Stop a command with everything that it has started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.wait()
