"""What a show's folder was made from: the live versions that it had, in `.podcast-kit/base.json`.

Where git cannot tell whether an edit was made on top of the live version, this file does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import write_atomic
from podcast_kit.model.lineage import SourceParts
from podcast_kit.stores.lineage import sources_from_json, sources_to_json

BASE_PATH = Path(".podcast-kit") / "base.json"


def read_base(folder: Path, store_name: str) -> dict[str, SourceParts] | None:
    """Unit → the live version that this folder last had; None where it never had any of this store."""
    rows = _read_stores(folder).get(store_name)
    with suppress(ValueError, TypeError, AttributeError):
        return None if rows is None else sources_from_json(rows)  # type: ignore[arg-type]  # checked by the attempt
    return None


def update_base(folder: Path, store_name: str, versions: Mapping[str, SourceParts]) -> None:
    """Record that the folder has these versions, which are live in this store; others that it had stay."""
    stores = _read_stores(folder)
    base = read_base(folder, store_name) or {}
    if not versions or all(base.get(unit) == parts for unit, parts in versions.items()):
        return
    stores[store_name] = sources_to_json({**base, **versions})
    with suppress(OSError, OperationError):  # without it, git and the history still tell most
        (folder / BASE_PATH).parent.mkdir(exist_ok=True)
        write_atomic(folder / BASE_PATH, json.dumps(stores, ensure_ascii=False).encode())


def _read_stores(folder: Path) -> dict[str, object]:
    try:
        data = json.loads((folder / BASE_PATH).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
