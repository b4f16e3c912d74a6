"""members.lock: how often addresses of private feeds were renewed. Committed; it names no one, only keyed digests."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.atomic_write import write_inside
from podcast_kit.io.inside import is_inside
from podcast_kit.source.subscribers import normalize_name
from podcast_kit.source.yaml import converters, decode_source, parse_yaml_table, read_source_file

MEMBERS_LOCK = "members.lock"
MEMBERS_LOCK_HEADER = (
    "# How often addresses for members were renewed. Written by `podcast-kit private`: commit it, do not edit it.\n"
)
MEMBERS_LOCK_VERSION = "1"
MAX_MEMBERS_LOCK_BYTES = 10_000_000
_DAMAGED_FIX = "restore members.lock from version control"
_DIGEST = re.compile(r"[0-9a-f]{32}")
_DIGEST_LEN = 32


@dataclass(frozen=True, slots=True)
class RenewedAddresses:
    """How often the addresses of media and of feeds were renewed."""

    media: int = 0
    feeds: Mapping[str, int] = field(default_factory=dict)
    """Keyed digest of a name → how often this person's address was renewed."""

    def generations(self, secret: bytes, names: Iterable[str]) -> dict[str, int]:
        """Name → how often the address was renewed, for those whose address was."""
        if not self.feeds:
            return {}
        return {name: count for name in names if (count := self.feeds.get(digest_subscriber(secret, name), 0))}

    def renew_feed(self, secret: bytes, name: str) -> RenewedAddresses:
        """The same with a new address for one person."""
        digest = digest_subscriber(secret, name)
        return replace(self, feeds={**self.feeds, digest: self.feeds.get(digest, 0) + 1})

    def renew_media(self) -> RenewedAddresses:
        """The same with new addresses for all media of members."""
        return replace(self, media=self.media + 1)


def digest_subscriber(secret: bytes, name: str) -> str:
    """A keyed digest of a name, which tells no one the name."""
    text = b"\0renewed " + normalize_name(name).encode("utf-8", "surrogatepass")
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:_DIGEST_LEN]


def read_members_lock(folder: Path) -> RenewedAddresses:
    """What was renewed; nothing without a file. Raises InvalidInput when it is damaged, or a link out of the show."""
    path = folder / MEMBERS_LOCK
    if not is_inside(folder, path):
        text, fix = "leads out of the show's folder", "replace the link by the file"
        raise InvalidInput([Problem(SourceLocation(MEMBERS_LOCK), text, fix, "path.outside")])
    if not path.exists():
        return RenewedAddresses()
    data = read_source_file(path, MEMBERS_LOCK, MAX_MEMBERS_LOCK_BYTES)
    try:
        return _parse_members_lock(decode_source(data, MEMBERS_LOCK, MAX_MEMBERS_LOCK_BYTES))
    except InvalidInput as error:
        raise InvalidInput(
            Problem(problem.location, problem.text, _DAMAGED_FIX, "lock.damaged", problem.severity)
            for problem in error.problems
        ) from None


def _parse_members_lock(text: str) -> RenewedAddresses:
    table = parse_yaml_table(text, MEMBERS_LOCK, max_values=MAX_MEMBERS_LOCK_BYTES)
    if table.required("version", str, MEMBERS_LOCK_VERSION) != MEMBERS_LOCK_VERSION:
        table.error(table.locations["version"], "was written by a newer podcast-kit", "update podcast-kit")
    to_count = converters.whole_number_from(0)
    feeds: dict[str, int] = {}
    if inner := table.table("feeds"):
        feeds = {_to_digest(digest): inner.optional(digest, to_count, 0) for digest in list(inner.entries)}
    renewed = RenewedAddresses(media=table.optional("media", to_count, 0), feeds=feeds)
    table.finish()
    if table.problems:
        raise InvalidInput(table.problems)
    return renewed


def _to_digest(raw: str) -> str:
    if not _DIGEST.fullmatch(raw):
        raise InvalidInput([Problem(SourceLocation(MEMBERS_LOCK), f"{raw[:60]!r} is not a digest", "", "lock.damaged")])
    return raw


def write_members_lock(folder: Path, renewed: RenewedAddresses) -> None:
    """Write members.lock atomically."""
    lines = [MEMBERS_LOCK_HEADER, f"version: {MEMBERS_LOCK_VERSION}\n", f"media: {renewed.media}\n"]
    lines += ["feeds:\n"] if renewed.feeds else []
    lines += [f'  "{digest}": {count}\n' for digest, count in sorted(renewed.feeds.items())]
    write_inside(folder, MEMBERS_LOCK, "".join(lines).encode())
