"""Somebody's live feed as a show's folder: podcast.yaml, episodes/*.md and podcast.lock.

Guids are taken over letter for letter, and recordings stay where they are until they are fetched:
no subscriber notices that the show has moved in.
"""

from __future__ import annotations

from podcast_kit.importer.fetching import Fetched, files
from podcast_kit.importer.imported import Imported
from podcast_kit.importer.proof import differences
from podcast_kit.importer.reading import read
from podcast_kit.importer.writing import write

__all__ = ["Fetched", "Imported", "differences", "files", "read", "write"]
