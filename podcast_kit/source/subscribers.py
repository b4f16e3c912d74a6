"""subscribers.txt: who has a private feed, one name a line; a name behind a `-` has lost it.

The secret that their addresses come from lies beside it in subscribers.key, which is never committed, or in the
environment. Neither file is ever part of what is published.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem
from podcast_kit.io import atomic_write
from podcast_kit.source.yaml.document import decode

NAMES = "subscribers.txt"
KEY = "subscribers.key"
VARIABLE = "PODCAST_KIT_SUBSCRIBERS_KEY"
BYTES = 32
"""Of a secret; written as twice as many hexadecimal digits."""
MAX_NAME = 100
HEAD = "# Who has a private feed, one name a line; '- name' has lost it. `podcast-kit private` writes this.\n"


@dataclass(frozen=True, slots=True)
class Subscribers:
    """The people on the list, in the order in which they are written."""

    names: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody has or had a private feed."""
        return bool(self.names or self.revoked)


def same(name: str) -> str:
    """A name as names are compared: without case, in one form of Unicode, with single blanks."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def read(folder: Path) -> Subscribers:
    """The list of a show; empty when it has none. Raises InvalidInput with every fault of the file."""
    try:
        data = (folder / NAMES).read_bytes()
    except FileNotFoundError:
        return Subscribers()
    except OSError as error:
        raise OperationError(f"{NAMES}: cannot be read: {error.strerror}") from None
    problems: list[Problem] = []
    first: dict[str, int] = {}
    names: list[str] = []
    revoked: list[str] = []
    for number, line in enumerate(decode(data, NAMES).split("\n"), 1):
        gone = line.lstrip().startswith("-")
        name = " ".join(line.lstrip().lstrip("-").split())
        if not name or name.startswith("#"):
            continue
        if not name.isprintable() or len(name) > MAX_NAME:
            text = f"is no name: more than {MAX_NAME} letters, or some that cannot be shown"
            problems.append(Problem(SourceLocation(NAMES, number, 1), text, "shorten it", "value.long"))
        if (earlier := first.setdefault(same(name), number)) != number:
            text = f"{name!r} is also on line {earlier}"
            problems.append(Problem(SourceLocation(NAMES, number, 1), text, "keep one of the two", "key.twice"))
        (revoked if gone else names).append(name)
    if problems:
        raise InvalidInput(problems)
    return Subscribers(tuple(names), tuple(revoked))


def write(folder: Path, subscribers: Subscribers) -> None:
    """Write the list, beside and then over the old one."""
    lines = [HEAD, *(f"{name}\n" for name in subscribers.names), *(f"- {name}\n" for name in subscribers.revoked)]
    atomic_write.write(folder / NAMES, "".join(lines).encode(), 0o644)


def changed(before: Subscribers, add: Iterable[str] = (), revoke: Iterable[str] = ()) -> Subscribers:
    """The list after somebody has come or gone; raises Failed for a name to revoke that is not on it."""
    names = {same(name): name for name in before.names}
    gone = {same(name): name for name in before.revoked}
    for name in add:
        gone.pop(same(name), None)
        names.setdefault(same(name), " ".join(name.split()))
    for name in revoke:
        if same(name) not in names:
            raise OperationError(f"{name!r} has no private feed", f"the list is in {NAMES}")
        gone[same(name)] = names.pop(same(name))
    return Subscribers(tuple(names.values()), tuple(gone.values()))


def secret(folder: Path) -> bytes:
    """The secret of the addresses, from the environment or from its file.

    Raises Failed when it is missing: without it nobody's address can be told, and nobody's feed may be lost.
    """
    said = os.environ.get(VARIABLE, "")
    if not said:
        try:
            said = (folder / KEY).read_text("ascii")
        except (OSError, UnicodeDecodeError):
            hint = f"copy {KEY} from where it was made, or set {VARIABLE}; it cannot be made again"
            raise OperationError(f"{NAMES} names subscribers, and the secret of their addresses is not here", hint) from None
    try:
        found = bytes.fromhex(said.strip())
    except ValueError:
        found = b""
    if len(found) < BYTES:
        raise OperationError(
            f"the secret of the private feeds is not {2 * BYTES} hexadecimal digits", f"mend {KEY} or {VARIABLE}"
        )
    return found


def keep_secret(folder: Path, made: bytes) -> None:
    """Write a new secret where only its owner can read it, and keep it out of a git repository.

    Raises Failed when there is one already: another one would give every subscriber another address.
    """
    if (folder / KEY).exists():
        raise OperationError(f"{KEY} is there already", "another one would give every subscriber another address")
    ignored = folder / ".gitignore"
    lines = ignored.read_text("utf-8").splitlines() if ignored.is_file() else []
    if f"/{KEY}" not in lines:
        atomic_write.write(ignored, "".join(f"{line}\n" for line in [*lines, f"/{KEY}"]).encode())
    atomic_write.write(folder / KEY, f"{made.hex()}\n".encode(), 0o600)
