"""How a plan is shown: lines for people, a summary for GitHub, a document for programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from podcast_kit.cli import ci_reports
from podcast_kit.cli.builds import scheduled_lines
from podcast_kit.cli.console import Console
from podcast_kit.cli.plan_groups import group_changes
from podcast_kit.model import Wave
from podcast_kit.text.numbers import format_bytes, format_count

if TYPE_CHECKING:
    from podcast_kit.announce.posts import PlannedPost
    from podcast_kit.builder import Build
    from podcast_kit.errors import Problem
    from podcast_kit.model import LockEntry
    from podcast_kit.plan import Change, Plan
    from podcast_kit.plan.subscriber_changes import SubscriberChange
    from podcast_kit.publish.prepared import PreparedPublish
    from podcast_kit.stores import Store

VERB_SIGNS = {"create": "+", "replace": "~", "headers": "~", "restore": "+", "retire": "-"}
MAX_CHANGES_OF_A_KIND = 10
WAVE_NAMES = {Wave.MEDIA: "media", Wave.PAGES: "page", Wave.FEED: "feed"}
"""What is counted of each wave; `media` has no other plural."""
"""Subscriber changes of one kind that are shown one by one."""


def print_plan(
    console: Console,
    prepared: PreparedPublish,
    *,
    as_info: bool = False,
    with_conflicts: bool = True,
    with_errors: bool = True,
) -> None:
    """Print the changes by episode (with `-v` each file), what subscribers will notice, what is scheduled, and totals.

    With `as_info` on stderr, and nothing at all for an empty plan. Newer versions that are live are left out unless
    `with_conflicts`: the publish is about to fail for them; so are errors, such as a place of another show, unless
    `with_errors`.
    """
    print_line = console.info if as_info else console.result
    if not prepared.plan:
        lines = [] if as_info else _empty_plan_lines(prepared)
    else:
        for line in _change_lines(prepared, is_verbose=console.verbose):
            print_line(line)
        from podcast_kit.errors import Severity

        notices = [notice for notice in prepared.notices if with_errors or notice.severity is not Severity.ERROR]
        console.problems([*notices, *(conflict_problems(prepared) if with_conflicts else ())])
        lines = _summary_lines(prepared)
    for line in lines:
        print_line(line)


def _empty_plan_lines(prepared: PreparedPublish) -> list[str]:
    lines = [
        nothing_to_do(prepared.store),
        *post_lines(prepared.posts),
        *scheduled_lines(prepared.build),
        last_publication_line(prepared),
    ]
    return [line for line in lines if line]


def _change_lines(prepared: PreparedPublish, *, is_verbose: bool) -> Iterator[str]:
    pending = prepared.plan.pending
    if is_verbose:
        return map(_change_line, pending)
    return (group.line for group in group_changes(pending, prepared.build))


def _summary_lines(prepared: PreparedPublish) -> list[str]:
    """What subscribers will notice, what is scheduled, who published last, and the totals."""
    noticed = [f"  {line}" for line in subscriber_change_lines(prepared.subscriber_changes)]
    lines = ["subscribers will notice:", *noticed] if noticed else []
    lines += [*post_lines(prepared.posts), *_waiting_lines(prepared)]
    lines += [*scheduled_lines(prepared.build), *_command_lines(prepared), last_publication_line(prepared)]
    return [line for line in lines if line] + [f"{prepared.store.name}: {summarize_plan(prepared.plan)}"]


def post_lines(posts: Sequence[PlannedPost]) -> Iterator[str]:
    """What will be posted where: the very text, indented below a line with its length."""
    for post in posts:
        limit = f" of {post.max_len}" if post.max_len else ""
        is_in_doubt = post.record is not None and post.record.status == "intended"
        notes = [f"{', '.join(post.missing_variables)} is not set"] if post.missing_variables else []
        notes += ["an earlier run may have posted it"] if is_in_doubt else []
        yield f"announce on {post.where} ({'; '.join([f'{post.length}{limit} characters', *notes])}):"
        if post.is_mail:
            yield f"  {post.draft.text.partition(chr(10))[0]}"
            yield f"  (to read the mail, run `podcast-kit announce {post.draft.slug} --mail {post.draft.slug}.eml`)"
        else:
            yield from (f"  {line}".rstrip() or " " for line in post.draft.text.split("\n"))


def posts_to_json(posts: Sequence[PlannedPost]) -> list[dict[str, Any]]:
    """The planned posts, for the document."""
    return [
        {
            "network": post.network,
            "account": post.place,
            "slug": post.draft.slug,
            "text": post.draft.text,
            "length": post.length,
            "limit": post.max_len or None,
            "status": str(post.record.status) if post.record else None,
        }
        for post in posts
    ]


def _waiting_lines(prepared: PreparedPublish) -> Iterator[str]:
    """That a folder has to be uploaded before its new episodes can be announced."""
    if prepared.unannounced and not prepared.store.remote:
        yield "announce: after the folder is uploaded, run `podcast-kit announce`"


def conflict_problems(prepared: PreparedPublish) -> list[Problem]:
    """What a publish would take back, with both versions."""
    if not prepared.conflicts:
        return []
    from podcast_kit.publish.conflicts import conflict_problem

    return [conflict_problem(conflict, datetime.now(UTC)) for conflict in prepared.conflicts]


def last_publication_line(prepared: PreparedPublish) -> str:
    """Who published last: when, where and from which commit; empty where the store does not tell."""
    publication = prepared.record.head.publication if prepared.record else None
    if publication is None:
        return ""
    from podcast_kit.publish.conflicts import describe_publication
    from podcast_kit.source.git_history import read_git_history

    git = read_git_history(prepared.build.project.folder)
    return f"last {describe_publication(publication, datetime.now(UTC), git.author_of)}"


def last_publication_to_json(prepared: PreparedPublish) -> dict[str, Any] | None:
    """Who published last, for the document; None where the store does not tell."""
    publication = prepared.record.head.publication if prepared.record else None
    if publication is None:
        return None
    return {
        "at": publication.at,
        "commit": publication.commit or None,
        "uncommitted": publication.has_uncommitted,
        "ci": publication.ci or None,
        "run": publication.run or None,
    }


def added_entries_line(added_entries: Sequence[LockEntry]) -> str:
    """Which entries podcast.lock lacked; empty for none."""
    if not added_entries:
        return ""
    slugs = [entry.slug for entry in added_entries[:MAX_CHANGES_OF_A_KIND]]
    if len(added_entries) > len(slugs):
        slugs.append(f"{len(added_entries) - len(slugs)} more")
    return f"podcast.lock: added what was published elsewhere: {', '.join(slugs)}; commit it"


def _command_lines(prepared: PreparedPublish) -> Iterator[str]:
    """The command of podcast.yaml that publishing would run, with the digest by which it is allowed."""
    for row in commands_to_json(prepared):
        allowed = "" if row["allowed"] else ", not allowed yet"
        yield f"runs after publishing: {row['command']} (sha256 {row['sha256']}{allowed})"


def commands_to_json(prepared: PreparedPublish) -> list[dict[str, Any]]:
    """The commands of podcast.yaml that publishing would run, for the document."""
    from podcast_kit.io.consent import ConsentKind, has_consent
    from podcast_kit.publish.purge import list_changed_keys, purge_command_digest

    project = prepared.build.project
    publishing = project.show.publish
    if not publishing.purge or not list_changed_keys(prepared.plan):
        return []
    digest = purge_command_digest(publishing, project.folder)
    return [
        {
            "command": publishing.purge,
            "environment": list(publishing.purge_environment),
            "sha256": digest,
            "allowed": has_consent(ConsentKind.COMMAND, project.folder, digest),
        }
    ]


def nothing_to_do(store: Store) -> str:
    """The line for an empty plan."""
    return f"nothing to do: {store.name} is up to date"


def append_github_summary(console: Console, title: str, prepared: PreparedPublish) -> None:
    """Add the plan to GitHub's page of the run, which anyone may read: secret addresses are masked."""
    plan, store = prepared.plan, prepared.store
    changes = [
        (
            str(change.verb),
            _public_key(change),
            format_bytes(change.size) if change.uploads else "",
            str(change.reason),
        )
        for change in plan.pending
    ]
    line = f"{store.name}: {summarize_plan(plan)}" if plan else nothing_to_do(store)
    notices = [*subscriber_change_lines(prepared.subscriber_changes), *scheduled_lines(prepared.build)]
    ci_reports.append_plan_summary(title, line, notices, changes, console.mask)


