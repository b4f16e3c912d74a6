"""Where a show is followed and reviewed: its listening links, from ids, from the feed, and by hand."""

from __future__ import annotations

import base64
import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from podcast_kit.errors import InvalidInput, Problem, Severity
from podcast_kit.model import Episode, ListenLink, Show

DATA = Path(__file__).with_name("listen_services.toml")


class Kind(StrEnum):
    """What a link asks of the listener."""

    FOLLOW = "follow"
    REVIEW = "review"


class Platform(StrEnum):
    """Where an app runs; a directory is a site that plays nothing itself."""

    APPLE = "apple"
    ANDROID = "android"
    ANY = "any"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One way to follow or to review the show."""

    label: str
    url: str
    kind: Kind
    platform: Platform
    service: str
    declared: bool = False
    """The podcaster named the service under `listen:`; the others are derived."""
    how: str = ""
    """Key of the sentence that says where in the app the stars are."""


@cache
def directories() -> dict[str, Any]:
    """The data file: `checked`, a date, and the tables `service` and `closed`."""
    return tomllib.loads(DATA.read_text("utf-8"))


@cache
def _by_name() -> dict[str, dict[str, Any]]:
    rows = [*directories()["service"], *(row | {"closed": True} for row in directories()["closed"])]
    return {name: row for row in rows for name in (row["key"], *row.get("aliases", ()))}


@cache
def hosts() -> frozenset[str]:
    """Where the services have their addresses."""
    found = (
        urlsplit(pattern).hostname
        for row in directories()["service"]
        for kind in Kind
        for pattern in row.get(kind.value, ())
    )
    return frozenset(host for host in found if host)


def service(label: str) -> str:
    """The key of the service that is called so; empty where none is."""
    return next((row["key"] for row in directories()["service"] if row["label"] == label), "")


def links(show: Show) -> tuple[Link, ...]:
    """Every way to follow and to review a show: what the podcaster listed first, in their order.

    Raises InvalidInput naming every entry of `listen:` that is neither an id nor an address.
    """
    problems = [problem for problem in faults(show) if problem.severity is Severity.ERROR]
    if problems:
        raise InvalidInput(problems)
    return _all(show.listen, show.feed_url, show.guid, show.title)


@lru_cache(maxsize=8)
def _all(listen: tuple[ListenLink, ...], feed: str, guid: str, title: str) -> tuple[Link, ...]:
    known = _known(listen, feed, guid, title)
    declared = [_declared(entry, known) for entry in listen if _alive(entry)]
    named = {link.service for group in declared for link in group}
    derived = [_links(row, known, declared=False) for row in directories()["service"] if row["key"] not in named]
    return tuple(link for group in (*declared, *derived) for link in group)


def elsewhere(show: Show, episode: Episode) -> tuple[Link, ...]:
    """Where an episode is heard besides here, as its `listen:` says.

    Raises InvalidInput naming every entry that is neither an id of a known service nor an address.
    """
    found: list[Link] = []
    problems: list[Problem] = []
    known = _known(show.listen, show.feed_url, show.guid, show.title)
    for entry in episode.listen:
        row = _by_name().get(_name(entry)) or {"key": _name(entry), "label": entry.service.strip().title()}
        if row.get("closed") and not entry.keep:
            continue
        ids = known | {"id": quote(entry.value.strip(), safe="")}
        patterns = [row["episode"]] if "episode" in row else []
        url = entry.value.strip() if _is_address(entry.value) else _fill(patterns, ids)
        if not url:
            text = f"{entry.value!r} does not lead to an episode on {row['label']}"
            problems.append(Problem(entry.location, text, "write the whole https address", "listen.id"))
            continue
        found.append(
            Link(
                label=entry.label or row["label"],
                url=url,
                kind=Kind.FOLLOW,
                platform=Platform(row.get("on", "any")),
                service=row["key"],
                declared=True,
            )
        )
    if problems:
        raise InvalidInput(problems)
    return tuple(found)


def faults(show: Show) -> Iterator[Problem]:
    """What is wrong with the entries of `listen:`; warnings for services that have closed."""
    for entry in show.listen:
        row = _by_name().get(_name(entry))
        if row is None and not _is_address(entry.value):
            near = difflib.get_close_matches(_name(entry), _by_name(), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "write the whole https address instead"
            yield Problem(entry.location, f"no service is known as {entry.service!r}", hint, "listen.unknown")
        elif row and row.get("closed") and not entry.keep:
            since = f" {row['since']}" if "since" in row else ""
            text = f"{row['label']} closed{since}; the link is left out"
            hint = "remove the key, or write {url: ..., keep: true} to insist"
            yield Problem(entry.location, text, hint, "listen.closed", Severity.WARNING)
        elif row and not _is_address(entry.value) and not re.fullmatch(row.get("id", r"(?!)"), _bare_id(entry)):
            hint = f"an id matches {row['id']}" if "id" in row else "write the whole https address"
            yield Problem(entry.location, f"{entry.value!r} is no id of {row['label']}", hint, "listen.id")


@lru_cache(maxsize=1024)
def same(url: str) -> str:
    """An address as it is compared: without scheme, `www.`, trackers, trailing slash and an Apple store's country."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    except ValueError:
        return url.strip()
    path = parts.path.rstrip("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = sorted((key, value) for key, value in pairs if not _tracks(host, key))
    if host in {"podcasts.apple.com", "itunes.apple.com"} and (found := re.search(r"/id([0-9]+)$", path)):
        host, path = "podcasts.apple.com", f"/podcast/id{found[1]}"
    scheme = "" if parts.scheme in {"http", "https"} else parts.scheme
    return urlunsplit((scheme, host + port, path, urlencode(query), parts.fragment))


def _tracks(host: str, key: str) -> bool:
    campaign = key.startswith("utm_") or key in {"fbclid", "gclid"}
    return (
        campaign
        or (host == "open.spotify.com" and key == "si")
        or (host.endswith(".apple.com") and key in {"uo", "mt"})
    )


def _name(entry: ListenLink) -> str:
    return entry.service.strip().lower().replace("-", "_")


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value.strip())
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and not re.search(r"[\s<>\"\x00-\x1f]", value.strip())
        )
    except ValueError:
        return False


