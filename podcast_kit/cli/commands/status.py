"""`status`: the state of every episode."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from podcast_kit.cli.app import command, load_show, parse_build_date
from podcast_kit.cli.builds import prepare_with_progress
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import AT_OPTION, target_options
from podcast_kit.cli.plan_view import conflict_problems, last_publication_line, last_publication_to_json
from podcast_kit.text.numbers import format_count


@command("status", for_shows=True, short_help="Show the state of every episode.")
@target_options
@AT_OPTION
@click.option("--scheduled", is_flag=True, help="Only show scheduled episodes.")
def status_command(console: Console, at: str | None, scheduled: bool, **target: Any) -> None:  # noqa: ANN401  # what target_options take
    """Show which episodes are live, due, scheduled, drafts, or changed since they were published.

    \b
      podcast-kit status
      podcast-kit status --scheduled --json
    """
    from podcast_kit.publish.prepared import PublishOptions
    from podcast_kit.publish.status import EpisodeStatus, list_episode_rows
    from podcast_kit.stats import find_stats_folder, read_freshness

    prepared_at = parse_build_date(at)
    prepared = prepare_with_progress(
        console,
        lambda: load_show(console, needs_cover=False),
        prepared_at,
        PublishOptions(announce=False),
        target=target,
    )
    build, plan = prepared.build, prepared.plan
    live_feed = plan.state.feed
    episodes = list_episode_rows(
        items=build.items,
        scheduled=build.scheduled,
        drafts=build.drafts,
        lock=build.project.lock,
        live=live_feed.content if live_feed else None,
        changes=prepared.subscriber_changes,
        unrecorded=build.unrecorded_slugs,
        for_members=[item.episode for item in build.members_items if item.guid in build.members_guids],
    )
    shown = [row for row in episodes if not scheduled or row.status is EpisodeStatus.SCHEDULED]
    dates = [row.date for row in episodes if row.status is EpisodeStatus.SCHEDULED and row.date]
    settings = build.project.show
    stats_folder = find_stats_folder(settings.guid or settings.publish.url)
    freshness = read_freshness(stats_folder.root) if stats_folder else None
    console.document(
        "status",
        build.problems,
        store=prepared.store.name,
        feed=build.project.show.feed_url,
        next=min(dates).isoformat() if dates else None,
        pending=len(plan.pending),
        published=last_publication_to_json(prepared),
        statistics={"read_at": freshness.read_at.isoformat(), "final_until": freshness.final_until}
        if freshness
        else None,
        episodes=[
            {"standing": row.status, "slug": row.slug, "title": row.title, "date": row.date, "detail": row.detail}
            for row in shown
        ],
    )
    time_zone = ZoneInfo(build.project.show.timezone)
    for row in shown:
        date = f"{row.date.astimezone(time_zone):%Y-%m-%d %H:%M}" if row.date else " " * 16
        console.result(
            f"{row.status.label:<10} {date}  {row.slug or row.title}{f'  ({row.detail})' if row.detail else ''}"
        )
    if dates:
        console.info(f"next episode: {min(dates).astimezone(time_zone):%Y-%m-%d %H:%M %Z}")
    if line := last_publication_line(prepared):
        console.info(line)
    if freshness:
        console.info(freshness.describe(prepared_at))
    console.problems(conflict_problems(prepared))
    console.summarize(f"{format_count(len(plan.pending), 'change')} to publish" if plan else "nothing to publish")
