"""What a listener's program would get: asked of the public addresses, without any credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from podcast_kit.io.http_client import Web
from podcast_kit.model import Outcome, Output, Response, public_url

THREADS = 64
"""Files asked for at a time: behind 40 ms, half as many take a second and a half longer for a thousand."""
NETWORK = "see the network, and that what is in publish.to is served at publish.url"


def objects(base_url: str, outputs: Iterable[Output]) -> Iterator[Outcome]:
    """Whether each output answers as podcast apps need it to, in the order given.

    HEAD 200 with the right length and type and no Content-Encoding (Apple's requirements for enclosures),
    and `Range: bytes=0-1` answered 206 with the right total (RFC 9110, section 14).
    """
    yield from _each(base_url, outputs, _answers)


def compare(base_url: str, outputs: Iterable[Output]) -> Iterator[Outcome]:
    """Every output fetched back whole and compared by its sha256, in the order given."""
    yield from _each(base_url, outputs, _same)


def told(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, str]]:
    """Each trouble and its mend once: that of a host that lets nobody in with the number of files it keeps back."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.error:
            found.setdefault((outcome.unreachable_host or outcome.key, outcome.error), []).append(outcome)
    for (_, trouble), several in found.items():
        first = several[0]
        kept = f"{len(several)} files" if len(several) > 1 else first.key
        yield f"{trouble}: {kept} could not be asked for" if first.unreachable_host else trouble, first.fix


def _each(base_url: str, outputs: Iterable[Output], look: Callable[[Web, str, Output], Outcome]) -> Iterator[Outcome]:
    with Web() as web, ThreadPoolExecutor(THREADS) as pool:
        try:
            yield from pool.map(lambda output: look(web, public_url(base_url, output.key), output), outputs)
        finally:
            pool.shutdown(cancel_futures=True)


def _answers(web: Web, url: str, output: Output) -> Outcome:
    answer, _ = web.ask(url, method="HEAD")
    trouble = _trouble(answer, output)
    if trouble:
        return _bad(output, _said("HEAD", url, answer, trouble[0]), trouble[1], answer.unreachable_host)
    if output.size > 1:
        part, _ = web.ask(url, headers={"Range": "bytes=0-1"}, bound=2)
        total = part.headers.get("content-range", "").rpartition("/")[2]
        if (part.status, total) != (206, str(output.size)):
            ranged = f"{part.status} with Content-Range {part.headers.get('content-range', 'missing')!r}"
            said = part.error or ranged
            hint = "listeners cannot skip or resume; serve the files from a host that honours Range"
            return _bad(output, f"Range: bytes=0-1 of {url}: {said}, must be 206 of {output.size}", hint)
    return Outcome(key=output.key, action="answered", bytes=output.size, wave=output.wave)


def _trouble(answer: Response, output: Output) -> tuple[str, str] | None:
    """What is wrong with a reply, and the mend; None when all is right."""
    length, kind = answer.headers.get("content-length", ""), answer.headers.get("content-type", "")
    encoding = answer.headers.get("content-encoding", "")
    if answer.status in {401, 403}:
        return f"{answer.status}, not public", "let anybody read the bucket: a bucket policy, or a CDN before it"
    if answer.status != 200:  # noqa: PLR2004  # RFC 9110, 15.3.1
        hint = "see that publish.url is the public address of publish.to; if it was deleted there: publish --refresh"
        return (f"{answer.status}", hint) if answer.status else (answer.error, NETWORK)
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
    digest = hashlib.sha256()
    answer = web.fetch(url, digest.update, bound=output.size)
    trouble = _trouble(answer, output)
    if trouble:
        return _bad(output, _said("GET", url, answer, trouble[0]), trouble[1], answer.unreachable_host)
    if digest.hexdigest() != output.sha256:
        said = answer.error or "other bytes than those published"
        return _bad(output, f"GET {url}: {said}", "purge the CDN, or publish again")
    return Outcome(key=output.key, action="compared", bytes=output.size, wave=output.wave)


def _said(method: str, url: str, answer: Response, trouble: str) -> str:
    """A host that lets nobody in is the subject itself: the words are the same for each of its files."""
    return f"{answer.unreachable_host} {trouble}" if answer.unreachable_host else f"{method} {url}: {trouble}"


def _bad(output: Output, trouble: str, hint: str, host: str = "") -> Outcome:
    return Outcome(key=output.key, action="asked", wave=output.wave, error=trouble, fix=hint, unreachable_host=host)