def _bare_id(entry: ListenLink) -> str:
    value = entry.value.strip()
    return value.removeprefix("id") if value[2:].isdigit() else value


def _alive(entry: ListenLink) -> bool:
    return entry.keep or not _by_name().get(_name(entry), {}).get("closed")


def _known(listen: tuple[ListenLink, ...], feed: str, guid: str, title: str) -> dict[str, str]:
    """What addresses are made of."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    known = {
        "feed": quote(feed, safe=""),
        "feed64": base64.urlsafe_b64encode(feed.encode()).decode().rstrip("="),
        "bare": quote(feed.split("://", 1)[-1], safe="/:%-._~"),
        "slug": re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "podcast",
    }
    if guid:
        known["guid"] = quote(guid, safe="")
    for entry in listen:
        row = _by_name().get(_name(entry), {})
        if row.get("key") in {"apple", "podcastindex"} and (found := _id(entry, row)):
            known[row["key"]] = quote(found, safe="")
    return known


def _id(entry: ListenLink, row: dict[str, Any]) -> str:
    """The id of an entry, also where it stands inside a whole address; empty when there is none."""
    if not _is_address(entry.value):
        return _bare_id(entry)
    found = re.search(row.get("within", r"(?!)"), urlsplit(entry.value.strip()).path)
    return found[1] if found else ""


def _fill(patterns: list[str], known: dict[str, str]) -> str:
    for pattern in patterns:
        if set(re.findall(r"\{(\w+)\}", pattern)) <= known.keys():
            return pattern.format_map(known)
    return ""


def _declared(entry: ListenLink, known: dict[str, str]) -> list[Link]:
    row = _by_name().get(_name(entry)) or {"key": _name(entry), "on": "any", "label": entry.service.strip().title()}
    own = known | ({"id": quote(found, safe="")} if (found := _id(entry, row)) else {})
    made = _links(row, own, declared=True, label=entry.label)
    if not _is_address(entry.value):
        return made
    kind = Kind.FOLLOW if row.get("follow") or not row.get("review") else Kind.REVIEW
    others = [link for link in made if link.kind is not kind]
    first = Link(
        label=entry.label or row["label"],
        url=entry.value.strip(),
        kind=kind,
        platform=Platform(row.get("on", "any")),
        service=row["key"],
        declared=True,
        how=row.get("how", ""),
    )
    return [first, *others]


def _links(row: dict[str, Any], known: dict[str, str], *, declared: bool, label: str = "") -> list[Link]:
    found = ((kind, _fill(row.get(kind.value, []), known)) for kind in Kind)
    return [
        Link(
            label=label or row["label"],
            url=url,
            kind=kind,
            platform=Platform(row.get("on", "any")),
            service=row["key"],
            declared=declared,
            how=row.get("how", "") if kind is Kind.REVIEW else "",
        )
        for kind, url in found
        if url
    ]
