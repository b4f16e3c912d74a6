"""From what the published show was made: a digest of each part of its sources, and who published it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

SourceParts: TypeAlias = Mapping[str, str]
"""Part of a unit (`title`, `notes`, `recording`, a file's path) → the digest of its content; a version of the unit."""
SHOW_UNIT = "show"
"""The unit of podcast.yaml and the files that it names."""
TEMPLATES_UNIT = "templates"
"""The unit of the show's own templates."""
PAGES_UNIT = "pages"
"""The unit of the podcaster's own pages."""
STATIC_UNIT = "static"
"""The unit of the files that are published as they are."""
SUBSCRIBERS_UNIT = "subscribers"
"""The unit of the list of who has a private feed."""
RECORDING_PART = "recording"
"""The part of an episode that is its recording, or the published one where a checkout has none."""
EPISODE_UNIT = "episode "
"""What the unit of an episode begins with; its guid follows."""
SHARED_PREFIX = "shared "
"""What a part of the show begins with that shows.yaml says for all shows of the network; the key follows."""
TEXT_SUFFIXES = (
    *(".css", ".csv", ".html", ".js", ".json", ".md", ".srt", ".svg", ".toml", ".txt", ".vtt", ".xml", ".yaml", ".yml"),
)
DIGEST_LEN = 10
"""Hex digits of the digest of a part: enough to tell the versions of one part apart."""


def digest_part(content: str | bytes) -> str:
    """The digest of a part of a unit."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:DIGEST_LEN]


def digest_file_part(name: str, content: bytes) -> str:
    """The digest of a file that is a part of a unit; of a text the same for every form of line ends.

    Git may convert them, so that they differ between checkouts.
    """
    is_text = name.lower().endswith(TEXT_SUFFIXES)
    return digest_part(content.replace(b"\r\n", b"\n") if is_text else content)


def drop_removed(sources: Mapping[str, SourceParts]) -> dict[str, SourceParts]:
    """The versions without those of episodes that were removed; other units may have no parts."""
    return {unit: parts for unit, parts in sources.items() if parts or not unit.startswith(EPISODE_UNIT)}


@dataclass(frozen=True, slots=True)
class SourceText:
    """What a source file says, as lineage compares it: apart from comments, quotes and the order of keys."""

    parts: SourceParts = field(default_factory=dict)
    """Key → the digest of its value; `notes` is the text below the front matter."""
    file_names: tuple[str, ...] = ()
    """Values that may name files."""


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
class UnitVersion:
    """A version of a unit that was published once."""

    parts: SourceParts
    """Of an episode none once it is removed from the feed."""
    publication: Publication
    feed_number: int = 0
    """The number of the kept feed that it replaced; 0 for the first feed."""
    is_committed: bool = False
    """Whether its files were committed as they were published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The versions that each unit had, and podcast.lock as it was published."""

    versions: Mapping[str, tuple[UnitVersion, ...]] = field(default_factory=dict)
    """Unit → its versions, the oldest first; those after the live one count as new."""
    lock: Mapping[str, str] = field(default_factory=dict)
    """Guid → its entry of podcast.lock, without episodes that are not out yet."""
    etag: str = ""
    """Of the object in the store; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPublish:
    """A publish that has begun: it counts as done once the live feed is the one that it writes."""

    feed_sha256: str
    """Of the feed that it writes last; of the live feed where it changes none."""
    publication: Publication
    sources: Mapping[str, SourceParts] = field(default_factory=dict)
    """Unit → its new version, for the units that it changes; without parts for an episode that it removes."""
    lock_digest: str = ""
    recent: History = field(default=History())
    """What it adds to the history."""
