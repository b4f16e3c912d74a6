"""The prompts to follow, to review and to tell a friend: the same content for the page, the feed and the tags."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Episode, Placement, PromptSet, RenderedNotes, Show
from podcast_kit.site.i18n import load_translations
from podcast_kit.site.listen_links import Link, LinkKind, build_listen_links, normalize_url
from podcast_kit.site.templates import Templates, load_templates
from podcast_kit.text.choose import choose_by_hash

_SHARE_URL_PLACEHOLDER = "https://share.invalid/"
"""In place of the share link, in prompts that are rendered once for all episodes."""

PROMPT_TEMPLATES = {
    "page_html": "prompts/page.html",
    "feed_html": "prompts/feed.html",
    "plain_text": "prompts/text.txt",
}
"""The template for each field of RenderedNotes."""
BUILT_IN_PROMPT_SETS = {
    "default": PromptSet(),
    "none": PromptSet(follow=False, review=False, share=False, placement=Placement.NONE),
}


def find_prompt_set(show: Show, episode: Episode) -> PromptSet:
    """The prompt set that an episode uses; raises InvalidInput if there is no set of that name."""
    prompt_set = show.prompts.get(episode.prompts) or BUILT_IN_PROMPT_SETS.get(episode.prompts)
    if prompt_set is None:
        names = ", ".join(sorted({*show.prompts, *BUILT_IN_PROMPT_SETS}))
        text = f"there is no prompt set named {episode.prompts!r}"
        raise InvalidInput([Problem(episode.location_of("prompts"), text, f"use one of {names}", "prompts.unknown")])
    return prompt_set


def render_prompts(
    show: Show,
    episode: Episode,
    *,
    folder: Path,
    page_url: str,
    linked: Collection[str],
    digest: str = "",
    shared: Path | None = None,
) -> RenderedNotes:
    """Render the prompts of an episode for each surface; empty if it has none.

    `page_url` is the URL of the episode's page. URLs in `linked`, those that the notes link to, are omitted,
    and each surface has each URL at most once; the page may have it to follow and to review.
    `digest` is `templates_digest(folder)`, if it is known already.
    """
    prompt_set = find_prompt_set(show, episode)
    if prompt_set.placement is Placement.NONE or not (prompt_set.follow or prompt_set.review or prompt_set.share):
        return RenderedNotes()
    seen = {normalize_url(url) for url in linked}
    seen_on_page = set(seen)
    follow_page = show.page_url("follow/index.html")
    links = [link for link in build_listen_links(show) if link.declared]
    follow_links = _take_unseen_links(links, LinkKind.FOLLOW, seen) if prompt_set.follow else []
    any_app = follow_page if prompt_set.follow and normalize_url(follow_page) not in seen else ""
    seen |= {normalize_url(any_app)} if any_app else set()
    review_links = _take_unseen_links(links, LinkKind.REVIEW, seen) if prompt_set.review else []
    page_review_links = _take_unseen_links(links, LinkKind.REVIEW, seen_on_page) if prompt_set.review else []
    has_review_links = any(link.kind is LinkKind.REVIEW for link in links)
    review_how = f"{follow_page}#review" if prompt_set.review and not has_review_links else ""
    if normalize_url(review_how) in seen:
        review_how = ""
    share_url = f"{page_url}#share" if prompt_set.share else ""
    if normalize_url(share_url) in seen:
        share_url = ""
    if not (follow_links or any_app or review_links or page_review_links or review_how or share_url):
        return RenderedNotes()
    templates = load_templates(folder, digest, shared)
    names = {"show": show.title, "title": episode.title}
    t = load_translations(show.language, show.timezone, folder, templates.digest, shared)

    def ask(kind: str, text: str) -> str:
        texts = [text, *prompt_set.other_texts.get(kind, ())] if text else []
        chosen = choose_by_hash(f"{kind} {episode.guid}", texts)
        return _fill_placeholders(chosen, names) or t(f"{kind}_prompt")

    values = _PromptValues(
        follow=tuple(follow_links),
        any_app=any_app,
        review=tuple(review_links),
        page_review=tuple(page_review_links),
        review_how=review_how,
        share_url=share_url,
        ask_follow=ask("follow", prompt_set.follow_text),
        ask_review=ask("review", prompt_set.review_text),
        ask_share=ask("share", prompt_set.share_text),
        language=show.language,
        timezone=show.timezone,
    )
    if any(templates.has_own(name) for name in PROMPT_TEMPLATES.values()):
        return _render_surfaces(templates, values, show=show, episode=episode, page_url=page_url)
    prompts = _render_default_prompts(templates, values._replace(share_url=_SHARE_URL_PLACEHOLDER if share_url else ""))
    return RenderedNotes(
        page_html=prompts.page_html.replace(_SHARE_URL_PLACEHOLDER, html.escape(share_url)),
        feed_html=prompts.feed_html.replace(_SHARE_URL_PLACEHOLDER, html.escape(share_url)),
        plain_text=prompts.plain_text.replace(_SHARE_URL_PLACEHOLDER, share_url),
    )


class _PromptValues(NamedTuple):
    """The values that the default prompt templates use."""

    follow: tuple[Link, ...]
    any_app: str
    """URL of the page with all apps; empty to omit it."""
    review: tuple[Link, ...]
    page_review: tuple[Link, ...]
    """Those for the page, whose buttons say what each link is for: also where following and rating share a URL."""
    review_how: str
    """URL of the instructions for reviews; empty to omit it."""
    share_url: str
    """URL of the share panel of the episode's page; empty to omit it."""
    ask_follow: str
    ask_review: str
    ask_share: str
    language: str
    timezone: str


