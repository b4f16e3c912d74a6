"""Finds shows of a network that would overwrite each other: one place, one address or one guid for two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.errors import Problem, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import NETWORK_FILE
from podcast_kit.source.network import ShowIdentity, ShowNetwork, read_identity, read_publisher

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

    @property
    def title(self) -> str:
        """What a problem calls it."""
        return "the network's own page" if self.is_page else f"the show {self.identity.name}"


def find_show_conflicts(network: ShowNetwork) -> dict[str, list[Problem]]:
    """What is wrong with shows as parts of their network, by the show's name; of its own page under an empty name.

    Each problem is located where the second of two shows says where it is published, or what its guid is.
    """
    places: list[_Place] = []
    for show in network.shows:
        identity = None if show.problems else read_identity(network, show)
        if identity:
            places.append(_make_place(identity, show.folder))
    publisher = read_publisher(network)
    if publisher:
        places.append(_make_place(publisher, network.folder, is_page=True))
    problems: dict[str, list[Problem]] = {}
    for name, problem in (*_find_same_guids(places), *_find_overlaps(places)):
        problems.setdefault(name, []).append(problem)
    return problems


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
    """Problems of shows that have the guid of another one."""
    holders: dict[str, _Place] = {}
    for place in places:
        guid = place.identity.guid
        holder = holders.setdefault(guid, place) if guid else place
        if holder is not place:
            text = f"the guid {guid} is also that of {holder.title}"
            fix = "each show has its own: remove the line from the newer show, and write a new guid"
            yield from _tell_both(place, holder, "guid", text, fix, TWICE_CODE)


def _find_overlaps(places: Sequence[_Place]) -> Iterator[tuple[str, Problem]]:
    """Problems of shows that are published to the place or the address of another one, or inside of it."""
    for number, place in enumerate(places):
        for other in places[:number]:
            if _is_overlap(place.store, other.store, place, other):
                verb = "the same place as" if place.store == other.store else "a place that overlaps with that of"
                text = f"publish.to: {place.identity.to!r} is {verb} {other.title} ({other.identity.to!r})"
                fix = "give each show a place of its own, such as s3://bucket/{name} in the defaults of shows.yaml"
                yield from _tell_both(place, other, "to", text, fix, PLACE_CODE)
            elif place.url and place.url == other.url:
                text = f"publish.url: {place.identity.url} is also the address of {other.title}"
                fix = "give each show an address of its own, such as https://example.com/{name}/"
                yield from _tell_both(place, other, "url", text, fix, PLACE_CODE)


def _is_overlap(first: tuple[str, ...], second: tuple[str, ...], place: _Place, other: _Place) -> bool:
    if not first or not second:
        return False
    if first == second:
        return True
    shorter, longer = sorted((first, second), key=len)
    if longer[: len(shorter)] != shorter:
        return False
    outer = place if first is shorter else other
    # The network's page may be around its shows: it knows what belongs to them.
    return not outer.is_page or longer[len(shorter)] in PAGE_FOLDERS


def _tell_both(place: _Place, other: _Place, key: str, text: str, fix: str, code: str) -> Iterator[tuple[str, Problem]]:
    """The problem for both shows, for neither may be published until it is solved."""
    location = place.identity.locations.get(key) or SourceLocation(NETWORK_FILE)
    problem = Problem(location, text, fix, code)
    yield place.identity.name, problem
    yield other.identity.name, problem
