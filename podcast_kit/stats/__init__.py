"""Downloads counted from access logs, by the rules of the IAB Podcast Technical Measurement Guidelines v2.3."""

from podcast_kit.stats.addresses import AddressBook
from podcast_kit.stats.agents import AgentLists, load_agent_lists, render_agent_lists
from podcast_kit.stats.counting import CountingRules, Window
from podcast_kit.stats.enclosures import EnclosureFacts, enclosures_of_show
from podcast_kit.stats.engines import DuckDBEngine
from podcast_kit.stats.folder import StatsFolder, find_stats_folder, open_stats_folder
from podcast_kit.stats.listening import EpisodeListening, listening_of
from podcast_kit.stats.log_files import find_logs
from podcast_kit.stats.method import describe_method
from podcast_kit.stats.record import read_freshness
from podcast_kit.stats.report import CountingInput, DownloadReport, count_downloads
from podcast_kit.stats.report_page import render_episode_report, render_report
from podcast_kit.stats.session import StatsOptions, StatsUpdate, update_statistics
from podcast_kit.stats.tables import Dimension, DownloadTables, Period, make_tables, render_csv, write_parquet

__all__ = [
    "AddressBook",
    "AgentLists",
    "CountingInput",
    "CountingRules",
    "Dimension",
    "DownloadReport",
    "DownloadTables",
    "DuckDBEngine",
    "EnclosureFacts",
    "EpisodeListening",
    "Period",
    "StatsFolder",
    "StatsOptions",
    "StatsUpdate",
    "Window",
    "count_downloads",
    "describe_method",
    "enclosures_of_show",
    "find_logs",
    "find_stats_folder",
    "listening_of",
    "load_agent_lists",
    "make_tables",
    "open_stats_folder",
    "read_freshness",
    "render_agent_lists",
    "render_csv",
    "render_episode_report",
    "render_report",
    "update_statistics",
    "write_parquet",
]
