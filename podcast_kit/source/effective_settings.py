"""The settings of a show as they hold: its own, those of its network and the defaults, each with its place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.errors import SourceLocation
from podcast_kit.model import SHOW_FILE
from podcast_kit.source import network as networks
from podcast_kit.source.core_keys import SHOW_KEYS, CoreKey
from podcast_kit.source.yaml import Value, decode_source, parse_yaml_table, read_source_file

SHOW_ORIGIN, NETWORK_ORIGIN, DEFAULT_ORIGIN = "show", "network", "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSetting:
    """A key of podcast.yaml and what it is."""

    key: str
    """With dots, such as `publish.url`; items of lists by their number from 1."""
    value: str
    origin: str
    """`show`, `network` or `default`."""
    location: SourceLocation | None = None
    """From the show's folder; None for a default."""


def list_effective_settings(folder: Path) -> tuple[EffectiveSetting, ...]:
    """The settings of the show in a folder, in the order of its file, then those that nothing sets.

    Raises InvalidInput where podcast.yaml or shows.yaml cannot be read.
    """
    folder = Path(os.path.realpath(folder))
    table = parse_yaml_table(decode_source(read_source_file(folder / SHOW_FILE, SHOW_FILE), SHOW_FILE), SHOW_FILE)
    network = networks.find_network(folder)
    member = network.find_member(folder) if network else None
    if network and member:
        table, _ = networks.inherit_defaults(table, network, member)
    settings = [setting for key, value in table.entries.items() for setting in _flatten_value(key, value)]
    return (*settings, *_list_defaults(SHOW_KEYS, {setting.key for setting in settings}))


def _flatten_value(key: str, value: Value) -> Iterator[EffectiveSetting]:
    """The settings in a value: one for a single value or a list of them."""
    if key.startswith("x-") or value.is_empty:
        return
    if isinstance(value.content, dict) and value.content:
        for name, inner in value.content.items():
            yield from _flatten_value(f"{key}.{name}", inner)
        return
    items = value.content if isinstance(value.content, list) else []
    if any(not isinstance(item.content, str) for item in items):
        for number, item in enumerate(items, 1):
            yield from _flatten_value(f"{key}.{number}", item)
        return
    if isinstance(value.content, str):
        text = value.content.strip()
    else:
        text = ", ".join(str(item.content) for item in items) or "none"
    origin = SHOW_ORIGIN if value.location.path == SHOW_FILE else NETWORK_ORIGIN
    yield EffectiveSetting(key=key, value=text, origin=origin, location=value.location)


def _list_defaults(keys: Iterable[CoreKey], set_keys: set[str], prefix: str = "") -> Iterator[EffectiveSetting]:
    """The defaults of keys that are not set; of keys in keys where the outer one is a mapping."""
    for core_key in keys:
        names = tuple(f"{prefix}{name}" for name in (core_key.name, *core_key.other_names))
        is_set = any(f"{key}.".startswith(f"{name}.") for key in set_keys for name in names)
        if core_key.default and not is_set:
            yield EffectiveSetting(key=f"{prefix}{core_key.name}", value=core_key.default, origin=DEFAULT_ORIGIN)
        if core_key.form == "a mapping":
            yield from _list_defaults(core_key.fields, set_keys, f"{prefix}{core_key.name}.")
