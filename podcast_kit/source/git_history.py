"""What git knows of a show's folder: its commit, what is not committed, and which versions its history has.

Everything is optional: without git, outside of a repository, or where git refuses, nothing is known.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.io.inside import real_path

GIT_TIMEOUT_S = 30
GIT_VARIABLES = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
"""Nothing is fetched: versions of git that ignore GIT_NO_LAZY_FETCH have no protocol that they may use."""
GIT_SETTINGS = (
    *("core.fsmonitor=false", "core.quotePath=false", "log.showSignature=false"),
    *("protocol.allow=never", "safe.bareRepository=explicit"),
)
"""No command that a repository's settings name is run."""
REPOSITORY_SCOPES = frozenset({"local", "worktree"})
"""Where git found settings that may come from who made the repository."""
FILTER_SETTINGS = {"clean": "", "smudge": "", "process": "", "required": "false"}
"""A filter with these settings runs no command."""
MAX_FILE_VERSIONS = 100
"""Versions of a file in git that are looked at, the newest first."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(slots=True)
class GitHistory:
    """The repository of a show's folder; answers are None where git cannot tell."""

    folder: Path
    head: str = ""
    """The commit that is checked out; empty outside of a repository."""
    is_shallow: bool = False
    """Whether earlier commits were not fetched, as in most CI jobs."""
    _boundary_parents: frozenset[str] | None = field(default=None, repr=False)

    def is_ancestor(self, commit: str) -> bool | None:
        """Whether a commit is part of the history of what is checked out.

        A shallow clone knows its commits and the parents of the oldest; of all others it cannot tell.
        """
        if not self.head or not _COMMIT.fullmatch(commit):
            return None
        result = _run_git(self.folder, "merge-base", "--is-ancestor", commit, self.head)
        if result is not None and result.returncode == 0:
            return True
        if not self.is_shallow:
            return False
        return True if commit in self._list_boundary_parents() else None

    def _list_boundary_parents(self) -> frozenset[str]:
        """The parents that the oldest commits of a shallow clone name."""
        if self._boundary_parents is None:
            parents: set[str] = set()
            path = _read_line(self.folder, "rev-parse", "--git-path", "shallow")
            try:
                shallow_commits = (self.folder / path).read_text("ascii").split() if path else []
            except (OSError, ValueError):
                shallow_commits = []
            for commit in shallow_commits:
                content = _run_git(self.folder, "cat-file", "commit", commit)
                if content is not None and content.returncode == 0:
                    head = content.stdout.partition(b"\n\n")[0].decode("utf-8", "replace")
                    parents.update(re.findall(r"^parent ([0-9a-f]+)$", head, re.MULTILINE))
            self._boundary_parents = frozenset(parents)
        return self._boundary_parents

    def list_uncommitted(self) -> frozenset[str]:
        """The paths in the show's folder that differ from the commit, new ones included."""
        settings = _disable_filters(self.folder) if self.head else None
        if settings is None:
            return frozenset()
        options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty")
        result = _run_git(self.folder, "status", *options, ".", settings=settings)
        if result is None or result.returncode:
            return frozenset()
        prefix = _read_line(self.folder, "rev-parse", "--show-prefix")
        entries = result.stdout.decode("utf-8", "surrogateescape").split("\0")
        return frozenset(entry[3:].removeprefix(prefix) for entry in entries if entry)

    def list_tracked(self) -> frozenset[str]:
        """The paths in the show's folder that git tracks."""
        result = _run_git(self.folder, "ls-files", "-z", ".") if self.head else None
        if result is None or result.returncode:
            return frozenset()
        return frozenset(filter(None, result.stdout.decode("utf-8", "surrogateescape").split("\0")))

    def file_versions(self, path: str) -> tuple[bytes, ...]:
        """The contents that a file had in the history of what is checked out, the newest first; also if renamed."""
        arguments = ("--follow", "--format=", "--raw", "--no-abbrev", "-z", f"--max-count={MAX_FILE_VERSIONS}")
        result = _run_git(self.folder, "log", *arguments, self.head, "--", path) if self.head else None
        if result is None or result.returncode:
            return ()
        blobs = dict.fromkeys(re.findall(rb":\d+ \d+ [0-9a-f]+ ([0-9a-f]+) ", result.stdout))
        contents = _run_git(self.folder, "cat-file", "--batch", data=b"".join(blob + b"\n" for blob in blobs))
        return tuple(_split_batch(contents.stdout)) if contents is not None else ()

    def author_of(self, commit: str) -> str:
        """The name of a commit's author; empty where the commit is not in this clone."""
        if not self.head or not _COMMIT.fullmatch(commit):
            return ""
        return _read_line(self.folder, "show", "--no-patch", "--format=%an", commit)


