"""Which episodes a build has, and their building: those that are due, early ones, those for members, broken ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from podcast_kit.builder.episode import BuiltEpisode
from podcast_kit.builder.episode_record import EpisodeRecord
from podcast_kit.builder.many_episodes import EpisodesBuild
from podcast_kit.builder.members import MembersEpisodes, members_key_mapping, members_project
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.prepare_audio import find_missing_audio
from podcast_kit.builder.private_feeds import PrivateList
from podcast_kit.builder.referenced_files import publish_referenced_files
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import InvalidInput, Problem, Severity
from podcast_kit.io.http_client import HttpClient
from podcast_kit.model import BrokenEpisode, Episode, LocalFile, Progress, Project

if TYPE_CHECKING:
    from podcast_kit.builder.held_episodes import HeldEpisode

MISSING_AUDIO_CODE = "au.missing"
UNRECORDED_CODE = "au.later"


def split_by_schedule(
    project: Project, now: datetime
) -> tuple[tuple[Episode, ...], tuple[Episode, ...], tuple[Episode, ...]]:
    """Episodes that are due, those that are scheduled for later, and drafts."""
    drafts = tuple(episode for episode in project.episodes if episode.draft or episode.date is None)
    dated = [episode for episode in project.episodes if episode not in drafts]
    dated.sort(key=lambda episode: (episode.date, episode.slug))
    due = tuple(episode for episode in dated if episode.date and episode.date <= now)
    return due, tuple(dated[len(due) :]), drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenEpisodes:
    """The episodes of a show by what a build does with them."""

    due: tuple[Episode, ...]
    left_out: tuple[Episode, ...]
    """Due, and not asked for."""
    scheduled: tuple[Episode, ...]
    early: tuple[Episode, ...]
    """Of those that are scheduled, the ones whose media are built already."""
    unrecorded: tuple[Episode, ...]
    """Of those that are scheduled, the ones whose recording is neither here nor uploaded."""
    drafts: tuple[Episode, ...]


def choose_episodes(project: Project, now: datetime, *, only: Collection[str] | None, ahead: bool) -> ChosenEpisodes:
    """Those that are due (of them `only` these slugs), and with `ahead` the media of scheduled ones.

    The media of an episode that is uploaded already are always built.
    """
    due, scheduled, drafts = split_by_schedule(project, now)
    unrecorded = tuple(episode for episode in scheduled if find_missing_audio(project, episode))
    early = (
        episode
        for episode in scheduled
        if ahead or (project.lock_entry(episode.guid) and not is_with_members(episode, now))
    )
    return ChosenEpisodes(
        due=tuple(episode for episode in due if only is None or episode.slug in only),
        left_out=tuple(episode for episode in due if only is not None and episode.slug not in only),
        scheduled=scheduled,
        early=tuple(episode for episode in early if episode not in unrecorded),
        unrecorded=unrecorded,
        drafts=drafts,
    )


def warn_of_missing_recordings(project: Project, scheduled: Collection[Episode]) -> list[Problem]:
    """A warning for each scheduled episode whose recording is neither here nor in the store."""
    text = "its recording is neither here nor uploaded: on its day the episode will be left out"
    fix = "run `podcast-kit publish --ahead` where the recording is, and commit podcast.lock"
    return [
        Problem(episode.location_of("audio"), text, fix, UNRECORDED_CODE, Severity.WARNING)
        for episode in scheduled
        if UNRECORDED_CODE not in {*project.show.ignore, *episode.ignore}
    ]


def build_episodes(
    project: Project,
    episodes: Collection[Episode],
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    broken: list[BrokenEpisode],
    http: HttpClient,
    workers: Workers,
    *,
    record: EpisodeRecord | None = None,
) -> list[BuiltEpisode]:
    """Every episode that can be built; the others are added to `broken`, with their problems."""
    built: list[BuiltEpisode] = []
    episodes_build = EpisodesBuild(
        project=project,
        out=out,
        retag=retag,
        http=http,
        workers=workers,
        on_progress=on_progress,
        record=record,
    )
    for episode, outcome in episodes_build.run(tuple(episodes)):
        if isinstance(outcome, BuiltEpisode):
            built.append(outcome)
        elif outcome.problems:
            broken.append(_broken_episode(episode, outcome.problems))
        else:
            raise outcome
    return built


def find_fatal_problems(project: Project, broken: Collection[BrokenEpisode]) -> list[Problem]:
    """The problems of episodes that the build found, unless these lack only their recordings."""
    earlier = {episode.path for episode in project.broken}
    failed = [episode for episode in broken if episode.path not in earlier]
    if all(_lacks_only_its_recording(project, episode) for episode in failed):
        return []
    return [problem for episode in failed for problem in episode.problems]


def _broken_episode(episode: Episode, problems: Collection[Problem]) -> BrokenEpisode:
    return BrokenEpisode(slug=episode.slug, path=episode.path, guid=episode.guid, problems=tuple(problems))


def _lacks_only_its_recording(project: Project, episode: BrokenEpisode) -> bool:
    """Whether an episode that was never published has no recording: the others need not wait for it."""
    is_missing = all(problem.code == MISSING_AUDIO_CODE for problem in episode.problems)
    return is_missing and project.lock_entry(episode.guid) is None


def publish_named_files(project: Project, out: OutputDir, now: datetime) -> Project:
    """As `publish_referenced_files`; episodes that name missing files become `Project.broken`."""
    try:
        return publish_referenced_files(project, out, later=split_by_schedule(project, now)[1])
    except InvalidInput as error:
        problems: dict[str, list[Problem]] = {}
        for problem in error.problems:
            problems.setdefault(problem.location.path, []).append(problem)
        broken = [episode for episode in project.episodes if episode.path in problems]
        if len(broken) < len(problems):
            raise
        others = tuple(episode for episode in project.episodes if episode not in broken)
        named = tuple(_broken_episode(episode, problems[episode.path]) for episode in broken)
        project = replace(project, episodes=others, broken=(*project.broken, *named))
        return publish_referenced_files(project, out, later=split_by_schedule(project, now)[1])


def find_held_episodes(
    held: Mapping[str, HeldEpisode], left_out: Collection[BrokenEpisode | Episode]
) -> dict[str, HeldEpisode]:
    """Of the episodes that are left out, those that are live, by guid."""
    return {episode.guid: held[episode.guid] for episode in left_out if episode.guid in held}


def add_recorded_guid(project: Project, episode: BrokenEpisode) -> BrokenEpisode:
    """An episode whose notes cannot be read, with the guid that podcast.lock has for its slug."""
    guids = (entry.guid for entry in project.lock if entry.slug == episode.slug)
    return episode if episode.guid else replace(episode, guid=next(guids, ""))


def build_early_episodes(
    project: Project,
    episodes: Collection[Episode],
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    now: datetime,
    broken: list[BrokenEpisode],
    http: HttpClient,
    workers: Workers,
) -> list[BuiltEpisode]:
    """Episodes that are uploaded before their date.

    No listener has them yet, so their tags still follow the notes, where the recording is here.
    """
    early = publish_referenced_files(replace(project, episodes=tuple(episodes)), out).episodes
    unpublished = {
        episode.slug
        for episode in early
        if _is_unpublished(project, episode, now) and not is_with_members(episode, now)
    }
    tags = {*retag, *unpublished}
    return build_episodes(project, early, out, tags, on_progress, broken, http, workers)


def _is_unpublished(project: Project, episode: Episode, now: datetime) -> bool:
    entry = project.lock_entry(episode.guid)
    audio = episode.audio
    has_recording = isinstance(audio, LocalFile) and audio.resolve_in(project.folder).is_file()
    return entry is not None and entry.date > now and has_recording


def is_with_members(episode: Episode, now: datetime) -> bool:
    """Whether members have the episode already: its file is frozen, and the public one comes on its day."""
    return episode.members_from is not None and episode.members_from <= now


def build_members_episodes(
    project: Project,
    members: MembersEpisodes,
    private_list: PrivateList,
    out: OutputDir,
    retag: Collection[str],
    on_progress: Callable[[Progress], None],
    broken: list[BrokenEpisode],
    http: HttpClient,
    *,
    ahead: bool,
) -> list[BuiltEpisode]:
    """What private feeds have otherwise than the public one, at secret addresses."""
    episodes = [*members.current, *(members.ahead if ahead else ())]
    if not episodes:
        return []

    def report(step: Progress) -> None:
        on_progress(replace(step, subject="for members"))

    project = members_project(project, episodes)
    with out.for_members(members_key_mapping(private_list.secret, private_list.renewed.media)):
        project = publish_referenced_files(project, out)
        # Not by workers, which are never given the key of the private feeds.
        return build_episodes(project, project.episodes, out, retag, report, broken, http, Workers())
