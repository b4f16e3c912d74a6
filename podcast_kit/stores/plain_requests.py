"""The few requests of a usual publish without botocore, whose import and set-up take a sixth of a second.

Only where its settings are certain: an endpoint, credentials in the environment, and no file of AWS settings. Only what
is plain is handled here: after any other response, or none, botocore sends the request, with its retries and messages.
"""

from __future__ import annotations

import hashlib
import http.client
import math
import os
import re
import ssl
import time
import urllib.request
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from podcast_kit.io.raw_http import FAR_S
from podcast_kit.io.response_head import CompleteHeadResponse
from podcast_kit.stores.bulk_put import UPLOAD_TIMEOUT_S, BulkUploader
from podcast_kit.stores.signing import UNQUOTED_CHARS, RequestSigner, canonical_query

BOTO_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DATA_PATH", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE")
"""With any of these, botocore may do something else than what is done here."""
HEADER_TEXT = re.compile(r"[!-~]+")
MAX_PLAIN_BYTES = 64 << 20
HTTP_OK, MISSING = 200, 404
METHODS_WITH_BODY = frozenset({"PUT", "POST"})
SENT_BLOCK_BYTES = 1 << 20


class FrozenCredentials(NamedTuple):
    """As botocore's, with the same names."""

    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True, slots=True)
