"""Publish a podcast from the shell: audio and Markdown in, tagged media, feed and pages out."""

__version__ = "0.1.0"
