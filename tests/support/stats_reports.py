"""A report of downloads of any size, and pages of it."""

from datetime import UTC, date, datetime, timedelta

from podcast_kit.stats import (
    CountingInput,
    CountingRules,
    EpisodeListening,
    Period,
    StatsUpdate,
    load_agent_lists,
    make_tables,
    render_episode_report,
    render_report,
)
from podcast_kit.stats.enclosures import EnclosureFacts
from podcast_kit.stats.ingest import IngestResult
from podcast_kit.stats.listening import ChapterListening
from podcast_kit.stats.report import DownloadRow, MonthCounts, make_report

CHAPTERS = (("Hello", 0, 0.98), ("The <main> part", 300_000, 0.7), ("Bye", 1_700_000, 0.3))
FIRST = date(2024, 10, 1)
APPS = ["Overcast", "Apple Podcasts", "<script>alert(1)</script>", *(f"App {number}" for number in range(40))]


def make_update(episodes, days):
    """A report of this many episodes and days, with a download of each third episode on each day."""
    enclosures = [
        EnclosureFacts(
            file=f"media/{number:016x}/{number:04}.mp3",
            paths=(f"/media/{number:016x}/{number:04}.mp3",),
            guid=f"guid-{number}",
            slug=f"{number:04}-talk",
            title=f"Episode {number}: what {number} people said about it & <why>",
            released_at=datetime(2024, 10, 1, tzinfo=UTC) + timedelta(days=number * days // episodes),
            bytes=30_000_000,
            head_bytes=1000,
            minute_bytes=1_000_000,
        )
        for number in range(episodes)
    ]
    months = {}
    for number in range(days):
        day = FIRST + timedelta(days=number)
        months.setdefault(f"{day:%Y-%m}", []).extend(
            DownloadRow(day, facts.guid, APPS[index % len(APPS)], "Apple iPhone", "DE", "s3", 12_345 + index)
            for index, facts in enumerate(enclosures)
            if index % 3 == number % 3
        )
    counting = CountingInput(enclosures=tuple(enclosures), lists=load_agent_lists(), rules=CountingRules())
    counts = [
        MonthCounts(
            month=month,
            rows=tuple(rows),
            listeners_by_day={row.day: 5 for row in rows},
            listeners=100,
            requests_by_reason={"eligible": 9, "bot": 3, "status": 1},
        )
        for month, rows in months.items()
    ]
    report = make_report("duckdb", counting, counts)
    return StatsUpdate(report=report, ingest=IngestResult(), formats=(), final_until=None, finished=(), problems=())


def render_page(update, folder):
    return render_report("The <Show>", folder, make_tables(update.report, Period()), update).decode()


def render_episode_page(update, folder):
    """The page of the first episode, with chapters that fewer and fewer people hear."""
    listening = EpisodeListening(
        guid="guid-0",
        title="How to talk about money",
        streams=200,
        seconds=1800.0,
        shares=tuple(1 - part * part / 12_000 for part in range(100)),
        chapters=tuple(
            ChapterListening(title, start_ms, share)
            for title, start_ms, share in (
                ("Hello", 0, 0.98),
                ("The <main> part", 300_000, 0.7),
                ("Bye", 1_700_000, 0.3),
            )
        ),
    )
    return render_episode_report(folder, make_tables(update.report, Period()), update, listening).decode()
