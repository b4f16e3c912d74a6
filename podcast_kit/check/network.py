"""Finds shows of a network that would overwrite each other: one place, one address or one guid for two of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import NETWORK_FILE
from podcast_kit.source.network import ShowIdentity, ShowNetwork, find_network, read_identity, read_publisher
from podcast_kit.source.project import list_network_names

TWICE_CODE, PLACE_CODE = "network.twice", "network.place"
PAGE_FOLDERS = frozenset({"media", "assets", "follow", "episodes", "feed", "private", "page", ".podcast-kit"})
"""Folders that the network's own page writes: no show can be published there."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A show, or the network's own page, and where it is published."""

    identity: ShowIdentity
    store: tuple[str, ...]
    """The parts of the path, the first of which says on which host or disk it is; empty if it is not known."""
    url: tuple[str, ...]
    is_page: bool = False
    own_names: frozenset[str] = frozenset()
    """Of the network's page: the folders and files that `pages/` and `static/` beside shows.yaml add."""

    @property
    def title(self) -> str:
        """What a problem calls it."""
        return "the network's own page" if self.is_page else f"the show {self.identity.name}"

    def location_of(self, key: str) -> SourceLocation:
        """Where a setting is written, from the network's folder."""
        return self.identity.locations.get(key) or SourceLocation(NETWORK_FILE)


def find_show_conflicts(network: ShowNetwork) -> dict[str, list[Problem]]:
    """What is wrong with shows as parts of their network, by the show's name; of its own page under an empty name.

    Each problem is located where the show says where it is published, or what its guid is.
    """
    places: list[_Place] = []
    for show in network.shows:
        identity = None if show.problems else read_identity(network, show)
        if identity:
            places.append(_make_place(identity, show.folder))
    publisher = read_publisher(network)
    if publisher:
        place = _make_place(publisher, network.folder, is_page=True)
        places.append(replace(place, own_names=list_network_names(network.folder)))
    problems: dict[str, list[Problem]] = {}
    folders = {show.name: ("", *real_path(show.folder).parts) for show in network.shows if not show.problems}
    for name, problem in (
        *_find_same_guids(places),
        *_find_overlaps(places),
        *_find_places_in_shows(places, folders),
    ):
        problems.setdefault(name, []).append(problem)
    return problems


def refuse_show_conflicts(folder: Path) -> None:
    """Raise InvalidInput where the show in a folder and another show of its network would overwrite each other."""
    network = find_network(folder)
    member = network.find_member(folder) if network else None
    if network is None or member is None:
        return
    problems = []
    for problem in find_show_conflicts(network).get(member.name, ()):
        path = os.path.relpath(real_path(network.folder) / problem.location.path, real_path(folder))
        location = replace(problem.location, path=path.replace(os.sep, "/"))
        problems.append(replace(problem, location=location))
    if problems:
        raise InvalidInput(problems)


def _make_place(identity: ShowIdentity, folder: Path, *, is_page: bool = False) -> _Place:
    return _Place(identity, _store_parts(identity, folder), _url_parts(identity.url), is_page)


def _store_parts(identity: ShowIdentity, folder: Path) -> tuple[str, ...]:
    scheme, separator, location = identity.to.partition("://")
    if separator or identity.provider:
        host = identity.endpoint or identity.provider or scheme
        path = location if separator else identity.to
        return (host.removeprefix("aws").removeprefix("s3") or "s3", *(part for part in path.split("/") if part))
    if not identity.to:
        return ()
    return ("", *real_path(folder / Path(identity.to).expanduser()).parts)


def _url_parts(url: str) -> tuple[str, ...]:
    return tuple(part for part in url.partition("://")[2].casefold().split("/") if part)


def _find_same_guids(places: Sequence[_Place]) -> Iterator[tuple[str, Problem]]:
    """A problem for each show that has the guid of another one."""
    for place in places:
        guid = place.identity.guid
        others = [other for other in places if guid and other is not place and other.identity.guid == guid]
        if others:
            text = f"the guid {guid} is also that of {_name_others(others)}"
            fix = "each show has its own: remove the line from the newer show, and write a new guid"
            yield place.identity.name, Problem(place.location_of("guid"), text, fix, TWICE_CODE)


def _find_overlaps(places: Sequence[_Place]) -> Iterator[tuple[str, Problem]]:
    """A problem for each show that is published to the place or the address of another one, or inside of it."""
    for place in places:
        others = [other for other in places if other is not place]
        if overlapping := [other for other in others if _is_overlap(place, other)]:
            verb = "is the same place as" if place.store == overlapping[0].store else "overlaps with the place of"
            text = f"publish.to: {place.identity.to!r} {verb} {_name_others(overlapping)}"
            fix = "give each show a place of its own, such as s3://bucket/{name} in the defaults of shows.yaml"
            yield place.identity.name, Problem(place.location_of("to"), text, fix, PLACE_CODE)
        elif same := [other for other in others if place.url and place.url == other.url]:
            text = f"publish.url: {place.identity.url} is also the address of {_name_others(same)}"
            fix = "give each show an address of its own, such as https://example.com/{name}/"
            yield place.identity.name, Problem(place.location_of("url"), text, fix, PLACE_CODE)


def _name_others(others: Sequence[_Place]) -> str:
    """The first of some shows, and how many more there are."""
    more = f" and {len(others) - 1} more" if others[1:] else ""
    return f"{others[0].title}{more}"


def _find_places_in_shows(
    places: Sequence[_Place], folders: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Problem]]:
    """Problems of shows that are published among the sources of another show."""
    for place in places:
        for name, folder in folders.items():
            is_own = name == place.identity.name and not place.is_page
            if not is_own and place.store[: len(folder)] == folder:
                text = f"publish.to: {place.identity.to!r} is inside of the folder of the show {name}"
                fix = "publish to a folder outside of the shows, such as public/{name} beside shows.yaml"
                yield place.identity.name, Problem(place.location_of("to"), text, fix, PLACE_CODE)


def _is_overlap(place: _Place, other: _Place) -> bool:
    """Whether one of two places is the other, or inside of it."""
    outer, inner = sorted((place, other), key=lambda candidate: len(candidate.store))
    if not outer.store or inner.store[: len(outer.store)] != outer.store:
        return False
    # The network's page may be around its shows: it knows what belongs to them.
    page_names = PAGE_FOLDERS | outer.own_names
    return not outer.is_page or inner.store == outer.store or inner.store[len(outer.store)] in page_names
