"""A local web server for the built show, and a watcher that reports changes of the source files."""

from podcast_kit.preview.server import MAX_LAST_BUILD_S, Preview, make_preview
from podcast_kit.preview.watcher import watch

__all__ = ["MAX_LAST_BUILD_S", "Preview", "make_preview", "watch"]
