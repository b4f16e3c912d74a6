"""A folder on a server, reached by the program rsync: over ssh, or at an rsync server.

rsync writes each file beside its place and renames it, so a reader has the old file or the new one. It has no
conditional writes of any kind: what is checked before a write can change until it happens.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from podcast_kit.errors import PULL_FIX, OperationError, PodcastKitError, PublishConflict, StoreAccessError
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import Output, RemoteObject
from podcast_kit.stores import (
    UNCONDITIONAL,
    ConditionalWrites,
    Precondition,
    StoredObject,
    Upload,
    copy_through,
    ignore_sent,
    require_valid_key,
)
from podcast_kit.stores.ssh_target import DAEMON_PORT, ServerTarget

RSYNC_TIMEOUT_S = 60
RSYNC_CONNECT_S = 15
SSH_OPTIONS = f"-o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout={RSYNC_CONNECT_S}"
"""Never ask, and never accept a host key that is not known."""
WRITE_OPTIONS = ("-rLI", "--perms", "--chmod=D755,F644", "--mkpath")
"""Follow our own links to the files, send each whatever its time, and let the web server read them."""
MAX_STAGED_FILE_BYTES = 8 << 20
_ROW = re.compile(r"([-dlcbpsD])\S{9,10}\s+([\d,.]+) (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (.*)", re.DOTALL)
_ESCAPE = re.compile(rb"\\#([0-7]{3})")
_UNFINISHED = re.compile(r"(?:.*/)?\.[^/]+\.[A-Za-z0-9]{6}")
"""The name that rsync gives to a file while it writes it."""
_MISSING = re.compile(r"(?:change_dir|link_stat|chdir).*No such file or directory|chdir failed", re.DOTALL)
ACCESS_PROBLEMS = (
    (
        r"Host key verification failed|host key is known",
        "the server's host key is not one that is known",
        "compare it with the one that its owner shows you, then connect by ssh; if it is new: `ssh-keygen -R {host}`",
    ),
    (r"Permission denied \((?!13)", "the server refused to let you in", "check the user and the SSH key"),
    (r"auth failed", "the server refused to let you in", "check the user and RSYNC_PASSWORD"),
    (
        r"Permission denied \(13\)|read.only",
        "the server does not allow to write there",
        "give the user write permission for this folder on the server, or correct the path in publish.to",
    ),
    (r"Unknown module", "the server has no such module", "correct the name after the host in publish.to"),
)
"""What rsync or ssh prints → what it means, and the fix."""
INSTALL_RSYNC_FIX = "install the program rsync, version 3.2.3 or newer"


class RsyncStore:
    """Files below one folder of a server. The ETag is the sha256 of the content; headers are up to the web server."""

    can_copy = False
    remote = True
    threads = 2
    conditional_writes: ConditionalWrites | None = None

    def __init__(self, target: ServerTarget) -> None:
        self.name = self.identity = target.place
        self._host = target.host
        self._is_over_ssh = target.scheme == "ssh"
        host = f"[{target.host}]" if ":" in target.host else target.host
        user = f"{target.user}@" if target.user else ""
        path = target.path or "."
        self._destination = (
            f"{user}{host}:{path}/"
            if self._is_over_ssh
            else f"rsync://{user}{host}:{target.port or DAEMON_PORT}/{path}/"
        )
        self._requests = 0

    @property
    def requests(self) -> int:
        """Number of times that rsync was run."""
        return self._requests

    def get(self, key: str) -> StoredObject | None:
        """Read the whole file; None when it does not exist."""
        with self._fetched(key) as path:
            if path is None:
                return None
            content = path.read_bytes()
        return StoredObject(content, hashlib.sha256(content).hexdigest())

    def head(self, key: str) -> RemoteObject | None:
        """Return the size and sha256 of the file, which is fetched to compute them; None when it does not exist."""
        digest = self.read_digest(key)
        return RemoteObject(key=key, size=digest[0], sha256=digest[1], etag=digest[1]) if digest else None

    def read_digest(self, key: str) -> tuple[int, str] | None:
        """Fetch the file, and return its size and sha256; None when it does not exist."""
        with self._fetched(key) as path:
            return _measure_file(path) if path else None

    def list(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Yield every file, sorted by key; without ETags, because they would mean reading every file."""
        for key, size, _ in sorted(self._rows()):
            if key.startswith(prefix) and not _UNFINISHED.fullmatch(key):
                yield RemoteObject(key=key, size=size)

    def put(
        self,
        upload: Upload,
        precondition: Precondition = UNCONDITIONAL,
        on_sent: Callable[[int], None] = ignore_sent,
    ) -> str:
        """Upload all of it or nothing; a precondition is checked just before, which other writers can undo."""
        require_valid_key(upload.key)
        if precondition != UNCONDITIONAL:
            digest = self.read_digest(upload.key)
            if (digest[1] if digest else "") != precondition.etag:  # of a file that must not exist, both are empty
                raise PublishConflict(f"someone else changed {upload.key} in {self.name}", PULL_FIX)
        self._send([upload])
        on_sent(upload.size)
        return upload.sha256

    def put_many(self, uploads: Iterable[tuple[Upload, Precondition]]) -> Iterator[tuple[Upload, str]]:
        """Send the small ones in one run of rsync."""
        small = [
            upload
            for upload, precondition in uploads
            if precondition == UNCONDITIONAL and upload.size <= MAX_STAGED_FILE_BYTES
        ]
        if small:
            self._send(small)
        for upload in small:
            yield upload, upload.sha256

    def update_headers(self, output: Output, precondition: Precondition = UNCONDITIONAL) -> str:
        """Only check the precondition: a server has its own headers."""
        if precondition.etag and self.read_digest(output.key) != (output.size, precondition.etag):
            raise PublishConflict(f"someone else changed {output.key} in {self.name}", PULL_FIX)
        return output.sha256

    def copy(self, source_key: str, upload: Upload) -> str:
        """Read the other file, and write it again."""
        return copy_through(self, source_key, upload)

    def delete(self, key: str) -> None:
        """Delete the file; does nothing when it does not exist."""
        require_valid_key(key)
        self._delete_all([key])

    def probe(self, token: str) -> ConditionalWrites:  # noqa: ARG002
        """There are no conditional writes, and rsync does not say so."""
        self.conditional_writes = ConditionalWrites.IGNORED
        return self.conditional_writes

    def abort_stale_uploads(self, before: datetime) -> int:
        """Delete half-written files of interrupted publishes that are older than `before`."""
        stale = [key for key, _, at in self._rows() if _UNFINISHED.fullmatch(key) and at < before]
        if stale:
            self._delete_all(stale)
        return len(stale)

    @contextmanager
    def _fetched(self, key: str) -> Iterator[Path | None]:
        """The file, fetched into a temporary folder; None where it does not exist."""
        require_valid_key(key)
        with TemporaryFolder() as folder:
            source = self._destination + _escape_wildcards(key)
            self._run(["-LI", "--ignore-missing-args", source, f"{folder}/"], key, allows_missing=True)
            path = Path(folder, PurePosixPath(key).name)
            yield path if path.is_file() and not path.is_symlink() else None  # a server may send what it likes

    def _send(self, uploads: Sequence[Upload]) -> None:
        """Upload files in one run, once their bytes are known to be the planned ones."""
        with TemporaryFolder() as folder:
            for upload in uploads:
                staged = Path(folder, upload.key)
                staged.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(upload.content, bytes):
                    staged.write_bytes(upload.read_verified())
                    continue
                if _measure_file(upload.content)[1] != upload.sha256:
                    raise OperationError(f"{upload.key} changed after it was built", "build again")
                staged.symlink_to(upload.content.absolute())
            self._run([*WRITE_OPTIONS, f"{folder}/", self._destination], uploads[0].key if len(uploads) == 1 else "")

    def _delete_all(self, keys: Sequence[str]) -> None:
        """Delete files by copying an empty folder over theirs, in which everything else is protected."""
        folders = {str(folder) for key in keys for folder in PurePosixPath(key).parents} - {"."}
        rules = [f"+ /{_escape_wildcards(folder)}/" for folder in sorted(folders)]
        rules += [f"+ /{_escape_wildcards(key)}" for key in keys]
        with TemporaryFolder() as folder:
            names = Path(folder, "rules")
            names.write_bytes("\0".join([*rules, "- *", ""]).encode("utf-8", "surrogateescape"))
            empty = Path(folder, "empty")
            empty.mkdir()
            filters = ("--from0", f"--filter=merge {names}")
            self._run(["-r", "--delete", *filters, f"{empty}/", self._destination], keys[0], allows_missing=True)

    def _rows(self) -> Iterator[tuple[str, int, datetime]]:
        """Key, size and time of every regular file."""
        listing = self._run(["-r", "--list-only", "--no-human-readable", self._destination], "", allows_missing=True)
        for line in (listing or "").split("\n"):
            row = _ROW.fullmatch(line)
            if row and row[1] == "-":
                name = _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), row[4].encode("utf-8", "surrogateescape"))
                at = datetime.strptime(row[3], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
                yield name.decode("utf-8", "surrogateescape"), int(re.sub(r"\D", "", row[2])), at

    def _run(self, arguments: Sequence[str], key: str, *, allows_missing: bool = False) -> str | None:
        """Run rsync and return what it prints; None where the folder does not exist, if that is allowed."""
        program = shutil.which("rsync")
        if program is None:
            raise OperationError(f"{self.name}: the program rsync is not installed", INSTALL_RSYNC_FIX)
        shell = f"{os.environ.get('RSYNC_RSH') or 'ssh'} {SSH_OPTIONS}"
        options = ["-e", shell] if self._is_over_ssh else [f"--contimeout={RSYNC_CONNECT_S}"]
        command = [program, "-8", "--secluded-args", f"--timeout={RSYNC_TIMEOUT_S}", *options, *arguments]
        self._requests += 1
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        try:
            result = subprocess.run(  # noqa: S603  # the program that the user's path has, with arguments of our own
                command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False
            )
        except OSError as error:
            raise OperationError(f"{self.name}: rsync cannot be run: {error.strerror}", INSTALL_RSYNC_FIX) from error
        if result.returncode == 0:
            return result.stdout.decode("utf-8", "surrogateescape")
        message = result.stderr.decode("utf-8", "replace")
        if allows_missing and _MISSING.search(message):
            return None
        raise self._translate(result.returncode, message, key)

    def _translate(self, code: int, message: str, key: str) -> PodcastKitError:
        subject = f"{self.name}/{key}" if key else self.name
        lines = [line.strip() for line in message.splitlines() if line.strip() and not line.startswith("rsync error")]
        short = " ".join(lines[:2])[:300] or f"exit code {code}"
        for pattern, text, fix in ACCESS_PROBLEMS:
            if re.search(pattern, message):
                return StoreAccessError(f"{self.name}: {text}", fix.format(host=self._host))
        if re.search(r"No space left|quota", message, re.IGNORECASE):
            return OperationError(f"{subject}: the server's disk is full", "free some space, then run it again")
        if re.search(r"unrecognized option|unknown option", message):
            return OperationError(f"{self.name}: rsync is too old, here or on the server: {short}", INSTALL_RSYNC_FIX)
        fix = "check your connection; nothing was lost, run it again"
        return OperationError(f"{subject}: rsync failed: {short}", fix)


def _escape_wildcards(path: str) -> str:
    """A path as a pattern: rsync reads backslashes only in patterns that have wildcards."""
    return re.sub(r"([*?\[\\])", r"\\\1", path) if re.search(r"[*?\[]", path) else path


def _measure_file(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
