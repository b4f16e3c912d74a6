"""What can be wrong, where, and how it is said.

PodcastKitError                 whatever the person at the shell can act on
├── InvalidInput                files that do not say what they must, every fault at once
├── InvalidAudio                an audio file that cannot be read or tagged
├── Failed                      the work could not be done: a disk, a network, a server
├── StoreRefused                credentials missing, or the store said no
└── Overtaken                   somebody else published meanwhile
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """How a command ends; 0 is done or nothing to do, and click itself says 2 of a wrong command line."""

    FAILED = 1
    """What was written or built has errors, or the work failed."""
    PENDING = 3
    """Changes are pending, where that was asked."""
    STORE_ACCESS = 4
    """Credentials are missing, or the store refused."""
    CONFLICT = 5
    """Somebody else published meanwhile."""
    INTERRUPTED = 130
    """By Ctrl-C, as shells say it."""


class Severity(StrEnum):
    """How much a problem matters; the value is the word that is shown."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, order=True)
class SourceLocation:
    """A position in a file the user wrote; line and column count from 1, 0 is unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`path:line:column`, as editors and terminals make a link of."""
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where, which rule, what is wrong, and how to mend it."""

    location: SourceLocation
    text: str
    fix: str = ""
    code: str = ""
    """The rule's id, such as `it.enclosure.length` or `key.unknown`."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`file:line:column: error: cause (mend) [code]`."""
        hint = f" ({self.fix})" if self.fix else ""
        code = f" [{self.code}]" if self.code else ""
        return f"{self.location}: {self.severity}: {self.text}{hint}{code}"


class PodcastKitError(Exception):
    """Base of every error a user can act on; the command line shows it without a traceback."""

    exit_code = ExitCode.FAILED

    def __init__(self, text: str, fix: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.fix = fix

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The faults behind it; none where the text says it all."""
        return ()

    def __reduce__(self) -> tuple[object, ...]:
        """Whole on its way between processes, whatever its constructor takes."""
        return _rebuild_error, (type(self), self.args, self.__dict__)


class InvalidInput(PodcastKitError):
    """One or more files do not say what they must; holds every problem found, not the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._problems = tuple(sorted(problems, key=lambda problem: problem.location))
        super().__init__(f"{len(self._problems)} problem{'s'[: len(self._problems) != 1]} found")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every fault, in file order."""
        return self._problems


class InvalidAudio(PodcastKitError):
    """An audio file that is not what it must be; `path` names it."""

    def __init__(self, path: str, text: str, fix: str = "", code: str = "au.broken") -> None:
        super().__init__(f"{path}: {text}", fix)
        self.path = path
        self.problem = Problem(SourceLocation(path), text, fix, code)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The one fault, with the file as its place."""
        return (self.problem,)


class OperationError(PodcastKitError):
    """The work could not be done: a disk, a network, a server in trouble."""


class StoreAccessError(PodcastKitError):
    """Credentials are missing or the store refused what was asked."""

    exit_code = ExitCode.STORE_ACCESS


class PublishConflict(PodcastKitError):
    """Somebody else published since the plan was made; nothing of theirs was overwritten."""

    exit_code = ExitCode.CONFLICT


def _rebuild_error(kind: type[PodcastKitError], args: tuple[object, ...], facts: dict[str, object]) -> PodcastKitError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error
