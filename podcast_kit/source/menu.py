"""`menu:` of podcast.yaml: the entries of the site's menu."""

from __future__ import annotations

import re

from podcast_kit.model import MenuEntry
from podcast_kit.source.yaml import InvalidValue, Table, converters

MAX_MENU_ENTRIES = 20
_OTHER_SCHEMES = re.compile(r"(?:mailto|tel):[^\s<>\"]+", re.IGNORECASE)
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def menu_from_table(table: Table) -> tuple[MenuEntry, ...]:
    """The entries under `menu`: each the name of a page, or keys `title` and `url`."""
    entries: list[MenuEntry] = []
    for value in table.values("menu"):
        if isinstance(value.content, str):
            if target := table.converted(value, _to_menu_target, "", "menu"):
                entries.append(MenuEntry(target=target, location=value.location))
        elif inner := table.nested(value, "this menu entry"):
            target = inner.required("url", _to_menu_target, "")
            title = inner.optional("title", converters.to_line, "")
            inner.finish()
            if target and "://" in target and not title:
                inner.report_missing("title")
            entries.append(MenuEntry(target=target, title=title, location=value.location))
    if len(entries) > MAX_MENU_ENTRIES:
        text = f"the menu has more than {MAX_MENU_ENTRIES} entries"
        table.error(entries[MAX_MENU_ENTRIES].location, text, "link to the others from a page", "value.long")
    return tuple(entries)


def _to_menu_target(raw: str) -> str:
    """A URL, or the name or path of a page or file of the show."""
    target = converters.to_line(raw)
    if "://" in target:
        return converters.to_url(target)
    if _OTHER_SCHEMES.fullmatch(target):
        return target
    if _ANY_SCHEME.match(target) or "\\" in target or ".." in target.split("/"):
        fix = "write https://..., the name of a page such as about, or the path of a file in static/"
        raise InvalidValue(f"{converters.quote_value(raw)} cannot be in the menu", fix, "value.url")
    return target
