"""What a plan looks like: lines for people, a page for GitHub, a document for programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from podcast_kit.cli import report
from podcast_kit.cli.console import Console
from podcast_kit.cli.making import waiting
from podcast_kit.model import Wave
from podcast_kit.text.numbers import format_bytes, format_count

if TYPE_CHECKING:
    from podcast_kit.builder import Build
    from podcast_kit.plan import Change, Plan
    from podcast_kit.plan.subscriber_changes import Notice
    from podcast_kit.stores import Store

SIGNS = {"create": "+", "replace": "~", "headers": "~", "restore": "+", "retire": "-"}
ALIKE = 10
"""Notices of a kind that are shown one by one."""


def display(
    console: Console, build: Build, wanted: Plan, store: Store, notices: tuple[Notice, ...], *, quiet: bool = False
) -> None:
    """One line a change, what subscribers will notice, what waits for its date, and the sum."""
    speak = console.note if quiet else console.say
    if not wanted:
        if not quiet:
            console.say(f"nothing to do: {store.name} has it all")
            for line in waiting(build):
                console.say(line)
        return
    for change in wanted.pending:
        speak(_line(change))
    if notices:
        speak("subscribers will notice:")
    for line in told(notices):
        speak(f"  {line}")
    for line in waiting(build):
        speak(line)
    speak(f"{store.name}: {summary(wanted)}")


def summarized(title: str, build: Build, store: Store, wanted: Plan, notices: Sequence[Notice]) -> None:
    """For GitHub's page of the run, where anybody may read: what goes ahead has no name there."""
    changes = [
        (str(change.verb), _name(change), format_bytes(change.size) if change.uploads else "", str(change.reason))
        for change in wanted.pending
    ]
    line = f"{store.name}: {summary(wanted)}" if wanted else f"nothing to do: {store.name} has it all"
    report.plan(title, line, [*told(notices), *waiting(build)], changes)


def _name(change: Change) -> str:
    """The key, unless it goes ahead and a pipeline's log would tell it."""
    ahead = change.output is not None and change.output.embargoed
    return "media/… (goes ahead)" if ahead and os.environ.get("CI") else change.key


def told(notices: Sequence[Notice]) -> Iterator[str]:
    """What subscribers will notice; of many alike only the first, unless they stop the publish."""
    from podcast_kit.plan.subscriber_changes import ALLOWANCE

    for kind in dict.fromkeys(notice.kind for notice in notices):
        alike = [notice for notice in notices if notice.kind is kind]
        shown = alike if kind in ALLOWANCE else alike[:ALIKE]
        yield from map(str, shown)
        if len(alike) > len(shown):
            yield f"{kind}: {format_count(len(alike) - len(shown), 'more episode')}"


def _line(change: Change) -> str:
    amount = format_bytes(change.size) if change.uploads else ""
    return f"{SIGNS.get(change.verb, ' ')} {change.verb:<8} {_name(change)}  {amount:>8}  {change.reason}".rstrip()


def summary(wanted: Plan) -> str:
    """How much of what is sent, in one line."""
    uploads = [change for change in wanted.pending if change.uploads]
    waves = [
        f"{count} {wave.name.lower()}" for wave in Wave if (count := sum(change.wave is wave for change in uploads))
    ]
    others = len(wanted.pending) - len(uploads)
    more = f", {format_count(others, 'other change')}" if others else ""
    return f"{format_count(len(uploads), 'upload')} ({', '.join(waves) or 'none'}), {format_bytes(wanted.bytes)}{more}"


def scheduled(build: Build) -> list[dict[str, Any]]:
    """What is still to come, for the document."""
    return [
        {"slug": episode.slug, "date": episode.date, "ahead": episode.slug in build.ahead_slugs}
        for episode in build.scheduled
    ]


def reported(
    console: Console, name: str, build: Build, store: Store, wanted: Plan, notices: tuple[Notice, ...], **more: Any,  # noqa: ANN401
) -> None:  # fmt: skip
    """The JSON document of `plan` and of `publish`; `more` stands in it too."""
    console.document(
        name,
        build.problems,
        store=store.name,
        feed=build.project.show.feed_url,
        changes=[
            {
                "key": change.key,
                "verb": str(change.verb),
                "reason": str(change.reason),
                "bytes": change.size,
                "wave": change.wave.name.lower(),
            }
            for change in wanted.pending
        ],
        bytes=wanted.bytes,
        subscribers=[
            {"kind": str(notice.kind), "guid": notice.guid, "title": notice.title, "text": str(notice)}
            for notice in notices
        ],
        scheduled=scheduled(build),
        **more,
    )
