"""People, and the services where a show or an episode is heard."""

from __future__ import annotations

import re

from podcast_kit.model import ListenLink, Person
from podcast_kit.source.paths import PICTURES, Folder
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Value

CLOSED = {
    "stitcher": "Stitcher closed on 29 August 2023",
    "stitcher_subscribe": "Stitcher closed on 29 August 2023",
    "google": "Google Podcasts closed in April 2024",
    "google_podcasts": "Google Podcasts closed in April 2024",
    "googlepodcasts": "Google Podcasts closed in April 2024",
}


def people(table: Table, folder: Folder, key: str = "people", role: str = "host") -> tuple[Person, ...]:
    """The list under `people`; an entry is a name, or keys. Images become relative to the show's folder."""
    found: list[Person] = []
    for value in table.values(key):
        if isinstance(value.content, str):
            found += [Person(name=name, role=role) for name in [table.read(value, converters.line, "", key)] if name]
        elif inner := table.within(value, "this person"):
            found.append(
                Person(
                    name=inner.need("name", converters.line, ""),
                    role=inner.take("role", converters.line, role).lower(),
                    group=inner.take("group", converters.line, "cast").lower(),
                    url=inner.take("url", converters.url, "", also=("href",)),
                    image=inner.take("image", folder.resource(PICTURES), None, also=("img",)),
                )
            )
            inner.close()
    return tuple(found)


def listen(table: Table) -> tuple[ListenLink, ...]:
    """The services under `listen`: an id, an address, or keys `id`, `url`, `label`, `keep`.

    A service that has closed is told of once, where it is written, and left out unless it says `keep: true`.
    """
    services = table.table("listen")
    if services is None:
        return ()
    found: list[ListenLink] = []
    for key in services.entries:
        value = services.value(key)
        if value is None:
            continue
        if key == "custom":
            found += [one for entry in services.values(key) if (one := _custom(services, entry))]
        elif one := _service(services, key, value):
            found.append(one)
    return tuple(found)


def _custom(services: Table, entry: Value) -> ListenLink | None:
    link = services.within(entry, "this link")
    if link is None:
        return None
    label, url = link.need("label", converters.line, ""), link.need("url", converters.url, "")
    link.close()
    return ListenLink(service="custom", value=url, label=label, keep=True, location=entry.place)


def _service(services: Table, key: str, value: Value) -> ListenLink | None:
    label, keep = "", False
    if isinstance(value.content, dict) and (inner := services.within(value, key)):
        said = inner.take("url", converters.url, "", also=("href",)) or inner.take("id", _identity, "")
        if not said:
            inner.missing("url", "write 'url: https://...' or 'id: ...'")
        label, keep = inner.take("label", converters.line, ""), inner.take("keep", converters.flag, default=False)
        inner.close()
    else:
        said = services.read(value, _identity, "", key)
    service = re.sub(r"[\s-]+", "_", key.strip().lower())
    if service in CLOSED and not keep:
        text = f"{CLOSED[service]}; the link is left out"
        services.warn(value.place, text, "remove the key", "listen.closed")
        return None
    return ListenLink(service=service, value=said, label=label, keep=keep, location=value.place) if said else None


def _identity(raw: str) -> str:
    plain = converters.text(raw)
    return converters.url(plain) if "://" in plain else converters.line(plain)
