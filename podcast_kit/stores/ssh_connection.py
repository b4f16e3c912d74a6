"""An SSH connection for SFTP: host keys are checked, never accepted; keys and passwords come from the environment."""

from __future__ import annotations

import base64
import contextlib
import getpass
import hashlib
import io
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.errors import OperationError, PodcastKitError, StoreAccessError
from podcast_kit.stores.ssh_target import SFTP_PORT, ServerTarget

if TYPE_CHECKING:
    from paramiko import PKey, SFTPClient, SSHClient

SFTP_PASSWORD_VARIABLE = "PODCAST_KIT_SFTP_PASSWORD"  # noqa: S105  # the name of a variable
KEY_VARIABLE = "PODCAST_KIT_SFTP_KEY"
PASSPHRASE_VARIABLE = "PODCAST_KIT_SFTP_KEY_PASSPHRASE"  # noqa: S105  # the name of a variable
KNOWN_HOSTS_VARIABLE = "PODCAST_KIT_SFTP_KNOWN_HOSTS"
SFTP_SECRET_VARIABLES = (SFTP_PASSWORD_VARIABLE, PASSPHRASE_VARIABLE)
SSH_CONNECT_S = 15
SSH_LOGIN_S = 30
SFTP_TIMEOUT_S = 60
KEEPALIVE_S = 20
SLOW_AFTER_S = 5
"""How long a server may take to answer before that is said."""
INSTALL_SFTP_FIX = "install it with: pip install 'podcast-kit[sftp]'"
RECONNECT_FIX = "nothing was lost; run it again"
SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")


class UnknownHostKeyError(Exception):
    """The server's host key is in no list of known hosts."""

    def __init__(self, kind: str, fingerprint: str) -> None:
        super().__init__(f"{kind} {fingerprint}")
        self.kind = kind
        self.fingerprint = fingerprint


class SshConnection:
    """One connection, opened when it is needed, with an SFTP session for each thread."""

    def __init__(self, target: ServerTarget, on_waiting: Callable[[str], None]) -> None:
        self._target = target
        self._on_waiting = on_waiting
        self._lock = threading.Lock()
        self._ssh: SSHClient | None = None
        self._sessions = threading.local()

    def client(self) -> SFTPClient:
        """The SFTP session of this thread."""
        with self._lock:
            if self._ssh is None:
                self._ssh = self._connect()
            ssh = self._ssh
        if getattr(self._sessions, "ssh", None) is not ssh:
            client = ssh.open_sftp()
            if channel := client.get_channel():
                channel.settimeout(SFTP_TIMEOUT_S)
            self._sessions.ssh, self._sessions.client = ssh, client
        session: SFTPClient = self._sessions.client
        return session

    def drop(self) -> None:
        """Forget a connection that was lost; the next use opens another."""
        with self._lock:
            ssh, self._ssh = self._ssh, None
        if ssh is not None:
            ssh.close()

    def is_lost(self, error: Exception) -> bool:
        """Whether an error means that the connection broke, not that the server refused something."""
        if isinstance(error, PodcastKitError | UnknownHostKeyError):
            return False
        from paramiko import AuthenticationException, BadHostKeyException, SSHException

        if isinstance(error, AuthenticationException | BadHostKeyException):
            return False
        if isinstance(error, EOFError | SSHException | TimeoutError | ConnectionError):
            return True
        transport = self._ssh.get_transport() if self._ssh else None
        return isinstance(error, OSError) and (transport is None or not transport.is_active())

    def _connect(self) -> SSHClient:
        try:
            import paramiko
        except ImportError:
            raise OperationError("publishing to sftp:// needs the extra sftp", INSTALL_SFTP_FIX) from None
        logger = logging.getLogger("paramiko")
        logger.propagate = False  # its errors reach us as exceptions; its log would go to the terminal
        logger.addHandler(logging.NullHandler())
        settings = _read_ssh_config(self._target.host)
        host = settings.get("hostname", self._target.host)
        port = self._target.port or int(settings.get("port", SFTP_PORT))
        ssh = paramiko.SSHClient()
        _load_known_hosts(ssh)
        ssh.set_missing_host_key_policy(_make_refusing_policy())
        key_text = os.environ.get(KEY_VARIABLE, "").strip()
        passphrase = os.environ.get(PASSPHRASE_VARIABLE) or None
        is_text = key_text.startswith("-----BEGIN")
        files = [os.path.expanduser(key_text)] if key_text and not is_text else settings.get("identityfile", [])  # noqa: PTH111
        password = os.environ.get(SFTP_PASSWORD_VARIABLE) or None
        key_files: Any = [file for file in files if Path(file).is_file()] or None
        timer = threading.Timer(SLOW_AFTER_S, self._on_waiting, (host,))
        timer.daemon = True
        timer.start()
        try:
            ssh.connect(
                host,
                port,
                username=self._target.user or settings.get("user") or getpass.getuser(),
                password=password,
                pkey=_read_private_key(key_text, passphrase) if is_text else None,
                key_filename=key_files,
                passphrase=passphrase,
                allow_agent=not key_text,
                look_for_keys=not key_text,
                timeout=SSH_CONNECT_S,
                banner_timeout=SSH_LOGIN_S,
                auth_timeout=SSH_LOGIN_S,
            )
        except BaseException:
            ssh.close()
            raise
        finally:
            timer.cancel()
        if transport := ssh.get_transport():
            transport.set_keepalive(KEEPALIVE_S)
        return ssh

    @contextlib.contextmanager
    def translated_errors(self, key: str) -> Iterator[None]:
        """Raise errors from inside as StoreAccessError or OperationError, with a fix."""
        try:
            yield
        except PodcastKitError:
            raise
        except Exception as error:
            raise self._translate(error, key) from error

    def _translate(self, error: Exception, key: str) -> PodcastKitError:
        name = self._target.place
        subject = f"{name}/{key}" if key else name
        if access_problem := self._describe_refusal(error):
            text, fix = access_problem
            return StoreAccessError(f"{name}: {text}", fix)
        if isinstance(error, socket.gaierror | ConnectionRefusedError) or self._ssh is None:
            text = f"{name}: cannot reach the server: {_short_error(error)}"
            return OperationError(text, "check your connection and publish.to, then run it again; nothing was lost")
        if self.is_lost(error):
            text = f"{subject}: the connection to the server was lost: {_short_error(error)}"
            return OperationError(text, f"check your connection; {RECONNECT_FIX}")
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            fix = "check the path in publish.to: a part of it is a file, or the server allows no folder there"
            return OperationError(f"{subject}: the folder cannot be made on the server", fix)
        text = f"{subject}: the server answered: {_short_error(error)}"
        return OperationError(text, f"check the free disk space and the permissions on the server; {RECONNECT_FIX}")

    def _describe_refusal(self, error: Exception) -> tuple[str, str] | None:
        """What is wrong with the host key, the user's key or the permissions, and the fix; None for other errors."""
        from paramiko import AuthenticationException, BadHostKeyException, PasswordRequiredException

        if isinstance(error, UnknownHostKeyError):
            fix = (
                "compare it with the fingerprint that the server's owner shows you; then connect once by ssh, which "
                f"adds it to ~/.ssh/known_hosts, or put its line into {KNOWN_HOSTS_VARIABLE}"
            )
            return f"the server's host key is not known: {error.kind} {error.fingerprint}", fix
        if isinstance(error, BadHostKeyException):
            fix = (
                "someone may be between you and the server: publish nothing, and ask its owner; if the key was changed "
                f"on purpose, remove the old one with `ssh-keygen -R {self._target.host}`"
            )
            return f"the server's host key is another than known_hosts has: {_fingerprint(error.key)}", fix
        if isinstance(error, PasswordRequiredException):
            return "the private key is encrypted", f"use an SSH agent, or set {PASSPHRASE_VARIABLE}"
        if isinstance(error, AuthenticationException):
            fix = (
                f"check the user, and the key in an SSH agent, in ~/.ssh or {KEY_VARIABLE}, or {SFTP_PASSWORD_VARIABLE}"
            )
            return "the server refused to let you in", fix
        if isinstance(error, PermissionError):
            fix = "give the user write permission for this folder on the server, or correct the path in publish.to"
            return "the server does not allow to write there", fix
        return None


