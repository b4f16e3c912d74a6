"""`people:` and `listen:`: who is heard, and the services where a show or an episode can be heard."""

from __future__ import annotations

import re

from podcast_kit.model import ListenLink, Person
from podcast_kit.source.paths import IMAGE_SUFFIXES, ShowFolder
from podcast_kit.source.yaml import Table, Value, converters

CLOSED_SERVICES = {
    "stitcher": "Stitcher closed on 29 August 2023",
    "stitcher_subscribe": "Stitcher closed on 29 August 2023",
    "google": "Google Podcasts closed in April 2024",
    "google_podcasts": "Google Podcasts closed in April 2024",
    "googlepodcasts": "Google Podcasts closed in April 2024",
}

_EPISODE_URL = re.compile(
    r"https?://(?:open\.spotify\.com/(?:intl-[a-z]+/)?episode/|podcasts\.apple\.com/[^#]*[?&]i=\d|overcast\.fm/\+"
    r"|(?:www\.|music\.|m\.)?youtube\.com/watch\?(?!.*\blist=)|youtu\.be/|(?:www\.)?deezer\.com/(?:[a-z]+/)?episode/)",
    re.IGNORECASE,
)
"""Addresses of episodes at services where shows have other ones."""


def people_from_table(table: Table, folder: ShowFolder, key: str = "people", role: str = "host") -> tuple[Person, ...]:
    """The list under `people`; an entry is a name, or keys and values."""
    people: list[Person] = []
    for value in table.values(key):
        if isinstance(value.content, str):
            if name := table.converted(value, converters.to_line, "", key):
                people.append(Person(name=name, role=role))
        elif person := table.nested(value, "this person"):
            people.append(
                Person(
                    name=person.required("name", converters.to_line, ""),
                    role=person.optional("role", converters.to_line, role).lower(),
                    group=person.optional("group", converters.to_line, "cast").lower(),
                    url=person.optional("url", converters.to_url, "", other_names=("href",)),
                    image=person.optional(
                        "image", folder.resource_converter(IMAGE_SUFFIXES), None, other_names=("img",)
                    ),
                )
            )
            person.finish()
    return tuple(people)


def listen_links_from_table(table: Table, *, of_show: bool) -> tuple[ListenLink, ...]:
    """The services under `listen`: each an id, a URL, or keys `id`, `url`, `label`, `keep`.

    A service that has closed is reported and left out unless it has `keep: true`, and so is a link of the show that
    leads to a single episode.
    """
    services = table.table("listen")
    if services is None:
        return ()
    links: list[ListenLink] = []
    for key in services.entries:
        value = services.value(key)
        if value is None:
            continue
        if key == "custom":
            links += [link for entry in services.values(key) if (link := _custom_link(services, entry))]
        elif link := _service_link(services, key, value):
            if of_show and _EPISODE_URL.match(link.value) and not link.keep:
                text = f"{key}: {link.value!r} leads to a single episode"
                fix = "copy the address of the show's page there"
                services.error(value.location, text, fix, "listen.episode")
                continue
            links.append(link)
    return tuple(links)


def _custom_link(services: Table, entry: Value) -> ListenLink | None:
    table = services.nested(entry, "this link")
    if table is None:
        return None
    label, url = table.required("label", converters.to_line, ""), table.required("url", converters.to_url, "")
    table.finish()
    return ListenLink(service="custom", value=url, label=label, keep=True, location=entry.location)


def _service_link(services: Table, key: str, value: Value) -> ListenLink | None:
    label, keep = "", False
    if isinstance(value.content, dict) and (table := services.nested(value, key)):
        service_id = table.optional("url", converters.to_url, "", other_names=("href",))
        service_id = service_id or table.optional("id", _to_service_id, "")
        if not service_id:
            table.report_missing("url", "add 'url: https://...' or 'id: ...'")
        label = table.optional("label", converters.to_line, "")
        keep = table.optional("keep", converters.to_flag, default=False)
        table.finish()
    else:
        service_id = services.converted(value, _to_service_id, "", key)
    service = re.sub(r"[\s-]+", "_", key.strip().lower())
    if service in CLOSED_SERVICES and not keep:
        text = f"{CLOSED_SERVICES[service]}; the link is left out"
        services.warning(value.location, text, "remove the key", "listen.closed")
        return None
    if not service_id:
        return None
    return ListenLink(service=service, value=service_id, label=label, keep=keep, location=value.location)


def _to_service_id(raw: str) -> str:
    text = converters.to_text(raw)
    return converters.to_url(text) if "://" in text else converters.to_line(text)
