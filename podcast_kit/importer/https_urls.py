"""Addresses of recordings and pictures with http: https is tried, and taken only where it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.importer.model import ImportedEpisode, ImportedFeed, ImportedShow
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.model import Person, Progress, RemoteUrl
from podcast_kit.text.numbers import format_count

MAX_PARALLEL_REQUESTS = 16
_ANSWERS = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}
_NO_HEAD = {HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
_HTTP_FIX = "ask the host for https, or download the recordings with --audio"
_PICTURE_FIX = "save the picture in the show's folder, and set its path as `image:`"


def upgrade_http_urls(
    imported: ImportedFeed,
    path: str,
    *,
    network: NetworkPolicy | None,
    has_recordings: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> tuple[ImportedFeed, tuple[Problem, ...]]:
    """The feed with https URLs where they answer, and what was left; `path` locates the problems.

    Recordings keep http where https does not answer, or if they are downloaded anyway (`has_recordings`); pictures of
    people need https, and are left out without it. Nothing is requested without a `network`.
    """
    recordings: set[str] = set()
    pictures = _picture_urls(imported.show.people)
    for episode in imported.episodes:
        recordings |= set() if has_recordings else _http_urls([episode.recording.url])
        pictures |= _picture_urls(episode.people)
    urls = sorted(recordings | pictures)
    if not urls:
        return imported, ()
    reasons = _try_https(urls, network, on_progress) if network else dict.fromkeys(urls, "https was not tried")
    secure = {url: _with_https(url) for url in urls if not reasons[url]}
    problems = [*_recording_problems(recordings - secure.keys(), reasons, path)]
    problems += [
        Problem(SourceLocation(path), f"the picture {url} is left out: {reasons[url]}", _PICTURE_FIX, "import.https",
                Severity.WARNING)
        for url in sorted(pictures - secure.keys())
    ]  # fmt: skip
    episodes = StoredValues(_upgrade_episode(episode, secure) for episode in imported.episodes)
    return replace(imported, show=_upgrade_people(imported.show, secure), episodes=episodes), tuple(problems)


def _http_urls(urls: Iterable[str]) -> set[str]:
    return {url for url in urls if url.startswith("http:")}


def _picture_urls(people: Iterable[Person]) -> set[str]:
    return _http_urls(person.image.url for person in people if isinstance(person.image, RemoteUrl))


def _with_https(url: str) -> str:
    return f"https:{url.partition(':')[2]}"


def _try_https(urls: list[str], network: NetworkPolicy, on_progress: Callable[[Progress], None]) -> Mapping[str, str]:
    """Why https does not answer at each URL; empty where it does. A host that cannot be reached is tried once."""
    unreachable: dict[str, str] = {}

    def try_url(client: HttpClient, url: str) -> str:
        host = urlsplit(url).netloc
        if host in unreachable:
            return unreachable[host]
        response, _ = client.request(_with_https(url), method="HEAD")
        if response.status in _NO_HEAD:
            response, _ = client.request(_with_https(url), headers={"Range": "bytes=0-1"}, max_bytes=2)
        if response.unreachable_host:
            unreachable[host] = f"https {response.error}"
            return unreachable[host]
        if response.url.startswith("http:"):
            return "https is redirected to http"
        if response.status in _ANSWERS:
            return ""
        return f"https answers {response.status}" if response.status else f"https {response.error}"

    reasons = {}
    trusted = [_with_https(url) for url in urls if network.trusts(url)]
    with HttpClient(network.extend(*trusted)) as client, ThreadPoolExecutor(MAX_PARALLEL_REQUESTS) as pool:
        for number, (url, reason) in enumerate(
            zip(urls, pool.map(lambda url: try_url(client, url), urls), strict=True), 1
        ):
            on_progress(Progress("ask", url, number, len(urls)))
            reasons[url] = reason
    return reasons


def _recording_problems(urls: set[str], reasons: Mapping[str, str], path: str) -> Iterable[Problem]:
    """One problem for each host and reason."""
    groups: dict[tuple[str, str], int] = {}
    for url in sorted(urls):
        key = urlsplit(url).netloc, reasons[url]
        groups[key] = groups.get(key, 0) + 1
    for (host, reason), count in groups.items():
        text = f"{format_count(count, 'recording')} at {host} keep{'s' if count == 1 else ''} http: {reason}"
        yield Problem(SourceLocation(path), text, _HTTP_FIX, "import.https", Severity.WARNING)


def _upgrade_episode(episode: ImportedEpisode, secure: Mapping[str, str]) -> ImportedEpisode:
    url = episode.recording.url
    recording = replace(episode.recording, url=secure.get(url, url))
    return replace(episode, recording=recording, people=tuple(_upgrade_each(episode.people, secure)))


def _upgrade_people(show: ImportedShow, secure: Mapping[str, str]) -> ImportedShow:
    return replace(show, people=tuple(_upgrade_each(show.people, secure)))


def _upgrade_each(people: Iterable[Person], secure: Mapping[str, str]) -> Iterable[Person]:
    for person in people:
        if isinstance(person.image, RemoteUrl) and person.image.url.startswith("http:"):
            url = secure.get(person.image.url, "")
            yield replace(person, image=RemoteUrl(url) if url else None)
        else:
            yield person
