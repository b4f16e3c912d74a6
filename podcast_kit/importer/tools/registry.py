"""The tools that can be read, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from podcast_kit.importer.tools import (
    dropcaster,
    eleventy,
    hugo,
    jekyll,
    podcast_generator,
    podlove,
    wordpress,
)
from podcast_kit.importer.tools.episode_lists import add_listed_dates
from podcast_kit.importer.tools.model import Recognition, ToolShow
from podcast_kit.importer.tools.source_folder import SourceFolder


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool whose folders can be read."""

    names: tuple[str, ...]
    """As messages call it."""
    recognize: Callable[[SourceFolder], Recognition | None]
    """The tool and the files that it was recognized by; None for other folders."""
    read: Callable[[SourceFolder, Recognition, datetime], ToolShow]


TOOLS = (
    Tool(("Podlove Publisher",), podlove.recognize_podlove, podlove.read_podlove),
    Tool(("WordPress",), wordpress.recognize_wordpress, wordpress.read_wordpress),
    Tool(
        ("Podcast Generator",),
        podcast_generator.recognize_podcast_generator,
        podcast_generator.read_podcast_generator,
    ),
    Tool(("Jekyll with Octopod",), jekyll.recognize_jekyll, jekyll.read_jekyll),
    Tool(("Eleventy with Podcaster",), eleventy.recognize_eleventy, eleventy.read_eleventy),
    Tool(("Hugo with Castanet", "Hugo"), hugo.recognize_hugo, hugo.read_hugo),
    Tool(("dropcaster",), dropcaster.recognize_dropcaster, dropcaster.read_dropcaster),
)
TOOL_NAMES = tuple(name for tool in TOOLS for name in tool.names)


def recognize_tool(folder: SourceFolder) -> tuple[Tool, Recognition] | None:
    """The tool that a folder is of; None if it is not known."""
    for tool in TOOLS:
        if recognition := tool.recognize(folder):
            return tool, recognition
    return None


def read_tool_source(folder: SourceFolder, now: datetime) -> ToolShow | None:
    """The show in a folder of a known tool; None for other folders. Raises InvalidInput or OperationError."""
    recognized = recognize_tool(folder)
    if recognized is None:
        return None
    tool, recognition = recognized
    show = tool.read(folder, recognition, now)
    add_listed_dates(show, folder)
    return show
