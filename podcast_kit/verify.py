"""What a listener's program would get: asked of the public addresses, without any credentials."""

from __future__ import annotations

import hashlib
import http.client
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from podcast_kit.model import Outcome, Output, address

THREADS = 32
TIMEOUT = 30
REDIRECTS = 5
BLOCK = 1 << 20
OPEN = http.client.HTTPConnection | http.client.HTTPSConnection


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: the final address, status, headers in lower case, and what was read of the body."""

    url: str
    status: int
    headers: dict[str, str]
    size: int = 0
    sha256: str = ""


class Web:
    """Anonymous HTTP with connections that are kept; each thread has its own."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: list[OPEN] = []

    def close(self) -> None:
        """Close every connection."""
        for connection in self._all:
            connection.close()

    def ask(self, method: str, url: str, headers: dict[str, str] | None = None, *, bound: int = 0) -> Answer:
        """The reply after at most five redirects; raises OSError or HTTPException when there is none.

        Up to `bound` bytes of the body are read and hashed; what lies beyond is not waited for.
        """
        for _ in range(REDIRECTS):
            answer, onward = self._once(method, url, headers or {}, bound)
            if not onward:
                return answer
            url = urllib.parse.urljoin(url, onward)
        raise OSError(f"more than {REDIRECTS} redirects")

    def _once(self, method: str, url: str, headers: dict[str, str], bound: int) -> tuple[Answer, str]:
        parts = urllib.parse.urlsplit(url)
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        sent = {"User-Agent": "podcast-kit", "Accept-Encoding": "identity", **headers}
        for fresh in (False, True):
            connection = self._connection(parts, fresh=fresh)
            try:
                connection.request(method, path, headers=sent)
                reply = connection.getresponse()
                digest, size = hashlib.sha256(), 0
                while size < bound and (block := reply.read(min(BLOCK, bound - size))):
                    digest.update(block)
                    size += len(block)
                if not reply.isclosed() and reply.read(1):
                    connection.close()  # the rest is not wanted
            except (OSError, http.client.HTTPException):
                connection.close()
                if fresh:
                    raise
                continue  # a kept connection may have been closed by the other side
            named = {name.lower(): value for name, value in reply.getheaders()}
            onward = named.get("location", "") if reply.status in {301, 302, 303, 307, 308} else ""
            return Answer(url, reply.status, named, size, digest.hexdigest()), onward
        raise OSError("no reply")

    def _connection(self, parts: urllib.parse.SplitResult, *, fresh: bool) -> OPEN:
        kept: dict[tuple[str, str], OPEN] = self._own.__dict__.setdefault("kept", {})
        place = (parts.scheme, parts.netloc)
        if fresh or place not in kept:
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise OSError(f"{urllib.parse.urlunsplit(parts)!r} is not a web address")
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            kept[place] = kind(parts.hostname, parts.port, timeout=TIMEOUT)
            self._all.append(kept[place])
        return kept[place]


def objects(base_url: str, outputs: Iterable[Output]) -> Iterator[Outcome]:
    """Whether each output answers as podcast apps need it to, in the order given.

    HEAD 200 with the right length and type and no Content-Encoding (Apple's requirements for enclosures),
    and `Range: bytes=0-1` answered 206 with the right total (RFC 9110, section 14).
    """
    yield from _each(base_url, outputs, _answers)


def compare(base_url: str, outputs: Iterable[Output]) -> Iterator[Outcome]:
    """Every output fetched back whole and compared by its sha256, in the order given."""
    yield from _each(base_url, outputs, _same)


def _each(base_url: str, outputs: Iterable[Output], look: Callable[[Web, str, Output], Outcome]) -> Iterator[Outcome]:
    def careful(output: Output) -> Outcome:
        url = address(base_url, output.key)
        try:
            return look(web, url, output)
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            return _bad(output, f"{url} does not answer: {said}", "see publish.url and the network")

    with closing(Web()) as web, ThreadPoolExecutor(THREADS) as pool:
        try:
            yield from pool.map(careful, outputs)
        finally:
            pool.shutdown(cancel_futures=True)


def _answers(web: Web, url: str, output: Output) -> Outcome:
    answer = web.ask("HEAD", url)
    trouble = _trouble(answer, output)
    if trouble:
        return _bad(output, f"HEAD {url}: {trouble[0]}", trouble[1])
    if output.size > 1:
        part = web.ask("GET", url, {"Range": "bytes=0-1"}, bound=2)
        total = part.headers.get("content-range", "").rpartition("/")[2]
        if (part.status, total) != (206, str(output.size)):
            said = f"{part.status} with Content-Range {part.headers.get('content-range', 'missing')!r}"
            hint = "listeners cannot skip or resume; serve the files from a host that honours Range"
            return _bad(output, f"Range: bytes=0-1 of {url}: {said}, must be 206 of {output.size}", hint)
    return Outcome(key=output.key, did="answered", bytes=output.size, wave=output.wave)


def _trouble(answer: Answer, output: Output) -> tuple[str, str] | None:
    """What is wrong with a reply, and the mend; None when all is right."""
    length, kind = answer.headers.get("content-length", ""), answer.headers.get("content-type", "")
    encoding = answer.headers.get("content-encoding", "")
    if answer.status in {401, 403}:
        return f"{answer.status}, not public", "let anybody read the bucket: a bucket policy, or a CDN before it"
    if answer.status != 200:  # noqa: PLR2004  # RFC 9110, 15.3.1
        hint = "see that publish.url is the public address of publish.to; if it was deleted there: publish --refresh"
        return f"{answer.status}", hint
    if encoding and encoding != "identity":
        return f"Content-Encoding is {encoding!r}", "turn compression of this file off at the host or CDN"
    if length != str(output.size):
        return f"Content-Length is {length or 'missing'}, must be {output.size}", "something else is served there"
    if _type(kind) != _type(output.content_type):
        return f"Content-Type is {kind or 'missing'!r}, must be {output.content_type!r}", "let the host keep the type"
    return None


def _type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _same(web: Web, url: str, output: Output) -> Outcome:
    answer = web.ask("GET", url, bound=output.size + 1)
    trouble = _trouble(answer, output)
    if trouble:
        return _bad(output, f"GET {url}: {trouble[0]}", trouble[1])
    if answer.sha256 != output.sha256:
        return _bad(output, f"GET {url}: other bytes than those published", "purge the CDN, or publish again")
    return Outcome(key=output.key, did="compared", bytes=output.size, wave=output.wave)


def _bad(output: Output, trouble: str, hint: str) -> Outcome:
    return Outcome(key=output.key, did="asked", wave=output.wave, trouble=trouble, hint=hint)
