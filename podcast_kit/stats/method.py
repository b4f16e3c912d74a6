"""What a report says about how it counted, so that its numbers can be compared with others."""

from __future__ import annotations

from collections.abc import Iterable

from podcast_kit.stats.counting import Window
from podcast_kit.stats.record import LogFormatFacts
from podcast_kit.stats.report import DownloadReport
from podcast_kit.text.numbers import format_count

_RULES_TEXT = "counted by the rules of the IAB Podcast Technical Measurement Guidelines v2.3"
_WINDOW_TEXTS = {
    Window.CALENDAR: "calendar day (UTC)",
    Window.FIRST_TOUCH: "24 hours from the first request (first-touch)",
    Window.LAST_TOUCH: "24 hours from the last request (last-touch)",
}


def describe_method(report: DownloadReport, formats: Iterable[LogFormatFacts] = ()) -> list[str]:
    """Sentences on the rules, the list of user agents, what is estimated, and what the logs cannot tell."""
    sentences = [
        f"{_RULES_TEXT}, window: {_WINDOW_TEXTS[report.rules.window]}, byte ranges of a listener put together",
        f"user agents: opawg/user-agents-v2 {report.lists_commit[:7]} of {report.lists_date}",
    ]
    estimated = sum(facts.basis == "bitrate" for facts in report.enclosures)
    if estimated:
        count = format_count(estimated, "file")
        sentences.append(f"one minute is estimated from the average bit rate of {count}")
    if report.excess_addresses:
        limit = report.rules.max_downloads_per_address
        sentences.append(
            f"{report.excess_downloads:,} downloads are left out: their address had more than {limit:,} on a day"
        )
    for row in formats:
        if not row.has_ranges:
            sentences.append(
                f"{row.title}: has no byte ranges; the bytes of a listener are added up instead, so parts that were "
                "requested twice count twice"
            )
        if not row.has_methods:
            sentences.append(f"{row.title}: has no methods; every request is taken for a download")
        if not row.has_full_addresses:
            sentences.append(f"{row.title}: has shortened addresses; listeners who share one count as one")
        if row.has_header_bytes:
            sentences.append(f"{row.title}: sizes include the headers of answers, up to 1 kB of each request")
    return sentences
