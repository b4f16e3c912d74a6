"""Recordings in object storage: each is fetched once, and known by its ETag and size until it changes.

They are read with the credentials of who builds the show, from buckets that this person has allowed. The copies are
in `.podcast-kit/recordings/` until their episode is published. A published recording costs one HEAD where its ETag is
known, and nothing elsewhere: podcast.lock has its address.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from podcast_kit.builder.cache import CACHE_DIR, RECORDINGS_FOLDER, Cache, dataclass_kind
from podcast_kit.builder.remote_audio import MAX_REMOTE_BYTES
from podcast_kit.errors import InvalidInput, OperationError, PodcastKitError, Problem, StoreAccessError
from podcast_kit.io.consent import ConsentKind, has_consent
from podcast_kit.io.pinned_folder import open_folder_inside, random_name
from podcast_kit.model import (
    BucketFile,
    Episode,
    FetchedFile,
    LockEntry,
    Progress,
    Project,
    PublishSettings,
    RemoteObject,
)
from podcast_kit.stores.errors import CREDENTIALS_FIX
from podcast_kit.stores.providers import open_named_bucket
from podcast_kit.stores.s3 import S3Store

BUCKET_CODE = "au.bucket"
MAX_CONCURRENT_HEADS = 16
NAME_LEN = 32
READ_FIX = "check the address, and that these credentials may read it (s3:GetObject)"


@dataclass(frozen=True, slots=True)
class FetchedRecording:
    """What is known of a recording in object storage since it was fetched."""

    etag: str
    size: int
    sha256: str


FETCHED_RECORDINGS = dataclass_kind("fetched", FetchedRecording)


@dataclass(slots=True)
class BucketRecordings:
    """Reads the recordings of a show that are in object storage."""

    project: Project
    cache: Cache
    on_progress: Callable[[Progress], None] = lambda _: None
    is_offline: bool = False
    is_allowed: bool = False
    """Whether every bucket may be read, as where the parent of a worker has asked."""
    _stores: dict[str, S3Store] = field(default_factory=dict)

    def find_recordings(
        self, episodes: Sequence[Episode], retag: Collection[str]
    ) -> dict[str, Episode | PodcastKitError]:
        """By slug, each episode with a recording in a bucket: with its copy, or with the address if it must be fetched.

        The copy of a recording that is known and unchanged need not exist; the cache then knows its digest. A published
        recording that cannot be asked for stays as published.
        """
        outcomes: dict[str, Episode | PodcastKitError] = {}
        asked: list[tuple[Episode, BucketFile, LockEntry | None, FetchedRecording | None]] = []
        for episode in episodes:
            if not isinstance(episode.audio, BucketFile):
                continue
            file = episode.audio
            known = self.cache.get(FETCHED_RECORDINGS, file.address)
            entry = None if episode.slug in retag else self.project.lock_entry(episode.guid)
            if entry and entry.source_address != file.address:
                entry = None  # it was made from another recording
            problem = self._find_obstacle(episode, file)
            if entry and (known is None or problem):
                outcomes[episode.slug] = self._as_published(episode, file)
            elif problem:
                outcomes[episode.slug] = InvalidInput([problem])
            elif known is None:
                outcomes[episode.slug] = episode
            else:
                asked.append((episode, file, entry, known))
        if not asked:
            return outcomes
        with ThreadPoolExecutor(MAX_CONCURRENT_HEADS, thread_name_prefix="recordings") as pool:
            answers = list(pool.map(lambda row: self._head(row[1]), asked))
        for (episode, file, entry, known), answer in zip(asked, answers, strict=True):
            outcomes[episode.slug] = self._judge_answer(episode, file, entry, known, answer)
        return outcomes

    def fetch(self, episode: Episode) -> Episode:
        """The episode with the copy of its recording, fetched now; raises InvalidInput at `audio:`."""
        if isinstance(episode.audio, FetchedFile):
            copy = episode.audio.resolve_in(self.project.folder)
            self.cache.forget_digest(copy)
            if copy.is_file():
                return episode
        assert isinstance(episode.audio, (BucketFile, FetchedFile))  # noqa: S101  # see find_recordings
        file = BucketFile(episode.audio.address)
        self.on_progress(Progress("fetch", file.address))
        try:
            fetched, copy = self._fetch_file(file)
        except PodcastKitError as error:
            raise InvalidInput([_describe_unreadable(episode, error)]) from error
        self.cache.set(FETCHED_RECORDINGS, file.address, fetched)
        self.cache.set_digest(copy, fetched.sha256)
        self.cache.commit()
        return replace(episode, audio=self._copy_of(file, fetched))

    def sweep(self, episodes: Collection[Episode]) -> None:
        """Remove the copies that no unpublished one of these episodes needs."""
        if not (self.project.output_folder / CACHE_DIR / RECORDINGS_FOLDER).is_dir():
            return
        names: set[str] = set()
        for episode in episodes:
            entry = self.project.lock_entry(episode.guid)
            address = str(episode.audio)
            known = self.cache.get(FETCHED_RECORDINGS, address) if "://" in address else None
            if known and not (entry and entry.source_sha256 == known.sha256):
                names.add(_copy_name(address, known))
        folder = self.cache.subfolder(RECORDINGS_FOLDER)
        for file in folder.entries():
            if file.name not in names:
                with suppress(OSError):
                    folder.unlink(file.name)

    def _find_obstacle(self, episode: Episode, file: BucketFile) -> Problem | None:
        """Why the recording may not be asked for."""
        location = episode.location_of("audio")
        if self.is_offline:
            return Problem(location, f"{file} is not fetched: network access is off", READ_FIX, BUCKET_CODE)
        if self.is_allowed or has_consent(ConsentKind.BUCKET, self.project.folder, file.bucket):
            return None
        text = f"{file} is read with your credentials, and this show is not allowed to read from {file.bucket} yet"
        fix = f"build once on a terminal, which asks, or pass --allow-place {shlex.quote(file.bucket)}"
        return Problem(location, text, fix, BUCKET_CODE)

    def _judge_answer(
        self,
        episode: Episode,
        file: BucketFile,
        entry: LockEntry | None,
        known: FetchedRecording | None,
        answer: RemoteObject | PodcastKitError | None,
    ) -> Episode | PodcastKitError:
        """What the answer to HEAD says: as published, known, or to be fetched."""
        is_error = isinstance(answer, PodcastKitError)
        if entry and (answer is None or is_error):
            return self._as_published(episode, file)
        if isinstance(answer, PodcastKitError):
            return InvalidInput([_describe_unreadable(episode, answer)])
        if known is None or answer is None or (answer.etag, answer.size) != (known.etag, known.size):
            return episode
        if entry and entry.source_sha256 == known.sha256:
            return self._as_published(episode, file)
        audio = self._copy_of(file, known)
        copy = audio.resolve_in(self.project.folder)
        if not copy.is_file():
            self.cache.assume_digest(copy, known.sha256)
        return replace(episode, audio=audio)

    def _as_published(self, episode: Episode, file: BucketFile) -> Episode:
        """The episode with a copy that does not exist, as on a machine that lacks the recording of a published one."""
        return replace(episode, audio=self._copy_of(file, FetchedRecording("", 0, "")))

    def _copy_of(self, file: BucketFile, fetched: FetchedRecording) -> FetchedFile:
        path = Path(CACHE_DIR, RECORDINGS_FOLDER, _copy_name(file.address, fetched))
        path = self.project.output_folder / path if self.project.work_folder else path
        return FetchedFile(path.as_posix(), file.address)

    def _head(self, file: BucketFile) -> RemoteObject | PodcastKitError | None:
        try:
            store, key = self._open(file)
            return store.head(key)
        except PodcastKitError as error:
            return error

    def _fetch_file(self, file: BucketFile) -> tuple[FetchedRecording, Path]:
        """Stream the recording to its copy; raises PodcastKitError."""
        store, key = self._open(file)
        root = self.project.output_folder
        with open_folder_inside(root, f"{CACHE_DIR}/{RECORDINGS_FOLDER}", create=True) as folder:
            part_name = random_name(".part")
            part = folder.path_for_others(part_name)
            try:
                max_bytes = min(MAX_REMOTE_BYTES, shutil.disk_usage(root).free)
                fetched = store.fetch(key, part, max_bytes)
                if fetched is None:
                    raise OperationError(f"{file} does not exist", "correct the address")
                now = store.head(key)
                if now is None or now.etag != fetched.etag:
                    fix = "wait until it is uploaded completely, then rerun"
                    raise OperationError(f"{file} changed while it was read", fix)
                recording = FetchedRecording(fetched.etag, fetched.size, fetched.sha256)
                name = _copy_name(file.address, recording)
                folder.replace(folder, part_name, name)
            finally:
                with suppress(OSError):
                    folder.unlink(part_name)
        return recording, root / CACHE_DIR / RECORDINGS_FOLDER / name

    def _open(self, file: BucketFile) -> tuple[S3Store, str]:
        if file.bucket not in self._stores:
            self._stores[file.bucket] = open_named_bucket(
                file.bucket, self.project.show.publish, lambda host: self.on_progress(Progress("waiting for", host))
            )
        return self._stores[file.bucket], file.address.removeprefix(f"{file.bucket}/")


def _copy_name(address: str, fetched: FetchedRecording) -> str:
    digest = hashlib.sha256(f"{address}\n{fetched.etag}\n{fetched.size}".encode("utf-8", "surrogateescape"))
    return f"{digest.hexdigest()[:NAME_LEN]}{PurePosixPath(address).suffix.lower()}"


def _describe_unreadable(episode: Episode, error: PodcastKitError) -> Problem:
    fix = error.fix if error.fix == CREDENTIALS_FIX or not isinstance(error, StoreAccessError) else READ_FIX
    return Problem(episode.location_of("audio"), error.text, fix or READ_FIX, BUCKET_CODE)


def find_unreadable_recordings(addresses: Sequence[str], publishing: PublishSettings) -> list[str]:
    """What keeps this machine from reading these recordings, one line for each."""
    problems: list[str] = []
    stores: dict[str, S3Store] = {}
    for address in addresses:
        file = BucketFile(address)
        try:
            store = stores.setdefault(file.bucket, open_named_bucket(file.bucket, publishing, lambda _: None))
            if store.head(address.removeprefix(f"{file.bucket}/")) is None:
                problems.append(f"{address} does not exist")
        except PodcastKitError as error:
            problems.append(error.text)
    return problems
