"""Large files, sent in parts that a killed publish need not send again.

A journal beside the show says which upload was begun and which parts have arrived. Each line is on the
disk before anything relies on it. Parts are known again by the ETags that the store itself returned and
still lists: what an ETag is made of is the store's own business.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from podcast_kit.errors import OperationError

if TYPE_CHECKING:
    from podcast_kit.stores import Upload

PART = 16 << 20
"""Bytes of every part but the last: all alike, since R2 demands it."""
MOST = 10_000
"""Parts that an upload may have (S3's own limit)."""
AT_ONCE = 4
SCHEMA = 1


class Budget:
    """How many bytes of bodies may be in memory at a time, over all threads."""

    def __init__(self, size: int) -> None:
        self.size = self.free = size
        self.changed = threading.Condition()

    def take(self, size: int) -> None:
        """Wait until there is room; a body larger than the whole budget waits for all of it."""
        with self.changed:
            self.changed.wait_for(lambda: self.free >= min(size, self.size))
            self.free -= size

    def give(self, size: int) -> None:
        """Give the room back."""
        with self.changed:
            self.free += size
            self.changed.notify_all()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Room for the time of a call."""
        self.take(size)
        try:
            yield
        finally:
            self.give(size)


@dataclass(slots=True)
class Journal:
    """What is known of one upload in parts; `path` None keeps it in memory only."""

    path: Path | None
    upload_id: str = ""
    part: int = PART
    parts: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Number → MD5 of what was sent, and the ETag that came back."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(cls, path: Path | None, about: dict[str, Any], part: int) -> Journal:
        """The journal of this very upload, or an empty one; a last line cut short is as if never written."""
        journal = cls(path, part=part)
        if path is None or not path.exists():
            return journal
        try:
            head, *lines = path.read_text("utf-8").splitlines()
            begun = json.loads(head)
            if {name: begun.get(name) for name in about} != about or begun["part"] != part:
                return journal
            journal.upload_id = str(begun["upload_id"])
            for line in lines:
                number, md5, etag = json.loads(line)
                journal.parts[int(number)] = (str(md5), str(etag))
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        return journal

    def begin(self, upload_id: str, about: dict[str, Any]) -> None:
        """Forget what was, and note the new upload."""
        self.upload_id, self.parts = upload_id, {}
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write("wb", {**about, "part": self.part, "upload_id": upload_id})

    def note(self, number: int, md5: str, etag: str) -> None:
        """A part has arrived."""
        with self.lock:
            self.parts[number] = (md5, etag)
            self._write("ab", [number, md5, etag])

    def end(self) -> None:
        """All of it is there, or never will be."""
        if self.path:
            self.path.unlink(missing_ok=True)

    def _write(self, mode: str, line: object) -> None:
        if self.path:
            with self.path.open(mode) as stream:
                stream.write(json.dumps(line).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())


@dataclass(slots=True)
class Sending:
    """One large file on its way, with the client's calls for it."""

    client: Any
    bucket: str
    name: str
    """The key in the bucket, with its prefix."""
    upload: Upload
    budget: Budget
    journal: Journal
    sent: Callable[[int], None]
    about: dict[str, Any]

    def send(self) -> list[dict[str, Any]]:
        """Begin or go on, until every part is there; what CompleteMultipartUpload wants to know."""
        if not isinstance(self.upload.content, Path):
            raise TypeError("only files are sent in parts")  # a bug
        here = self._arrived()
        digest = hashlib.sha256()
        running: list[Future[None]] = []
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            with self.upload.content.open("rb") as stream:
                for number, data in self._cut(stream):
                    digest.update(data)
                    self._dispatch(pool, running, number, data, known=here.get(number, ""))
                    for ended in [future for future in running if future.done()]:
                        ended.result()
                        running.remove(ended)
                    del data  # or a part too many is held in memory while waiting for room
            for future in running:
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)
        if digest.hexdigest() != self.upload.sha256:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.name, UploadId=self.journal.upload_id)
            self.journal.end()
            raise OperationError(f"{self.upload.key} changed after it was built", "build again")
        return [{"PartNumber": number, "ETag": etag} for number, (_, etag) in sorted(self.journal.parts.items())]

    def _cut(self, stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        """The parts one by one, each when there is room for it."""
        left, number = self.upload.size, 0
        while left > 0:
            number += 1
            self.budget.take(min(left, self.journal.part))
            data = stream.read(min(left, self.journal.part))
            if not data:
                self.budget.give(min(left, self.journal.part))
                raise OperationError(f"{self.upload.key} changed after it was built", "build again")
            left -= len(data)
            yield number, data
            del data  # this frame waits for room too

    def _dispatch(
        self, pool: ThreadPoolExecutor, running: list[Future[None]], number: int, data: bytes, *, known: str
    ) -> None:
        size = len(data)
        if known and known == hashlib.md5(data, usedforsecurity=False).hexdigest():
            self.budget.give(size)
            self.sent(size)
            return
        future = pool.submit(self._part, number, data)
        future.add_done_callback(lambda _: self.budget.give(size))
        running.append(future)

    def _part(self, number: int, data: bytes) -> None:
        md5 = hashlib.md5(data, usedforsecurity=False)
        answer = self.client.upload_part(
            Bucket=self.bucket,
            Key=self.name,
            UploadId=self.journal.upload_id,
            PartNumber=number,
            Body=data,
            ContentLength=len(data),
            ContentMD5=base64.b64encode(md5.digest()).decode(),
        )
        self.journal.note(number, md5.hexdigest(), answer["ETag"])
        self.sent(len(data))

    def _arrived(self) -> dict[int, str]:
        """Number → MD5 of the parts of an earlier attempt that the store still has; begins anew where it has none."""
        from botocore.exceptions import ClientError

        there: dict[int, tuple[str, int]] = {}
        if self.journal.upload_id:
            try:
                pages = self.client.get_paginator("list_parts")
                for page in pages.paginate(Bucket=self.bucket, Key=self.name, UploadId=self.journal.upload_id):
                    there |= {part["PartNumber"]: (part["ETag"], part["Size"]) for part in page.get("Parts", ())}
            except ClientError as error:
                if error.response["Error"]["Code"] not in {"NoSuchUpload", "404", "NoSuchKey"}:
                    raise
                self.journal.upload_id = ""
        if not self.journal.upload_id:
            begun = self.client.create_multipart_upload(
                Bucket=self.bucket,
                Key=self.name,
                ContentType=self.upload.content_type,
                CacheControl=self.upload.cache_control,
                Metadata={"sha256": self.upload.sha256},
            )
            self.journal.begin(begun["UploadId"], self.about)
            return {}
        kept = {
            number: (md5, etag)
            for number, (md5, etag) in self.journal.parts.items()
            if there.get(number) == (etag, self._size(number))
        }
        self.journal.parts = kept
        return {number: md5 for number, (md5, _) in kept.items()}

    def _size(self, number: int) -> int:
        return min(self.journal.part, self.upload.size - (number - 1) * self.journal.part)


def part_size(size: int, part: int = PART) -> int:
    """16 MiB, or as much more as it takes to stay within 10,000 parts."""
    while part * MOST < size:
        part *= 2
    return part


def journal_path(folder: Path | None, place: str, key: str) -> Path | None:
    """Where the journal of an upload to a key of a place lies."""
    if folder is None:
        return None
    return folder / f"{hashlib.sha256(f'{place} {key}'.encode()).hexdigest()[:24]}.jsonl"
