"""`stats`: count downloads from access logs."""

from __future__ import annotations

from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, load_show, parse_date_option
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import resolve_episode
from podcast_kit.errors import OperationError, Problem, Severity, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.model import Project
    from podcast_kit.stats.tables import Period

ACTIONS = ("compare", "episode", "update-lists")
DIMENSIONS = ("episode", "day", "week", "month", "app", "device", "country", "source")
WINDOWS = ("calendar", "first-touch", "last-touch")
DEFAULT_KEEP_DAYS = 7
DEFAULT_MAX_PER_ADDRESS = 1_000
DEFAULT_COMPARED = 6


@command("stats", short_help="Count downloads from access logs.")
@click.argument("arguments", metavar="[ACTION | LOG]...", nargs=-1)
@click.option("--by", "dimension", type=click.Choice(DIMENSIONS), default="episode", help="List downloads by this.")
@click.option("--since", metavar="DATE", help="First day of the report.")
@click.option("--until", metavar="DATE", help="Last day of the report.")
@click.option(
    "--window",
    type=click.Choice(WINDOWS),
    default="calendar",
    help="How long requests of a listener are one download: a day in UTC, or 24 hours from the first or last request.",
)
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="Write every row as CSV.")
@click.option("--parquet", type=click.Path(path_type=Path), metavar="FILE", help="Write every row as Parquet.")
@click.option(
    "--exclude-referrers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Leave out requests from pages of these hosts, one a line.",
)
@click.option(
    "--max-per-address",
    type=click.IntRange(1),
    default=DEFAULT_MAX_PER_ADDRESS,
    metavar="COUNT",
    help="Leave out addresses with more downloads than this on a day. [default: 1000]",
)
@click.option(
    "--keep-days",
    type=click.IntRange(0),
    default=DEFAULT_KEEP_DAYS,
    metavar="DAYS",
    help="Keep requests with hashed addresses for this long after their month. [default: 7]",
)
@click.option("--memory", metavar="SIZE", default="1500MB", help="Use at most this much memory. [default: 1500MB]")
def stats_command(console: Console, arguments: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401
    """Count downloads from the access logs of your store, CDN or web server, by the rules of the IAB guidelines v2.3.

    LOG is a file, a folder, - for stdin, or s3://bucket/prefix; what was read already is not read again. Without LOG,
    show what was counted so far. Nothing leaves this computer, and addresses of listeners are never stored: only a
    hash, whose secret is deleted when the month is final.

    \b
      podcast-kit stats logs/                   read new logs, and list downloads by episode
      podcast-kit stats --by app --since 2026-10-01
      podcast-kit stats compare                 the latest episodes, by days since their release
      podcast-kit stats episode 12              one episode, and how far people listen
      podcast-kit stats update-lists FILE       use a newer list of user agents
    """
    action = arguments[0] if arguments and arguments[0] in ACTIONS else ""
    show = load_show(console, needs_cover=False)
    if action == "update-lists":
        update_agent_lists(console, show, arguments[1:])
        return
    logs = () if action else arguments
    report_downloads(console, show, action, arguments[1:] if action else (), logs, **options)


def update_agent_lists(console: Console, show: Project, arguments: tuple[str, ...]) -> None:
    """Use the list of user agents in a file or folder from now on."""
    from podcast_kit.stats import load_agent_lists, open_stats_folder, render_agent_lists

    if len(arguments) != 1:
        raise click.UsageError("name the list: podcast-kit stats update-lists FILE")
    lists = load_agent_lists(Path(arguments[0]))
    folder = open_stats_folder(show.show.guid)
    atomic_write.write_atomic(folder.root / "user-agents.json", render_agent_lists(lists), 0o600)
    count = sum(len(entries) for entries in lists.tables.values())
    console.document("stats", user_agents={"commit": lists.commit, "date": lists.date, "patterns": count})
    console.result(f"using {format_count(count, 'pattern')} of {arguments[0]}; downloads are counted again")


def report_downloads(
    console: Console,
    show: Project,
    action: str,
    names: tuple[str, ...],
    logs: tuple[str, ...],
    **options: Any,  # noqa: ANN401  # those of the command
) -> None:
    """Read new logs, count, and show the result."""
    from podcast_kit.cli.stats_view import compare_lines, stats_lines, stats_to_json
    from podcast_kit.stats.tables import Dimension, make_tables

    problems: list[Problem] = []
    report, complete_until = count_show(console, show, logs, problems, **options)
    tables = make_tables(report, parse_period(options["since"], options["until"]), complete_until)
    write_exports(console, report, tables, **options)
    console.problems(problems)
    console.document("stats", problems, **stats_to_json(tables, complete_until))
    if action == "compare":
        slugs = [resolve_episode(name, show, "EPISODE").slug for name in names]
        lines = compare_lines(tables, slugs or [episode.slug for episode in tables.episodes[:DEFAULT_COMPARED]])
    else:
        lines = stats_lines(tables, Dimension(options["dimension"]))
    for line in lines:
        console.result(line)
