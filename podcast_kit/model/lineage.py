"""From what the published show was made: a digest of each part of its sources, and who published it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

SourceParts: TypeAlias = Mapping[str, str]
"""Part of a unit (`title`, `notes`, `recording`, a file's path) → the digest of its content; a version of the unit."""
SHOW_UNIT = "show"
"""The unit of podcast.yaml and the files that it names."""
TEMPLATES_UNIT = "templates"
"""The unit of the show's own templates."""
EPISODE_UNIT = "episode "
"""What the unit of an episode begins with; its guid follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Who published: when, from which commit, and on what kind of machine. The store's record is public."""

    at: str
    """ISO date in UTC."""
    commit: str = ""
    """Of the checkout; empty where the show is not in git."""
    has_uncommitted: bool = False
    """Whether files of the show differed from the commit."""
    ci: str = ""
    """The name of the CI system; empty for a desk."""
    run: str = ""
    """The address of the CI run, or its number where the repository may be private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPublish:
    """A publish that has begun: it counts as done once the live feed is the one that it writes."""

    feed_sha256: str
    """Of the feed that it writes last; of the live feed where it changes none."""
    publication: Publication
    sources: Mapping[str, SourceParts] = field(default_factory=dict)
    """Unit → its new version, for the units that it changes."""
    lock_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVersion:
    """A version of a unit that was published once."""

    parts: SourceParts
    publication: Publication
    feed_number: int = 0
    """The number of the kept feed that it replaced; 0 for the first feed."""
    is_committed: bool = False
    """Whether its files were committed as they were published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The versions that each unit had, and podcast.lock as it was published; an object of its own in the store."""

    versions: Mapping[str, tuple[UnitVersion, ...]] = field(default_factory=dict)
    """Unit → its versions, the oldest first; those after the live one were never published."""
    lock: str = ""
    """podcast.lock of the last publish, without episodes that are not out yet."""
    next_lock: str = ""
    """The entries that a publish which has begun changes."""
    etag: str = ""
    """Of the object; empty when there was none."""
