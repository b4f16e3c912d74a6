"""Import a podcast from its feed or from another tool's files, as podcast.yaml, episodes/*.md and podcast.lock.

Guids are kept letter for letter, and audio files are linked where they are until they are downloaded,
so subscribers notice nothing.
"""

from __future__ import annotations

from podcast_kit.importer.compare import compare_feeds
from podcast_kit.importer.downloads import DownloadedFiles, download_files
from podcast_kit.importer.feed_source import read_old_feed, without_password
from podcast_kit.importer.model import ImportedFeed
from podcast_kit.importer.new_feed import build_new_feed
from podcast_kit.importer.old_show import OldShow, import_feed, open_old_show
from podcast_kit.importer.own_archive import is_show_archive, unpack_show_archive
from podcast_kit.importer.pipeline import (
    ImportResult,
    convert_old_feed,
    refuse_existing_show,
    write_import,
)
from podcast_kit.importer.show_reader import convert_feed
from podcast_kit.importer.show_writer import write_imported_show
from podcast_kit.importer.tools import GuidChoice

__all__ = [
    "DownloadedFiles",
    "GuidChoice",
    "ImportResult",
    "ImportedFeed",
    "OldShow",
    "build_new_feed",
    "compare_feeds",
    "convert_feed",
    "convert_old_feed",
    "download_files",
    "import_feed",
    "is_show_archive",
    "open_old_show",
    "read_old_feed",
    "refuse_existing_show",
    "unpack_show_archive",
    "without_password",
    "write_import",
    "write_imported_show",
]
