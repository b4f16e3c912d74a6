"""What a show's folder was made from: the live versions that it had, in `.podcast-kit/base.json`.

Where git cannot tell whether an edit was made on top of the live version, this file does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import write_inside
from podcast_kit.model.lineage import SourceParts
from podcast_kit.stores.lineage import sources_from_json, sources_to_json

BASE_PATH = Path(".podcast-kit") / "base.json"
BEGUN_PREFIX = "begun "
"""Comes before a store's name where the versions are of a publish whose end is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderVersions:
    """The versions that a folder had, by unit."""

    base: Mapping[str, SourceParts] | None = None
    """The live ones of this store that it last had; None where it never had any."""
    begun: Mapping[str, SourceParts] = field(default_factory=dict)
    """Those that it last began to publish: a publish that was killed may have put them live."""
    elsewhere: tuple[Mapping[str, SourceParts], ...] = ()
    """Those of other stores, and of this one under another name, as after a move to another computer."""


def read_folder_versions(folder: Path, store_name: str) -> FolderVersions:
    """The versions that a folder had, as far as its base file tells."""
    stores = {name: versions for name, rows in _read_stores(folder).items() if (versions := _parse_versions(rows))}
    own_names = {store_name, BEGUN_PREFIX + store_name}
    return FolderVersions(
        base=stores.get(store_name),
        begun=stores.get(BEGUN_PREFIX + store_name, {}),
        elsewhere=tuple(versions for name, versions in stores.items() if name not in own_names),
    )


def record_begun(folder: Path, store_name: str, versions: Mapping[str, SourceParts]) -> None:
    """Record what a publish is about to put live; `update_base` drops it once that is known."""
    stores = _read_stores(folder)
    _write_stores(folder, stores | {BEGUN_PREFIX + store_name: sources_to_json(versions)})


def update_base(folder: Path, store_name: str, versions: Mapping[str, SourceParts]) -> None:
    """Record that the folder has these versions, which are live in this store; others that it had stay."""
    stores = _read_stores(folder)
    base, begun = (_parse_versions(stores.get(name)) or {} for name in (store_name, BEGUN_PREFIX + store_name))
    if all(base.get(unit) == parts for unit, parts in versions.items()) and not begun.keys() & versions.keys():
        return
    stores[store_name] = sources_to_json({**base, **versions})
    unknown = {unit: parts for unit, parts in begun.items() if unit not in versions}
    stores.pop(BEGUN_PREFIX + store_name, None)
    _write_stores(folder, stores | ({BEGUN_PREFIX + store_name: sources_to_json(unknown)} if unknown else {}))


def _parse_versions(rows: object) -> dict[str, SourceParts] | None:
    with suppress(ValueError, TypeError, AttributeError):
        return sources_from_json(rows) if isinstance(rows, dict) else None
    return None


def _read_stores(folder: Path) -> dict[str, object]:
    try:
        data = json.loads((folder / BASE_PATH).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _write_stores(folder: Path, stores: Mapping[str, object]) -> None:
    with suppress(OSError, OperationError):  # without it, git and the history still tell most
        write_inside(folder, str(BASE_PATH), json.dumps(stores, ensure_ascii=False).encode())
