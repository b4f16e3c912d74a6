"""A recording that lies at somebody else's address: fetched once to be measured, then known by podcast.lock."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from podcast_kit import audio
from podcast_kit.builder.output_dir import Tree
from podcast_kit.errors import OperationError, InvalidAudio, InvalidInput, Problem
from podcast_kit.io.http_client import Web
from podcast_kit.model import Episode, Media

LIMIT = 4_000_000_000
"""Bytes; more is no episode."""
OK = 200


def is_address(name: str) -> bool:
    """Whether `audio:` names an address rather than a file."""
    return name.startswith(("https://", "http://"))


def measured(episode: Episode, tree: Tree) -> Media:
    """What lies at the episode's address; it stays there, so its tags are not ours to write.

    Raises InvalidInput with the place of `audio:` when it cannot be fetched or is no audio.
    """
    known = tree.memory.recall("remote", episode.audio)
    if known is None:
        try:
            known = asdict(_fetched(episode.audio))
        except OperationError as error:
            raise InvalidInput([_problem(episode, f"{episode.audio} {error.text}")]) from error
        except InvalidAudio as error:
            raise InvalidInput([_problem(episode, f"{episode.audio}: {error.problem.text}")]) from error
        tree.memory.keep("remote", episode.audio, known)
    return Media(**known)


def _problem(episode: Episode, text: str) -> Problem:
    return Problem(episode.location_of("audio"), text, "mend the address, or put the recording beside the notes", "au.remote")


def _fetched(url: str) -> Media:
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower() or ".mp3"
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as scratch:
        path = Path(scratch, f"recording{suffix}")
        with Web() as web, path.open("wb") as file:

            def take(block: bytes) -> None:
                file.write(block)
                digest.update(block)

            answer = web.fetch(url, take, bound=min(LIMIT, shutil.disk_usage(scratch).free))
        if answer.error or answer.status != OK:
            raise OperationError(answer.error or f"answers {answer.status}")
        facts = audio.probe(path)
    return Media(key=url, sha256=digest.hexdigest(), bytes=answer.size, mime=facts.mime, seconds=facts.length)
