"""The changes of a plan, grouped by episode and kind: a line for each episode instead of one for each file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from podcast_kit.model import Wave
from podcast_kit.plan import Change, Verb
from podcast_kit.text.numbers import format_bytes, format_count

if TYPE_CHECKING:
    from podcast_kit.builder import Build

MEDIA_DIGEST = re.compile(r"media/([0-9a-f]{16})/")
PAGE_KEY = re.compile(r"episodes/([^/]+)/")
PAST_TENSES = {
    Verb.CREATE: "new",
    Verb.REPLACE: "changed",
    Verb.HEADERS: "new headers",
    Verb.RESTORE: "used again",
    Verb.RETIRE: "no longer used",
}
SIGNS = {Verb.CREATE: "+", Verb.RESTORE: "+", Verb.RETIRE: "-"}
KIND_ORDER = ("audio", "video", "page", "transcript", "chapters", "image", "feed", "private feed", "file")


@dataclass(slots=True)
class ChangeGroup:
    """The changes that concern one episode, or all of the show's other files of one kind."""

    name: str
    changes: list[Change] = field(default_factory=list)

    @property
    def sign(self) -> str:
        """`+`, `-` or `~`."""
        signs = {SIGNS.get(change.verb, "~") for change in self.changes}
        return signs.pop() if len(signs) == 1 else "~"

    @property
    def line(self) -> str:
        """What changes, in one line."""
        counts = Counter((change.verb, _kind(change)) for change in self.changes)
        verbs = list(dict.fromkeys(change.verb for change in self.changes))
        parts = [_describe_verb(verb, {kind: n for (of, kind), n in counts.items() if of is verb}) for verb in verbs]
        size = sum(change.size for change in self.changes if change.uploads)
        return f"{self.sign} {self.name}: {'; '.join(parts)}{f' ({format_bytes(size)})' if size else ''}"


def group_changes(changes: Iterable[Change], build: Build) -> list[ChangeGroup]:
    """Groups of changes: episodes in the order of the feed, then the show's own files."""
    titles = {item.episode.slug: item.episode.title for item in build.items}
    titles |= {episode.slug: episode.title for episode in (*build.scheduled, *build.drafts)}
    slugs = _slugs_by_digest(build)
    groups = {slug: ChangeGroup(f"“{title}” ({slug})") for slug, title in titles.items()}
    others: dict[str, ChangeGroup] = {}
    for change in changes:
        page = PAGE_KEY.match(change.key)
        digest = MEDIA_DIGEST.match(change.key)
        slug = page[1] if page else slugs.get(digest[1], "") if digest else ""
        if slug in groups:
            groups[slug].changes.append(change)
        else:
            name = "no longer part of the show" if change.verb is Verb.RETIRE else "show"
            others.setdefault(name, ChangeGroup(name)).changes.append(change)
    return [group for group in (*groups.values(), *others.values()) if group.changes]


def _slugs_by_digest(build: Build) -> Mapping[str, str]:
    """The slug of the episode that each media file belongs to, by the start of its digest; shared files have none."""
    slugs: dict[str, str] = {}
    for item in build.items:
        for digest in set(MEDIA_DIGEST.findall(repr(item))):
            slugs[digest] = "" if slugs.get(digest, item.episode.slug) != item.episode.slug else item.episode.slug
    return slugs


def _describe_verb(verb: Verb, counts: Mapping[str, int]) -> str:
    kinds = sorted(counts, key=KIND_ORDER.index)
    words = [
        kind if counts[kind] == 1 or kind in {"audio", "chapters"} else format_count(counts[kind], kind)
        for kind in kinds
    ]
    return f"{PAST_TENSES.get(verb, str(verb))} {', '.join(words)}"


def _kind(change: Change) -> str:
    """What a file is, in a word."""
    content_type = change.output.content_type if change.output else ""
    suffix = change.key.rpartition(".")[2].lower()
    if change.key.startswith("private"):
        return "private feed"
    if change.wave is Wave.FEED:
        return "feed"
    for kind in ("audio", "video", "image"):
        if content_type.startswith(f"{kind}/"):
            return kind
    if "chapters" in content_type:
        return "chapters"
    if suffix in {"vtt", "srt"}:
        return "transcript"
    return "page" if suffix in {"html", "htm"} else "file"