def _render_surfaces(templates: Templates, values: _PromptValues, **more: object) -> RenderedNotes:
    t = load_translations(values.language, values.timezone, templates.folder, templates.digest, templates.shared)
    context = {**values._asdict(), **more, "t": t}
    return RenderedNotes(
        **{surface: templates.render(name, context).strip() for surface, name in PROMPT_TEMPLATES.items()}
    )


@lru_cache(maxsize=256)
def _render_default_prompts(templates: Templates, values: _PromptValues) -> RenderedNotes:
    """Cached, because the default templates do not depend on the episode: most episodes share the result."""
    return _render_surfaces(templates, values)


def _fill_placeholders(text: str, names: Mapping[str, str]) -> str:
    """The podcaster's wording with the values of the placeholders `{show}` and `{title}`."""
    return re.sub(r"\{(show|title)\}", lambda placeholder: names[placeholder[1]], text)


def _take_unseen_links(links: list[Link], kind: LinkKind, seen: set[str]) -> list[Link]:
    """The links of a kind whose URLs are not in `seen`; adds their URLs to `seen`."""
    unseen = []
    for link in links:
        url = normalize_url(link.url)
        if link.kind is kind and url not in seen:
            seen.add(url)
            unseen.append(link)
    return unseen


LINK_MARKERS = re.compile(r"^[ \t]*\{\{[ \t]*(links|follow|review|feed|contact|quote)[ \t]*\}\}[ \t]*$", re.MULTILINE)


def expand_link_markers(
    show: Show, episode: Episode, *, folder: Path, digest: str = "", shared: Path | None = None
) -> str:
    """The notes with their markers replaced, each alone on a line: links, follow, review, feed, contact and quote.

    `{{ prompts }}` is handled when the notes are parsed (`source/notes`), because it splits them. Each marker becomes
    one line of Markdown, so line numbers stay the same. The prompts omit links that are written this way.
    `digest` is `templates_digest(folder)`, if it is known already.
    """
    notes = episode.notes
    if not LINK_MARKERS.search(notes):
        return notes
    links = [link for link in build_listen_links(show) if link.declared]
    t = load_translations(show.language, show.timezone, folder, digest, shared)
    lines = {
        "follow": _markdown_links([link for link in links if link.kind is LinkKind.FOLLOW]),
        "review": _markdown_links([link for link in links if link.kind is LinkKind.REVIEW]),
        "feed": f"<{show.feed_url}>",
        "contact": _join_links((t(key), url) for key, url in build_contact_links(show, episode)),
        "quote": _quote_review(show, episode),
    }
    first_by_url = {normalize_url(link.url): link for link in reversed(links)}
    lines["links"] = _markdown_links([link for link in links if first_by_url[normalize_url(link.url)] is link])
    return LINK_MARKERS.sub(lambda marker: lines[marker[1]], notes)


def build_contact_links(show: Show, episode: Episode) -> tuple[tuple[str, str], ...]:
    """The key of the label and the URL of each way to reach the show; a mail has the episode as its subject."""
    subject = quote(f"{episode.title} – {show.title}", safe="")
    mail = f"mailto:{quote(show.contact.mail, safe='@')}?subject={subject}" if show.contact.mail else ""
    ways = (("contact_mail", mail), ("contact_form", show.contact.form), ("contact_voicemail", show.contact.voicemail))
    return tuple((key, url) for key, url in ways if url)


def _quote_review(show: Show, episode: Episode) -> str:
    """One of the show's reviews as a Markdown quotation, chosen by the episode's guid; empty without reviews."""
    by_text = {review.quote: review for review in show.reviews}
    review = by_text.get(choose_by_hash(f"quote {episode.guid}", list(by_text)))
    if review is None:
        return ""
    source = ", ".join(part for part in (review.name, review.where) if part)
    return f"> {_escape_markdown(review.quote)}{f' — {_escape_markdown(source)}' if source else ''}"


def _markdown_links(links: list[Link]) -> str:
    """Links as Markdown, with labels escaped."""
    return _join_links((link.label, link.url) for link in links)


def _join_links(links: Iterable[tuple[str, str]]) -> str:
    return " · ".join(f"[{_escape_markdown(label)}](<{url}>)" for label, url in links)


def _escape_markdown(text: str) -> str:
    return re.sub(r"([^A-Za-z0-9 ])", _escape_markdown_character, text)


def _escape_markdown_character(match: re.Match[str]) -> str:
    return f"\\{match[1]}" if match[1].isascii() and match[1].isprintable() else match[1]
