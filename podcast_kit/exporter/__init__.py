"""Export a show for another tool or host, or as its own files."""

from __future__ import annotations

from podcast_kit.exporter.limits import FORMAT_LIMITS, FormatLimit, list_used_limits
from podcast_kit.exporter.model import ExportFormat, ExportOptions, ExportResult, LeftOut
from podcast_kit.exporter.output import default_output_name, refuse_output
from podcast_kit.exporter.pipeline import export_build, export_sources

__all__ = [
    "FORMAT_LIMITS",
    "ExportFormat",
    "ExportOptions",
    "ExportResult",
    "FormatLimit",
    "LeftOut",
    "default_output_name",
    "export_build",
    "export_sources",
    "list_used_limits",
    "refuse_output",
]