def subscriber_change_lines(changes: Sequence[SubscriberChange]) -> Iterator[str]:
    """What subscribers will notice; of many of one kind only the first, unless they stop the publish."""
    from podcast_kit.plan.subscriber_changes import ALLOW_WORDS

    for kind in dict.fromkeys(change.kind for change in changes):
        of_kind = [change for change in changes if change.kind is kind]
        shown = of_kind if kind in ALLOW_WORDS else of_kind[:MAX_CHANGES_OF_A_KIND]
        yield from map(str, shown)
        if len(of_kind) > len(shown):
            yield f"{kind}: {format_count(len(of_kind) - len(shown), 'more episode')}"


def summarize_plan(plan: Plan) -> str:
    """How many files and bytes of which wave are uploaded, in one line."""
    uploads = [change for change in plan.pending if change.uploads]
    counts = {wave: sum(change.wave is wave for change in uploads) for wave in Wave}
    waves = [
        f"{count} {WAVE_NAMES[wave]}" if wave is Wave.MEDIA else format_count(count, WAVE_NAMES[wave])
        for wave, count in counts.items()
        if count
    ]
    copies = sum(change.is_copied for change in plan.pending)
    others = len(plan.pending) - len(uploads) - copies
    more = f", {format_count(copies, 'copy', 'copies')} in the store" if copies else ""
    more += f", {format_count(others, 'other change')}" if others else ""
    more += f", {format_count(len(plan.revoked), 'revoked private feed')}" if plan.revoked else ""
    total = format_count(len(uploads), "upload")
    return f"{total} ({', '.join(waves) or 'none'}), {format_bytes(plan.upload_bytes)}{more}"


