"""A Mastodon API on loopback (mastodon-mock), with an account whose token is `mock_token`."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.support.seaweed import free_ports

TOKEN = "mock_token"
MAX_START_S = 120


class Mastodon:
    """A server that a test can post to."""

    def __init__(self, url):
        self.url = url

    def call(self, path, method="POST", **values):
        data = urlencode(values).encode() if method == "POST" else None
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with urlopen(Request(f"{self.url}/api/v1{path}", data, headers, method=method), timeout=60) as response:
            return json.load(response)

    def post(self, status, **values):
        return self.call("/statuses", status=status, **values)

    def own_posts(self):
        """The account's posts, the newest first."""
        account = self.call("/accounts/verify_credentials", "GET")
        return self.call(f"/accounts/{account['id']}/statuses", "GET")

    def delete_posts(self):
        for post in self.own_posts():
            self.call(f"/statuses/{post['id']}", "DELETE")


@contextmanager
def running():
    """A running server, on another port if this one is taken when it starts."""
    for _ in range(5):
        port = free_ports(("api",))["api"]
        command = [sys.executable, "-m", "mastodon_mock", "serve", "--in-memory", "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [*command, "--port", str(port), "--log-level", "error"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        server = Mastodon(f"http://127.0.0.1:{port}")
        try:
            if _answers(server, process):
                yield server
                return
        finally:
            process.terminate()
            process.wait(60)
    raise RuntimeError("mastodon_mock did not start")


def _answers(server, process):
    """Whether it answers, before it ends."""
    end = time.monotonic() + MAX_START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            server.call("/instance", "GET")
        except (URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return True
    return False
