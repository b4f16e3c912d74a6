"""The invitations to follow and to review: one content for the page, the feed and the tags."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Episode, RenderedNotes, Placement, PromptSet, Show
from podcast_kit.site.i18n import words
from podcast_kit.site.listen_links import Kind, Link, links, same
from podcast_kit.site.templates import Templates, templates

SURFACES = {"page": "prompts/page.html", "feed": "prompts/feed.html", "text": "prompts/text.txt"}
BUILT_IN = {"default": PromptSet(), "none": PromptSet(follow=False, review=False, placement=Placement.NONE)}


def prompt_set(show: Show, episode: Episode) -> PromptSet:
    """The set that an episode asked for by name; InvalidInput where there is none of that name."""
    found = show.prompts.get(episode.prompts) or BUILT_IN.get(episode.prompts)
    if found is None:
        known = ", ".join(sorted({*show.prompts, *BUILT_IN}))
        text = f"there is no set of prompts named {episode.prompts!r}"
        raise InvalidInput([Problem(episode.location_of("prompts"), text, f"known: {known}", "prompts.unknown")])
    return found


def prompts(
    show: Show, episode: Episode, *, folder: Path, page_url: str, written: Collection[str], digest: str = ""
) -> RenderedNotes:
    """The invitations of an episode for each surface; empty where none are wanted.

    `page_url` is the address of the episode's page. What is in `written`, the addresses that the author
    linked to by hand, is not written again. Each address stands once on each surface.
    `digest` is that of the templates, for who knows it already.
    """
    chosen = prompt_set(show, episode)
    if chosen.placement is Placement.NONE or not (chosen.follow or chosen.review):
        return RenderedNotes()
    seen = {same(url) for url in written}
    follow_url = show.page_url("follow/index.html")
    every = [link for link in links(show) if link.declared]
    follow = _unseen(every, Kind.FOLLOW, seen) if chosen.follow else []
    any_app = follow_url if chosen.follow and same(follow_url) not in seen else ""
    seen |= {same(any_app)} if any_app else set()
    review = _unseen(every, Kind.REVIEW, seen) if chosen.review else []
    reviewed = any(link.kind is Kind.REVIEW for link in every)
    how = f"{follow_url}#review" if chosen.review and not reviewed else ""
    if same(how) in seen:
        how = ""
    if not (follow or any_app or review or how):
        return RenderedNotes()
    made = templates(folder, digest)
    names = {"show": show.title, "title": episode.title}
    t = words(show.language, show.timezone, folder, made.digest)
    said = _Said(
        follow=tuple(follow),
        any_app=any_app,
        review=tuple(review),
        review_how=how,
        ask_follow=_named(chosen.follow_text, names) or t("follow_prompt"),
        ask_review=_named(chosen.review_text, names) or t("review_prompt"),
        language=show.language,
        timezone=show.timezone,
    )
    if any(made.own(name) for name in SURFACES.values()):
        return _filled(made, said, show=show, episode=episode, page_url=page_url)
    return _plain(made, said)


class _Said(NamedTuple):
    """All that our own templates of invitations are told."""

    follow: tuple[Link, ...]
    any_app: str
    review: tuple[Link, ...]
    review_how: str
    ask_follow: str
    """The sentence that asks."""
    ask_review: str
    language: str
    timezone: str


def _filled(made: Templates, said: _Said, **more: object) -> RenderedNotes:
    values = {**said._asdict(), **more, "t": words(said.language, said.timezone, made.folder, made.digest)}
    return RenderedNotes(**{surface: made.render(name, values).strip() for surface, name in SURFACES.items()})


@lru_cache(maxsize=256)
def _plain(made: Templates, said: _Said) -> RenderedNotes:
    """Where the templates are ours they look neither at the episode nor at its page: most episodes invite alike."""
    return _filled(made, said)


def _named(text: str, names: Mapping[str, str]) -> str:
    """The podcaster's own words, with the names where they want them."""
    return re.sub(r"\{(show|title)\}", lambda found: names[found[1]], text)


def _unseen(every: list[Link], kind: Kind, seen: set[str]) -> list[Link]:
    """The links of a kind that stand nowhere yet; `seen` learns of them."""
    found = []
    for link in every:
        if link.kind is kind and same(link.url) not in seen:
            seen.add(same(link.url))
            found.append(link)
    return found


MARKERS = re.compile(r"^[ \t]*\{\{[ \t]*(links|follow|review|feed)[ \t]*\}\}[ \t]*$", re.MULTILINE)


def expand(show: Show, notes: str) -> str:
    """Notes with `{{ links }}`, `{{ follow }}`, `{{ review }}` and `{{ feed }}`, each alone on a line, filled in.

    `{{ prompts }}` is none of them: it is a token of the notes, and parts them where the invitations go
    (`making/items.py`). A marker becomes one line of Markdown, so that every other line keeps its number. What is
    written this way counts as written by hand: the invitations do not say it again.
    """
    if not MARKERS.search(notes):
        return notes
    every = [link for link in links(show) if link.declared]
    lines = {
        "follow": _line([link for link in every if link.kind is Kind.FOLLOW]),
        "review": _line([link for link in every if link.kind is Kind.REVIEW]),
        "feed": f"<{show.feed_url}>",
    }
    unique = {same(link.url): link for link in reversed(every)}
    lines["links"] = _line([link for link in every if unique[same(link.url)] is link])
    return MARKERS.sub(lambda marker: lines[marker[1]], notes)


def _line(found: list[Link]) -> str:
    """Links as Markdown; labels are text, whatever they hold."""
    return " · ".join(f"[{re.sub(r'([^A-Za-z0-9 ])', _escape, link.label)}](<{link.url}>)" for link in found)


def _escape(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1].isascii() and found[1].isprintable() else found[1]
