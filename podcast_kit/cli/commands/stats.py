"""`stats`: count downloads from access logs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from datetime import time as clock_time
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command, load_show, parse_date_option
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import resolve_episode
from podcast_kit.cli.stats_setup import SETUP_ACTION, set_up_logs
from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.model import Progress
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.model import Project
    from podcast_kit.stats import DownloadTables, EpisodeListening, Period, StatsOptions, StatsUpdate

ACTIONS = ("compare", "episode", SETUP_ACTION, "update-lists")
DIMENSIONS = ("episode", "day", "week", "month", "app", "device", "country", "source")
WINDOWS = ("calendar", "first-touch", "last-touch")
DEFAULT_KEEP_DAYS = 7
DEFAULT_MAX_PER_ADDRESS = 1_000
DEFAULT_COMPARED = 6


@command("stats", for_shows=True, short_help="Count downloads from access logs.")
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
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a report with charts, as one file for browsers.",
)
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
@click.option(
    "--countries",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Look up the countries of new requests in this .mmdb file.",
)
@click.option(
    "--datacenters",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Leave out new requests from these networks, one a line.",
)
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "clickhouse", "spark"]),
    default="duckdb",
    help="What counts: DuckDB on this computer, a ClickHouse server, or Spark.",
)
@click.option("--master", metavar="URL", default="", help="Spark's master, such as spark://host:7077. [default: local]")
@click.option("--url", metavar="URL", default="", help="ClickHouse's HTTP interface, such as https://host:8443.")
@click.option("-y", "--yes", is_flag=True, help="With setup: switch on the logs of S3 without asking.")
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
      podcast-kit stats setup                   how to switch on access logs
      podcast-kit stats update-lists FILE       use a newer list of user agents
    """
    action = arguments[0] if arguments and arguments[0] in ACTIONS else ""
    if not action and arguments:
        refuse_mistyped_action(arguments[0])
    show = load_show(console, needs_cover=False)
    if action == SETUP_ACTION:
        set_up_logs(console, show, arguments[1:], yes=options["yes"])
        return
    if action == "update-lists":
        update_agent_lists(console, show, arguments[1:])
        return
    logs = () if action else arguments
    names = arguments[1:] if action else ()
    report_downloads(console, show, action, names, logs, **options)


def refuse_mistyped_action(word: str) -> None:
    """Raise click.UsageError for a word that is neither an action nor a log, but resembles an action."""
    matches = get_close_matches(word, ACTIONS, n=1)
    if matches and not Path(word).exists():
        raise click.UsageError(f"no action or log {word!r}; did you mean {matches[0]!r}?")


def update_agent_lists(console: Console, show: Project, arguments: tuple[str, ...]) -> None:
    """Use the list of user agents in a file or folder from now on."""
    from podcast_kit.stats import load_agent_lists, open_stats_folder, render_agent_lists

    if len(arguments) != 1:
        raise click.UsageError("name the list: podcast-kit stats update-lists FILE")
    lists = load_agent_lists(Path(arguments[0]))
    folder = open_stats_folder(show.show.guid or show.show.publish.url)
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
    from podcast_kit import stats
    from podcast_kit.cli.stats_view import (
        compare_lines,
        episode_lines,
        listening_to_json,
        stats_lines,
        stats_to_json,
        update_lines,
    )

    period = stats.Period(parse_day(options["since"], "--since"), parse_day(options["until"], "--until"))
    episodes = [resolve_episode(name, show, "EPISODE") for name in names]
    if action == "episode" and len(episodes) != 1:
        raise click.UsageError("name the episode: podcast-kit stats episode EPISODE")
    folder = stats.open_stats_folder(show.show.guid or show.show.publish.url)
    countries, datacenters = options["countries"], options["datacenters"]
    update = stats.update_statistics(
        folder,
        stats.find_logs(logs, show.show.publish, folder.root / "fetched"),
        stats.enclosures_of_show(show),
        read_options(needs_retention=action == "episode", **options),
        now=datetime.now(UTC),
        addresses=stats.AddressBook(countries, datacenters) if countries or datacenters else None,
        on_progress=lambda name: console.progress(Progress("stats", name)),
    )
    tables = stats.make_tables(update.report, period, update.final_until)
    listening = stats.listening_of(show, episodes[0], update.report) if action == "episode" else None
    content = stats_to_json(tables, update)
    if listening:
        content |= {"listening": listening_to_json(listening)}
        content["episodes"] = [row for row in content["episodes"] if row["guid"] == listening.guid]
    write_exports(show, tables, update, period, listening, **options)
    console.problems(update.problems)
    console.document("stats", update.problems, **content)
    for line in update_lines(update):
        console.info(line)
    if listening:
        lines = episode_lines(tables, listening)
    elif action == "compare":
        guids = [episode.guid for episode in episodes or tables.episodes[:DEFAULT_COMPARED]]
        lines = compare_lines(tables, guids)
    else:
        lines = stats_lines(tables, stats.Dimension(options["dimension"]), update)
    console.summary = lines[0] if lines else ""
    for line in lines:
        console.result(line)


def write_exports(
    show: Project,
    tables: DownloadTables,
    update: StatsUpdate,
    period: Period,
    listening: EpisodeListening | None,
    **options: Any,  # noqa: ANN401  # those of the command
) -> None:
    """Write the files that were asked for."""
    from podcast_kit import stats

    if path := options["csv_file"]:
        atomic_write.write_atomic(path, stats.render_csv(update.report, period).encode())
    if path := options["parquet"]:
        stats.write_parquet(update.report, period, path)
    if path := options["html"]:
        if listening:
            page = stats.render_episode_report(show.folder, tables, update, listening, show.shared_folder)
        else:
            page = stats.render_report(show.show.title, show.folder, tables, update, show.shared_folder)
        atomic_write.write_atomic(path, page)


def read_options(*, needs_retention: bool, **options: Any) -> StatsOptions:  # noqa: ANN401  # those of the command
    """The options of the counting."""
    from podcast_kit import stats

    for option, engine in (("master", "spark"), ("url", "clickhouse")):
        if options[option] and options["engine"] != engine:
            raise click.UsageError(f"--{option} needs --engine {engine}")
    if options["engine"] == "clickhouse" and not options["url"]:
        raise click.UsageError("--engine clickhouse needs --url")
    return stats.StatsOptions(
        rules=stats.CountingRules(stats.Window(options["window"]), options["max_per_address"]),
        bogus_referrers=read_hosts(options["exclude_referrers"]),
        needs_retention=needs_retention,
        engine=options["engine"],
        master=options["master"],
        url=options["url"],
        memory=options["memory"],
        keep_days=options["keep_days"],
    )


def read_hosts(path: Path | None) -> frozenset[str]:
    """The hosts in a file, one a line; empty lines and those that begin with # are skipped."""
    if path is None:
        return frozenset()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError):
        fix = "name a text file with a host on each line"
        raise InvalidInput([Problem(SourceLocation(str(path)), "cannot be read", fix, "file.read")]) from None
    lines = (line.strip().lower() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def parse_day(text: str | None, option: str) -> date | None:
    """The day that an option names, in UTC; None without one. Raises click.BadParameter."""
    if text is None:
        return None
    now = datetime.now(UTC).replace(tzinfo=None)
    return parse_date_option(text, option, now=now, default_time=clock_time()).date()
