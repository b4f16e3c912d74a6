"""Where a move is: both feeds as they are now, what is wrong, and the steps that are left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from podcast_kit.errors import OperationError, Problem, Severity, SourceLocation
from podcast_kit.importer import without_password
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import FeedDocument, Progress, Project
from podcast_kit.publish.moving.checklist import MoveFacts, MoveStep, first_day_without, list_steps
from podcast_kit.publish.moving.feeds import (
    OldFeed,
    OldFeedStatus,
    check_media,
    compare_moved_feeds,
    describe_lock,
    is_same_url,
    list_missing_guids,
    look_at_old_feed,
    read_apple_feed_url,
    read_new_feed,
)
from podcast_kit.publish.moving.hosts import HostGuide, recognize_host
from podcast_kit.publish.moving.record import MoveDirection, MoveRecord, read_move_record, with_sighting
from podcast_kit.text.numbers import format_count

MAX_GUIDS_SHOWN = 5
_REDIRECT_FIXES = {
    OldFeedStatus.TEMPORARY: "set a permanent redirect (301)",
    OldFeedStatus.ELSEWHERE: "correct the redirect at the old host",
    OldFeedStatus.GONE: "bring the old address back with a redirect (301): ask the old host",
    OldFeedStatus.UNKNOWN: "check the URL, and try again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReport:
    """A move as it is now."""

    state: MoveRecord
    """With what was seen now."""
    old_url: str
    new_url: str
    host: HostGuide
    """Of the old feed."""
    old: OldFeed
    old_episodes: int | None
    """None if the old feed cannot be read any more."""
    new_episodes: int | None
    """None if the new feed does not answer."""
    problems: tuple[Problem, ...]
    steps: tuple[MoveStep, ...]

    @property
    def has_errors(self) -> bool:
        """Whether subscribers would lose anything."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)


class MoveVerdict(StrEnum):
    """Whether an old feed may go."""

    READY = "ready"
    WAITING = "waiting"
    """All is well, but apps need more time."""
    NOT_READY = "not ready"


