"""All episodes of a build: one after the other, or side by side in workers with the same outcome."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from podcast_kit.audio.codecs import missing_codecs
from podcast_kit.builder.cache import CACHE_DIR, CacheRows, WorkNeeded
from podcast_kit.builder.description import DescriptionContext
from podcast_kit.builder.episode import BuiltEpisode, EpisodeContext, build_episode
from podcast_kit.builder.episode_record import EpisodeRecord
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.prepare_audio import master_audio, prepare_audio, prepare_episode_audio
from podcast_kit.builder.tags import EmbeddedImages
from podcast_kit.builder.work_trace import WorkTrace, keep_work, trace_work
from podcast_kit.builder.workers import MAX_TRIES, MIN_SECONDS, Workers
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.decoder_process import are_decoders_limited
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.worker_processes import WorkerDied
from podcast_kit.model import BucketFile, Episode, FetchedFile, LocalFile, Progress, Project
from podcast_kit.text.compact_texts import move_texts

if TYPE_CHECKING:
    from podcast_kit.builder import episode_tasks

EPISODE_SECONDS = 0.012
"""About what an episode costs besides its audio, on one processor."""
AUDIO_BYTES_PER_SECOND = 300_000_000
"""About how fast audio is hashed and copied."""
EPISODES_PER_GROUP = 8
WORKER_CREDENTIALS_FIX = (
    "give the worker credentials that may read it: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for a"
    " store other than Amazon S3"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodesBuild:
    """What a build does with its episodes."""

    project: Project
    out: OutputDir
    retag: Collection[str]
    http: HttpClient
    workers: Workers
    on_progress: Callable[[Progress], None]
    record: EpisodeRecord | None = None
    """Has the episodes of the last build, and gets those of this one."""

    def run(self, episodes: Sequence[Episode]) -> Iterator[tuple[Episode, BuiltEpisode | PodcastKitError]]:
        """Every episode in order, built or with what is wrong with it; raises what stops the whole build."""
        project, artwork = self.project, self.project.show.artwork
        embedded = EmbeddedImages(self.out.cache, artwork.resolve_in(project.folder) if artwork else None)
        context = EpisodeContext(project, self.out, DescriptionContext.from_project(project), embedded)
        self._start_record(context)
        kept = {episode.slug: built for episode in episodes if (built := self._take_kept(episode))}
        results = self._run_changed(context, [episode for episode in episodes if episode.slug not in kept])
        for episode in episodes:
            built_episode, outcome = (episode, kept[episode.slug]) if episode.slug in kept else next(results)
            if isinstance(outcome, BuiltEpisode):
                self._move_texts(outcome)
            yield built_episode, outcome

    def _take_kept(self, episode: Episode) -> BuiltEpisode | None:
        """The episode from the record, if everything is as it was in the last build."""
        if self.record is None:
            return None
        kept = self.record.find_build(episode, self._own_inputs(episode))
        if kept is None:
            return None
        kept.work.repeat(self.out)
        self._move_texts(kept.built)
        return kept.built

    def _move_texts(self, built: BuiltEpisode) -> None:
        """Keep the texts of an episode outside of memory, from where they are still read."""
        item = built.item
        move_texts((item, item.episode, *item.transcripts), self.out.texts)

    def _keep(self, episode: Episode, outcome: BuiltEpisode | PodcastKitError, trace: WorkTrace) -> None:
        if self.record is not None and isinstance(outcome, BuiltEpisode):
            work = keep_work(trace, self.out.cache)
            self.record.keep_build(episode, self._own_inputs(episode), work, outcome)

    def _start_record(self, context: EpisodeContext) -> None:
        """Tell the record what all episodes are built from."""
        if self.record is None:
            return
        project, cover = self.project, self.project.show.artwork
        inputs = (
            context.description.digest,
            str(project.folder),
            str(project.output_folder),
            str(self.out.folder),
            cover is not None and cover.resolve_in(project.folder).is_file(),
            missing_codecs(),
        )
        self.record.start_build(project.show.people, repr(inputs))

    def _own_inputs(self, episode: Episode) -> str:
        """What an episode is built from besides its files and what all episodes are."""
        entry = self.project.lock_entry(episode.guid)
        slugs = self.project.recorded_slugs.get(episode.guid, ())
        return repr((episode.slug in self.retag, entry, slugs))

    def _run_changed(
        self, context: EpisodeContext, episodes: Sequence[Episode]
    ) -> Iterator[tuple[Episode, BuiltEpisode | PodcastKitError]]:
        """As `run`, for episodes that are not in the record."""
        if not any(isinstance(episode.audio, BucketFile) for episode in episodes):
            yield from self._run_found(context, episodes)
            return
        outcomes, found = self._find_bucket_recordings(context, episodes)
        results = self._run_found(context, found)
        for episode in episodes:
            if episode.slug in outcomes:
                yield episode, outcomes[episode.slug]
            else:
                yield next(results)

    def _find_bucket_recordings(
        self, context: EpisodeContext, episodes: Sequence[Episode]
    ) -> tuple[dict[str, BuiltEpisode | PodcastKitError], list[Episode]]:
        """Episodes that are done without their recordings, by slug, and the others with their recordings.

        Workers that have another disk fetch the recordings that they need.
        """
        from podcast_kit.builder.bucket_recordings import BucketRecordings

        recordings = BucketRecordings(self.project, self.out.cache, self.on_progress, is_offline=self.http.is_offline)
        located = recordings.find_recordings(episodes, self.retag)
        outcomes: dict[str, BuiltEpisode | PodcastKitError] = {}
        needed: list[Episode] = []
        for slug, outcome in located.items():
            if isinstance(outcome, PodcastKitError):
                outcomes[slug] = outcome
            elif isinstance(outcome.audio, BucketFile):
                needed.append(outcome)
            elif isinstance(outcome.audio, FetchedFile) and self._lacks_copy(outcome.audio):
                attempt = self._attempt_without_copy(context, outcome)
                if isinstance(attempt, _Waiting):
                    needed.append(outcome)
                else:
                    outcomes[slug] = attempt
        is_elsewhere = self.workers.are_many and not self.workers.shares_disk
        if is_elsewhere and len(needed) > 1:
            self._check_workers_read(needed)
            located |= {episode.slug: replace(episode, audio=BucketFile(str(episode.audio))) for episode in needed}
        else:
            for episode in needed:
                try:
                    located[episode.slug] = recordings.fetch(episode)
                except PodcastKitError as error:
                    outcomes[episode.slug] = error
        resolved = [located.get(episode.slug, episode) for episode in episodes if episode.slug not in outcomes]
        return outcomes, [episode for episode in resolved if isinstance(episode, Episode)]

    def _lacks_copy(self, audio: FetchedFile) -> bool:
        return self.out.cache.knows_digest(audio.resolve_in(self.project.folder))

    def _attempt_without_copy(
        self, context: EpisodeContext, episode: Episode
    ) -> BuiltEpisode | PodcastKitError | _Waiting:
        """The episode from what is kept of its recording, whose copy is gone."""
        try:
            return self._attempt(context, episode, {})
        except OSError:  # something wanted to read it
            return _Waiting({})

    def _check_workers_read(self, episodes: Sequence[Episode]) -> None:
        """Raise InvalidInput with what keeps a worker from reading these recordings."""
        from podcast_kit.builder.bucket_recordings import find_unreadable_recordings

        addresses = [str(episode.audio) for episode in episodes]
        problems = [
            Problem(SourceLocation(worker), f"cannot read a recording: {text}", WORKER_CREDENTIALS_FIX, "cluster.files")
            for worker, texts in sorted(
                self.workers.ask_each(find_unreadable_recordings, addresses, self.project.show.publish).items()
            )
            for text in ([str(texts)] if isinstance(texts, Exception) else texts)
        ]
        if problems:
            raise InvalidInput(problems)

    def _run_found(
        self, context: EpisodeContext, episodes: Sequence[Episode]
    ) -> Iterator[tuple[Episode, BuiltEpisode | PodcastKitError]]:
        """As `run`, for episodes whose recordings are here, or are fetched by the workers."""
        if not self.workers.are_many or are_decoders_limited() or len(episodes) < 2:  # noqa: PLR2004
            yield from self._run_here(context, episodes)
            return
        attempts = [
            _Waiting({}) if isinstance(episode.audio, BucketFile) else self._attempt(context, episode, {})
            for episode in episodes
        ]
        waiting = [
            episode
            for episode, attempt in zip(episodes, attempts, strict=True)
            if isinstance(attempt, _Waiting) and isinstance(episode.audio, (LocalFile, BucketFile))
        ]
        if not self.workers.is_worthwhile(sum(map(self._estimate_seconds, waiting))):
            yield from self._finish_here(context, episodes, attempts)
            return
        yield from self._run_in_workers(context, episodes, waiting, attempts)

    def _finish_here(
        self,
        context: EpisodeContext,
        episodes: Sequence[Episode],
        attempts: Sequence[BuiltEpisode | PodcastKitError | _Waiting],
    ) -> Iterator[tuple[Episode, BuiltEpisode | PodcastKitError]]:
        """Every episode, of which only those are built that their attempts left: what is kept is not built twice."""
        pairs = list(zip(episodes, attempts, strict=True))
        finished = self._run_here(context, [episode for episode, attempt in pairs if isinstance(attempt, _Waiting)])
        for episode, attempt in pairs:
            yield next(finished) if isinstance(attempt, _Waiting) else (episode, attempt)

    def _run_here(
        self, context: EpisodeContext, episodes: Sequence[Episode]
    ) -> Iterator[tuple[Episode, BuiltEpisode | PodcastKitError]]:
        traces: dict[str, WorkTrace] = {episode.slug: WorkTrace() for episode in episodes}
        prepared = prepare_audio(
            self.project,
            episodes,
            self.out,
            self.retag,
            self.on_progress,
            http=self.http,
            workers=self.workers,
            traces=traces,
        )
        for number, episode in enumerate(episodes, 1):
            self.on_progress(Progress("episode", episode.slug, number, len(episodes)))
            audio = prepared[episode.slug]
            trace = traces.pop(episode.slug)
            try:
                with trace_work(self.out, trace):
                    outcome = audio if isinstance(audio, PodcastKitError) else build_episode(context, episode, audio)
            except PodcastKitError as error:
                outcome = error
            self._keep(episode, outcome, trace)
            yield episode, outcome

    def _attempt(
        self, context: EpisodeContext, episode: Episode, errors: Mapping[str, PodcastKitError]
    ) -> BuiltEpisode | PodcastKitError | _Waiting:
        """The episode as far as earlier builds have worked it out."""
        with self.out.cache.attempt() as rows, trace_work(self.out) as trace:
            try:
                outcome = self._build_here(context, episode, errors)
            except WorkNeeded:
                return _Waiting(rows)
        self._keep(episode, outcome, trace)
        if isinstance(outcome, BuiltEpisode):
            self._move_texts(outcome)
        return outcome

    def _estimate_seconds(self, episode: Episode) -> float:
        if isinstance(episode.audio, BucketFile):
            return MIN_SECONDS
        assert isinstance(episode.audio, LocalFile)  # noqa: S101  # see `run`
        try:
            size = os.stat(episode.audio.resolve_in(self.project.folder)).st_size  # noqa: PTH116
        except (OSError, ValueError):
            size = 0
        return EPISODE_SECONDS + size / AUDIO_BYTES_PER_SECOND

    def _run_in_workers(
        self,
        context: EpisodeContext,
        episodes: Sequence[Episode],
        waiting: Sequence[Episode],
        attempts: Sequence[BuiltEpisode | PodcastKitError | _Waiting],
    ) -> Iterator[tuple[Episode, BuiltEpisode | PodcastKitError]]:
        from podcast_kit.builder import episode_tasks

        project, out = self.project, self.out
        place = episode_tasks.WorkPlace.of_build(project, out, shares_disk=self.workers.shares_disk)
        errors = self._master(place, waiting)
        slugs = {episode.slug for episode in waiting}
        tasks: list[episode_tasks.EpisodeTask] = []
        outcomes: dict[str, BuiltEpisode | PodcastKitError] = {}
        for episode, attempt in zip(episodes, attempts, strict=True):
            if episode.slug not in slugs:
                if not isinstance(attempt, _Waiting):
                    outcomes[episode.slug] = attempt
                continue
            is_here = not isinstance(episode.audio, BucketFile)
            again = self._attempt(context, episode, errors) if is_here and self._needs_mastering(episode) else attempt
            assert isinstance(again, _Waiting)  # noqa: S101  # nothing is tagged yet
            tasks.append(
                episode_tasks.EpisodeTask(
                    episode=episode,
                    entry=project.lock_entry(episode.guid),
                    recorded_slugs=tuple(project.recorded_slugs.get(episode.guid, ())),
                    rows=again.rows,
                    errors={name: error for name, error in errors.items() if name.startswith(episode.slug)},
                )
            )
        shared = episode_tasks.EpisodesContext(
            place=place, description=context.description, retag=frozenset(self.retag)
        )
        results = self.workers.run(episode_tasks.build_episodes_in_worker, shared, tasks, group_size=EPISODES_PER_GROUP)
        for number, episode in enumerate(episodes, 1):
            self.on_progress(Progress("episode", episode.slug, number, len(episodes)))
            if episode.slug in slugs:
                with trace_work(self.out) as trace:
                    outcome = self._take_over(episode, next(results))
                    outcome = outcome or self._build_here(context, episode, errors)
                self._keep(episode, outcome, trace)
                yield episode, outcome
            elif episode.slug in outcomes:
                yield episode, outcomes[episode.slug]
            else:
                yield episode, self._build_here(context, episode, errors)

    def _needs_mastering(self, episode: Episode) -> bool:
        settings = episode.mastering or self.project.show.audio
        return settings.is_active or bool(settings.format or settings.alternate)

    def _master(self, place: episode_tasks.WorkPlace, episodes: Sequence[Episode]) -> dict[str, PodcastKitError]:
        """Master what these episodes need; the errors by the name of the request."""
        from podcast_kit.builder import episode_tasks
        from podcast_kit.builder.recorded_work import replay_work

        chosen = [
            episode
            for episode in episodes
            if self._needs_mastering(episode) and not isinstance(episode.audio, BucketFile)
        ]
        paths = [
            str(episode.audio.resolve_in(self.project.folder))
            for episode in chosen
            if isinstance(episode.audio, LocalFile)
        ]
        for result in self.workers.run(episode_tasks.hash_files_in_worker, place, paths):
            if not isinstance(result, WorkerDied):
                replay_work(result, self.out)
        return master_audio(self.project, chosen, self.out, self.retag, self.on_progress, self.workers)

    def _build_here(
        self, context: EpisodeContext, episode: Episode, errors: Mapping[str, PodcastKitError]
    ) -> BuiltEpisode | PodcastKitError:
        try:
            if isinstance(episode.audio, BucketFile):  # its worker could not build it
                from podcast_kit.builder.bucket_recordings import BucketRecordings

                episode = BucketRecordings(self.project, self.out.cache, self.on_progress).fetch(episode)
            audio = prepare_episode_audio(self.project, episode, self.out, self.retag, errors, self.http)
            return build_episode(context, episode, audio)
        except PodcastKitError as error:
            return error

    def _take_over(
        self, episode: Episode, result: episode_tasks.EpisodeResult | WorkerDied
    ) -> BuiltEpisode | PodcastKitError | None:
        if isinstance(result, WorkerDied):
            return _describe_lost_episode(episode, result)
        from podcast_kit.builder.recorded_work import replay_work

        replay_work(result.work, self.out)
        for subfolder, name, data in result.work.kept:
            path = self.project.output_folder / CACHE_DIR / subfolder / name
            self.out.cache.set_digest(path, hashlib.sha256(data).hexdigest())
        if result.error is not None and not isinstance(result.error, PodcastKitError):
            raise result.error
        self.out.cache.commit()
        return _with_episode(result.built, episode) if result.built else result.error


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An episode that needs work, and the rows of the cache that it read until then."""

    rows: CacheRows


def _with_episode(built: BuiltEpisode, episode: Episode) -> BuiltEpisode:
    """What a worker built, with the episode that it was sent instead of its copy: a show holds thousands of them."""
    item = built.item
    return replace(built, item=replace(item, episode=episode)) if item.episode == episode else built


def _describe_lost_episode(episode: Episode, error: WorkerDied) -> InvalidInput:
    text = f"cannot be built: {error}, {MAX_TRIES} times; no other episode is affected"
    fix = "run it again; if memory ran out, with fewer jobs at once (`--jobs 1`); if not, check the recording"
    return InvalidInput([Problem(SourceLocation(str(episode.audio)), text, fix, "au.worker")])
