"""The invitations to follow and to review: one content for the page, the feed and the tags."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Episode, Flavours, Placement, PromptSet, Show
from podcast_kit.model import page_url as address_of
from podcast_kit.site.directories import Kind, Link, links, same
from podcast_kit.site.templates import templates
from podcast_kit.site.words import words

BUILT_IN = {"default": PromptSet(), "none": PromptSet(follow=False, review=False, placement=Placement.NONE)}


def prompt_set(show: Show, episode: Episode) -> PromptSet:
    """The set that an episode asked for by name; InvalidInput where there is none of that name."""
    found = show.prompts.get(episode.prompts) or BUILT_IN.get(episode.prompts)
    if found is None:
        known = ", ".join(sorted({*show.prompts, *BUILT_IN}))
        text = f"there is no set of prompts named {episode.prompts!r}"
        raise InvalidInput([Problem(episode.place("prompts"), text, f"known: {known}", "prompts.unknown")])
    return found


def prompts(show: Show, episode: Episode, *, folder: Path, page_url: str, written: Collection[str]) -> Flavours:
    """The invitations of an episode for each surface; empty where none are wanted.

    `page_url` is the address of the episode's page. What is in `written`, the addresses that the author
    linked to by hand, is not written again. Each address stands once on each surface.
    """
    chosen = prompt_set(show, episode)
    if chosen.placement is Placement.NONE or not (chosen.follow or chosen.review):
        return Flavours()
    seen = {same(url) for url in written}
    follow_url = address_of(show, "follow/index.html")
    every = [link for link in links(show) if link.declared]
    follow = _unseen(every, Kind.FOLLOW, seen) if chosen.follow else []
    any_app = follow_url if chosen.follow and same(follow_url) not in seen else ""
    seen |= {same(any_app)} if any_app else set()
    review = _unseen(every, Kind.REVIEW, seen) if chosen.review else []
    reviewed = any(link.kind is Kind.REVIEW for link in every)
    how = f"{follow_url}#review" if chosen.review and not reviewed else ""
    if same(how) in seen:
        how = ""
    made = templates(folder)
    t = words(show.language, show.timezone, folder, made.digest)
    names = {"show": show.title, "title": episode.title}
    values = {
        "ask_follow": _filled(chosen.follow_text, names) or t("follow_prompt"),
        "ask_review": _filled(chosen.review_text, names) or t("review_prompt"),
        "show": show,
        "episode": episode,
        "page_url": page_url,
        "follow": follow,
        "any_app": any_app,
        "review": review,
        "review_how": how,
        "t": t,
    }
    if not (follow or any_app or review or how):
        return Flavours()
    return Flavours(
        page=made.render("prompts/page.html", values).strip(),
        feed=made.render("prompts/feed.html", values).strip(),
        text=made.render("prompts/text.txt", values).strip(),
    )


def _filled(text: str, names: Mapping[str, str]) -> str:
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

    A marker becomes one line of Markdown, so that every other line keeps its number. What is written
    this way counts as written by hand: the invitations do not say it again.
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
