"""Whether directories and apps will take it: a show's build, or anybody's feed, held against the rules.

Composes what others read (the feed, the artwork, the project) and hands it to `checks` as plain values.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from podcast_kit import builder, feed, stores
from podcast_kit.builder import Build
from podcast_kit.check import rules as checks
from podcast_kit.check import subjects
from podcast_kit.check.explain import codes, explanation, list_rules
from podcast_kit.check.fetch_feed import parsed, published
from podcast_kit.check.remote_feed import address
from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem, Severity
from podcast_kit.feed.reader import MAX_BYTES
from podcast_kit.model import FeedDocument, Project, Progress, show_guid

__all__ = [
    "address",
    "built",
    "codes",
    "document",
    "explanation",
    "file",
    "list_rules",
    "parsed",
    "project",
    "published",
]


def project(
    found: Project,
    *,
    now: datetime,
    platform: str = "",
    before: FeedDocument | None = None,
    listen: bool = False,
    on: Callable[[Progress], None] = lambda _: None,
) -> tuple[Problem, ...]:
    """Build the show as it would be published at `now`, and look at every part of it.

    Nothing that the podcaster wrote is touched. What keeps the build from being made is returned, not raised.
    """
    nameless = [episode for episode in found.episodes if not episode.guid and not episode.draft]
    unnamed = [
        Problem(episode.location_of(), "has no guid yet", "`podcast-kit build` writes one", "it.guid", Severity.WARNING)
        for episode in nameless
    ]
    unnamed += _place(found)
    try:
        made = builder.make(_named(found), now=now, on=on)
    except InvalidInput as error:
        return _sorted([*unnamed, *error.problems, *found.warnings])
    return _sorted([*unnamed, *built(made, now=now, platform=platform, before=before, listen=listen)])


def _place(found: Project) -> tuple[Problem, ...]:
    """What is wrong with where the show is to be published; nothing is asked there."""
    if not found.show.publish.to:
        return ()
    try:
        stores.open_store(found.show.publish, found.folder)
    except InvalidInput as error:
        return tuple(
            replace(one, location=found.show.locations.get(f"publish.{one.code.removeprefix('pb.')}", one.location))
            for one in error.problems
        )
    return ()


def _named(found: Project) -> Project:
    """The project with a guid for every episode: one that is not written yet must not hide what else is to be said."""
    episodes = (
        episode if episode.guid else replace(episode, guid=show_guid(f"{found.show.feed_url}#{episode.slug}"))
        for episode in found.episodes
    )
    return replace(found, episodes=tuple(episodes))


def built(
    made: Build, *, now: datetime, platform: str = "", before: FeedDocument | None = None, listen: bool = False
) -> tuple[Problem, ...]:
    """Every fault of a finished build, with its place in the podcaster's own files.

    `before` is the published feed, for what subscribers would notice; `listen` decodes every recording to measure its
    loudness, which takes a while and the extra `master`.
    """
    show = made.project.show
    pages = _pages(made)
    facts = checks.Facts(
        project=made.project, items=made.items, feed_url=show.feed_url, ours=True, now=now, before=before
    )
    things = subjects.things(made, pages, platform=platform, listen=listen)
    found = checks.run(_joined(pages), facts, beside=things, platform=platform)
    return _sorted([*made.problems, *unheard(made.project), *subjects.oddities(made), *found])


def _pages(made: Build) -> tuple[FeedDocument, ...]:
    """The feed and its archives, the newest first."""
    path = made.project.show.feed.path
    stem = path.removesuffix(".xml") + "/"
    archives = [key for key in made.outputs if re.fullmatch(re.escape(stem) + r"\d+\.xml", key)]
    archives.sort(key=lambda key: int(key.removeprefix(stem).removesuffix(".xml")), reverse=True)
    base = Path(os.path.relpath(made.folder, made.project.folder)).as_posix()
    return tuple(feed.parse((made.folder / key).read_bytes(), f"{base}/{key}") for key in (path, *archives))


def _joined(pages: tuple[FeedDocument, ...]) -> FeedDocument:
    """A paged feed as one who follows its links to the end has it: the rules between episodes hold across pages."""
    first = pages[0]
    if len(pages) == 1 or first.channel is None:
        return first
    older = tuple(item for page in pages[1:] for item in page.items)
    channel = replace(first.channel, children=(*first.channel.children, *older))
    return replace(first, root=replace(first.root, children=(channel,)))


def unheard(found: Project) -> Iterator[Problem]:
    """Rules that are set aside under a name that no rule has."""
    known = codes()
    said = [(code, found.show.locations.get("ignore", SourceLocation("podcast.yaml"))) for code in found.show.ignore]
    said += [(code, episode.location_of("ignore")) for episode in found.episodes for code in episode.ignore]
    for code, place in said:
        if code not in known:
            near = get_close_matches(code[:60], known, n=1)
            hint = f"did you mean {near[0]}?" if near else "the name stands in brackets behind each fault"
            yield Problem(place, f"there is no rule {code[:60]!r} to ignore", hint, "ignore.unknown", Severity.WARNING)


def file(path: Path, *, now: datetime, platform: str = "") -> tuple[Problem, ...]:
    """Every fault of a file: a feed, or a transcript, chapters, a JSON feed, OPML by its ending.

    Raises Failed when the file cannot be read.
    """
    try:
        with path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise OperationError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        thing = subjects.alone(data, str(path))
    except InvalidInput as error:
        return tuple(error.problems)
    if thing is not None:
        return checks.look_at([thing], platform=platform)
    return document(data, str(path), now=now, platform=platform)


def document(data: bytes, path: str, *, now: datetime, url: str = "", platform: str = "") -> tuple[Problem, ...]:
    """Every fault of anybody's feed; `path` names it in places, `url` is where it was found.

    A feed that cannot be read at all is its own fault, not an exception.
    """
    try:
        read = parsed(data, path)
    except InvalidInput as error:
        return tuple(error.problems)
    return checks.run(read, checks.Facts(feed_url=url, now=now), platform=platform)


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.location, problem.severity.rank)))
