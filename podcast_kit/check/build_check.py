"""Checks a show: builds it as it would be published, and runs the rules on every part of the build."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from podcast_kit import builder, feed, site, stores
from podcast_kit.builder import Build
from podcast_kit.builder.workers import Workers
from podcast_kit.check import subjects
from podcast_kit.check.context import CheckContext
from podcast_kit.check.explain import list_codes
from podcast_kit.check.runner import check_document
from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import (
    LOCK_FILE,
    NETWORK_FILE,
    SHOW_FILE,
    Episode,
    FeedDocument,
    Progress,
    Project,
    show_guid,
)
from podcast_kit.source import subscribers
from podcast_kit.source.notes.lint import PLACEHOLDER_CODE
from podcast_kit.source.subscriber_lists import lacks_subscribers_key


def check_show(
    project: Project,
    *,
    now: datetime,
    platform: str = "",
    published_feed: FeedDocument | None = None,
    measure_loudness: bool = False,
    network: NetworkPolicy | None = None,
    workers: Workers | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_built: Callable[[Path, Sequence[str] | None], None] = lambda *_: None,
) -> tuple[Problem, ...]:
    """Every problem of the show as it would be published at `now`.

    Audio at a URL is fetched unless `network` is offline: an episode whose audio is not known yet is then left out,
    with a warning. The show is built by the `workers`, by default in this process; `on_built` gets the folder when it
    is written. Does not change the podcaster's files. Problems that prevent the build are returned, not raised.
    """
    without_guid = [episode for episode in project.episodes if not episode.guid and not episode.draft]
    problems = [
        Problem(episode.location_of(), "has no guid yet", "`podcast-kit build` adds one", "it.guid", Severity.WARNING)
        for episode in without_guid
    ]
    problems += _check_publish_target(project)
    is_offline = network is not None and network.is_offline
    try:
        build = builder.build(
            _with_placeholder_guids(project),
            now=now,
            keep_going=is_offline,
            needs_private_key=False,
            network=network,
            workers=workers,
            on_progress=on_progress,
            on_built=on_built,
        )
    except InvalidInput as error:
        broken = [problem for episode in project.broken for problem in episode.problems]
        due_paths = {episode.path for episode in project.episodes if _is_due(episode, now)}
        warnings = _raise_severities(project, project.warnings, due_paths)
        return _sort_problems([*problems, *error.problems, *broken, *warnings])
    problems += [*build.errors, *_check_secrets(build)]
    problems += check_build(
        build, now=now, platform=platform, published_feed=published_feed, measure_loudness=measure_loudness
    )
    if is_offline:
        problems = list(dict.fromkeys(map(_warn_of_unfetched, problems)))
    return _sort_problems(problems)


def _warn_of_unfetched(problem: Problem) -> Problem:
    """Audio that was not fetched because nothing is: not an error of the show."""
    if problem.code not in {"au.remote", "au.bucket"}:
        return problem
    fix = "the episode is checked where the network may be used, such as when it is published"
    return replace(problem, severity=Severity.WARNING, fix=fix)


def check_build(
    build: Build,
    *,
    now: datetime,
    platform: str = "",
    published_feed: FeedDocument | None = None,
    measure_loudness: bool = False,
) -> tuple[Problem, ...]:
    """Every problem of a finished build, located in the podcaster's own files.

    `published_feed` is compared for what subscribers would notice; `measure_loudness` decodes every recording, which
    takes a while and needs the extra `master`.
    """
    pages = _read_feed_pages(build)
    context = CheckContext(
        project=build.project,
        items=build.items,
        feed_url=build.project.show.feed_url,
        own_feed=True,
        now=now,
        published_feed=published_feed,
    )
    more_subjects = subjects.build_subjects(build, pages, platform=platform, measure_loudness=measure_loudness)
    problems = check_document(_join_pages(pages), context, more_subjects=more_subjects, platform=platform)
    if build.project.listed_shows is not None:
        problems = tuple(_locate_in_network(problem) for problem in problems)
    return _sort_problems(
        [
            *build.errors,
            *_raise_severities(build.project, build.problems, {item.episode.path for item in build.items}),
            *_unknown_ignores(build.project),
            *subjects.audio_warnings(build),
            *_check_post_texts(build),
            *(problem for problem in problems if not _repeats_another(problem, build)),
        ]
    )


def _locate_in_network(problem: Problem) -> Problem:
    """A problem of the network's own page, which shows.yaml describes."""
    path = NETWORK_FILE if problem.location.path == SHOW_FILE else problem.location.path
    return replace(problem, location=replace(problem.location, path=path))


def _is_due(episode: Episode, now: datetime) -> bool:
    return not episode.draft and episode.date is not None and episode.date <= now


def _raise_severities(project: Project, problems: Iterable[Problem], due_paths: Collection[str]) -> Iterator[Problem]:
    """The warnings of reading the show; placeholder text in an episode that is due is an error, as is a missing cover.

    `due_paths` are the notes of episodes that are due.
    """
    cover = project.show.locations.get("artwork")
    for problem in problems:
        is_placeholder = problem.code == PLACEHOLDER_CODE and problem.location.path in due_paths
        is_cover = problem.code == "file.missing" and problem.location == cover
        yield replace(problem, severity=Severity.ERROR) if is_placeholder or is_cover else problem


def _repeats_another(problem: Problem, build: Build) -> bool:
    """Whether a rule only sees what follows from a problem that is reported: episodes left out, no cover."""
    is_cover_missing = build.artwork is None and bool(build.project.show.locations.get("artwork"))
    return (problem.code == "ch.items" and bool(build.broken)) or (problem.code == "ch.image" and is_cover_missing)


