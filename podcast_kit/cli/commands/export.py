"""`export`: take the show along to another host or tool."""

from __future__ import annotations

import os
from pathlib import Path

import click

from podcast_kit.cli.app import command, load_show, parse_build_date, working_folder
from podcast_kit.cli.builds import load_build
from podcast_kit.cli.console import Console
from podcast_kit.errors import ExitCode
from podcast_kit.text.numbers import format_bytes, format_count

FORMATS = ("rss", "podlove", "castopod", "hugo", "zip")
MAX_LEFT_OUT_SHOWN = 10


@command("export", short_help="Export the show for another host or tool.")
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="rss", show_default=True, help="Format.")
@click.option("--output", "-o", metavar="PATH", type=click.Path(path_type=Path), help="File or folder to write.")
@click.option("--drafts", is_flag=True, help="Also export drafts and scheduled episodes (zip, hugo).")
@click.option("--members", is_flag=True, help="Also export members' episodes and the list of subscribers (zip).")
@click.option("--force", is_flag=True, help="Replace the files of an earlier export.")
@click.option("--keep-going", is_flag=True, help="Leave out episodes with errors.")
def export_command(
    console: Console,
    format_name: str,
    output: Path | None,
    drafts: bool,
    members: bool,
    force: bool,
    keep_going: bool,
) -> None:
    """Write the whole show for another host or tool, and list what the format cannot hold.

    \b
      rss        one feed with all episodes, which every host can import
      castopod   the feed as Castopod imports it
      podlove    a folder with what WordPress and Podlove Publisher import
      hugo       a folder with content and static files for Hugo with the Castanet theme
      zip        the show's own files, without secrets, drafts and members' episodes

    Audio stays at its public URLs, except in a zip. `podcast-kit import` reads every format back.

    \b
      podcast-kit export --output show.rss.xml
      podcast-kit export --format zip --drafts
    """
    from podcast_kit import exporter

    export_format = exporter.ExportFormat(format_name)
    folder = working_folder(console)
    options = exporter.ExportOptions(drafts=drafts, members=members, force=force)
    project = load_show(console, add_guids=export_format is not exporter.ExportFormat.ZIP, keep_going=keep_going)
    output = folder / (output or exporter.default_output_name(project, export_format))
    exporter.refuse_output(project, output, export_format, force=force)
    if export_format is exporter.ExportFormat.ZIP:
        result = exporter.export_sources(
            project, output, options, now=parse_build_date(None), on_progress=console.progress
        )
    else:
        build = load_build(console, None, show=project, keep_going=keep_going)
        result = exporter.export_build(build, export_format, output, options)
    console.problems(result.problems)
    console.document(
        "export",
        [*project.warnings, *result.problems],
        path=str(result.path),
        format=format_name,
        episodes=list(result.episodes),
        files=result.files,
        bytes=result.bytes,
        left_out=[{"path": entry.path, "reason": entry.reason} for entry in result.left_out],
        limits=list(result.limits),
    )
    console.result(os.path.relpath(result.path))
    size = format_bytes(result.bytes)
    console.info(f"{format_count(len(result.episodes), 'episode')}, {format_count(result.files, 'file')}, {size}")
    shown = result.left_out if console.verbose else result.left_out[:MAX_LEFT_OUT_SHOWN]
    for entry in shown:
        console.info(f"left out: {entry.path}: {entry.reason}")
    if len(result.left_out) > len(shown):
        console.info(f"left out: {len(result.left_out) - len(shown)} more; -v lists all")
    if result.limits:
        console.info(f"{format_name} cannot hold:")
        for limit in result.limits:
            console.info(f"  - {limit}")
    if project.broken:
        click.get_current_context().exit(ExitCode.FAILED)
