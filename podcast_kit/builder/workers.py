"""Where the parts of a build run: in this process, in several processes, or on any executor.

Tasks are values, and so are their results. A task whose worker ends is run again by another; no other task is affected.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from podcast_kit.builder.cache import CACHE_DIR
from podcast_kit.builder.cache_database import DATABASE
from podcast_kit.io.worker_processes import LocalWorkers, WorkerDied, start_fork_server
from podcast_kit.model import EPISODES_DIR

ContextT = TypeVar("ContextT")
TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
MAX_TRIES = 3
"""How often a task is run whose worker ends each time."""
GROUPS_AHEAD = 4
"""Groups of tasks for each worker that are under way or wait for an earlier one: they bound the memory."""
MIN_SECONDS = 1.0
"""Of estimated work, from which it is worth starting processes."""
PRELOADED_MODULES = (
    "podcast_kit.builder.episode_tasks",
    "podcast_kit.audio.first_minute",
    "podcast_kit.audio.mp3.id3",
    "podcast_kit.audio.probe",
    "podcast_kit.audio.tag",
    "podcast_kit.feed.chapters",
    "podcast_kit.images.artwork",
    "podcast_kit.images.social_card",
    "podcast_kit.images.thumbnails",
    "podcast_kit.site.pages",
    "podcast_kit.site.prompts",
    "PIL.ImageDraw",
    "PIL.ImageFilter",
    "PIL.ImageFont",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "linkify_it",
    "markdown_it",
    "mutagen.id3",
    "nh3",
    "podcast_kit.builder.worker_preload",
)
"""What workers need; of what is not imported at once, what takes long."""
MIN_NOTES = 100
"""Notes in the folder of a show that was never built, from which workers will be needed."""


def count_processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def prepare_first_build(folder: Path, jobs: int) -> None:
    """Start to import what workers need before the show is read, where they certainly will be needed."""
    if jobs == 1 or (folder / CACHE_DIR / DATABASE).exists():
        return
    with suppress(OSError), os.scandir(folder / EPISODES_DIR) as entries:
        notes = islice((entry for entry in entries if entry.name.endswith(".md")), MIN_NOTES)
        if sum(1 for _ in notes) == MIN_NOTES:
            start_fork_server(PRELOADED_MODULES)


@dataclass(slots=True)
class _Group:
    """Tasks that are sent to a worker together, and what became of them."""

    numbers: Sequence[int]
    future: Future[Any] | None = None
    tries: int = 0
    results: dict[int, Any] = field(default_factory=dict)


class Workers:
    """Runs tasks on an executor, which is started when there is enough to do.

    With one job and no executor nothing is ever started, and nothing after the end of the `with` block. An executor
    that is passed is used and left open.
    """

    def __init__(
        self,
        jobs: int = 1,
        executor: Executor | None = None,
        *,
        count: int = 0,
        shares_disk: bool = True,
        ask_each: Callable[..., dict[str, Any]] = lambda *_: {},
    ) -> None:
        """`count` is how many tasks the executor runs at once, if that is known.

        `ask_each` calls a function with arguments on each worker, and returns by worker what it returned or raised.
        """
        self.ask_each = ask_each
        self.shares_disk = shares_disk
        """Whether what workers write is on this machine's disk, and they on this machine."""
        self.count = (count or count_processors()) if executor else max(1, jobs)
        self._executor = executor
        self._own: LocalWorkers | None = None
        self._is_closed = False
        self.reruns = 0
        """Tasks that were run again because their worker had ended."""

    @property
    def are_many(self) -> bool:
        """Whether anything can run elsewhere than in this process."""
        return not self._is_closed and (self._executor is not None or self.count > 1)

    @property
    def has_started(self) -> bool:
        """Whether starting costs nothing any more."""
        return self._executor is not None or self._own is not None

    @property
    def executor(self) -> Executor:
        """The executor, started now if it was not."""
        if self._executor is not None:
            return self._executor
        if self._own is None:
            self._own = LocalWorkers(self.count, preload=PRELOADED_MODULES)
        return self._own

    def is_worthwhile(self, seconds: float) -> bool:
        """Whether work that takes about so long is done sooner by workers."""
        return self.are_many and (self.has_started or seconds >= MIN_SECONDS)

    def run(
        self,
        function: Callable[[ContextT, Sequence[TaskT]], Sequence[ResultT]],
        context: ContextT,
        tasks: Sequence[TaskT],
        *,
        group_size: int = 1,
        groups_ahead: int = GROUPS_AHEAD,
    ) -> Iterator[ResultT | WorkerDied]:
        """The result of each task, in order; WorkerDied for one whose worker ended each time that it was tried.

        `function` gets tasks in groups and returns as many results. The first groups, `groups_ahead` for each worker,
        are started at once, the others as results are taken. Raises what the function raises.
        """
        waiting = deque(
            _Group(range(start, min(start + group_size, len(tasks)))) for start in range(0, len(tasks), group_size)
        )
        under_way: deque[_Group] = deque()

        def submit_some() -> None:
            while waiting and len(under_way) < self.count * groups_ahead:
                under_way.append(waiting.popleft())
                self._submit(under_way[-1], function, context, tasks)

        def collect_results() -> Iterator[ResultT | WorkerDied]:
            while under_way:
                yield from self._finish(under_way.popleft(), function, context, tasks)
                submit_some()

        submit_some()
        return collect_results()

    def _submit(
        self,
        group: _Group,
        function: Callable[[ContextT, Sequence[TaskT]], Sequence[ResultT]],
        context: ContextT,
        tasks: Sequence[TaskT],
    ) -> None:
        group.tries += 1
        chosen = [tasks[number] for number in group.numbers]
        try:
            group.future = self.executor.submit(function, context, chosen)
        except BrokenExecutor:
            self._replace_broken()
            group.future = self.executor.submit(function, context, chosen)

    def _finish(
        self,
        group: _Group,
        function: Callable[[ContextT, Sequence[TaskT]], Sequence[ResultT]],
        context: ContextT,
        tasks: Sequence[TaskT],
    ) -> Iterator[ResultT | WorkerDied]:
        """The results of a group; after a loss its tasks are tried one by one, so that only the guilty one fails."""
        while True:
            assert group.future is not None  # noqa: S101  # submitted before
            try:
                yield from group.future.result()
            except (WorkerDied, BrokenExecutor) as error:
                if isinstance(error, BrokenExecutor):
                    self._replace_broken()
                self.reruns += len(group.numbers)
                if len(group.numbers) > 1:
                    for number in group.numbers:
                        alone = _Group([number], tries=group.tries)
                        self._submit(alone, function, context, tasks)
                        yield from self._finish(alone, function, context, tasks)
                    return
                if group.tries >= MAX_TRIES:
                    yield error if isinstance(error, WorkerDied) else WorkerDied("its process ended")
                    return
                self._submit(group, function, context, tasks)
            else:
                return

    def _replace_broken(self) -> None:
        """Go on with processes of our own: a pool that lost one of its processes takes no more calls."""
        if self._executor is not None:
            self._executor = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the processes that were started: after an error immediately."""
        own, self._own, self._is_closed = self._own, None, True
        if own is None:
            return
        if error is None:
            own.shutdown()
        else:
            own.terminate()
