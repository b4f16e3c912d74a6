"""`comments`: fetch the replies to the show's posts."""

from __future__ import annotations

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import complete_slugs, resolve_episode
from podcast_kit.errors import ExitCode, Problem, Severity
from podcast_kit.text.numbers import format_count


@command("comments", for_shows=True, short_help="Fetch the replies to the posts of episodes.")
@click.argument("episodes", metavar="[EPISODE]...", nargs=-1, shell_complete=complete_slugs)
def comments_command(console: Console, episodes: tuple[str, ...]) -> None:
    """Fetch the replies to the posts about episodes, on Mastodon and Bluesky, into comments/EPISODE.json.

    The posts are those that `social:` names, and those that announced the episode, which podcast.lock has.

    The next build shows them on the episode's page. Commit the files: a build does not ask the networks. Replies that
    were deleted or made private are removed. Of a post that cannot be reached, the replies stay as they are.

    \b
      podcast-kit comments
      podcast-kit comments 12
    """
    from podcast_kit.announce import comments as announce_comments
    from podcast_kit.io.http_client import HttpClient
    from podcast_kit.io.network_policy import NetworkPolicy
    from podcast_kit.model import Progress
    from podcast_kit.source import comments as comment_files

    show = load_show(console)
    chosen = {resolve_episode(name, show, "EPISODE").slug for name in episodes}
    selected = [episode for episode in show.episodes if not chosen or episode.slug in chosen]
    posts_by_slug = {}
    for episode in selected:
        entry = show.lock_entry(episode.guid)
        posts_by_slug[episode.slug] = announce_comments.social_posts(episode, entry.social if entry else ())
    uris = [post.uri for posts in posts_by_slug.values() for post in posts]
    policy = NetworkPolicy.trust(announce_comments.BLUESKY_API, *uris)
    problems: list[Problem] = []
    rows = []
    failed_count = post_count = comment_count = 0
    with HttpClient(policy) as http:
        for number, episode in enumerate(selected, 1):
            posts = posts_by_slug[episode.slug]
            earlier = show.comments.get(episode.slug, ())
            if not posts and not earlier:
                continue
            console.progress(Progress("comments", episode.slug, number, len(selected)))
            result = announce_comments.fetch_comments(
                http, posts, earlier, show.show.comments, bluesky_api=announce_comments.BLUESKY_API
            )
            path = show.folder / comment_files.comments_path(episode.slug)
            is_changed = comment_files.update_comments_file(show.folder, episode.slug, result.threads)
            post_count += len(posts)
            failed_count += sum(problem.is_kept for problem in result.problems)
            location = episode.location_of("social")
            problems += [
                Problem(location, f"{problem.uri}: {problem.text}", problem.fix, "comments.fetch", Severity.WARNING)
                for problem in result.problems
            ]
            count = sum(len(thread.comments) for thread in result.threads)
            comment_count += count
            rows.append({"slug": episode.slug, "comments": count, "changed": is_changed, "file": str(path)})
            change = "" if is_changed else " (unchanged)"
            console.result(f"{episode.slug}: {format_count(count, 'comment')}{change}")
    console.summary = format_count(comment_count, "comment") if rows else "no posts"
    console.problems(problems)
    console.document("comments", problems, episodes=rows)
    if not rows:
        console.info(
            "no episode has a post: announce it, or add the post's address under `social:` in the front matter"
        )
    if failed_count and failed_count == post_count:
        console.info("no post could be reached; the comments stay as they are")
        click.get_current_context().exit(ExitCode.FAILED)
