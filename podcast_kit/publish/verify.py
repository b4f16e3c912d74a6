"""Checks what listeners' apps get: requests to the public addresses, without any credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Outcome, Output, Response, public_url
from podcast_kit.publish.bulk_verify import find_answering_files
from podcast_kit.publish.verify_links import verify_links

if TYPE_CHECKING:
    from podcast_kit.builder import Build

MAX_CONCURRENT_CHECKS = 64
"""With a round trip of 40 ms, half as many take one and a half seconds longer for a thousand files."""
NETWORK_FIX = "check your DNS and connection, and that publish.url serves what is in publish.to"


def verify_feed(build: Build, *, full: bool = False) -> Iterator[Outcome]:
    """Check that everything in a build answers at its public address, as podcast apps need it.

    Checks length, type and range requests; with `full`, downloads every file and compares its bytes. Yields one
    Outcome per file, in the order of the build, then one per file on another host that the feed names; `error` is
    empty where all is well.
    """
    check = verify_contents if full else verify_outputs
    yield from check(build.project.show.publish.url, build.outputs.values())
    yield from verify_links(build)


def verify_outputs(base_url: str, outputs: Iterable[Output]) -> Iterator[Outcome]:
    """Check whether each output answers as podcast apps need it, in the order given.

    HEAD 200 with the right length and type and no Content-Encoding (Apple's requirements for enclosures),
    and `Range: bytes=0-1` answered by 206 with the right total (RFC 9110, section 14).
    """
    outputs = list(outputs)
    answering = set(find_answering_files(base_url, outputs, _is_right))
    careful = _check_each(base_url, [output for output in outputs if output.key not in answering], _check_headers)
    for output in outputs:
        yield _answered(output) if output.key in answering else next(careful)


def verify_contents(base_url: str, outputs: Iterable[Output]) -> Iterator[Outcome]:
    """Download every output and compare its sha256, in the order given."""
    yield from _check_each(base_url, outputs, _check_content)


def summarize_errors(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, str]]:
    """Yield each error and its fix once; the error of an unreachable host with the number of files it affects."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.error:
            groups.setdefault((outcome.unreachable_host or outcome.key, outcome.error), []).append(outcome)
    for (_, error), group in groups.items():
        files = f"{len(group)} files" if len(group) > 1 else group[0].key
        yield f"{error}; {files} not checked" if group[0].unreachable_host else error, group[0].fix


def _check_each(
    base_url: str, outputs: Iterable[Output], check: Callable[[HttpClient, str, Output], Outcome]
) -> Iterator[Outcome]:
    with HttpClient(NetworkPolicy.trust(base_url)) as client, ThreadPoolExecutor(MAX_CONCURRENT_CHECKS) as pool:
        try:
            yield from pool.map(lambda output: check(client, public_url(base_url, output.key), output), outputs)
        finally:
            pool.shutdown(cancel_futures=True)


def _check_headers(client: HttpClient, url: str, output: Output) -> Outcome:
    response, _ = client.request(url, method="HEAD")
    if failure := _response_failure(response, output):
        error, fix = failure
        return _failed_outcome(output, _request_error("HEAD", url, response, error), fix, response.unreachable_host)
    if output.size > 1:
        part, _ = client.request(url, headers={"Range": "bytes=0-1"}, max_bytes=2)
        if not _is_first_part(part, output):
            error = part.error or f"{part.status} with Content-Range {_content_range(part) or 'missing'!r}"
            fix = "listeners cannot skip or resume; serve the files from a host that supports range requests"
            return _failed_outcome(output, f"Range: bytes=0-1 of {url}: {error}, must be 206 of {output.size}", fix)
    return _answered(output)


def _is_right(output: Output, head: Response, part: Response | None) -> bool:
    return _response_failure(head, output) is None and (part is None or _is_first_part(part, output))


def _is_first_part(part: Response, output: Output) -> bool:
    """Whether a response has the first bytes of a file of the right length (RFC 9110, section 14.4)."""
    return (part.status, _content_range(part).rpartition("/")[2]) == (206, str(output.size))


def _content_range(part: Response) -> str:
    return part.headers.get("content-range", "")


def _answered(output: Output) -> Outcome:
    return Outcome(key=output.key, action="answered", bytes=output.size, wave=output.wave)


def _check_content(client: HttpClient, url: str, output: Output) -> Outcome:
    digest = hashlib.sha256()
    response = client.download(url, digest.update, max_bytes=output.size)
    if failure := _response_failure(response, output):
        error, fix = failure
        return _failed_outcome(output, _request_error("GET", url, response, error), fix, response.unreachable_host)
    if digest.hexdigest() != output.sha256:
        error = response.error or "the content differs from what was published"
        return _failed_outcome(output, f"GET {url}: {error}", "purge the CDN, or publish again")
    return Outcome(key=output.key, action="compared", bytes=output.size, wave=output.wave)


def _response_failure(response: Response, output: Output) -> tuple[str, str] | None:
    """What is wrong with a response, and the fix; None when nothing is."""
    length, content_type = response.headers.get("content-length", ""), response.headers.get("content-type", "")
    encoding = response.headers.get("content-encoding", "")
    if response.status in {401, 403}:
        return f"{response.status}, not public", "allow public reads with a bucket policy, or put a CDN in front of it"
    if response.status != 200:  # noqa: PLR2004  # RFC 9110, 15.3.1
        fix = "check that publish.url is the public address of publish.to; if the file was deleted: publish --refresh"
        return (f"{response.status}", fix) if response.status else (response.error, NETWORK_FIX)
    if encoding and encoding != "identity":
        return f"Content-Encoding is {encoding!r}", "turn off compression of this file at the host or CDN"
    if length != str(output.size):
        return (
            f"Content-Length is {length or 'missing'}, must be {output.size}",
            "another file is served at this address",
        )
    if _media_type(content_type) != _media_type(output.content_type):
        text = f"Content-Type is {content_type or 'missing'!r}, must be {output.content_type!r}"
        return text, "configure the host to keep the stored type"
    return None


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _request_error(method: str, url: str, response: Response, error: str) -> str:
    """The error with its subject: an unreachable host, which gives all its files the same text, or the request."""
    return f"{response.unreachable_host} {error}" if response.unreachable_host else f"{method} {url}: {error}"


def _failed_outcome(output: Output, error: str, fix: str, unreachable_host: str = "") -> Outcome:
    return Outcome(
        key=output.key, action="asked", wave=output.wave, error=error, fix=fix, unreachable_host=unreachable_host
    )
