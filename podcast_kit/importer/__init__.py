"""Somebody's live feed as a show's folder: podcast.yaml, episodes/*.md and podcast.lock.

Guids are taken over letter for letter, and recordings stay where they are until they are fetched:
no subscriber notices that the show has moved in.
"""

from __future__ import annotations

from podcast_kit.importer.compare import differences
from podcast_kit.importer.downloads import Fetched, files
from podcast_kit.importer.model import Imported
from podcast_kit.importer.show_reader import read
from podcast_kit.importer.show_writer import write

__all__ = ["Fetched", "Imported", "differences", "files", "read", "write"]
