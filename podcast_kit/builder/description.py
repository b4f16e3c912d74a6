"""Notes and prompts become one text for each surface: feed, page, tags."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from podcast_kit import __version__, feed, site
from podcast_kit.builder.cache import Cache, compressed_kind, dataclass_kind
from podcast_kit.model import Chapter, Episode, Image, Placement, Project, PromptSet, RenderedNotes
from podcast_kit.source import notes as markdown
from podcast_kit.writer_versions import DESCRIPTIONS

LINK_HREF = re.compile(r'<a href="([^"]*)"')
PLAIN_URL = re.compile(r"https?://[^\s<>\"]+")
MAX_ITEM_DESCRIPTION_BYTES = 4000
"""UTF-8 that Apple and PSP-1 take in an item's description."""


@dataclass(frozen=True, slots=True)
class EpisodeText:
    """What the notes become, prompts included."""

    summary: str
    """The first paragraph as plain text, or the `summary:` of the front matter."""
    content: str
    """Feed HTML in full."""
    description: str
    """Feed HTML, at most MAX_ITEM_DESCRIPTION_BYTES."""
    page: str
    """Page HTML in full."""
    comment: str
    """Plain text: the summary and the prompts."""
    plain: str
    """Plain text: the notes in full, without prompts."""
    notes: str
    """Feed HTML in full, without prompts."""


EPISODE_TEXTS = compressed_kind(dataclass_kind("episode_text", EpisodeText, is_large=True))


@dataclass(frozen=True, slots=True)
class DescriptionContext:
    """What the notes of every episode depend on; worked out once a build."""

    digest: str
    """Of the show and of its templates."""
    templates_digest: str

    @classmethod
    def from_project(cls, project: Project) -> DescriptionContext:
        """The context of a show as it is now."""
        templates = site.templates_digest(project.folder, project.shared_folder)
        return cls(hashlib.sha256(repr((project.show, templates)).encode()).hexdigest(), templates)


def render_description(
    project: Project,
    episode: Episode,
    note_images: Mapping[str, Image],
    chapters: tuple[Chapter, ...],
    shift: float,
    context: DescriptionContext,
    cache: Cache,
    duration_ms: int | None = None,
) -> EpisodeText:
    """The notes for every surface, from the cache if nothing changed.

    `note_images` has the published image for each local source in the notes; `chapters` are those that the notes do not
    show themselves; the timestamps that are in the notes come `shift` seconds later than they are written, and are
    links up to `duration_ms`.
    """
    chapter_list = feed.render_chapter_timestamps(chapters)
    if shift:
        shift_ms = round(shift * 1000)
        episode = replace(episode, notes=markdown.shift_timestamps(episode.notes, shift_ms))
    inputs = (
        DESCRIPTIONS,
        __version__,
        context.digest,
        episode,
        sorted(note_images.items()),
        chapter_list,
        duration_ms,
    )
    key = hashlib.sha256(repr(inputs).encode()).hexdigest()
    text = cache.get(EPISODE_TEXTS, key)
    if text is None:
        text = _compose_text(project, episode, note_images, chapter_list, duration_ms, context)
        cache.set(EPISODE_TEXTS, key, text)
    return text


def episode_page_url(project: Project, episode: Episode) -> str:
    """The public URL of an episode's page; of the show's page if it has none."""
    if episode.audience:
        return project.show.page_url("index.html")
    return project.show.page_url(f"episodes/{episode.slug}/index.html")


def _compose_text(
    project: Project,
    episode: Episode,
    note_images: Mapping[str, Image],
    chapter_list: str,
    duration_ms: int | None,
    context: DescriptionContext,
) -> EpisodeText:
    url = episode_page_url(project, episode)
    source = site.expand_link_markers(
        project.show,
        episode,
        folder=project.folder,
        digest=context.templates_digest,
        shared=project.shared_folder,
    )
    notes = markdown.render_notes(source, page_url=url, images=note_images, duration_ms=duration_ms)
    renderer = _PromptRenderer(project, episode, url, context, has_marker=notes.after is not None)
    prompts = renderer.render(notes.links)
    before, after = notes.before, notes.after or RenderedNotes()
    if notes.after is None:
        before = replace(before, feed_html=before.feed_html + chapter_list)
    else:
        after = replace(after, feed_html=after.feed_html + chapter_list)
    content = (before.feed_html + prompts.feed_html + after.feed_html).strip()
    summary = episode.summary or notes.summary
    return EpisodeText(
        summary=summary,
        content=content,
        description=_truncate_description(content, before.feed_html + after.feed_html, renderer),
        page=before.page_html + prompts.page_html + after.page_html,
        comment=_join_paragraphs(summary, renderer.render(_urls_in(summary)).plain_text),
        plain=_join_paragraphs(before.plain_text, after.plain_text),
        notes=(before.feed_html + after.feed_html).strip(),
    )


class _PromptRenderer:
    """Renders the follow and review prompts of one episode, without the links that a text has already."""

    def __init__(
        self, project: Project, episode: Episode, page_url: str, context: DescriptionContext, *, has_marker: bool
    ) -> None:
        self._project = project
        self._episode = episode
        self._page_url = page_url
        self._templates_digest = context.templates_digest
        placement = project.show.prompts.get(episode.prompts, PromptSet()).placement
        self._is_shown = placement is Placement.END or (placement is Placement.MARKER and has_marker)

    def render(self, linked: Collection[str]) -> RenderedNotes:
        """The prompts for a text that links to these URLs already."""
        if not self._is_shown:
            return RenderedNotes()
        return site.render_prompts(
            self._project.show,
            self._episode,
            folder=self._project.folder,
            page_url=self._page_url,
            linked=linked,
            digest=self._templates_digest,
            shared=self._project.shared_folder,
        )

    def full_notes_link(self) -> str:
        """Feed HTML that leads from truncated notes to the episode's page."""
        project, show = self._project, self._project.show
        words = site.load_translations(
            show.language, show.timezone, project.folder, self._templates_digest, project.shared_folder
        )
        label = html.escape(words("all_notes"), quote=False)
        return f'<p><a href="{html.escape(self._page_url)}">{label}</a></p>'


def _truncate_description(content: str, notes: str, prompts: _PromptRenderer) -> str:
    """The content if it fits, else the start of the notes; the prompts have the links that were cut off."""
    if len(content.encode()) <= MAX_ITEM_DESCRIPTION_BYTES:
        return content
    link = prompts.full_notes_link()
    longest_end = link + prompts.render(()).feed_html
    start = markdown.truncate_html(notes, MAX_ITEM_DESCRIPTION_BYTES, longest_end).removesuffix(longest_end)
    linked = [html.unescape(url) for url in LINK_HREF.findall(start)]
    return start + link + prompts.render(linked).feed_html


def _join_paragraphs(*parts: str) -> str:
    return "\n\n".join(stripped for part in parts if (stripped := part.strip()))


def _urls_in(text: str) -> list[str]:
    return [url.rstrip(".,:;!?)") for url in PLAIN_URL.findall(text)]
