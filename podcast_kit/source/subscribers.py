"""subscribers.txt: who has a private feed, one name per line; `- name` has been revoked.

The key that private feed URLs are derived from is in subscribers.key, which is never committed, or in the environment.
Neither file is published.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.io.inside import OutsideFolderError, read_inside, read_own_lines
from podcast_kit.source.yaml import MAX_SOURCE_BYTES, decode_source

SUBSCRIBERS_FILE = "subscribers.txt"
SUBSCRIBERS_KEY_FILE = "subscribers.key"
FETCHED_LIST = "subscribers.fetched.csv"
"""What a command printed."""
SUBSCRIBERS_KEY_VARIABLE = "PODCAST_KIT_SUBSCRIBERS_KEY"
SUBSCRIBERS_VARIABLE = "PODCAST_KIT_SUBSCRIBERS"
"""The text of the file, for CI: names of people are not committed."""
SUBSCRIBERS_KEY_BYTES = 32
"""The file has twice as many hexadecimal digits."""
MAX_NAME_LEN = 100
INVALID_NAME = f"a name must be printable and at most {MAX_NAME_LEN} characters long"
UNKNOWN_TIER = "has a tier that podcast.yaml does not declare"
"""Without the word of the list: in a list with other columns it may be the name or the address of a person."""
_TIER_AT_END = re.compile(r"(.+?)\s*\[([^\[\]]*)\]")
SUBSCRIBERS_HEADER = (
    "# Who has a private feed, one name per line; '- name' is revoked. Written by `podcast-kit private`.\n"
)


@dataclass(frozen=True, slots=True)
class Subscribers:
    """The names in subscribers.txt, in the order of the file."""

    names: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)
    """The tier of each person, by the normalized name, where the show has tiers."""

    def __bool__(self) -> bool:
        """Whether the file has any name."""
        return bool(self.names or self.revoked)


def normalize_name(name: str) -> str:
    """A name in the form in which names are compared: case folded, Unicode NFC, single spaces."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def read_subscribers(folder: Path, all_tiers: tuple[str, ...] = ()) -> Subscribers:
    """A show's subscribers, from the file or from the environment; empty without both.

    With tiers, a line may end in one, as in `Ann Lee [gold]`; without it, the lowest applies.
    Raises InvalidInput with every problem of the list.
    """
    try:
        data = read_inside(folder, SUBSCRIBERS_FILE, MAX_SOURCE_BYTES)
    except FileNotFoundError:
        data = os.fsencode(os.environ.get(SUBSCRIBERS_VARIABLE, ""))
    except OutsideFolderError as error:
        fix = "replace it by a file"
        problem = Problem(SourceLocation(SUBSCRIBERS_FILE), str(error.strerror), fix, "path.outside")
        raise InvalidInput([problem]) from None
    except OSError as error:
        raise OperationError(f"{SUBSCRIBERS_FILE}: cannot be read: {error.strerror}") from None
    problems: list[Problem] = []
    first_lines: dict[str, int] = {}
    names: list[str] = []
    revoked: list[str] = []
    tiers: dict[str, str] = {}
    for number, line in enumerate(decode_source(data, SUBSCRIBERS_FILE).split("\n"), 1):
        is_revoked = line.lstrip().startswith("-")
        name = " ".join(line.lstrip().lstrip("-").split())
        if not name or name.startswith("#"):
            continue
        location = SourceLocation(SUBSCRIBERS_FILE, number, 1)
        if all_tiers and not is_revoked:
            name, tiers[normalize_name(name)] = _split_tier(name, all_tiers, location, problems)
        if not is_valid_name(name):
            problems.append(Problem(location, INVALID_NAME, "shorten or retype it", "value.long"))
        if (first_line := first_lines.setdefault(normalize_name(name), number)) != number:
            problems.append(
                Problem(location, f"this name is also on line {first_line}", "keep one of them", "key.twice")
            )
        (revoked if is_revoked else names).append(name)
    if problems:
        raise InvalidInput(problems)
    return Subscribers(tuple(names), tuple(revoked), tiers)


def _split_tier(
    line: str, all_tiers: tuple[str, ...], location: SourceLocation, problems: list[Problem]
) -> tuple[str, str]:
    """The name and the tier of a line."""
    from podcast_kit.source.private_settings import find_tier
    from podcast_kit.source.yaml import InvalidValue

    match = _TIER_AT_END.fullmatch(line)
    if match is None:
        return line, all_tiers[0]
    try:
        return match[1], find_tier(match[2], all_tiers)
    except InvalidValue as error:
        problems.append(Problem(location, UNKNOWN_TIER, error.fix, error.code))
        return match[1], all_tiers[0]


