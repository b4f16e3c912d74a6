"""Targets that are not object storage: `sftp://user@host/path`, `user@host:/path` and `rsync://host/module`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.model import PROVIDER_NAMES

SFTP_SCHEME, RSYNC_SCHEME = "sftp", "rsync"
HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
USER = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
_SSH_COPY_TARGET = re.compile(rf"(?:(?P<user>{USER})@)?(?P<host>{HOST}):(?P<path>[/~].*)")
"""As scp and rsync write it; a single letter before the colon is a drive of Windows."""
_URL_HOST = re.compile(HOST)
_URL_USER = re.compile(USER)
_SCHEMES = {*PROVIDER_NAMES, SFTP_SCHEME, RSYNC_SCHEME, "ssh", "scp", "ftp", "ftps", "http", "https", "file"}
"""What stands before `:/` by mistake, with one slash too few, more often than the name of a server."""
MAX_PORT = 65_535
DAEMON_PORT = 873
SFTP_PORT = 22
UNSAFE_ROOTS = {"", ".", "~", "root", "home", "etc", "usr", "var", "bin", "sbin", "lib", "boot", "dev", "proc", "sys"}
"""Folders at the top of a server that a website must not be in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTarget:
    """A folder on a server."""

    scheme: str
    """`sftp`; `ssh` for rsync over ssh; `rsync` for an rsync server."""
    host: str
    path: str
    """Absolute, or relative to the folder in which the user arrives; of an rsync server the module and its path."""
    user: str = ""
    port: int = 0
    """0 for the usual one."""

    @property
    def place(self) -> str:
        """The target in words, by which it is allowed and compared."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.scheme == "ssh":
            path = self.path if self.path.startswith("/") else f"~/{self.path}"
            return f"{user}{host}:{path}"
        port = f":{self.port}" if self.port else ""
        is_relative = self.scheme == SFTP_SCHEME and not self.path.startswith("/")
        return f"{self.scheme}://{user}{host}{port}/{'~/' if is_relative else ''}{quote(self.path.lstrip('/'))}"


def is_server_target(to: str) -> bool:
    """Whether `publish.to` is meant as a folder on a server that is reached by SFTP or rsync."""
    scheme, separator, _ = to.strip().partition("://")
    if separator:
        return scheme.lower() in {SFTP_SCHEME, RSYNC_SCHEME, "ssh", "scp"}
    match = _SSH_COPY_TARGET.fullmatch(to.strip())
    return match is not None and len(match["host"]) > 1 and (bool(match["user"]) or match["host"] not in _SCHEMES)


def parse_server_target(to: str) -> ServerTarget:
    """The target that `publish.to` names; raises InvalidInput with what is wrong with it."""
    to = to.strip()
    scheme, separator, _ = to.partition("://")
    if not separator:
        match = _SSH_COPY_TARGET.fullmatch(to)
        if match is None:
            raise _target_error(to, "is not a folder on a server", "write it as user@host:/var/www/show")
        return _checked_target(to, "ssh", match["host"], match["path"], match["user"] or "", 0)
    scheme = scheme.lower()
    if scheme in {"ssh", "scp"}:
        fix = f"write sftp{to[len(scheme) :]}, or user@host:/path for rsync"
        raise _target_error(to, f"{scheme}:// is not a way to publish", fix)
    try:
        url = urlsplit(to)
        port = url.port or 0
    except ValueError:
        raise _target_error(to, "is not a URL", f"write it as {scheme}://user@host/path") from None
    if url.password is not None:
        fix = "remove ':' and the password before the '@', and set PODCAST_KIT_SFTP_PASSWORD where you publish"
        if scheme == RSYNC_SCHEME:
            fix = "remove ':' and the password before the '@', and set RSYNC_PASSWORD where you publish"
        problem = Problem(SourceLocation("podcast.yaml"), "publish.to has a password", fix, "key.secret")
        raise InvalidInput([problem])
    if url.query or url.fragment:
        raise _target_error(to, "has a '?' or '#'", "write only the folder")
    netloc = url.netloc.rpartition("@")[2]
    host = re.sub(r":\d*$", "", netloc) if not netloc.endswith("]") else netloc
    return _checked_target(to, scheme, host, unquote(url.path), unquote(url.username or ""), port)


def _checked_target(to: str, scheme: str, host: str, path: str, user: str, port: int) -> ServerTarget:
    example = "user@host:/var/www/show" if scheme == "ssh" else f"{scheme}://user@host/var/www/show"
    if not _URL_HOST.fullmatch(host) or (user and not _URL_USER.fullmatch(user)) or port > MAX_PORT:
        raise _target_error(to, "does not name a server", f"write it as {example}")
    is_relative = scheme != RSYNC_SCHEME and path.startswith(("/~/", "~/", "/~", "~"))
    path = re.sub(r"/+", "/", path.removeprefix("/").removeprefix("~") if is_relative else path).rstrip("/")
    parts = [part for part in path.split("/") if part]
    if ".." in parts or any(ord(letter) < ord(" ") or letter == "\x7f" for letter in path) or "\\" in path:
        raise _target_error(to, "its path has '..', a backslash or a control character", f"write it as {example}")
    hidden = next((part for part in parts if part.startswith(".")), "")
    if hidden:
        fix = "choose a folder that a web server serves"
        raise _target_error(to, f"{hidden} is a hidden folder, where programs keep their settings", fix)
    is_shallow = not parts or (
        scheme != RSYNC_SCHEME and not is_relative and len(parts) == 1 and parts[0] in UNSAFE_ROOTS
    )
    if is_shallow or (scheme != RSYNC_SCHEME and parts[:1] == ["etc"] and not is_relative):
        text = "names no folder of its own" if not parts else f"/{parts[0]} has files of the system"
        raise _target_error(to, text, f"write the folder that the web server serves: {example}")
    if is_relative or scheme == RSYNC_SCHEME:
        path = path.lstrip("/")
    return ServerTarget(scheme=scheme, host=host.strip("[]"), path=path, user=user, port=port)


def _target_error(to: str, text: str, fix: str) -> InvalidInput:
    shown = re.sub(r":[^:@/]*@", ":…@", to)
    return InvalidInput([Problem(SourceLocation("podcast.yaml"), f"publish.to: {shown!r}: {text}", fix, "pb.to")])