def inspect_move(
    project: Project,
    state: MoveRecord,
    *,
    now: datetime,
    typed_urls: Collection[str] = (),
    checks_media: bool = True,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> MoveReport:
    """Read both feeds of a move, and compare them. Everything that is wrong is a problem of the report.

    Feeds at private addresses are only read if they are the show's own or in `typed_urls`: move.json may be a
    stranger's.
    """
    is_leaving = state.direction is MoveDirection.AWAY
    own_url = project.show.feed_url
    old_url, new_url = (own_url, state.new_url) if is_leaving else (state.old_url, own_url)
    network = NetworkPolicy.trust(own_url, *typed_urls)
    on_progress(Progress("ask", old_url))
    old = look_at_old_feed(old_url, new_url, network)
    on_progress(Progress("ask", new_url))
    new, new_error = read_new_feed(new_url, network)
    differences = list(_compare_episodes(project, old, new, new_url, now)) if new else []
    has_all_episodes = new is not None and not any(problem.severity is Severity.ERROR for problem in differences)
    problems = [*_describe_old_feed_fault(old, is_leaving=is_leaving), *differences]
    if lock := describe_lock(old.document, is_leaving=is_leaving):
        problems.append(lock)
    if new is None:
        fix = "let the new host import the show" if is_leaving else "publish the show"
        problems.append(
            Problem(SourceLocation(new_url), f"the new feed: {new_error}", fix, "move.unpublished", Severity.WARNING)
        )
    elif checks_media:
        problems += check_media(new, on_progress)
    state = with_sighting(state, is_redirected=old.leads_on, now=now)
    state = replace(state, started=state.started or now, matched=now if has_all_episodes else state.matched)
    facts = MoveFacts(
        is_new_published=new is not None,
        has_all_episodes=has_all_episodes,
        is_announced=old.leads_on,
        is_redirected=old.leads_on,
    )
    return MoveReport(
        state=state,
        old_url=old_url,
        new_url=new_url,
        host=recognize_host(old_url, old.document),
        old=old,
        old_episodes=len(old.document.items) if old.document else None,
        new_episodes=len(new.items) if new else None,
        problems=tuple(problems),
        steps=list_steps(state, facts, new_url, now),
    )


def _describe_old_feed_fault(old: OldFeed, *, is_leaving: bool) -> Iterator[Problem]:
    fix = _REDIRECT_FIXES.get(old.kind)
    if is_leaving and old.kind in {OldFeedStatus.GONE, OldFeedStatus.UNKNOWN}:
        fix = "publish the show, so that its feed names the new one"
        yield Problem(SourceLocation(old.url), f"this feed {old.text}", fix, "move.redirect", Severity.WARNING)
    elif fix:
        yield Problem(SourceLocation(old.url), f"the old feed {old.text}", fix, "move.redirect")


def _compare_episodes(
    project: Project, old: OldFeed, new: FeedDocument, new_url: str, now: datetime
) -> Iterator[Problem]:
    """What subscribers would lose: of the old feed if it can be read, and of everything that was ever published."""
    missing_in_old: set[str] = set()
    if old.document:
        yield from compare_moved_feeds(old.document, new)
        missing_in_old = set(list_missing_guids(new, (item.child_text("guid") for item in old.document.items)))
    written = {episode.guid for episode in project.episodes if not (episode.draft or episode.audience)}
    published = [entry.guid for entry in project.lock if entry.date <= now and entry.guid in written]
    missing = [guid for guid in list_missing_guids(new, published) if guid not in missing_in_old]
    if missing:
        shown = ", ".join(missing[:MAX_GUIDS_SHOWN])
        more = f" and {len(missing) - MAX_GUIDS_SHOWN} more" if len(missing) > MAX_GUIDS_SHOWN else ""
        text = f"the new feed lacks {format_count(len(missing), 'published episode')}: {shown}{more}"
        yield Problem(SourceLocation(new_url), text, "publish again, with these episodes", "move.guid")


def judge_move(report: MoveReport, now: datetime) -> tuple[MoveVerdict, str]:
    """Whether the old feed of a move may go, and why, in words."""
    if not report.old.leads_on:
        return MoveVerdict.NOT_READY, f"keep the old feed: it {report.old.text}"
    if report.new_episodes is None:
        return MoveVerdict.NOT_READY, "keep the old feed: the new one does not answer"
    if report.has_errors:
        return MoveVerdict.NOT_READY, "keep the old feed until the errors above are fixed"
    until = first_day_without(report.state)
    if until is None or now.date() < until:
        day = until.isoformat() if until else "four weeks from now"
        return MoveVerdict.WAITING, f"all is well; keep the old feed until {day}, so that every app follows"
    return MoveVerdict.READY, "the old feed may go: it has led to the new one for four weeks, and no episode is missing"


def find_move_record(project: Project, old_feed: str) -> MoveRecord:
    """The move from an old feed: as it is recorded, else without a date. Raises OperationError."""
    old_url, own_url = without_password(old_feed), project.show.feed_url
    recorded = read_move_record(project.folder)
    if recorded and is_same_url(recorded.old_url, old_url):
        return recorded
    if not is_same_url(old_url, own_url):
        return MoveRecord(direction=MoveDirection.HERE, old_url=old_url)
    named = [element.text for element in project.show.elements if element.name == "itunes:new-feed-url"]
    if not named:
        text = f"{old_url} is this show's own feed, and podcast.yaml has no new_feed_url"
        raise OperationError(text, "pass the feed at the old host, or run `podcast-kit move --to URL` first")
    return MoveRecord(direction=MoveDirection.AWAY, old_url=own_url, new_url=named[0])


def check_apple_listing(project: Project, new_url: str) -> Iterator[Problem]:
    """What is wrong with the feed that Apple Podcasts has for the show."""
    ids = [link.value for link in project.show.listen if link.service == "apple" and link.value.isdecimal()]
    location = project.show.locations.get("listen", SourceLocation("podcast.yaml"))
    if not ids:
        fix = "set `listen: {apple: ID}` in podcast.yaml"
        yield Problem(location, "the show has no Apple Podcasts id", fix, "move.directory", Severity.WARNING)
        return
    try:
        listed_url = read_apple_feed_url(ids[0])
    except OperationError as error:
        yield Problem(location, error.text, error.fix, "move.directory", Severity.WARNING)
        return
    if not is_same_url(listed_url, new_url):
        fix = "change the feed's URL in Apple Podcasts Connect"
        yield Problem(location, f"Apple Podcasts still reads {listed_url[:200]}", fix, "move.directory")