def is_valid_name(name: str) -> bool:
    """Whether a list can hold a name."""
    return name.isprintable() and len(name) <= MAX_NAME_LEN


def write_subscribers(folder: Path, subscribers: Subscribers) -> None:
    """Write subscribers.txt atomically, and add it to .gitignore: names of people are not committed."""
    ignore_in_git(folder, f"/{SUBSCRIBERS_FILE}")
    tiers = {name: subscribers.tiers.get(normalize_name(name), "") for name in subscribers.names}
    names = [f"{name} [{tier}]\n" if tier else f"{name}\n" for name, tier in tiers.items()]
    revoked = [f"- {name}\n" for name in subscribers.revoked]
    atomic_write.write_atomic(
        folder / SUBSCRIBERS_FILE, "".join([SUBSCRIBERS_HEADER, *names, *revoked]).encode(), 0o644
    )


def update_subscribers(
    before: Subscribers, add: Iterable[str] = (), revoke: Iterable[str] = (), tier: str = ""
) -> Subscribers:
    """The subscribers after names are added and revoked; those to add get the tier, if there is one.

    Raises OperationError for a name to revoke that has no feed, and for a new one that the file cannot hold.
    """
    names = {normalize_name(name): name for name in before.names}
    revoked = {normalize_name(name): name for name in before.revoked}
    tiers = dict(before.tiers)
    for name in add:
        line = " ".join(name.split())
        if not line or line.startswith(("#", "-")):
            fix = f"begin it with something other than {line[0]!r}" if line else "type the name of a person"
            raise OperationError(f"{line[:MAX_NAME_LEN]!r} cannot be a name", fix)
        if not is_valid_name(line):
            raise OperationError(f"{line[:MAX_NAME_LEN]!r} cannot be a name: {INVALID_NAME}", "shorten or retype it")
        revoked.pop(normalize_name(name), None)
        names.setdefault(normalize_name(name), " ".join(name.split()))
        if tier:
            tiers[normalize_name(name)] = tier
    for name in revoke:
        if normalize_name(name) not in names:
            raise OperationError(f"{name!r} has no private feed", f"choose a name from {SUBSCRIBERS_FILE}")
        revoked[normalize_name(name)] = names.pop(normalize_name(name))
    return Subscribers(tuple(names.values()), tuple(revoked.values()), tiers)


def read_subscribers_key(folder: Path) -> bytes:
    """The key of the private feed URLs, from the environment or from its file.

    Raises OperationError when it is missing or too short: without it the URLs are unknown, and feeds would be lost.
    """
    text = os.environ.get(SUBSCRIBERS_KEY_VARIABLE, "")
    if not text:
        try:
            text = read_inside(folder, SUBSCRIBERS_KEY_FILE, MAX_SOURCE_BYTES).decode("ascii")
        except (OSError, UnicodeDecodeError):
            fix = (
                f"copy it from where it was created, or set {SUBSCRIBERS_KEY_VARIABLE}; it cannot be recreated"
                " (for the first private feeds, `podcast-kit private` creates it)"
            )
            raise OperationError(f"{SUBSCRIBERS_KEY_FILE} is missing", fix) from None
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) < SUBSCRIBERS_KEY_BYTES:
        raise OperationError(
            f"the key of the private feeds must have {2 * SUBSCRIBERS_KEY_BYTES} hexadecimal digits",
            f"restore {SUBSCRIBERS_KEY_FILE} or {SUBSCRIBERS_KEY_VARIABLE}",
        )
    return key


def is_key_missing(folder: Path) -> bool:
    """Whether there is no key of private feeds."""
    return not (os.environ.get(SUBSCRIBERS_KEY_VARIABLE) or (folder / SUBSCRIBERS_KEY_FILE).exists())


def write_subscribers_key(folder: Path, key: bytes) -> None:
    """Write a new key, readable only by its owner, and add it to .gitignore.

    Raises OperationError when there is already one: a new key would change every subscriber's URL.
    """
    if (folder / SUBSCRIBERS_KEY_FILE).exists():
        raise OperationError(f"{SUBSCRIBERS_KEY_FILE} already exists", "a new key would change every subscriber's URL")
    ignore_in_git(folder, f"/{SUBSCRIBERS_KEY_FILE}")
    atomic_write.write_atomic(folder / SUBSCRIBERS_KEY_FILE, f"{key.hex()}\n".encode(), 0o600)


def ignore_in_git(folder: Path, pattern: str) -> None:
    """Add the path of a file to the show's .gitignore, unless it has it."""
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", pattern)
    gitignore = folder / ".gitignore"
    lines = read_own_lines(folder, gitignore.name)
    if pattern not in lines:
        atomic_write.write_atomic(gitignore, "".join(f"{line}\n" for line in [*lines, pattern]).encode())