class EnvironmentCredentials:
    """What the environment has, which comes first in botocore's chain, too."""

    frozen: FrozenCredentials = field(repr=False)

    def get_frozen_credentials(self) -> FrozenCredentials:
        """As botocore's method."""
        return self.frozen


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """A complete response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def etag(self) -> str:
        """The ETag; empty without one."""
        return self.headers.get("etag", "")

    @property
    def is_missing_key(self) -> bool:
        """Whether the bucket exists, and the object does not."""
        return self.status == MISSING and b"<Code>NoSuchKey</Code>" in self.body


class PlainRequests:
    """Sends requests for the objects of one bucket, over connections that are kept open."""

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        region: str,
        credentials: EnvironmentCredentials,
        *,
        timeout_s: float,
        count_request: Callable[[], None],
    ) -> None:
        parts = urlsplit(endpoint)
        self._is_secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if self._is_secure else 80)
        netloc = parts.netloc if _has_unusual_port(endpoint) else parts.netloc.partition(":")[0]
        self._signer = RequestSigner(netloc, region, credentials)
        self.base = f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}/{bucket}/"
        self._path = urlsplit(self.base).path
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._count_request = count_request
        self._tls = _tls_context() if self._is_secure else None
        self._idle: list[http.client.HTTPConnection] = []
        weakref.finalize(self, _close_all, self._idle)
        self.is_usable = True
        """False after a response that only botocore can handle."""
        self._fastest_s = math.inf
        """How long the fastest answer took."""
        self.is_proven = False
        """Whether the store has accepted the signature of a request."""

    @classmethod
    def from_environment(
        cls,
        endpoint: str,
        bucket: str,
        region: str,
        *,
        timeout_s: float,
        count_request: Callable[[], None],
    ) -> PlainRequests | None:
        """None where the environment or a file may set something that only botocore knows."""
        variables = os.environ
        access_key, secret_key = variables.get("AWS_ACCESS_KEY_ID", ""), variables.get("AWS_SECRET_ACCESS_KEY", "")
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not (region and access_key and secret_key):
            return None
        if parts.query or parts.fragment or "@" in parts.netloc or any(map(variables.get, BOTO_VARIABLES)):
            return None
        token = variables.get("AWS_SESSION_TOKEN") or variables.get("AWS_SECURITY_TOKEN") or ""
        if not HEADER_TEXT.fullmatch(access_key + secret_key + token):
            return None
        if _has_settings_file() or _has_proxy(parts.scheme, parts.netloc):
            return None
        credentials = EnvironmentCredentials(FrozenCredentials(access_key, secret_key, token))
        try:
            return cls(endpoint, bucket, region, credentials, timeout_s=timeout_s, count_request=count_request)
        except (OSError, ValueError):  # certificates that cannot be read: botocore says so
            return None

    def send(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        sha256: str = "",
        query: Mapping[str, str] | None = None,
    ) -> PlainAnswer | None:
        """The complete response; None where botocore has to send the request (again)."""
        if not self.is_usable:
            return None
        path = f"{self._path}{quote(key, safe=UNQUOTED_CHARS)}"
        signed_query = canonical_query(query or {})
        payload = sha256 or hashlib.sha256(body).hexdigest()
        lines = self._signer.signed_lines(method, path, payload, headers or {}, signed_query)
        path = f"{path}?{signed_query}" if signed_query else path
        connection = self._take_connection()
        is_kept, begun = False, time.monotonic()
        try:
            answer, is_kept = self._exchange(connection, method, path, lines, body)
        except (OSError, http.client.HTTPException):
            self.is_usable = False
            return None
        finally:
            if is_kept:
                self._idle.append(connection)
            else:
                connection.close()
        self._fastest_s = min(self._fastest_s, time.monotonic() - begun)
        is_missing = answer.is_missing_key or (method == "HEAD" and answer.status == MISSING and self.is_proven)
        if answer.status != HTTP_OK and not is_missing:
            return None
        self.is_proven = self.is_proven or method != "HEAD"  # an answer to HEAD says nothing of the bucket
        return answer

    def bulk_uploader(self, prefix: str) -> BulkUploader | None:
        """An uploader for keys below the prefix; None before the store has accepted a request."""
        if not self.is_proven:
            return None
        base = f"{self.base}{quote(prefix, safe=UNQUOTED_CHARS)}"
        uploader = BulkUploader(base, self._signer.region, self._credentials, self._tls, self._count_request)
        uploader.is_far = self._fastest_s >= FAR_S
        return uploader

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, lines: list[str], body: bytes
    ) -> tuple[PlainAnswer, bool]:
        """The response, and whether the connection can be used again. Raises OSError or HTTPException."""
        has_body = method in METHODS_WITH_BODY
        connection.timeout = UPLOAD_TIMEOUT_S if has_body else self._timeout_s
        if connection.sock:
            connection.sock.settimeout(connection.timeout)
        self._count_request()
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for line in lines:
            connection.putheader(*line.split(":", 1))
        if has_body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        for start in range(0, len(body), SENT_BLOCK_BYTES):  # the timeout is for each of them
            connection.send(memoryview(body)[start : start + SENT_BLOCK_BYTES])
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        size = "0" if response.chunked else headers.get("content-length", "")
        if "content-encoding" in headers or not size.isdecimal() or (method != "HEAD" and int(size) > MAX_PLAIN_BYTES):
            raise http.client.HTTPException("not a plain response")
        content = response.read(MAX_PLAIN_BYTES + 1) if response.chunked else response.read()
        if not response.isclosed():
            raise http.client.HTTPException("a response without end")
        return PlainAnswer(response.status, headers, content), not response.will_close

    def _take_connection(self) -> http.client.HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        connection = (
            http.client.HTTPSConnection(self._host, self._port, context=self._tls)
            if self._is_secure
            else http.client.HTTPConnection(self._host, self._port)
        )
        connection.response_class = CompleteHeadResponse
        return connection


def _close_all(connections: list[http.client.HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def _has_unusual_port(endpoint: str) -> bool:
    """Whether the port must be in the header `Host`."""
    parts = urlsplit(endpoint)
    return parts.port is not None and parts.port != {"http": 80, "https": 443}[parts.scheme]


def _has_settings_file() -> bool:
    """Whether there is a file of AWS settings, which can change everything."""
    names = (os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config", os.environ.get("BOTO_CONFIG") or "~/.boto")
    try:
        return any(Path(name).expanduser().exists() for name in names)
    except RuntimeError:  # no home folder
        return False


def _has_proxy(scheme: str, netloc: str) -> bool:
    return bool(urllib.request.getproxies().get(scheme)) and not urllib.request.proxy_bypass(netloc)


def _tls_context() -> ssl.SSLContext:
    """Trust the certificates that botocore trusts."""
    named = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or ""
    if named:
        path = Path(named)
    elif certifi := find_spec("certifi"):
        path = Path(certifi.origin or "").with_name("cacert.pem")
    else:
        botocore = find_spec("botocore")
        path = Path(botocore.origin if botocore and botocore.origin else "").with_name("cacert.pem")
    is_folder = path.is_dir()
    return ssl.create_default_context(cafile=None if is_folder else str(path), capath=str(path) if is_folder else None)
