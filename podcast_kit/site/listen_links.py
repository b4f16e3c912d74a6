"""Links to follow and review the show, built from ids under `listen:`, from the feed's URL, or given as URLs."""

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

SERVICES_FILE = Path(__file__).with_name("listen_services.toml")
_NEVER = r"(?!)"
"""A pattern that matches nothing."""


class LinkKind(StrEnum):
    """What a link is for."""

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
    """A link to follow or review the show."""

    label: str
    url: str
    kind: LinkKind
    platform: Platform
    service: str
    declared: bool = False
    """Whether the service is listed under `listen:`; other links are derived from the feed's URL and known ids."""
    how: str = ""
    """Key of the string that explains how to rate the show there."""


@cache
def load_listen_services() -> dict[str, Any]:
    """The services file: the date `checked`, and the tables `service` and `closed`."""
    return tomllib.loads(SERVICES_FILE.read_text("utf-8"))


@cache
def _services_by_name() -> dict[str, dict[str, Any]]:
    services = load_listen_services()
    rows = [*services["service"], *(row | {"closed": True} for row in services["closed"])]
    return {name: row for row in rows for name in (row["key"], *row.get("aliases", ()))}


@cache
def listen_service_hosts() -> frozenset[str]:
    """The hosts of all services."""
    hosts = (
        urlsplit(pattern).hostname
        for row in load_listen_services()["service"]
        for kind in LinkKind
        for pattern in row.get(kind.value, ())
    )
    return frozenset(host for host in hosts if host)


def service_key_of_label(label: str) -> str:
    """The key of the service with this label; empty if there is none."""
    return next((row["key"] for row in load_listen_services()["service"] if row["label"] == label), "")


def build_listen_links(show: Show) -> tuple[Link, ...]:
    """Every link to follow and review a show; those of `listen:` come first, in the podcaster's order.

    Raises InvalidInput with every entry of `listen:` that is neither a valid id nor a URL.
    """
    problems = [problem for problem in check_listen_links(show) if problem.severity is Severity.ERROR]
    if problems:
        raise InvalidInput(problems)
    return _all_listen_links(show.listen, show.feed_url, show.guid, show.title)


@lru_cache(maxsize=8)
def _all_listen_links(listen: tuple[ListenLink, ...], feed_url: str, guid: str, title: str) -> tuple[Link, ...]:
    fields = _pattern_fields(listen, feed_url, guid, title)
    declared = [_declared_links(entry, fields) for entry in listen if _is_shown(entry)]
    services = {link.service for group in declared for link in group}
    derived = [
        _service_links(row, fields, declared=False)
        for row in load_listen_services()["service"]
        if row["key"] not in services
    ]
    return tuple(link for group in (*declared, *derived) for link in group)


def build_episode_links(show: Show, episode: Episode) -> tuple[Link, ...]:
    """Links to an episode on other services, from its `listen:`.

    Raises InvalidInput with every entry that is neither an id of a known service nor a URL.
    """
    links: list[Link] = []
    problems: list[Problem] = []
    show_fields = _pattern_fields(show.listen, show.feed_url, show.guid, show.title)
    for entry in episode.listen:
        row = _service_row(entry)
        if row.get("closed") and not entry.keep:
            continue
        value = entry.value.strip()
        patterns = [row["episode"]] if "episode" in row else []
        url = value if _is_full_url(value) else _fill_pattern(patterns, show_fields | {"id": quote(value, safe="")})
        if url:
            links.append(_make_link(entry.label, row, LinkKind.FOLLOW, url, declared=True))
        else:
            text = f"{entry.value!r} is not an episode on {row['label']}"
            problems.append(Problem(entry.location, text, "use the full https URL of the episode", "listen.id"))
    if problems:
        raise InvalidInput(problems)
    return tuple(links)


def check_listen_links(show: Show) -> Iterator[Problem]:
    """Errors in the entries of `listen:`, and warnings about services that have closed."""
    for entry in show.listen:
        row = _services_by_name().get(_service_name(entry))
        if row is None and not _is_full_url(entry.value):
            near = difflib.get_close_matches(_service_name(entry), _services_by_name(), n=1)
            fix = f"did you mean {near[0]!r}?" if near else "use the full https URL"
            yield Problem(entry.location, f"unknown service {entry.service!r}", fix, "listen.unknown")
        elif row and row.get("closed") and not entry.keep:
            since = f" {row['since']}" if "since" in row else ""
            text = f"{row['label']} closed{since}; the link is omitted"
            fix = "remove the key, or write {url: ..., keep: true} to keep the link"
            yield Problem(entry.location, text, fix, "listen.closed", Severity.WARNING)
        elif row and not _is_full_url(entry.value) and not re.fullmatch(row.get("id", _NEVER), _entry_id(entry)):
            an_id = f"{'an' if row['label'][0] in 'AEIOUaeiou' else 'a'} {row['label']} id"
            fix = f"{an_id} is {row['id_form']}" if "id" in row else "use the full https URL"
            yield Problem(entry.location, f"{entry.value!r} is not {an_id}", fix, "listen.id")


