"""One way to name an episode wherever a command takes one: its slug, number, path or guid."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from podcast_kit.model import BrokenEpisode, Episode, LocalFile, Project
from podcast_kit.source.yaml import InvalidValue, suggest_name

_NUMBER = re.compile(r"#?0*(?P<number>[1-9]\d{0,8})")
_SEASON_NUMBER = re.compile(r"s0*(?P<season>[1-9]\d{0,5})[ex:]0*(?P<number>[1-9]\d{0,8})", re.IGNORECASE)


def find_episode(project: Project, name: str) -> Episode:
    """The episode that a name means; raises InvalidValue, with a suggestion, for none and for several.

    A name is a slug, a guid, a number (`7`, `007`, `s2e7`; of the episode, or else at the beginning of its slug), the
    path of the notes or of the recording (from the working folder or from the show's), or the beginning of exactly one
    slug.
    """
    exact = [episode for episode in project.episodes if name in {episode.slug, episode.guid} - {""}]
    numbered = _with_number(project, name) or [episode for episode in project.episodes if _begins(episode.slug, name)]
    for candidates in (exact, _with_path(project, name), numbered, _with_prefix(project, name)):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            choices = ", ".join(episode.slug for episode in candidates)
            raise InvalidValue(f"{name!r} means more than one episode: {choices}", "write one of these", "episode.name")
    slugs = [episode.slug for episode in project.episodes]
    raise InvalidValue(f"no episode {name!r}", _suggest_slug(name, slugs), "episode.name")


def find_notes(project: Project, name: str) -> str:
    """The path of the notes of the episode that a name means, also where they cannot be read; raises InvalidValue."""
    try:
        return find_episode(project, name).path
    except InvalidValue:
        if broken := find_broken(project, name):
            return broken.path
        raise


def find_broken(project: Project, name: str) -> BrokenEpisode | None:
    """The episode that a name means, of those that cannot be read; of their numbers only that in the slug is known."""
    paths = _paths_from(project, name)
    folded = name.casefold()
    exact = [episode for episode in project.broken if name in {episode.slug, episode.guid} or episode.path in paths]
    numbered = [episode for episode in project.broken if _begins(episode.slug, name)]
    similar = [episode for episode in project.broken if folded and episode.slug.casefold().startswith(folded)]
    candidates = exact or numbered or similar
    return candidates[0] if len(candidates) == 1 else None


def resolve_guids(project: Project, names: Collection[str], other_guids: Collection[str]) -> Iterator[str]:
    """The guid for each name of an episode, also of one that only podcast.lock or the live feed (`other_guids`) has.

    Raises InvalidValue.
    """
    for name in names:
        entries = [entry for entry in project.lock if name in {entry.slug, entry.guid, *entry.former_slugs}]
        if name in other_guids or not project.episodes:
            yield name
        elif entries and not any(episode.slug == name for episode in project.episodes):
            yield entries[0].guid
        else:
            yield find_episode(project, name).guid


def _paths_from(project: Project, name: str) -> set[str]:
    """A path as it is from the show's folder, and from the working folder."""
    try:
        from_here = os.path.relpath(Path(name).absolute(), project.folder.absolute()).replace(os.sep, "/")
    except ValueError:  # another drive
        from_here = name
    return {name.removeprefix("./"), from_here}


def _with_path(project: Project, name: str) -> list[Episode]:
    paths = _paths_from(project, name)
    return [
        episode
        for episode in project.episodes
        if episode.path in paths or (isinstance(episode.audio, LocalFile) and episode.audio.path in paths)
    ]


def _with_number(project: Project, name: str) -> list[Episode]:
    match = _SEASON_NUMBER.fullmatch(name) or _NUMBER.fullmatch(name)
    if not match:
        return []
    season = match.groupdict().get("season")
    return [
        episode
        for episode in project.episodes
        if episode.number == int(match["number"]) and (season is None or episode.season == int(season))
    ]


def _begins(slug: str, name: str) -> bool:
    """Whether a slug begins with a number, as those that `new` makes do."""
    match = _NUMBER.fullmatch(name)
    return bool(match and re.match(rf"0*{match['number']}(?!\d)", slug))


def _with_prefix(project: Project, name: str) -> list[Episode]:
    folded = name.casefold()
    return [episode for episode in project.episodes if folded and episode.slug.casefold().startswith(folded)]


def _suggest_slug(name: str, slugs: list[str]) -> str:
    parts = [slug for slug in slugs if name.casefold() in slug.casefold()] if name else []
    if parts:
        return f"did you mean {parts[0]!r}?"
    fix = suggest_name(name, slugs)
    return fix if fix.startswith("did you mean") else "`podcast-kit status` lists all episodes"
