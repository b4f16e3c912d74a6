"""Downloads counted from access logs, by the rules of the IAB Podcast Technical Measurement Guidelines v2.3."""

from podcast_kit.stats.agents import AgentLists, load_agent_lists
from podcast_kit.stats.counting import CountingRules, Window
from podcast_kit.stats.engines import DuckDBEngine
from podcast_kit.stats.report import CountingInput, DownloadReport, count_downloads

__all__ = [
    "AgentLists",
    "CountingInput",
    "CountingRules",
    "DownloadReport",
    "DuckDBEngine",
    "Window",
    "count_downloads",
    "load_agent_lists",
]
