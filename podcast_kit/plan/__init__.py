"""What publishing would change, worked out without touching anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.stores.state import State


class Verb(StrEnum):
    """What is done to a key; the value is the word shown."""

    CREATE = "create"
    REPLACE = "replace"
    HEADERS = "headers"
    RESTORE = "restore"
    RETIRE = "retire"
    KEEP = "keep"


class Reason(StrEnum):
    """Why; the value is the words shown."""

    NEW = "new"
    CONTENT = "content differs"
    UNKNOWN = "not known to be the same"
    HEADERS = "headers differ"
    BACK = "part of the show again"
    GONE = "no longer part of the show"
    SAME = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one key."""

    key: str
    verb: Verb
    reason: Reason
    size: int
    """Bytes that listeners get."""
    wave: Wave
    output: Output | None = None
    """None for what the show no longer has."""
    remote: RemoteObject | None = None
    """None for what the store does not have."""

    @property
    def uploads(self) -> bool:
        """Whether the bytes are sent."""
        return self.verb in {Verb.CREATE, Verb.REPLACE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every key with what happens to it, in the order that it will happen; true when anything will."""

    changes: tuple[Change, ...]
    feed: str
    """The key that is swapped last and alone."""
    state: State = field(repr=False)
    """What it was made against; a store that differs by then is not written to."""

    def __bool__(self) -> bool:
        return bool(self.pending) or self.state.rebuilt or bool(self.state.doubtful)

    @property
    def pending(self) -> tuple[Change, ...]:
        """Everything but what is kept."""
        return tuple(change for change in self.changes if change.verb is not Verb.KEEP)

    @property
    def bytes(self) -> int:
        """How much will be sent."""
        return sum(change.size for change in self.changes if change.uploads)

    def wave(self, wave: Wave) -> tuple[Change, ...]:
        """What is to be written in a wave."""
        writes = {Verb.CREATE, Verb.REPLACE, Verb.HEADERS}
        return tuple(change for change in self.changes if change.wave is wave and change.verb in writes)


def make(local: Mapping[str, Output], state: State, *, feed: str = "feed.xml") -> Plan:
    """The plan that makes the store what `local` is.

    Raises `InvalidInput` when a frozen enclosure, whose bytes are not here, is not in the store either.
    """
    changes = [_change(output, state) for output in local.values()]
    lost = [change for change in changes if change.uploads and change.output and change.output.path is None]
    if lost:
        raise InvalidInput(map(_lost, lost))
    changes += [
        Change(key=key, verb=Verb.RETIRE, reason=Reason.GONE, size=remote.size, wave=Wave.PAGES, remote=remote)
        for key, remote in state.objects.items()
        if key not in local and key not in state.retired
    ]
    changes.sort(key=lambda change: (change.verb is Verb.RETIRE, change.wave, change.key == feed, change.key))
    return Plan(changes=tuple(changes), feed=feed, state=state)


def _change(output: Output, state: State) -> Change:
    remote = state.objects.get(output.key)
    verb, reason = _verdict(output, remote, retired=output.key in state.retired)
    return Change(
        key=output.key, verb=verb, reason=reason, size=output.size, wave=output.wave, output=output, remote=remote
    )


def _verdict(output: Output, remote: RemoteObject | None, *, retired: bool) -> tuple[Verb, Reason]:
    if remote is None:
        return Verb.CREATE, Reason.NEW
    # Media are named by their digest and written whole or not at all: the size tells whether it is the one.
    told = remote.sha256 or (output.sha256 if output.wave is Wave.MEDIA and output.size == remote.size else "")
    if not told:
        return Verb.REPLACE, Reason.UNKNOWN
    if (output.size, output.sha256) != (remote.size, told):
        return Verb.REPLACE, Reason.CONTENT
    if output.headers != remote.headers:
        return Verb.HEADERS, Reason.HEADERS
    if retired:
        return Verb.RESTORE, Reason.BACK
    return Verb.KEEP, Reason.SAME


def _lost(change: Change) -> Problem:
    missing = "is not in the store" if change.remote is None else "is another file in the store than podcast.lock says"
    text = f"the published audio {missing}, and it cannot be made again here"
    hint = (
        "publish where its recording is, with publish.url as it was (it stands in the tags);"
        " --retag with the episode's slug makes the file anew, and apps load it again"
    )
    return Problem(SourceLocation(change.key), text, hint, "pb.audio-needed")
