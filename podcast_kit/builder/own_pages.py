"""The podcaster's own pages: their text rendered as notes are, with their pictures published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from podcast_kit import __version__, site
from podcast_kit.builder.cache import dataclass_kind
from podcast_kit.builder.description import DescriptionContext
from podcast_kit.builder.images import publish_image, publish_note_images
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.responsive_images import write_page_card
from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import (
    DEFAULT_PAGE_TEMPLATE,
    Episode,
    Image,
    OwnPage,
    Placement,
    Project,
    PromptSet,
    PublishedPage,
    RenderedNotes,
)
from podcast_kit.source import notes as markdown
from podcast_kit.writer_versions import DESCRIPTIONS


@dataclass(frozen=True, slots=True)
class OwnPageText:
    """What the text of a page becomes, prompts included."""

    content: str
    summary: str


OWN_PAGE_TEXTS = dataclass_kind("own_page_text", OwnPageText, is_large=True)


@dataclass(frozen=True, slots=True)
class BuiltPage:
    """A page as listeners get it, and what it was made from."""

    published: PublishedPage
    images: tuple[str, ...] = ()
    """Files that the text shows, as it names them."""


def build_own_pages(
    project: Project, artwork: Image | None, out: OutputDir
) -> tuple[tuple[BuiltPage, ...], list[Problem]]:
    """Every page that is not a draft and has no errors, and the problems of the others."""
    pages = [page for page in project.pages if not page.draft]
    if not pages:
        return (), []
    context = DescriptionContext.from_project(project)
    templates = site.list_templates(project.folder, project.shared_folder)
    built: list[BuiltPage] = []
    problems: list[Problem] = []
    for page in pages:
        try:
            problems += _check_template(page, templates)
            built.append(_build_page(project, page, artwork, context, out))
        except InvalidInput as error:
            problems += error.problems
    return tuple(built), problems


def _check_template(page: OwnPage, templates: Mapping[str, bool]) -> list[Problem]:
    """A page is rendered with the default template for pages, or one of the show's own."""
    if page.template == DEFAULT_PAGE_TEMPLATE or templates.get(page.template):
        return []
    is_default = page.template in templates
    text = f"template {page.template!r} is not for pages" if is_default else f"template {page.template!r} is missing"
    fix = f'create templates/{page.template}, which can begin with {{% extends "{DEFAULT_PAGE_TEMPLATE}" %}}'
    if is_default:
        fix = f"choose another name for your template, and begin it with {{% extends {DEFAULT_PAGE_TEMPLATE!r} %}}"
    return [Problem(page.location_of("template"), text, fix, "template.missing")]


def _build_page(
    project: Project, page: OwnPage, artwork: Image | None, context: DescriptionContext, out: OutputDir
) -> BuiltPage:
    note = _page_as_episode(page)
    images = publish_note_images(project, note, out)
    inputs = (DESCRIPTIONS, __version__, context.digest, page, sorted(images.items()))
    cache_key = hashlib.sha256(repr(inputs).encode()).hexdigest()
    text = out.cache.get(OWN_PAGE_TEXTS, cache_key)
    if text is None:
        text = _render_text(project, page, note, images, context)
        out.cache.set(OWN_PAGE_TEXTS, cache_key, text)
    own_image = page.image
    if own_image:
        publish_image(project, "podcast.yaml", own_image.path, page.location_of("image"), out)
    cover = own_image or (project.show.artwork if artwork else None)
    card = write_page_card(project, cover.resolve_in(project.folder), artwork, page, out) if cover else None
    published = PublishedPage(page=page, content=text.content, summary=page.description or text.summary, image=card)
    return BuiltPage(published, tuple(images))


def _page_as_episode(page: OwnPage) -> Episode:
    """The page as notes, for what is done with both: markers, prompts, pictures."""
    return Episode(
        slug=page.slug,
        path=page.path,
        title=page.title,
        notes=page.text,
        notes_line=page.text_line,
        guid=f"page {page.slug}",
        prompts=page.prompts or "default",
        locations=page.locations,
    )


def _render_text(
    project: Project, page: OwnPage, note: Episode, images: Mapping[str, Image], context: DescriptionContext
) -> OwnPageText:
    url = project.show.page_url(page.key)
    digest = context.templates_digest
    folder, shared = project.folder, project.shared_folder
    source = site.expand_link_markers(project.show, note, folder=folder, digest=digest, shared=shared)
    rendered = markdown.render_notes(source, page_url=url, images=images, is_own_page=True)
    has_marker = rendered.after is not None
    prompt_set = project.show.prompts.get(note.prompts, PromptSet())
    is_wanted = has_marker or (page.prompts and prompt_set.placement is Placement.END)
    prompts = RenderedNotes()
    if is_wanted and prompt_set.placement is not Placement.NONE:
        # A page has no panel to share it.
        show = replace(project.show, prompts={**project.show.prompts, note.prompts: replace(prompt_set, share=False)})
        prompts = site.render_prompts(
            show, note, folder=folder, page_url=url, linked=rendered.links, digest=digest, shared=shared
        )
    after = rendered.after or RenderedNotes()
    return OwnPageText(rendered.before.page_html + prompts.page_html + after.page_html, rendered.summary)
