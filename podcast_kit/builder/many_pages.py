"""The pages of a build and their pictures: one after the other, or side by side in workers with the same outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from podcast_kit import site
from podcast_kit.builder.cache import WorkNeeded, dataclass_kind
from podcast_kit.builder.episode_record import EpisodeRecord, KeptEpisode
from podcast_kit.builder.output_dir import OutputDir, StoredFile
from podcast_kit.builder.responsive_images import ItemPictures, add_page_images
from podcast_kit.builder.slots import copy_value
from podcast_kit.builder.work_trace import KeptPictures, WorkTrace, trace_work
from podcast_kit.builder.workers import GROUPS_AHEAD, Workers
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem
from podcast_kit.io.decoder_process import are_decoders_limited
from podcast_kit.io.worker_processes import WorkerDied
from podcast_kit.model import CommentThread, Image, Item, Project, PublishedPage, Wave
from podcast_kit.site import SitePage
from podcast_kit.source.social_posts import list_social_posts
from podcast_kit.writer_versions import PAGES_AND_FEEDS

if TYPE_CHECKING:
    from podcast_kit.builder import episode_tasks
    from podcast_kit.builder.episode_tasks import PagesTask, PictureTask, WorkPlace

RENDERED_PAGES = dataclass_kind("rendered_page", StoredFile)
PICTURE_SECONDS = 0.012
PAGE_SECONDS = 0.004
"""About what drawing a social card, or rendering a page, costs on one processor."""
ITEMS_PER_GROUP = 16
GROUPS_AHEAD_ON_DISK = 16
"""Groups of pages or pictures for each worker that are under way, where it writes them to disk: what it does while the
feeds, or the pictures of the show, are made here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesBuild:
    """What a build does with its pages."""

    project: Project
    out: OutputDir
    workers: Workers
    record: EpisodeRecord | None = None
    """Has the pictures and pages of the last build, and gets those of this one."""

    def write_pages(
        self,
        items: Sequence[Item],
        artwork: Image | None,
        own_pages: Sequence[PublishedPage],
        write_feeds: Callable[[Collection[str]], None],
    ) -> Image | None:
        """Render every page whose inputs changed; returns the artwork with its thumbnails.

        `write_feeds` is called with the keys of all pages while workers render, which leaves time for it here.
        Raises the error of the first page by key.
        """
        with_comments = tuple(self._add_comments(item) for item in items)
        pictured, artwork, icons = add_page_images(
            self.project, with_comments, artwork, self.out, self._start_picturing
        )
        kept = self._find_kept(with_comments)
        show_site = self._make_site(artwork, icons, own_pages)
        show_site.kept_pages.update({guid: episode.pages for guid, episode in kept.items() if episode.pages})
        pages = show_site.build_pages(pictured)
        keys = [page.key for page in pages]
        listed = self._list_kept(kept, show_site)
        changed = [page for page in pages if page.key not in listed and not self._is_unchanged(page)]
        of_episodes = {page.key: page for page in changed if page.item}
        errors: dict[str, PodcastKitError] = {}
        if self._are_workers_worthwhile(len(of_episodes) * PAGE_SECONDS):
            results = self._start_rendering(show_site, pictured, of_episodes)
            changed = [page for page in changed if not page.item]
            self._render_here(changed, errors)
            write_feeds(keys)
            for task, result in results:
                self._take_over_pages(task, result, of_episodes, errors)
        else:
            self._render_here(changed, errors)
            write_feeds(keys)
        if errors:
            raise errors[min(errors)]
        show = self.project.show
        for page in pages:
            if page.key in listed:
                continue
            redirects = bool(page.moved_to) and show.publish.website_redirects
            self.out.outputs[page.key] = copy_value(
                self.out.outputs[page.key],
                own_digest=page.own_digest,
                moved_to=page.moved_to,
                redirect_to=show.page_url(page.moved_to) if redirects else "",
            )
        self._keep_pages([page for page in pages if page.key not in listed], kept, show_site)
        return artwork

    def _list_kept(self, kept: dict[str, KeptEpisode], show_site: site.Site) -> set[str]:
        """List the pages of episodes that are as the last build wrote them; their keys."""
        keys: set[str] = set()
        for guid, episode in kept.items():
            pages, work = episode.pages, episode.pages_work
            is_same = pages is not None and pages is show_site.kept_pages[guid]
            if self.record and pages and work and is_same and self.record.checks.are_unchanged(work):
                keys.update(work.repeat(self.out))
        return keys

    def _keep_pages(self, pages: Sequence[SitePage], kept: dict[str, KeptEpisode], show_site: site.Site) -> None:
        """Keep what was listed for each episode."""
        traces: dict[str, WorkTrace] = {}
        for page in pages:
            if page.item and page.item.guid in kept:
                trace = traces.setdefault(page.item.guid, WorkTrace())
                trace.used.add((RENDERED_PAGES.name, _cache_key(page)))
                trace.outputs[page.key] = self.out.outputs[page.key]
        for guid, trace in traces.items():
            kept[guid].keep_pages(show_site.kept_pages[guid], trace)

    def _add_comments(self, item: Item) -> Item:
        threads = _shown_threads(self.project, item)
        return replace(item, comments=threads) if threads else item

    def _find_kept(self, items: Sequence[Item]) -> dict[str, KeptEpisode]:
        """What is kept of the episodes by guid, where it has their pictures."""
        if self.record is None:
            return {}
        found = {item.guid: self.record.find_kept(item) for item in items}
        return {guid: kept for guid, kept in found.items() if kept and kept.pictures}

    def find_faults(
        self, items: Sequence[Item], own_pages: Sequence[PublishedPage], expected_keys: Collection[str]
    ) -> tuple[Problem, ...]:
        """What is wrong with addresses, menu and templates, although pages with `expected_keys` cannot be made."""
        show_site = replace(self._make_site(None, (), own_pages), expected_keys=frozenset(expected_keys))
        try:
            show_site.build_pages(items)
        except InvalidInput as error:
            return error.problems
        return ()

    def _make_site(
        self, artwork: Image | None, icons: tuple[Image, ...], own_pages: Sequence[PublishedPage]
    ) -> site.Site:
        """The pages of a show, or of the network."""
        project = self.project
        show, folder = project.show, project.folder
        if project.listed_shows is not None:
            listed_shows = project.listed_shows
            return site.NetworkSite(
                show=show,
                folder=folder,
                artwork=artwork,
                icons=icons,
                own_pages=tuple(own_pages),
                static_files=frozenset(project.static_files),
                listed_shows=listed_shows,
            )
        return site.Site(
            show=show,
            folder=folder,
            shared=project.shared_folder,
            artwork=artwork,
            icons=icons,
            own_pages=tuple(own_pages),
            static_files=frozenset(project.static_files),
        )

    def _place(self) -> WorkPlace:
        from podcast_kit.builder.episode_tasks import WorkPlace

        return WorkPlace.of_build(self.project, self.out, shares_disk=self.workers.shares_disk)

    @property
    def _groups_ahead(self) -> int:
        return GROUPS_AHEAD_ON_DISK if self.workers.shares_disk else GROUPS_AHEAD

    def _are_workers_worthwhile(self, seconds: float) -> bool:
        return not are_decoders_limited() and self.workers.is_worthwhile(seconds)

    def _is_unchanged(self, page: SitePage) -> bool:
        """Whether an earlier build rendered the page, which is then listed."""
        stored = self.out.cache.get(RENDERED_PAGES, _cache_key(page))
        return stored is not None and self.out.add_if_unchanged(stored, Wave.PAGES)

    def _render_here(self, pages: Sequence[SitePage], errors: dict[str, PodcastKitError]) -> None:
        """Render until one fails, whose error is added under its key."""
        for page in pages:
            try:
                data = page.render()
            except PodcastKitError as error:
                errors[page.key] = error
                return
            self.out.write(page.key, data, Wave.PAGES)
            self._keep(page)

    def _keep(self, page: SitePage) -> None:
        output = self.out.outputs[page.key]
        self.out.cache.set(RENDERED_PAGES, _cache_key(page), StoredFile(page.key, output.sha256, output.size))

    def _start_rendering(
        self, show_site: site.Site, items: Sequence[Item], pages: dict[str, SitePage]
    ) -> Iterator[tuple[PagesTask, episode_tasks.PagesResult | WorkerDied]]:
        """Have the workers render these pages of episodes; the results are in the order of their keys."""
        from podcast_kit.builder import episode_tasks

        keys_by_guid: dict[str, list[str]] = {}
        for page in pages.values():
            if page.item:
                keys_by_guid.setdefault(page.item.guid, []).append(page.key)
        tasks = [
            episode_tasks.PagesTask(item=item, newer=newer, older=older, keys=tuple(keys_by_guid[item.guid]))
            for item, newer, older in site.with_neighbours(items)
            if item.guid in keys_by_guid
        ]
        tasks.sort(key=lambda task: min(task.keys))
        context = episode_tasks.PagesContext(
            place=self._place(),
            site=replace(show_site, kept_pages={}),
        )
        results = self.workers.run(
            episode_tasks.render_pages_in_worker,
            context,
            tasks,
            group_size=ITEMS_PER_GROUP,
            groups_ahead=self._groups_ahead,
        )
        return zip(tasks, results, strict=True)

    def _take_over_pages(
        self,
        task: PagesTask,
        result: episode_tasks.PagesResult | WorkerDied,
        pages: dict[str, SitePage],
        errors: dict[str, PodcastKitError],
    ) -> None:
        from podcast_kit.builder.recorded_work import replay_work

        if isinstance(result, WorkerDied) or result.error:  # rendered again here, so that its error is ours
            self._render_here([pages[key] for key in sorted(task.keys)], errors)
            return
        replay_work(result.work, self.out)
        for key in task.keys:
            self._keep(pages[key])

    def _start_picturing(self, pictures: ItemPictures, items: Sequence[Item]) -> Iterator[Item]:
        """Each item with its pictures; workers begin to draw now."""
        kept = {item.guid: found for item in items if (found := self._take_pictures(pictures, item))}
        others = iter(self._picture_changed(pictures, [item for item in items if item.guid not in kept]))
        return (kept[item.guid] if item.guid in kept else next(others) for item in items)

    def _take_pictures(self, pictures: ItemPictures, item: Item) -> Item | None:
        """The item with the pictures of the last build, if they would be the same."""
        kept = self.record.find_kept(item) if self.record else None
        if self.record is None or kept is None or kept.pictures is None:
            return None
        found, work = kept.pictures, kept.pictures_work
        if work is None or found.key != pictures.digest or not self.record.checks.are_unchanged(work):
            kept.drop_pictures()
            return None
        work.repeat(self.out)
        return kept.add_pictures()

    def _keep_pictures(self, pictures: ItemPictures, item: Item, pictured: Item, trace: WorkTrace) -> Item:
        kept = self.record.find_kept(item) if self.record else None
        if kept is not None:
            for image in pictured.images.values():  # of several episodes, drawn once
                trace.outputs.update({file.key: self.out.outputs[file.key] for file in image.thumbnails})
            kept.keep_pictures(KeptPictures.of_item(pictures.digest, pictured), trace)
        return pictured

    def _picture_here(self, pictures: ItemPictures, item: Item) -> Item:
        with trace_work(self.out) as trace:
            pictured = pictures.picture_item(item)
        return self._keep_pictures(pictures, item, pictured, trace)

    def _picture_changed(self, pictures: ItemPictures, items: Sequence[Item]) -> Iterable[Item]:
        """As `_start_picturing`, for items whose pictures are not in the record."""
        if are_decoders_limited() or not self.workers.are_many or len(items) < 2:  # noqa: PLR2004
            return [self._picture_here(pictures, item) for item in items]
        from podcast_kit.builder import episode_tasks

        attempts = [self._attempt_pictures(pictures, item) for item in items]
        tasks = [attempt for attempt in attempts if isinstance(attempt, episode_tasks.PictureTask)]
        if not self._are_workers_worthwhile(len(tasks) * PICTURE_SECONDS):
            return [
                self._picture_here(pictures, item) if isinstance(attempt, episode_tasks.PictureTask) else attempt
                for item, attempt in zip(items, attempts, strict=True)
            ]
        context = episode_tasks.PicturesContext(
            place=self._place(),
            cover=pictures.cover,
            colours=pictures.colours,
        )
        results = self.workers.run(
            episode_tasks.picture_items_in_worker,
            context,
            tasks,
            group_size=ITEMS_PER_GROUP,
            groups_ahead=self._groups_ahead,
        )
        return (
            self._take_over_pictures(pictures, item, next(results))
            if isinstance(attempt, episode_tasks.PictureTask)
            else attempt
            for item, attempt in zip(items, attempts, strict=True)
        )

    def _attempt_pictures(self, pictures: ItemPictures, item: Item) -> Item | PictureTask:
        from podcast_kit.builder.episode_tasks import PictureTask

        with self.out.cache.attempt() as rows:
            try:
                with trace_work(self.out) as trace:
                    pictured = pictures.picture_item(item)
            except WorkNeeded:
                return PictureTask(item=_without_texts(item), rows=rows, sources=pictures.list_sources(item))
        return self._keep_pictures(pictures, item, pictured, trace)

    def _take_over_pictures(
        self, pictures: ItemPictures, item: Item, result: episode_tasks.PicturesResult | WorkerDied
    ) -> Item:
        from podcast_kit.builder.recorded_work import replay_work

        if isinstance(result, WorkerDied) or result.pictures is None:  # drawn again here, so that its error is ours
            return self._picture_here(pictures, item)
        with trace_work(self.out) as trace:
            replay_work(result.work, self.out)
        self.out.cache.commit()
        return self._keep_pictures(pictures, item, result.pictures.add_to(item), trace)


def _without_texts(item: Item) -> Item:
    """An item as its pictures need it."""
    episode = replace(item.episode, notes="")
    return replace(item, episode=episode, description="", content="", notes="", page="", transcripts=())


def _cache_key(page: SitePage) -> str:
    return f"{PAGES_AND_FEEDS} {page.key} {page.digest}"


def _shown_threads(project: Project, item: Item) -> tuple[CommentThread, ...]:
    """The replies to those posts that the episode still names."""
    if not (threads := project.comments.get(item.episode.slug)):
        return ()
    from podcast_kit.source import comments

    uris = {post.uri for post in list_social_posts(item.elements)}
    hide = project.show.comments.hide
    return tuple(comments.remove_hidden_comments(thread, hide) for thread in threads if thread.uri in uris)
