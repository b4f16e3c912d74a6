"""A recording at someone else's URL: fetched once to be measured, then known from podcast.lock."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from podcast_kit import audio
from podcast_kit.builder.cache import Cache, dataclass_kind
from podcast_kit.errors import InvalidAudio, InvalidInput, OperationError, Problem
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.model import Episode, Media

MAX_REMOTE_BYTES = 4_000_000_000
HTTP_OK = 200
REMOTE_MEDIA = dataclass_kind("remote", Media)


def measure_remote_audio(episode: Episode, url: str, cache: Cache, http: HttpClient) -> Media:
    """The episode's audio at its URL, fetched once; it stays there, so its tags are not ours to write.

    The URL may have a private address, since podcast.yaml or the notes set it; what it redirects to may not.

    Raises InvalidInput at `audio:` when it cannot be fetched or is not audio.
    """
    cached = cache.get(REMOTE_MEDIA, url)
    if cached is None:
        try:
            cached = _fetch_and_probe(url, http)
        except OperationError as error:
            raise InvalidInput([_remote_problem(episode, f"{url} {error.text}")]) from error
        except InvalidAudio as error:
            raise InvalidInput([_remote_problem(episode, f"{url}: {error.problem.text}")]) from error
        cache.set(REMOTE_MEDIA, url, cached)
    return cached


def _remote_problem(episode: Episode, text: str) -> Problem:
    fix = "correct the URL, or put the recording next to the notes"
    return Problem(episode.location_of("audio"), text, fix, "au.remote")


def _fetch_and_probe(url: str, http: HttpClient) -> Media:
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower() or ".mp3"
    digest = hashlib.sha256()
    with TemporaryFolder() as folder:
        path = Path(folder, f"recording{suffix}")
        with path.open("wb") as file:

            def save_block(block: bytes) -> None:
                file.write(block)
                digest.update(block)

            max_bytes = min(MAX_REMOTE_BYTES, shutil.disk_usage(folder).free)
            response = http.download(url, save_block, max_bytes=max_bytes, is_trusted=True)
        if response.error or response.status != HTTP_OK:
            raise OperationError(response.error or f"answers {response.status}")
        facts = audio.probe_audio(path)
    return Media(key=url, sha256=digest.hexdigest(), bytes=response.size, mime=facts.mime, seconds=facts.length)
