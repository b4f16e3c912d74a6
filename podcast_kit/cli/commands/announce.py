"""`announce`: post about episodes on the show's networks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.announce_setup import SETUP_WORD, set_up_announcing
from podcast_kit.cli.app import command
from podcast_kit.cli.builds import load_build, open_target_store
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import YES_OPTION, complete_slugs, resolve_episode
from podcast_kit.cli.outcomes import name_action
from podcast_kit.cli.plan_view import post_lines, posts_to_json
from podcast_kit.cli.questions import confirm_action
from podcast_kit.errors import ExitCode, OperationError
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.announce.posts import PlannedPost
    from podcast_kit.builder import Build
    from podcast_kit.model import Outcome, Project
    from podcast_kit.publish.announcing import PostAction
    from podcast_kit.stores.state import StoreState


_QUESTIONS = {"update": "Change these posts?", "withdraw": "Delete these posts?", "posted": "Record as posted?"}


@command("announce", for_shows=True, short_help="Post about episodes, and notify hubs and search engines.")
@click.argument("episodes", metavar="[EPISODE]...", nargs=-1, shell_complete=complete_slugs)
@click.option("--to", "networks", metavar="NETWORK", multiple=True, help="Only on this network, such as mastodon.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be posted.")
@click.option("--again", is_flag=True, help="Post once more, even if it was posted.")
@click.option("--update", is_flag=True, help="Change the posts whose text is different now.")
@click.option("--withdraw", is_flag=True, help="Delete the posts.")
@click.option(
    "--posted", is_flag=True, help="Record that a post in doubt is there, so that it is not asked about again."
)
@click.option(
    "--mail",
    metavar="FILE.eml",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Only write a mail about the episode into a file, as a draft.",
)
@YES_OPTION
def announce_command(
    console: Console,
    episodes: tuple[str, ...],
    networks: tuple[str, ...],
    dry_run: bool,
    again: bool,
    update: bool,
    withdraw: bool,
    posted: bool,
    mail: Path | None,
    yes: bool,
) -> None:
    """Post about EPISODEs on the networks of `announce:` in podcast.yaml, once on each.

    Without EPISODE, those that a publish made public in the last two days and that are not announced yet. Shows the
    texts and asks for confirmation once. `publish` announces new episodes, too.

    Without EPISODE, also notifies the hubs, indexes and search engines that podcast.yaml names, if a publish could
    not. `announce setup` adds the key with which search engines are notified.

    Tokens and passwords come from the environment: PODCAST_KIT_MASTODON_TOKEN, PODCAST_KIT_BLUESKY_PASSWORD,
    PODCAST_KIT_TELEGRAM_TOKEN, PODCAST_KIT_DISCORD_WEBHOOK, PODCAST_KIT_SLACK_WEBHOOK, PODCAST_KIT_WEBHOOK_URL (and
    PODCAST_KIT_WEBHOOK_TOKEN), PODCAST_KIT_BUTTONDOWN_KEY; and PODCAST_KIT_PODPING_TOKEN for podpings.

    \b
      podcast-kit announce
      podcast-kit announce setup
      podcast-kit announce 12 --to mastodon
      podcast-kit announce 12 --update
      podcast-kit announce 12 --mail episode-12.eml
    """
    from podcast_kit.announce.services import list_services
    from podcast_kit.publish import announcing, notifying
    from podcast_kit.stores.state import fetch_state

    if episodes == (SETUP_WORD,):
        set_up_announcing(console, dry_run=dry_run)
        return
    action = _choose_action(episodes, again=again, update=update, withdraw=withdraw, posted=posted)
    if mail:
        if networks or dry_run or action is not announcing.PostAction.SEND or len(episodes) != 1:
            raise click.UsageError("--mail takes one episode and no other option")
        _write_mail(console, episodes[0], mail)
        return
    store, show = open_target_store(console, {})
    _refuse_mistyped_setup(show, episodes)
    _skip_silent_show(console, show)
    notifies = not episodes and not networks and bool(list_services(show.show))
    if not notifies:
        _check_networks(console, show, networks, action)
    state = fetch_state(store, show.show.feed.path)
    build = load_build(console, None, show=show)
    guids = _choose_guids(build, state, episodes)
    posts = announcing.plan_posts(build, state, guids, os.environ, action=action, networks=networks)
    for line in _describe_posts(posts, action):
        console.result(line)
    now = datetime.now(UTC)
    outcomes: list[Outcome] = []
    if notifies and not dry_run:
        outcomes += _report_outcomes(console, notifying.notify_of_live_show(build, store, state, now=now))
    if posts and not dry_run:
        confirm_action(_QUESTIONS.get(action, "Post?"), "pass --yes, or preview with --dry-run", yes=yes)
        sending = announcing.carry_out_posts(posts, store, show.show, os.environ, now=now, action=action)
        outcomes += _report_outcomes(console, sending)
    if not posts and not outcomes:
        console.info("nothing to announce")
    console.summary = format_count(len(posts), "post") if posts or outcomes else "nothing to announce"
    rows = [
        {"post": outcome.key, "action": outcome.action, "url": outcome.url, "error": outcome.error, "fix": outcome.fix}
        for outcome in outcomes
        if outcome.action != "recorded"
    ]
    console.document("announce", build.problems, posts=posts_to_json(posts), results=rows)
    if any(outcome.error for outcome in outcomes):
        click.get_current_context().exit(ExitCode.FAILED)


def _skip_silent_show(console: Console, show: Project) -> None:
    """End the command for a show of a network that announces nothing anywhere."""
    from podcast_kit.announce.services import list_services

    if console.is_of_network and not (show.show.announce or list_services(show.show)):
        console.summarize("nothing to announce")
        console.document("announce", posts=[], results=[])
        click.get_current_context().exit()


def _write_mail(console: Console, name: str, path: Path) -> None:
    """Write the mail about an episode, which need not be public yet."""
    from podcast_kit.announce.newsletter import compose_newsletter, find_mail_picture, render_mail_file
    from podcast_kit.io import atomic_write

    build = load_build(console, None)
    slug = resolve_episode(name, build.project, "EPISODE").slug
    item = next((item for item in build.items if item.episode.slug == slug), None)
    if item is None:
        raise OperationError(f"{slug} is a draft or scheduled, so it has no page to link to", "write the mail later")
    show = build.project.show
    mail = compose_newsletter(
        show,
        item,
        folder=build.project.folder,
        shared=build.project.shared_folder,
        picture=find_mail_picture(build, item),
    )
    atomic_write.write_atomic(path, render_mail_file(show, item, mail))
    console.result(f"wrote {console.relative_path(str(path))}")
    console.document("announce", build.problems, mail=str(path), subject=mail.subject)


def _choose_action(episodes: tuple[str, ...], *, again: bool, update: bool, withdraw: bool, posted: bool) -> PostAction:
    from podcast_kit.publish.announcing import PostAction

    chosen = {
        PostAction.SEND_AGAIN: again,
        PostAction.UPDATE: update,
        PostAction.WITHDRAW: withdraw,
        PostAction.CONFIRM: posted,
    }
    actions = [action for action, is_chosen in chosen.items() if is_chosen]
    if len(actions) > 1:
        raise click.UsageError(f"--{actions[0]} and --{actions[1]} exclude each other")
    if actions and not episodes:
        raise click.UsageError(f"name the episodes for --{actions[0]}")
    return actions[0] if actions else PostAction.SEND


def _check_networks(console: Console, show: Project, networks: tuple[str, ...], action: PostAction) -> None:
    """Raise OperationError without networks, or click.BadParameter for one that podcast.yaml does not name."""
    names = [row.name for row in show.show.announce]
    if not names:
        raise OperationError("podcast.yaml names no network to post to", "add announce: {mastodon: {account: ...}}")
    for name in networks:
        if name not in names:
            text = f"{name!r} is not a network under announce: in podcast.yaml (use {', '.join(names)})"
            raise click.BadParameter(text, param_hint="--to")
    if action == "update":
        _report_fixed_networks(console, show, networks)


def _report_fixed_networks(console: Console, show: Project, networks: tuple[str, ...]) -> None:
    """Say which networks cannot change a post. Raises OperationError if it was asked for there."""
    from podcast_kit.announce.networks import load_network_class

    for row in show.show.announce:
        network = load_network_class(row.name)
        if not network.can_update:
            text = f"{network.label} cannot change a post"
            again = "use --withdraw, then --again" if network.can_withdraw else "delete it there, then use --again"
            if row.name in networks:
                raise OperationError(text, again)
            console.info(f"{text}: {again}")


def _refuse_mistyped_setup(show: Project, names: tuple[str, ...]) -> None:
    """Raise click.UsageError for one word that names no episode and resembles `setup`."""
    if len(names) != 1 or not get_close_matches(names[0], [SETUP_WORD], n=1):
        return
    try:
        resolve_episode(names[0], show, "EPISODE")
    except click.BadParameter as error:
        raise click.UsageError(f"no episode {names[0]!r}; did you mean {SETUP_WORD!r}?") from error


def _choose_guids(build: Build, state: StoreState, names: tuple[str, ...]) -> tuple[str, ...]:
    """The guids of the episodes that are named; else of those that wait. Raises OperationError if one is not public."""
    from podcast_kit.announce.posts import is_recent

    public = {item.guid: item for item in build.items if item.guid in state.slugs}
    if not names:
        now = datetime.now(UTC)
        in_doubt = {
            guid
            for guid, records in state.posts.items()
            if any(record.status == "intended" for record in records.values())
        }
        recent = {guid for guid in state.unannounced if guid in public and is_recent(public[guid].date, now)}
        return tuple(sorted(recent | (in_doubt & public.keys())))
    episodes = [resolve_episode(name, build.project, "EPISODE") for name in names]
    for episode in episodes:
        if episode.guid not in public:
            text = f"{episode.slug} is not public yet"
            raise OperationError(text, "run `podcast-kit publish`, which announces it, too")
    return tuple(episode.guid for episode in episodes)


def _describe_posts(posts: tuple[PlannedPost, ...], action: PostAction) -> Iterable[str]:
    """The lines that say what will be done."""
    verb = {"withdraw": "delete on", "posted": "is posted on"}.get(action, "")
    if not verb:
        return post_lines(posts)
    rows = [(post, post.record.url if post.record else "") for post in posts]
    return [f"{verb} {post.where}: {url or post.draft.slug}" for post, url in rows]


def _report_outcomes(console: Console, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Print each outcome, and pass it on; then what is left to do."""
    from podcast_kit.publish.announcing import changes_feed

    is_feed_old = False
    for outcome in outcomes:
        is_feed_old = is_feed_old or changes_feed(outcome)
        if outcome.error:
            console.info(f"{click.style('warning', fg='yellow', bold=True)}: {outcome.error}")
            if outcome.fix:
                console.info(f"  {outcome.fix}")
        elif outcome.action not in {"recorded", "delayed"}:
            console.result(f"{name_action(outcome)}: {outcome.url or outcome.key}")
        yield outcome
    if is_feed_old:
        console.info("next: run `podcast-kit publish` to update the links to these posts in the feed and on pages")
