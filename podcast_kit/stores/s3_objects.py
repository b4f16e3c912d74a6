"""What answers of S3 say about an object: its size, headers and digest, and its bytes block by block."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from podcast_kit.model import RemoteObject
from podcast_kit.model.transfer import REDIRECT_HEADER
from podcast_kit.stores.answers import IncompleteAnswer

OBJECT_BLOCK_BYTES = 1 << 20
SHA256_HEADER = "x-amz-meta-sha256"


@dataclass(frozen=True, slots=True)
class FetchedObject:
    """What an object was when it was read."""

    etag: str
    size: int
    sha256: str


def read_blocks(answer: Mapping[str, Any], on_block: Callable[[bytes], object]) -> FetchedObject:
    """Pass the bytes of an answer to GetObject on, block by block. Raises IncompleteAnswer where some are missing."""
    digest, size = hashlib.sha256(), 0
    for block in answer["Body"].iter_chunks(OBJECT_BLOCK_BYTES):
        on_block(block)
        digest.update(block)
        size += len(block)
    if size != answer["ContentLength"]:
        raise IncompleteAnswer("an object ended early")
    return FetchedObject(answer["ETag"], size, digest.hexdigest())


def is_intact(content: bytes, sha256: str) -> bool:
    """Whether the bytes of an object are those that were stored, as far as its sha256 is known."""
    return not sha256 or hashlib.sha256(content).hexdigest() == sha256


def remote_object(key: str, headers: Mapping[str, str]) -> RemoteObject:
    """What the answer to HEAD says; names of headers in lower case."""
    named: tuple[tuple[str, str], ...] = (
        ("Cache-Control", headers.get("cache-control", "")),
        ("Content-Type", headers.get("content-type", "")),
    )
    if redirect_to := headers.get("x-amz-website-redirect-location"):
        named = (*named, (REDIRECT_HEADER, redirect_to))
    size = int(headers["content-length"])
    return RemoteObject(key=key, size=size, sha256=headers.get(SHA256_HEADER, ""), headers=named, etag=headers["etag"])


def stored_sha256(answer: Mapping[str, Any]) -> str:
    """The sha256 among the metadata of an object; some servers write the name with a capital."""
    metadata: Mapping[str, str] = answer.get("Metadata", {})
    return next((value for name, value in metadata.items() if name.lower() == "sha256"), "")
