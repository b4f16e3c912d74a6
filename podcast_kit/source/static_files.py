"""Lists `static/`: files that are published byte for byte, each under its own path."""

from __future__ import annotations

import fnmatch
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import STATIC_DIR, Episode, LocalFile
from podcast_kit.source.subscribers import FETCHED_LIST, SUBSCRIBERS_FILE, SUBSCRIBERS_KEY_FILE

MAX_STATIC_FILES = 20_000
MAX_STATIC_DEPTH = 20
MAX_KEY_BYTES = 900
"""Object storage allows 1,024 bytes, with the prefix."""
MAX_NAMED_LEFTOVERS = 3
RESERVED_PREFIXES = ("media/", "private/", ".podcast-kit/")
"""Where files never change, where the feeds of subscribers are, and where the record of what is published is."""
PUBLISHED_DOTFILES = frozenset({".well-known", ".nojekyll", ".htaccess", ".domains"})
"""Hidden names that web servers and hosts look for."""
KEY_FILE_NAMES = (
    *("*.p12", "*.pfx", "*.ppk", "*.kdbx", "*.jks", "*.keystore", "*.env", "authorized_keys"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
)
"""Names of files with keys and passwords, in lower case, which nothing else has."""
_LEFTOVER_NAMES = frozenset(
    {
        ".ds_store",
        ".directory",
        ".fseventsd",
        ".git",
        ".gitattributes",
        ".gitignore",
        ".gitkeep",
        ".keep",
        ".spotlight-v100",
        ".trashes",
        "@eadir",
        "__macosx",
        "desktop.ini",
        "ehthumbs.db",
        "icon\r",
        "thumbs.db",
    }
)
_LEFTOVER_SUFFIXES = ("~", ".bak", ".swp", ".swo", ".swx", ".crdownload", ".part", ".tmp")
_LEFTOVER_PREFIXES = ("._", ".#", ".~lock.", "~$")


def list_static_files(folder: Path, problems: list[Problem]) -> tuple[str, ...]:
    """The path of each file that is published as it is, below `static/` in the show's folder, sorted.

    What is wrong with them, and what is left out, is added to `problems`.
    """
    root = folder / STATIC_DIR
    if root.is_symlink():
        fix = "replace the link by the folder"
        problems.append(Problem(SourceLocation(STATIC_DIR), "is a link, which is not followed", fix, "path.outside"))
        return ()
    if not root.is_dir():
        return ()
    lister = _StaticLister(root, real_path(root), problems)
    keys = tuple(sorted(lister.list_keys()))
    lister.report_leftovers()
    _report_case_clashes(keys, problems)
    return keys


@dataclass(slots=True)
class _StaticLister:
    root: Path
    real_root: Path
    problems: list[Problem]
    leftovers: list[str] = field(default_factory=list)
    """Files of operating systems and editors, by their paths in the show."""
    count: int = 0

    def list_keys(self, below: str = "", depth: int = 1) -> Iterator[str]:
        """The files below a folder."""
        try:
            with os.scandir(self.root / below) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self.report(below.rstrip("/"), f"cannot be read: {error.strerror}", "check its permissions", "file.read")
            return
        for entry in entries:
            if self.count > MAX_STATIC_FILES:
                return
            key = below + entry.name
            if self.is_left_out(entry.name, key):
                continue
            if entry.is_dir(follow_symlinks=False):
                if self.has_usable_folder(key, depth):
                    yield from self.list_keys(f"{key}/", depth + 1)
            elif self.has_usable_file(entry, key):
                yield key

    def report(self, key: str, text: str, fix: str, code: str, severity: Severity = Severity.ERROR) -> None:
        """Add a problem of a file."""
        location = SourceLocation(f"{STATIC_DIR}/{key}".rstrip("/"))
        self.problems.append(Problem(location, text, fix, code, severity))

    def is_left_out(self, name: str, key: str) -> bool:
        """Whether a file or folder is not published, as its name shows."""
        try:
            name.encode()
        except UnicodeEncodeError:
            printable = key.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            self.report(printable, "has a name that is not UTF-8", "rename it", "path.form")
            return True
        if is_leftover_name(name):
            self.leftovers.append(f"{STATIC_DIR}/{key}")
            return True
        if name.startswith(".") and key.partition("/")[0] not in PUBLISHED_DOTFILES:
            text = "is hidden, as its name starts with a dot, and is not published"
            published = ", ".join(sorted(PUBLISHED_DOTFILES))
            fix = f"rename it, or move it out of {STATIC_DIR}/; of hidden names only {published} are published"
            self.report(key, text, fix, "static.hidden", Severity.WARNING)
            return True
        if "\\" in name or any(ord(letter) < ord(" ") or letter == "\x7f" for letter in name):
            printable = key.encode("unicode_escape").decode()
            self.report(printable, "has a character that URLs and stores do not allow", "rename it", "path.form")
            return True
        return False

    def has_usable_folder(self, key: str, depth: int) -> bool:
        """Whether the files of a folder can be published; else says why not."""
        if any(prefix == f"{key.casefold()}/" for prefix in RESERVED_PREFIXES):
            text = f"{key}/ is for the files that podcast-kit publishes"
            self.report(key, text, "rename the folder", "static.taken")
            return False
        if depth >= MAX_STATIC_DEPTH:
            text = f"is more than {MAX_STATIC_DEPTH} folders deep"
            self.report(key, text, "move it up, or out of the folder", "static.many")
            return False
        return True

    def has_usable_file(self, entry: os.DirEntry[str], key: str) -> bool:
        """Whether a file can be published; else says why not."""
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            text = "is a link that leads nowhere" if entry.is_symlink() else f"cannot be read: {error.strerror}"
            self.report(key, text, "replace it by the file", "file.read")
            return False
        if entry.is_symlink() and (
            stat.S_ISDIR(mode) or not real_path(Path(entry.path)).is_relative_to(self.real_root)
        ):
            kind = "folder" if stat.S_ISDIR(mode) else "file"
            text = "is a link to a folder" if kind == "folder" else f"is a link that leads out of {STATIC_DIR}/"
            self.report(key, text, f"replace the link by the {kind}", "path.outside")
            return False
        if not stat.S_ISREG(mode):
            self.report(key, "is not a file", "remove it", "file.read")
            return False
        if len(key.encode()) > MAX_KEY_BYTES:
            self.report(key, f"its path is longer than {MAX_KEY_BYTES} bytes", "shorten its names", "path.form")
            return False
        self.count += 1
        if self.count > MAX_STATIC_FILES:
            text = f"has more than {MAX_STATIC_FILES:,} files"
            fix = "is it the right folder? Publish archives of this size without podcast-kit"
            self.report("", text, fix, "static.many")
            return False
        return True

    def report_leftovers(self) -> None:
        """Say which files of operating systems and editors are left out."""
        if not self.leftovers:
            return
        names = ", ".join(self.leftovers[:MAX_NAMED_LEFTOVERS])
        more = len(self.leftovers) - MAX_NAMED_LEFTOVERS
        names += f" and {more:,} more" if more > 0 else ""
        text = f"left out, as an operating system, git or an editor made them: {names}"
        self.report("", text, "delete them, or leave them: they are not published", "static.leftover", Severity.HINT)


def is_leftover_name(name: str) -> bool:
    """Whether a file's name is one that an operating system, git or an editor leaves."""
    lower = name.lower()
    is_emacs_backup = lower.startswith("#") and lower.endswith("#")
    is_leftover = lower in _LEFTOVER_NAMES or lower.endswith(_LEFTOVER_SUFFIXES)
    return is_leftover or is_emacs_backup or lower.startswith(_LEFTOVER_PREFIXES)


def find_secret_files(
    keys: Iterable[str], subscriber_list: str = "", episodes: Iterable[Episode] = ()
) -> Iterator[Problem]:
    """The files among `keys` that must not be public: lists and keys of subscribers, recordings for members, keys."""
    recordings = {audio.path for episode in episodes for audio in _members_recordings(episode)}
    for key in keys:
        path, name = f"{STATIC_DIR}/{key}", key.rpartition("/")[2].casefold()
        if path == subscriber_list or name in {SUBSCRIBERS_FILE, FETCHED_LIST}:
            text = "has the names of subscribers"
        elif path in recordings:
            text = "is a recording for members"
        elif any(fnmatch.fnmatchcase(name, pattern) for pattern in (SUBSCRIBERS_KEY_FILE, *KEY_FILE_NAMES)):
            text = "is a secret, by its name"
        else:
            continue
        fix = f"move it out of {STATIC_DIR}/, whose files everyone can read"
        yield Problem(SourceLocation(path), text, fix, "static.secret")


def _members_recordings(episode: Episode) -> Iterator[LocalFile]:
    for audio in (episode.members_audio, episode.audio if episode.audience else None):
        if isinstance(audio, LocalFile):
            yield audio


def fold_path(path: str) -> str:
    """A path as file systems compare it that ignore case, and how a letter with an accent is written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _report_case_clashes(keys: tuple[str, ...], problems: list[Problem]) -> None:
    """Report files, and folders, whose paths differ only in case or accents: many systems hold only one of them."""
    paths_by_folded: dict[str, str] = {}
    reported: set[str] = set()
    for key in keys:
        parts = key.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            first = paths_by_folded.setdefault(fold_path(path), path)
            if first != path and path not in reported:
                reported.add(path)
                text = f"is the same name as {STATIC_DIR}/{first} on Windows or macOS"
                location = SourceLocation(f"{STATIC_DIR}/{path}")
                problems.append(Problem(location, text, "rename one of them", "static.case"))
                break