def scheduled_to_json(build: Build) -> list[dict[str, Any]]:
    """The scheduled episodes, for the document."""
    return [
        {
            "slug": episode.slug,
            "date": episode.date,
            "ahead": episode.slug in build.ahead_slugs,
            "unrecorded": episode.slug in build.unrecorded_slugs,
        }
        for episode in build.scheduled
    ]


def print_plan_document(console: Console, command: str, prepared: PreparedPublish, **more: Any) -> None:  # noqa: ANN401
    """Print the JSON document of `plan` and of `publish`; `more` becomes further keys of it."""
    console.document(
        command,
        [*prepared.build.errors, *prepared.build.problems, *prepared.notices, *conflict_problems(prepared)],
        store=prepared.store.name,
        feed=prepared.build.project.show.feed_url,
        changes=[
            {
                "key": change.key,
                "verb": str(change.verb),
                "reason": str(change.reason),
                "bytes": change.size,
                "wave": change.wave.name.lower(),
            }
            for change in prepared.plan.pending
        ],
        bytes=prepared.plan.upload_bytes,
        subscribers=[
            {"kind": str(change.kind), "guid": change.guid, "title": change.title, "text": str(change)}
            for change in prepared.subscriber_changes
        ],
        scheduled=scheduled_to_json(prepared.build),
        published=last_publication_to_json(prepared),
        commands=commands_to_json(prepared),
        posts=posts_to_json(prepared.posts),
        **more,
    )


def _public_key(change: Change) -> str:
    """The key, unless it is embargoed and a CI log would reveal it."""
    from podcast_kit.stores.state import EMBARGOED

    is_embargoed = change.output is not None and change.output.embargoed and bool(os.environ.get("CI"))
    is_redacted = change.key.startswith(EMBARGOED)  # its real key is known only to the build that uploaded it
    return "media/… (uploaded ahead)" if is_embargoed or is_redacted else change.key


def _change_line(change: Change) -> str:
    amount = format_bytes(change.size) if change.uploads else ""
    sign = VERB_SIGNS.get(change.verb, " ")
    return f"{sign} {change.verb:<8} {_public_key(change)}  {amount:>8}  {change.reason}".rstrip()