def _check_post_texts(build: Build) -> Iterator[Problem]:
    """What is wrong with the templates under `announce:`, rendered for the newest episode."""
    show = build.project.show
    templates = {row.text_location: row.text for row in show.announce if row.text}
    if not templates or not build.items:
        return
    translations = site.load_translations(
        show.language, show.timezone, build.project.folder, shared=build.project.shared_folder
    )
    episode = site.describe_announced(show, build.items[0])
    for location, template in templates.items():
        try:
            site.render_announcement(template, location, episode, translations)
        except InvalidInput as error:
            yield from error.problems


def _check_secrets(build: Build) -> Iterator[Problem]:
    """Private feeds that cannot be built here, and early addresses in podcast.lock, which others may read."""
    project = build.project
    if lacks_subscribers_key(project.folder, project.show.private):
        location = SourceLocation(subscribers.SUBSCRIBERS_FILE)
        text = f"private feeds are not checked: {subscribers.SUBSCRIBERS_KEY_FILE} is missing"
        fix = f"set {subscribers.SUBSCRIBERS_KEY_VARIABLE} where you publish; a pull request from a fork has none"
        yield Problem(location, text, fix, "private.key", Severity.HINT)
    yield from _check_audiences(build)
    for episode in build.scheduled:
        entry = project.lock_entry(episode.guid)
        is_ignored = "lock.early" in {*project.show.ignore, *episode.ignore}
        is_uploaded = entry is not None and entry.media.key in build.outputs
        if entry and is_uploaded and "://" not in entry.media.key and not is_ignored:
            text = f"has the address of {episode.slug}, which is uploaded before its date"
            fix = "keep the repository private until then, or turn this off with `ignore: {lock.early: why}`"
            yield Problem(SourceLocation(LOCK_FILE), text, fix, "lock.early", Severity.WARNING)


def _check_audiences(build: Build) -> Iterator[Problem]:
    """Episodes for members of a show without private feeds."""
    project = build.project
    if subscribers.is_key_missing(project.folder) and not lacks_subscribers_key(project.folder, project.show.private):
        for episode in project.episodes:
            if episode.audience and "audience.key" not in {*project.show.ignore, *episode.ignore}:
                text = "is for members, and no one has a private feed: it is in no feed at all"
                fix = "give members feeds with `podcast-kit private --add NAME`, or remove audience"
                yield Problem(episode.location_of("audience"), text, fix, "audience.key", Severity.WARNING)


def _check_publish_target(project: Project) -> tuple[Problem, ...]:
    """What is wrong with `publish:`; nothing is requested from the store."""
    if not project.show.publish.to:
        return ()
    try:
        stores.validate_target(project.show.publish, project.folder)
    except InvalidInput as error:
        locations = project.show.locations
        return tuple(
            replace(
                problem,
                location=locations.get(f"publish.{problem.code.removeprefix('pb.')}", problem.location),
            )
            for problem in error.problems
        )
    return ()


def _with_placeholder_guids(project: Project) -> Project:
    """The project with a guid for every episode, so that a missing one does not hide other problems."""
    episodes = (
        episode if episode.guid else replace(episode, guid=show_guid(f"{project.show.feed_url}#{episode.slug}"))
        for episode in project.episodes
    )
    return replace(project, episodes=tuple(episodes))


def _read_feed_pages(build: Build) -> tuple[FeedDocument, ...]:
    """The feed and its archive pages, newest first."""
    path = build.project.show.feed.path
    stem = path.removesuffix(".xml") + "/"
    archives = [key for key in build.outputs if re.fullmatch(re.escape(stem) + r"\d+\.xml", key)]
    archives.sort(key=lambda key: int(key.removeprefix(stem).removesuffix(".xml")), reverse=True)
    base = Path(os.path.relpath(build.folder, build.project.folder)).as_posix()
    if base.startswith("../"):  # a temporary folder, whose name is another in each run
        base = build.folder.name
    return tuple(feed.parse_feed((build.folder / key).read_bytes(), f"{base}/{key}") for key in (path, *archives))


def _join_pages(pages: tuple[FeedDocument, ...]) -> FeedDocument:
    """A paged feed as one document, because the rules between episodes hold across pages."""
    first = pages[0]
    if len(pages) == 1 or first.channel is None:
        return first
    older_items = tuple(item for page in pages[1:] for item in page.items)
    channel = replace(first.channel, children=(*first.channel.children, *older_items))
    return replace(first, root=replace(first.root, children=(channel,)))


def _unknown_ignores(project: Project) -> Iterator[Problem]:
    """Codes under `ignore:` that do not exist."""
    known_codes = list_codes()
    show_location = project.show.locations.get("ignore", SourceLocation("podcast.yaml"))
    ignores = [(code, show_location) for code in project.show.ignore]
    ignores += [(code, episode.location_of("ignore")) for episode in project.episodes for code in episode.ignore]
    for code, location in ignores:
        if code not in known_codes:
            matches = get_close_matches(code[:60], known_codes, n=1)
            fix = f"did you mean {matches[0]}?" if matches else "use a code in square brackets from the output of check"
            yield Problem(location, f"unknown rule {code[:60]!r}", fix, "ignore.unknown", Severity.WARNING)


def _sort_problems(problems: list[Problem]) -> tuple[Problem, ...]:
    """Each problem once, in file order, errors first."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.location, problem.severity.rank)))
