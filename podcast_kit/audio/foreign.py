"""Functions that decode sound: for a file of a stranger, in a process with limits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from podcast_kit.errors import InvalidAudio
from podcast_kit.io.decoder_process import DecoderDied, runs_in_decoder

_P = ParamSpec("_P")
_T = TypeVar("_T")


def decodes_sound(function: Callable[Concatenate[Path, _P], _T]) -> Callable[Concatenate[Path, _P], _T]:
    """Mark a function that decodes the recording that is its first argument; it may run in a process with limits.

    It then raises InvalidAudio where a limit or a crash ends that process.
    """
    run_decoder = runs_in_decoder(function)

    def decode(path: Path, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return run_decoder(path, *args, **kwargs)
        except DecoderDied as error:
            text = f"cannot be decoded: {error}"
            raise InvalidAudio(str(path), text, "export the recording again", "au.broken") from None

    functools.update_wrapper(decode, run_decoder)
    return decode