def read_git_history(folder: Path) -> GitHistory:
    """What git knows of the folder; an empty history outside of a repository, and in a bare one.

    A bare repository can be part of a clone, and its settings name commands.
    """
    if _is_in_bare_repository(folder):
        return GitHistory(folder)
    result = _run_git(folder, "rev-parse", "HEAD", "--is-shallow-repository")
    if result is None or result.returncode:
        return GitHistory(folder)
    head, _, is_shallow = result.stdout.decode("ascii", "replace").strip().partition("\n")
    return GitHistory(folder, head, is_shallow=is_shallow == "true")


def list_changed_files(folder: Path, commits: str) -> tuple[str, ...] | None:
    """The paths below a folder that differ in a range of commits, such as `origin/main..HEAD`, sorted.

    None where git does not know the range.
    """
    if commits.startswith("-"):
        return None
    options = ("--name-only", "-z", "--no-renames", "--relative", "--no-ext-diff", "--no-textconv")
    result = _run_git(folder, "diff", *options, "--end-of-options", commits, "--", ".")
    if result is None or result.returncode:
        return None
    return tuple(sorted(filter(None, result.stdout.decode("utf-8", "surrogateescape").split("\0"))))


def is_unreadable_repository(folder: Path) -> bool:
    """Whether a folder is in a clone that git cannot read: git is not installed, or refuses the owner of the files."""
    real = real_path(folder)
    if not any((parent / ".git").exists() for parent in (real, *real.parents)):
        return False
    result = _run_git(folder, "rev-parse", "--git-dir")
    return result is None or result.returncode != 0


def _is_in_bare_repository(folder: Path) -> bool:
    """Whether git would take a folder that is not named .git for the repository; from 2.38 on it can refuse that."""
    for parent in (real := real_path(folder), *real.parents):
        if (parent / ".git").exists():
            return False
        if (parent / "HEAD").exists() and (parent / "objects").is_dir() and (parent / "refs").is_dir():
            return True
    return False


def _disable_filters(folder: Path) -> tuple[str, ...] | None:
    """Settings by which no filter command of the repository runs; None where git cannot tell which there are.

    `git status` runs filters on changed files. Those of the user's own settings, such as Git LFS, stay.
    """
    result = _run_git(folder, "config", "--list", "--name-only", "--show-scope", "-z")
    if result is None or result.returncode:
        return None
    scopes_and_names = result.stdout.decode("utf-8", "surrogateescape").split("\0")
    names = [
        name
        for scope, name in zip(scopes_and_names[::2], scopes_and_names[1::2], strict=False)
        if scope in REPOSITORY_SCOPES
    ]
    filters = {name.removeprefix("filter.").rpartition(".")[0] for name in names if name.startswith("filter.")}
    if any(name.startswith("lfs.extension.") for name in names):
        filters.add("lfs")  # it runs what its extensions name
    if any("=" in name for name in filters):  # git would take what follows for the value
        return None
    return tuple(f"filter.{name}.{key}={value}" for name in sorted(filters) for key, value in FILTER_SETTINGS.items())


def _split_batch(output: bytes) -> Iterator[bytes]:
    """The contents in what `cat-file --batch` printed, without those that this clone does not have."""
    while output:
        head, _, output = output.partition(b"\n")
        *_, kind, size = (b"", b"", *head.split(b" "))
        if kind == b"blob":
            yield output[: int(size)]
            output = output[int(size) + 1 :]


def _read_line(folder: Path, *arguments: str) -> str:
    result = _run_git(folder, *arguments)
    if result is None or result.returncode:
        return ""
    return result.stdout.decode("utf-8", "replace").strip()


def _run_git(
    folder: Path, *arguments: str, data: bytes = b"", settings: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes] | None:
    """Run git without locks, hooks or prompts; None where it cannot run."""
    environment = {**os.environ, **GIT_VARIABLES}
    options = [argument for setting in (*GIT_SETTINGS, *settings) for argument in ("-c", setting)]
    try:
        return subprocess.run(  # noqa: S603  # arguments are fixed words, paths after -- and digests
            ["git", "--no-pager", "--literal-pathspecs", *options, *arguments],  # noqa: S607  # the podcaster's own git
            cwd=folder,
            env=environment,
            input=data,
            capture_output=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
