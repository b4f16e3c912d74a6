"""A real OpenSSH server and a real rsync server on loopback, each with its own keys and settings in a folder."""

import getpass
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.seaweed import free_ports

MAX_STARTS = 5
MAX_START_S = 120
SSHD_SETTINGS = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
LogLevel ERROR
"""
RSYNCD_SETTINGS = """\
use chroot = no
munge symlinks = no
lock file = {folder}/rsyncd.lock
[files]
path = {root}
read only = no
{more}
"""


def find_sshd() -> str | None:
    """The path of the program; Debian has it where only root looks."""
    return shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


def missing_program() -> str:
    """Why the servers cannot be started here; empty if they can."""
    if find_sshd() is None:
        return "sshd is not installed (Debian: openssh-server)"
    missing = next((name for name in ("ssh", "ssh-keygen", "rsync") if shutil.which(name) is None), "")
    return f"{missing} is not installed" if missing else ""


def make_key(path: Path, *, passphrase: str = "") -> Path:
    """A new key pair; the path of the private key."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


class SshServer:
    """An OpenSSH server during a `with` block, for the user who runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = getpass.getuser()

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where sshd confines itself if root starts it
        make_key(self.folder / "host_key")
        self.key = make_key(self.folder / "client_key")
        shutil.copy(self.folder / "client_key.pub", self.folder / "authorized_keys")
        for _ in range(MAX_STARTS):  # the port may be taken by now
            self.port = free_ports(("ssh",))["ssh"]
            if self._run():
                break
            self.stop()
        else:
            raise RuntimeError(f"sshd did not start: {self._log_text()}")
        self.write_known_hosts((self.folder / "host_key.pub").read_text())
        self.config = self.folder / "ssh_config"
        self.config.write_text(
            f"Host server\n  HostName 127.0.0.1\n  Port {self.port}\n  User {self.user}\n  IdentityFile {self.key}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile /dev/null\n"
        )
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start the server again on its port, and wait until it answers."""
        for _ in range(MAX_STARTS):  # another test may use the port for a moment
            if self._run():
                return
            self.stop()
            time.sleep(1)
        raise RuntimeError(f"sshd did not start: {self._log_text()}")

    def _run(self) -> bool:
        """Start the server; whether it answers before it ends."""
        settings = self.folder / "sshd_config"
        settings.write_text(SSHD_SETTINGS.format(port=self.port, folder=self.folder))
        command = [find_sshd(), "-D", "-f", str(settings), "-E", str(self.folder / "sshd.log")]
        self.process = subprocess.Popen(command, start_new_session=True)
        scan = ["ssh-keyscan", "-T", "1", "-p", str(self.port), "127.0.0.1"]
        own_key = (self.folder / "host_key.pub").read_text().split()[1]
        return _wait_until(
            lambda: own_key in subprocess.run(scan, capture_output=True, text=True, check=False).stdout, self.process
        )

    def _log_text(self) -> str:
        log = self.folder / "sshd.log"
        return log.read_text() if log.exists() else ""

    def stop(self):
        """Kill the server with every session."""
        for pid in _descendants(self.process.pid):
            _kill(pid)
        _kill(self.process.pid)
        self.process.wait()

    def kill_sessions(self):
        """Kill the sessions, as when a connection breaks; the server goes on."""
        for pid in _descendants(self.process.pid):
            _kill(pid)

    def write_known_hosts(self, public_key: str) -> Path:
        """The file of known hosts with this key for the server."""
        self.known_hosts = self.folder / "known_hosts"
        kind, key = public_key.split()[:2]
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        return self.known_hosts

    def sftp_url(self, root: Path) -> str:
        """What `publish.to` says for a folder."""
        return f"sftp://{self.user}@127.0.0.1:{self.port}{root}"

    def environment(self) -> dict[str, str]:
        """The variables with which podcast-kit, and rsync over ssh to the host `server`, reach it."""
        return {
            "PODCAST_KIT_SFTP_KEY": str(self.key),
            "PODCAST_KIT_SFTP_KNOWN_HOSTS": str(self.known_hosts),
            "RSYNC_RSH": f"ssh -F {self.config}",
        }


class RsyncServer:
    """An rsync server during a `with` block, with a module `files`."""

    def __init__(self, folder: Path, root: Path, more: str = "") -> None:
        self.folder, self.root, self.more = folder, root, more

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "rsyncd.conf"
        more = f"uid = 0\ngid = 0\n{self.more}" if os.geteuid() == 0 else self.more  # by default it becomes nobody
        settings.write_text(RSYNCD_SETTINGS.format(folder=self.folder, root=self.root, more=more))
        command = ["rsync", "--daemon", "--no-detach", f"--config={settings}", "--address=127.0.0.1"]
        for _ in range(MAX_STARTS):  # the port may be taken by now
            self.port = free_ports(("rsync",))["rsync"]
            self.process = subprocess.Popen([*command, f"--port={self.port}"], start_new_session=True)
            scan = ["rsync", f"rsync://127.0.0.1:{self.port}/"]
            if _wait_until(
                lambda scan=scan: b"files" in subprocess.run(scan, capture_output=True, check=False).stdout,
                self.process,
            ):
                return self
            self.__exit__()
        raise RuntimeError("the rsync server did not start")

    def __exit__(self, *_):
        for pid in _descendants(self.process.pid):
            _kill(pid)
        _kill(self.process.pid)
        self.process.wait()


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen) -> bool:
    """Whether a condition holds before a process ends, within two minutes."""
    end = time.monotonic() + MAX_START_S
    while process.poll() is None and time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _descendants(pid: int) -> list[int]:
    """The processes below one, children first."""
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == pid:
            children.append(int(status.parent.name))
    return [*children, *(inner for child in children for inner in _descendants(child))]
