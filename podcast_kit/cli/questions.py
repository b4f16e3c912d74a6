"""Questions on a terminal, and usage errors where there is none to ask on."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from typing import TypeAlias

import click

from podcast_kit.errors import OperationError

Converter: TypeAlias = "Callable[[str], object]"
"""Raises InvalidValue for text that is not a value of its kind."""


def is_interactive() -> bool:
    """Whether questions can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def ask_option(
    flag: str, question: str, value: str | None, default: str | None = None, convert: Converter = str
) -> str:
    """The option's value, else the answer on a terminal, else the default.

    A wrong option is a usage error; a wrong answer is asked for again.
    """
    if value is not None:
        return validate_option(convert, value, flag)
    if is_interactive():
        # Click repeats the question after a usage error.
        validate = functools.partial(validate_option, convert, flag=flag)
        return str(click.prompt(question, default=default, err=True, show_default=bool(default), value_proc=validate))
    require_options({flag: default})
    return default or ""


def require_options(values: Mapping[str, str | None]) -> None:
    """A usage error that names every missing option at once, when not running in a terminal."""
    missing = [flag for flag, value in values.items() if value is None]
    if missing and not is_interactive():
        *first, last = missing
        subject = f"{', '.join(first)} and {last} are" if first else f"{last} is"
        raise click.UsageError(f"{subject} required when not running in a terminal")


def validate_option(convert: Converter, text: str, flag: str) -> str:
    """The text, if it can be converted; otherwise a usage error of the option."""
    from podcast_kit.source.yaml import InvalidValue

    try:
        convert(text)
    except InvalidValue as error:
        fix = f" ({error.fix})" if error.fix else ""
        raise click.BadParameter(f"{error}{fix}", param_hint=flag) from None
    return text


def confirm_action(question: str, fix: str = "pass --yes", *, yes: bool) -> None:
    """Ask once, unless `--yes` was passed; raises OperationError at a no, and where nothing can be asked."""
    if yes:
        return
    if not is_interactive():
        raise OperationError("not a terminal, so cannot ask for confirmation", fix)
    if not click.confirm(question, err=True):
        raise OperationError("cancelled: nothing was changed")
