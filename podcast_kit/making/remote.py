"""A recording that lies at somebody else's address: fetched once to be measured, then known by podcast.lock."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import urllib.request
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from podcast_kit import audio
from podcast_kit.errors import InvalidAudio, InvalidInput, Problem
from podcast_kit.making.tree import Tree
from podcast_kit.model import Episode, Media

LIMIT = 4_000_000_000
"""Bytes; more is no episode."""
TIMEOUT = 60
BLOCK = 1 << 20


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
        except (OSError, HTTPException, ValueError) as error:
            raise InvalidInput([_problem(episode, f"{episode.audio} does not answer: {error}")]) from error
        except InvalidAudio as error:
            raise InvalidInput([_problem(episode, f"{episode.audio}: {error.problem.text}")]) from error
        tree.memory.keep("remote", episode.audio, known)
    return Media(**known)


def _problem(episode: Episode, text: str) -> Problem:
    return Problem(episode.place("audio"), text, "mend the address, or put the recording beside the notes", "au.remote")


def _fetched(url: str) -> Media:
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower() or ".mp3"
    request = urllib.request.Request(url, headers={"User-Agent": "podcast-kit"})  # noqa: S310  # is_address said http
    with tempfile.TemporaryDirectory(prefix="podcast-kit-") as scratch:
        path = Path(scratch, f"recording{suffix}")
        digest = hashlib.sha256()
        with urllib.request.urlopen(request, timeout=TIMEOUT) as reply, path.open("wb") as file:  # noqa: S310
            if int(reply.headers.get("Content-Length") or 0) > min(LIMIT, shutil.disk_usage(scratch).free):
                raise ValueError("larger than the disk or than any episode")
            while block := reply.read(BLOCK):
                file.write(block)
                digest.update(block)
                if file.tell() > LIMIT:
                    raise ValueError("larger than any episode")
        facts = audio.probe(path)
        return Media(
            key=url, sha256=digest.hexdigest(), bytes=path.stat().st_size, mime=facts.mime, seconds=facts.seconds
        )
