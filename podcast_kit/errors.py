"""Problems, where they are, and the exceptions that report them.

PodcastKitError                 base class: everything that a user can act on
├── InvalidInput                files of the show are wrong; holds every problem, not just the first
├── InvalidAudio                an audio file cannot be read or tagged
├── OperationError              a disk, a network or a server failed
├── StoreAccessError            credentials are missing, or the store refused access
└── PublishConflict             someone else published in the meantime
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from podcast_kit.problem_codes import is_registered

if TYPE_CHECKING:
    from collections.abc import Iterable


PULL_FIX = "run `git pull` to get what others published, then publish again"
"""What to do when someone else published in the meantime."""


class ExitCode(IntEnum):
    """Exit codes of a command; 0 is success or nothing to do, 2 is a wrong command line (set by click)."""

    FAILED = 1
    """Errors were found, or the command failed."""
    PENDING = 3
    """There are changes to publish, and `--exit-code` was passed."""
    STORE_ACCESS = 4
    """Credentials are missing, or the store refused access."""
    CONFLICT = 5
    """Someone else published in the meantime."""
    INTERRUPTED = 130
    """Interrupted with Ctrl-C."""


class Severity(StrEnum):
    """How much a problem matters; the value is the word that is shown."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"

    @property
    def rank(self) -> int:
        """0 for errors, 1 for warnings, 2 for hints."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, order=True)
class SourceLocation:
    """A position in a file or feed; line and column count from 1, and 0 means unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`path:line:column`, which editors and terminals turn into a link."""
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where it is, what is wrong, how to fix it, and its code.

    Raises ValueError for a code that `podcast_kit.problem_codes` does not explain.
    """

    location: SourceLocation
    text: str
    fix: str
    """What to do in this case; may be empty where the text says it."""
    code: str
    """Such as `it.enclosure.length` or `key.unknown`."""
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        if not is_registered(self.code):
            raise ValueError(f"problem code {self.code!r} is not registered in podcast_kit.problem_codes")

    def __str__(self) -> str:
        """`file:line:column: error: text (fix) [code]`."""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{self.location}: {self.severity}: {self.text}{fix} [{self.code}]"


class PodcastKitError(Exception):
    """Base of every error that a user can act on; the command line shows it without a traceback."""

    exit_code = ExitCode.FAILED

    def __init__(self, text: str, fix: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.fix = fix

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems behind the error; empty where the text says everything."""
        return ()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the error with all its attributes, whatever its constructor takes."""
        return _rebuild_error, (type(self), self.args, self.__dict__)


class InvalidInput(PodcastKitError):
    """One or more files of the show are wrong; holds every problem found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._problems = tuple(sorted(problems, key=lambda problem: problem.location))
        count = len(self._problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} found")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, in file order."""
        return self._problems


class InvalidAudio(PodcastKitError):
    """An audio file cannot be used; `path` names it."""

    def __init__(self, path: str, text: str, fix: str = "", code: str = "au.broken") -> None:
        super().__init__(f"{path}: {text}", fix)
        self.path = path
        self.problem = Problem(SourceLocation(path), text, fix, code)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The one problem, located at the file."""
        return (self.problem,)


class OperationError(PodcastKitError):
    """The operation failed: a disk, a network or a server did not do what was asked."""


class StoreAccessError(PodcastKitError):
    """Credentials are missing, or the store refused access."""

    exit_code = ExitCode.STORE_ACCESS


class PublishConflict(PodcastKitError):
    """Someone else published what this publish does not have; nothing was overwritten."""

    exit_code = ExitCode.CONFLICT

    def __init__(self, text: str, fix: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(text, fix)
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What would be taken back; empty where the text says everything."""
        return self._problems


def _rebuild_error(
    kind: type[PodcastKitError], args: tuple[object, ...], attributes: dict[str, object]
) -> PodcastKitError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error
