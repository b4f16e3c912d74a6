"""What publishing would change, computed without changing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.stores.state import REDACTED, StoreState

__all__ = ["Change", "Plan", "Reason", "Verb", "plan_changes"]


class Verb(StrEnum):
    """What is done to a key; the value is the word that is shown."""

    CREATE = "create"
    REPLACE = "replace"
    HEADERS = "headers"
    RESTORE = "restore"
    RETIRE = "retire"
    KEEP = "keep"


class Reason(StrEnum):
    """Why it is done; the value is the text that is shown."""

    NEW = "new"
    CONTENT = "content differs"
    UNKNOWN = "content may differ"
    HEADERS = "headers differ"
    BACK = "part of the show again"
    GONE = "no longer part of the show"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one key."""

    key: str
    verb: Verb
    reason: Reason
    size: int
    """In bytes."""
    wave: Wave
    output: Output | None = None
    """None for a file that is no longer part of the show."""
    remote: RemoteObject | None = None
    """None for a key that the store does not have."""

    @property
    def writes(self) -> bool:
        """Whether its bytes are new, uploaded or copied in the store."""
        return self.verb in {Verb.CREATE, Verb.REPLACE}

    @property
    def uploads(self) -> bool:
        """Whether its bytes are uploaded."""
        return self.writes and not self.is_copied

    @property
    def is_copied(self) -> bool:
        """Whether the store copies its bytes from another file."""
        return self.writes and self.output is not None and bool(self.output.copy_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every key with what happens to it, in order of execution; false when there is nothing to do."""

    changes: tuple[Change, ...]
    feed_key: str
    """The key that is replaced last."""
    revoked: tuple[str, ...] = ()
    """Digests of the keys of private feeds that no one has any more: they are deleted."""
    state: StoreState = field(repr=False)
    """The store state that the plan is based on; a store that changed since is not written to."""

    def __bool__(self) -> bool:
        return bool(self.pending) or self.state.rebuilt or bool(self.state.dirty) or bool(self.revoked)

    @property
    def pending(self) -> tuple[Change, ...]:
        """Every change except those that keep a file."""
        return tuple(change for change in self.changes if change.verb is not Verb.KEEP)

    @property
    def upload_bytes(self) -> int:
        """Total size of the uploads."""
        return sum(change.size for change in self.changes if change.uploads)

    def output(self, key: str) -> Output | None:
        """The file of the build that the key will hold; None where it is not written by the plan."""
        return next((change.output for change in self.changes if change.key == key), None)

    def wave(self, wave: Wave) -> tuple[Change, ...]:
        """The writes of one wave."""
        writes = {Verb.CREATE, Verb.REPLACE, Verb.HEADERS}
        return tuple(change for change in self.changes if change.wave is wave and change.verb in writes)


def plan_changes(outputs: Mapping[str, Output], state: StoreState, *, feed_key: str = "feed.xml") -> Plan:
    """Plan how to make the store hold exactly these outputs.

    Raises InvalidInput when a published recording is neither here nor in the store.
    """
    changes = [_plan_change(output, state) for output in outputs.values()]
    missing = [change for change in changes if change.uploads and change.output and not change.output.is_local]
    if missing:
        raise InvalidInput(map(_missing_audio_problem, missing))
    changes += [
        Change(key=key, verb=Verb.RETIRE, reason=Reason.GONE, size=remote.size, wave=Wave.PAGES, remote=remote)
        for key, remote in state.objects.items()
        if key not in outputs and key not in state.retired and not key.startswith(REDACTED)
    ]
    changes.sort(key=lambda change: (change.verb is Verb.RETIRE, change.wave, change.key == feed_key, change.key))
    return Plan(changes=tuple(changes), feed_key=feed_key, revoked=tuple(sorted(state.stale_feeds)), state=state)


def _plan_change(output: Output, state: StoreState) -> Change:
    remote = state.objects.get(output.key)
    verb, reason = _decide_verb(output, remote, is_retired=output.key in state.retired)
    return Change(
        key=output.key, verb=verb, reason=reason, size=output.size, wave=output.wave, output=output, remote=remote
    )


def _decide_verb(output: Output, remote: RemoteObject | None, *, is_retired: bool) -> tuple[Verb, Reason]:
    if remote is None:
        return Verb.CREATE, Reason.NEW
    # Media keys contain the digest, and media are written whole or not at all: the size identifies the file.
    is_same_media = output.wave is Wave.MEDIA and output.size == remote.size
    sha256 = remote.sha256 or (output.sha256 if is_same_media else "")
    if not sha256:
        return Verb.REPLACE, Reason.UNKNOWN
    if (output.size, output.sha256) != (remote.size, sha256):
        return Verb.REPLACE, Reason.CONTENT
    if output.headers != remote.headers:
        return Verb.HEADERS, Reason.HEADERS
    if is_retired:
        return Verb.RESTORE, Reason.BACK
    return Verb.KEEP, Reason.UNCHANGED


def _missing_audio_problem(change: Change) -> Problem:
    where = "is not in the store" if change.remote is None else "differs in the store from what podcast.lock records"
    text = f"the published audio {where}, and its recording is not on this machine"
    fix = (
        "publish from where the recording is, with the same publish.url (it is part of the tags);"
        " or pass --retag with the episode's slug to create a new file, which apps download again"
    )
    return Problem(SourceLocation(change.key), text, fix, "pb.audio-needed")
