"""A local web server for the built show, and a watcher that reports changes of the source files."""

from podcast_kit.preview.server import Preview, make_preview
from podcast_kit.preview.watcher import watch

__all__ = ["Preview", "make_preview", "watch"]