@lru_cache(maxsize=1024)
def normalize_url(url: str) -> str:
    """A URL for comparison: without scheme, `www.`, tracking parameters, trailing slash and Apple's country."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    except ValueError:
        return url.strip()
    path = parts.path.rstrip("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = sorted((key, value) for key, value in pairs if not _is_tracking_parameter(host, key))
    if host in {"podcasts.apple.com", "itunes.apple.com"} and (apple_id := re.search(r"/id([0-9]+)$", path)):
        host, path = "podcasts.apple.com", f"/podcast/id{apple_id[1]}"
    scheme = "" if parts.scheme in {"http", "https"} else parts.scheme
    return urlunsplit((scheme, host + port, path, urlencode(query), parts.fragment))


def _is_tracking_parameter(host: str, key: str) -> bool:
    return (
        key.startswith("utm_")
        or key in {"fbclid", "gclid"}
        or (host == "open.spotify.com" and key == "si")
        or (host.endswith(".apple.com") and key in {"uo", "mt"})
    )


def _service_name(entry: ListenLink) -> str:
    return entry.service.strip().lower().replace("-", "_")


def _service_row(entry: ListenLink) -> dict[str, Any]:
    """The service's row of the services file, or one for an unknown service."""
    name = _service_name(entry)
    return _services_by_name().get(name) or {"key": name, "label": entry.service.strip().title()}


def _is_full_url(value: str) -> bool:
    try:
        parts = urlsplit(value.strip())
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and not re.search(r"[\s<>\"\x00-\x1f]", value.strip())
        )
    except ValueError:
        return False


def _entry_id(entry: ListenLink) -> str:
    value = entry.value.strip()
    return value.removeprefix("id") if value[2:].isdigit() else value


def _is_shown(entry: ListenLink) -> bool:
    return entry.keep or not _services_by_name().get(_service_name(entry), {}).get("closed")


def _pattern_fields(listen: tuple[ListenLink, ...], feed_url: str, guid: str, title: str) -> dict[str, str]:
    """The values for the fields of URL patterns."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    fields = {
        "feed": quote(feed_url, safe=""),
        "feed64": base64.urlsafe_b64encode(feed_url.encode()).decode().rstrip("="),
        "bare": quote(feed_url.split("://", 1)[-1], safe="/:%-._~"),
        "slug": re.sub(r"[^a-z0-9]+", "-", ascii_title).strip("-") or "podcast",
    }
    if guid:
        fields["guid"] = quote(guid, safe="")
    for entry in listen:
        row = _services_by_name().get(_service_name(entry), {})
        if row.get("key") in {"apple", "podcastindex"} and (service_id := _find_service_id(entry, row)):
            fields[row["key"]] = quote(service_id, safe="")
    return fields


def _find_service_id(entry: ListenLink, row: dict[str, Any]) -> str:
    """The id of an entry, which may be part of a URL; empty if there is none."""
    if not _is_full_url(entry.value):
        return _entry_id(entry)
    match = re.search(row.get("within", _NEVER), urlsplit(entry.value.strip()).path)
    return match[1] if match else ""


def _fill_pattern(patterns: list[str], fields: dict[str, str]) -> str:
    """The first pattern whose fields are all known, filled in; empty if there is none."""
    for pattern in patterns:
        if set(re.findall(r"\{(\w+)\}", pattern)) <= fields.keys():
            return pattern.format_map(fields)
    return ""


def _declared_links(entry: ListenLink, fields: dict[str, str]) -> list[Link]:
    row = _service_row(entry)
    service_id = _find_service_id(entry, row)
    own_fields = fields | ({"id": quote(service_id, safe="")} if service_id else {})
    links = _service_links(row, own_fields, declared=True, label=entry.label)
    if not _is_full_url(entry.value):
        return links
    kind = LinkKind.FOLLOW if row.get("follow") or not row.get("review") else LinkKind.REVIEW
    given_link = _make_link(entry.label, row, kind, entry.value.strip(), declared=True, how=row.get("how", ""))
    return [given_link, *(link for link in links if link.kind is not kind)]


def _service_links(row: dict[str, Any], fields: dict[str, str], *, declared: bool, label: str = "") -> list[Link]:
    urls = ((kind, _fill_pattern(row.get(kind.value, []), fields)) for kind in LinkKind)
    return [
        _make_link(label, row, kind, url, declared=declared, how=row.get("how", "") if kind is LinkKind.REVIEW else "")
        for kind, url in urls
        if url
    ]


def _make_link(label: str, row: dict[str, Any], kind: LinkKind, url: str, *, declared: bool, how: str = "") -> Link:
    return Link(
        label=label or row["label"],
        url=url,
        kind=kind,
        platform=Platform(row.get("on", "any")),
        service=row["key"],
        declared=declared,
        how=how,
    )
