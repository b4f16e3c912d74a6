"""The notes of another tool's page, without template tags; what is taken out is counted or reported."""

from __future__ import annotations

import re
from collections.abc import Callable

from podcast_kit.errors import SourceLocation
from podcast_kit.importer.tools.model import ToolEpisode, ToolShow
from podcast_kit.importer.tools.template_tags import CleanedText
from podcast_kit.source.notes.foreign_markdown import render_foreign_markdown

MAX_REPORTED_TAGS = 20
"""Tags of one episode that are reported one by one."""
_BLANK_LINES = re.compile(r"\n{3,}")
_TAG_FIX = "write what it showed into the notes by hand"


def add_markdown_notes(
    show: ToolShow, episode: ToolEpisode, text: str, first_line: int, clean: Callable[[str], CleanedText]
) -> None:
    """Set the notes of an episode that were written in Markdown with template tags."""
    cleaned = report_template_tags(show, episode.location, clean(text), first_line)
    notes = render_foreign_markdown(_BLANK_LINES.sub("\n\n", cleaned).strip("\n"))
    episode.html, episode.markdown = notes.html, notes.markdown


def add_html_notes(
    show: ToolShow, episode: ToolEpisode, text: str, first_line: int, clean: Callable[[str], CleanedText]
) -> None:
    """Set the notes of an episode that were written in HTML with template tags."""
    episode.html = report_template_tags(show, episode.location, clean(text), first_line)


def report_template_tags(show: ToolShow, location: SourceLocation, cleaned: CleanedText, first_line: int) -> str:
    """Count the tags that were left out, report the unknown ones, and return the text."""
    for name, count in cleaned.dropped.items():
        show.left_out[f"tag {name}"] += count
    for line, tag in cleaned.unknown[:MAX_REPORTED_TAGS]:
        at = SourceLocation(location.path, first_line + line - 1 if first_line else 0)
        show.warn(at, f"the template tag {tag} is not known and left out", _TAG_FIX)
    if (more := len(cleaned.unknown) - MAX_REPORTED_TAGS) > 0:
        show.warn(location, f"{more} more template tags are not known and left out", _TAG_FIX)
    return cleaned.text
