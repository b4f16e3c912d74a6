"""Readers of what other tools keep: sites of Hugo, Jekyll and Eleventy, WordPress exports, and more; one module a tool.

Each reader has two functions, listed in `registry.TOOLS`: one recognizes the tool's files and says by what, the other
reads them. What a reader returns is a `ToolShow`; `convert` makes of it what a feed gives.
"""

from __future__ import annotations

from podcast_kit.importer.tools.convert import GuidChoice, convert_tool_show
from podcast_kit.importer.tools.model import Recognition, ToolShow
from podcast_kit.importer.tools.registry import TOOL_NAMES, read_tool_source, recognize_tool
from podcast_kit.importer.tools.source_folder import SourceFolder, has_tool_files, open_source_folder

__all__ = [
    "TOOL_NAMES",
    "GuidChoice",
    "Recognition",
    "SourceFolder",
    "ToolShow",
    "convert_tool_show",
    "has_tool_files",
    "open_source_folder",
    "read_tool_source",
    "recognize_tool",
]