def _make_refusing_policy() -> Any:  # noqa: ANN401  # a class of paramiko
    from paramiko import MissingHostKeyPolicy

    class RefuseUnknownHost(MissingHostKeyPolicy):
        """Never accept a host key that is not known."""

        def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002
            raise UnknownHostKeyError(key.get_name(), _fingerprint(key))

    return RefuseUnknownHost()


def _fingerprint(key: PKey) -> str:
    """As OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _load_known_hosts(ssh: SSHClient) -> None:
    """The host keys of the user and of the system, or those of the variable: a path, or lines."""
    text = os.environ.get(KNOWN_HOSTS_VARIABLE, "").strip()
    if text and (" " in text or "\n" in text):
        for line in text.splitlines():
            _add_host_line(ssh, line)
        return
    paths = [Path(text).expanduser()] if text else [Path("~/.ssh/known_hosts").expanduser(), SYSTEM_KNOWN_HOSTS]
    for path in paths:
        try:
            ssh.load_system_host_keys(str(path))
        except OSError:
            if text:
                problem = f"{KNOWN_HOSTS_VARIABLE}: {path} cannot be read"
                raise StoreAccessError(problem, "name a file of known hosts, or put its lines there") from None


def _add_host_line(ssh: SSHClient, line: str) -> None:
    from paramiko.hostkeys import HostKeyEntry

    if not line.strip() or line.lstrip().startswith(("#", "@")):
        return
    try:
        entry = HostKeyEntry.from_line(line)
    except Exception:  # noqa: BLE001  # what paramiko raises for a broken line is not documented
        entry = None
    if entry is None or not entry.hostnames:
        text = f"{KNOWN_HOSTS_VARIABLE} has a line that cannot be read as a host key"
        raise StoreAccessError(text, "copy the line of the server from ~/.ssh/known_hosts")
    for host in entry.hostnames:
        ssh.get_host_keys().add(host, entry.key.get_name(), entry.key)


def _read_private_key(text: str, passphrase: str | None) -> PKey:
    """A private key from its text; raises StoreAccessError where it cannot be read."""
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text + "\n"), password=passphrase)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError):
            continue
    fix = "put the whole private key there, from -----BEGIN to END-----, or the path of its file"
    raise StoreAccessError(f"{KEY_VARIABLE} is not a private key, or {PASSPHRASE_VARIABLE} is not its passphrase", fix)


def _read_ssh_config(host: str) -> dict[str, Any]:
    """What ~/.ssh/config says about a host: its name, port, user and keys; nothing where it cannot be read."""
    from paramiko import SSHConfig

    path = Path("~/.ssh/config").expanduser()
    try:
        settings = SSHConfig.from_path(str(path)).lookup(host)
        int(settings.get("port", SFTP_PORT))
    except Exception:  # noqa: BLE001  # no such file, or what paramiko does not understand, such as Match exec
        return {}
    return dict(settings)


def _short_error(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return text or type(error).__name__
