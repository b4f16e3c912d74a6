"""The version of every writer: raised when the same input would come out as other bytes.

Each is part of the cache keys of what that writer makes, so that an update of the toolkit renews exactly what changed.
"""

from __future__ import annotations

TAG_WRITER = 3
"""Tags in audio files, and what probing a file says of it."""
MASTERING = 4
"""Loudness, limiting and encoding."""
SOUNDBITES = 1
"""Where and how a soundbite is cut."""
DESCRIPTIONS = 4
"""Notes and prompts as feed HTML, page HTML and plain text."""
IMAGES = 2
"""Thumbnails, icons and social cards."""
PAGES_AND_FEEDS = 2
"""HTML pages, RSS, JSON Feed and OPML made from the same items."""
