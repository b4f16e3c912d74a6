"""Multipart uploads of large files, which resume after an interrupted publish.

A journal in the show's folder records the upload and the parts that arrived. Each line is flushed to the disk before
it is relied on. On resume, parts are recognized by the ETags that the store returned and still lists; how an ETag is
computed is up to the store.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import unlink_inside
from podcast_kit.io.pinned_folder import open_folder_inside
from podcast_kit.stores.answers import IncompleteAnswer
from podcast_kit.stores.errors import refusal_type

if TYPE_CHECKING:
    from podcast_kit.stores import Upload
    from podcast_kit.stores.plain_parts import PlainParts

PART_BYTES = 16 << 20
"""Size of every part but the last: R2 requires equal parts."""
MAX_PARTS = 10_000
"""S3's limit for one upload."""
MAX_CONCURRENT_PARTS = 4
JOURNAL_SCHEMA = 1
CREATE_BACKOFF_S = (0.3, 1.0, 2.0, 4.0)
"""Seconds to wait before each retry of a CreateMultipartUpload whose answer was lost."""


class MemoryBudget:
    """Limits the bytes of request bodies in memory, across all threads."""

    def __init__(self, size: int) -> None:
        self.size = self.free = size
        self.changed = threading.Condition()

    def acquire(self, size: int) -> None:
        """Wait until `size` bytes are free; a body larger than the whole budget waits for all of it."""
        with self.changed:
            self.changed.wait_for(lambda: self.free >= min(size, self.size))
            self.free -= size

    def release(self, size: int) -> None:
        """Free `size` bytes."""
        with self.changed:
            self.free += size
            self.changed.notify_all()

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Hold `size` bytes during a `with` block."""
        self.acquire(size)
        try:
            yield
        finally:
            self.release(size)


@dataclass(slots=True)
class UploadJournal:
    """The progress of one multipart upload; kept only in memory when `path` is None."""

    path: Path | None
    upload_id: str = ""
    outdated_upload_id: str = ""
    """Of an upload to the same key with other bytes or parts, which will never be finished."""
    part_size: int = PART_BYTES
    parts: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Part number → MD5 of the sent bytes, and the returned ETag."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(cls, path: Path | None, identity: dict[str, Any], part_size: int) -> UploadJournal:
        """Read the journal of this upload, or return an empty one; ignores an incomplete last line."""
        journal = cls(path, part_size=part_size)
        if path is None or not path.exists():
            return journal
        try:
            first_line, *lines = path.read_text("utf-8").splitlines()
            header = json.loads(first_line)
            if {name: header.get(name) for name in identity} != identity or header["part"] != part_size:
                if all(header.get(name) == identity[name] for name in ("schema", "place", "key")):
                    journal.outdated_upload_id = str(header["upload_id"])
                return journal
            journal.upload_id = str(header["upload_id"])
            for line in lines:
                number, md5, etag = json.loads(line)
                journal.parts[int(number)] = (str(md5), str(etag))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            pass
        return journal

    def start(self, upload_id: str, identity: dict[str, Any]) -> None:
        """Start over with a new upload."""
        self.upload_id, self.parts = upload_id, {}
        if self.path:
            self.delete()
            self._write({**identity, "part": self.part_size, "upload_id": upload_id})

    def add_part(self, number: int, md5: str, etag: str) -> None:
        """Record a part that arrived."""
        with self.lock:
            self.parts[number] = (md5, etag)
            self._write([number, md5, etag])

    def delete(self) -> None:
        """Delete the journal: the upload is complete or abandoned."""
        if self.path:
            root, subfolder = _journal_root(self.path)
            unlink_inside(root, f"{subfolder}/{self.path.name}")

    def _write(self, line: object) -> None:
        if self.path:
            root, subfolder = _journal_root(self.path)
            with (
                open_folder_inside(root, subfolder, create=True) as folder,
                folder.open_or_create(self.path.name) as stream,
            ):
                stream.seek(0, os.SEEK_END)
                stream.write(json.dumps(line).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())


@dataclass(slots=True)
class MultipartUpload:
    """The upload of one large file: by plain requests where they will do, else through a boto3 client."""

    open_client: Callable[[], Any]
    bucket: str
    full_key: str
    """The key in the bucket, with its prefix."""
    upload: Upload
    budget: MemoryBudget
    journal: UploadJournal
    on_sent: Callable[[int], None]
    identity: dict[str, Any]
    find_unfinished: Callable[[str], str] = lambda _: ""
    """Returns the id of an upload to a key that was started and neither finished nor aborted; empty without one."""
    plain: PlainParts | None = None

    def upload_parts(self) -> list[dict[str, Any]]:
        """Start or resume, and send every missing part; returns the parts for CompleteMultipartUpload."""
        if not isinstance(self.upload.content, Path):
            raise TypeError("only files can be uploaded in parts")  # a bug
        arrived = self._resume_or_create()
        digest = hashlib.sha256()
        running: list[Future[None]] = []
        pool = ThreadPoolExecutor(MAX_CONCURRENT_PARTS)
        try:
            with self.upload.content.open("rb") as stream:
                for number, data in self._read_parts(stream):
                    digest.update(data)
                    self._dispatch(pool, running, number, data, arrived_md5=arrived.get(number, ""))
                    for finished in [future for future in running if future.done()]:
                        finished.result()
                        running.remove(finished)
                    del data  # do not hold one part more in memory while waiting for the budget
            for future in running:
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)
        if digest.hexdigest() != self.upload.sha256:
            self.abort()
            raise OperationError(f"{self.upload.key} changed after it was built", "build again")
        return [{"PartNumber": number, "ETag": etag} for number, (_, etag) in sorted(self.journal.parts.items())]

    def abort(self) -> None:
        """Remove the parts that arrived, and forget the upload."""
        abort_upload(self.open_client(), self.bucket, self.full_key, self.journal.upload_id)
        self.journal.delete()

    def _read_parts(self, stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        """Yield the parts one by one, each when the memory budget allows it."""
        left, number = self.upload.size, 0
        while left > 0:
            number += 1
            self.budget.acquire(min(left, self.journal.part_size))
            data = stream.read(min(left, self.journal.part_size))
            if not data:
                self.budget.release(min(left, self.journal.part_size))
                raise OperationError(f"{self.upload.key} changed after it was built", "build again")
            left -= len(data)
            yield number, data
            del data  # this frame also waits for the budget

    def _dispatch(
        self, pool: ThreadPoolExecutor, running: list[Future[None]], number: int, data: bytes, *, arrived_md5: str
    ) -> None:
        """Send a part in the pool, unless the store already has it."""
        size = len(data)
        if arrived_md5 and arrived_md5 == hashlib.md5(data, usedforsecurity=False).hexdigest():
            self.budget.release(size)
            self.on_sent(size)
            return
        future = pool.submit(self._upload_part, number, data)
        future.add_done_callback(lambda _: self.budget.release(size))
        running.append(future)

    def _upload_part(self, number: int, data: bytes) -> None:
        md5, upload_id = hashlib.md5(data, usedforsecurity=False), self.journal.upload_id
        etag = self.plain.put_part(self.full_key, upload_id, number, data, md5.digest()) if self.plain else ""
        if not etag:
            answer = self.open_client().upload_part(
                Bucket=self.bucket,
                Key=self.full_key,
                UploadId=upload_id,
                PartNumber=number,
                Body=data,
                ContentLength=len(data),
                ContentMD5=base64.b64encode(md5.digest()).decode(),
            )
            etag = answer["ETag"]
        self.journal.add_part(number, md5.hexdigest(), etag)
        self.on_sent(len(data))

    def _resume_or_create(self) -> dict[int, str]:
        """Return part number → MD5 of the parts that the store has from an earlier attempt.

        Creates a new upload when it has none.
        """
        if self.journal.outdated_upload_id:
            abort_upload(self.open_client(), self.bucket, self.full_key, self.journal.outdated_upload_id)
            self.journal.outdated_upload_id = ""
        listed: dict[int, tuple[str, int]] = {}
        if self.journal.upload_id:
            try:
                pages = self.open_client().get_paginator("list_parts")
                for page in pages.paginate(Bucket=self.bucket, Key=self.full_key, UploadId=self.journal.upload_id):
                    listed |= {part["PartNumber"]: (part["ETag"], part["Size"]) for part in page.get("Parts", ())}
            except refusal_type() as error:
                if not is_missing_upload(error):
                    raise
                self.journal.upload_id = ""
        if not self.journal.upload_id:
            self.journal.start(self._adopt_or_create(), self.identity)
            return {}
        self.journal.parts = {
            number: (md5, etag)
            for number, (md5, etag) in self.journal.parts.items()
            if listed.get(number) == (etag, self._part_length(number))
        }
        return {number: md5 for number, (md5, _) in self.journal.parts.items()}

    def _adopt_or_create(self) -> str:
        """The id of an upload to this key: one that a lost answer or a killed run left behind, or else a new one.

        Two publishers may share an upload: the key contains the digest of the file, so they send the same parts.
        """
        if self.plain and (upload_id := self.plain.create(self.full_key, self.upload)):
            return upload_id
        for delay in (*CREATE_BACKOFF_S, None):
            if upload_id := self.find_unfinished(self.full_key):
                return upload_id
            try:
                created = self.open_client().create_multipart_upload(
                    Bucket=self.bucket,
                    Key=self.full_key,
                    ContentType=self.upload.content_type,
                    CacheControl=self.upload.cache_control,
                    Metadata={"sha256": self.upload.sha256},
                )
            except IncompleteAnswer as error:
                if delay is None:
                    text = f"{self.upload.key}: the store did not start the upload: {error}"
                    fix = "check your connection, and the store's status and free space; nothing was lost, run it again"
                    raise OperationError(text, fix) from error
                time.sleep(delay)
            else:
                return str(created["UploadId"])
        raise AssertionError  # the last attempt returns or raises

    def _part_length(self, number: int) -> int:
        return min(self.journal.part_size, self.upload.size - (number - 1) * self.journal.part_size)


def abort_upload(client: Any, bucket: str, full_key: str, upload_id: str) -> None:  # noqa: ANN401
    """Remove the parts of an upload; does nothing when it is finished or aborted."""
    try:
        client.abort_multipart_upload(Bucket=bucket, Key=full_key, UploadId=upload_id)
    except refusal_type() as error:
        if not is_missing_upload(error):
            raise


def is_missing_upload(error: Any) -> bool:  # noqa: ANN401
    """Whether an error says that an upload does not exist, or no longer."""
    return error.response["Error"]["Code"] in {"NoSuchUpload", "404", "NoSuchKey"}


def choose_part_size(size: int, part_size: int = PART_BYTES) -> int:
    """Return 16 MiB, doubled as often as needed to stay within 10,000 parts."""
    while part_size * MAX_PARTS < size:
        part_size *= 2
    return part_size


def list_replaced_uploads(folder: Path | None, identity: Mapping[str, Any]) -> Iterator[tuple[UploadJournal, str]]:
    """The journals, with their full keys, of uploads that this one replaces: an earlier build of the same file.

    Their keys differ in the digest only, so nothing will ever finish them.
    """
    *folders, _, name = str(identity["key"]).split("/")
    for path in sorted(folder.glob("*.jsonl")) if folder and folder.is_dir() else ():
        journal = UploadJournal(path)
        try:
            header = json.loads(path.read_text("utf-8").partition("\n")[0])
            full_key, journal.upload_id = str(header["key"]), str(header["upload_id"])
            is_same_place = header["place"] == identity["place"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        *other_folders, _, other_name = ("", *full_key.split("/"))[-len(folders) - 2 :]
        is_same_file = (other_folders, other_name) == (folders, name)
        if is_same_place and is_same_file and full_key != identity["key"]:
            yield journal, full_key


def _journal_root(path: Path) -> tuple[Path, str]:
    """The folder that no journal is written outside of, and the folder in it, such as `.podcast-kit/uploads`."""
    return path.parents[2], f"{path.parents[1].name}/{path.parent.name}"


def journal_path(folder: Path | None, identity: str, key: str) -> Path | None:
    """Path of the journal for an upload to this key of the store with this identity."""
    if folder is None:
        return None
    return folder / f"{hashlib.sha256(f'{identity} {key}'.encode()).hexdigest()[:24]}.jsonl"
