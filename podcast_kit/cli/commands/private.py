"""`private`: manage private feeds."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.console import Console
from podcast_kit.cli.secret_masks import hide_show_secrets


@command("private", short_help="Manage private feeds.")
@click.option("--add", metavar="NAME", multiple=True, help="Create a private feed for this person.")
@click.option("--revoke", metavar="NAME", multiple=True, help="Revoke this person's private feed.")
def private_command(console: Console, add: tuple[str, ...], revoke: tuple[str, ...]) -> None:
    """List private feeds; create and revoke them with --add and --revoke.

    Each person gets a feed with the same episodes at an unguessable URL. Names are kept in subscribers.txt, the secret
    behind the URLs in subscribers.key: back it up and never commit it. Changes take effect with the next publish; a
    revoked feed is then empty.

    \b
      podcast-kit private --add "Ann Lee" --add Bo
      podcast-kit private --revoke Bo
    """
    from podcast_kit import feed
    from podcast_kit.model import public_url
    from podcast_kit.source import subscribers

    project = load_show(console, needs_cover=False)
    before = subscribers.read_subscribers(project.folder)
    after = subscribers.update_subscribers(before, add, revoke)
    if after and not before:
        _create_secret_key(console, project.folder)
    key = subscribers.read_subscribers_key(project.folder) if after else b""
    if after != before:
        subscribers.write_subscribers(project.folder, after)
        console.info("run `podcast-kit publish` to apply")
    if os.environ.get("CI"):
        hide_show_secrets(console, project)
        console.info("addresses are masked in CI, whose logs others can read")
    else:
        console.masks, console.mask_pattern = {}, None
    base_url = project.show.publish.url
    feeds = [(name, public_url(base_url, feed.private_feed_key(key, name))) for name in after.names]
    console.document(
        "private",
        subscribers=[{"name": name, "feed": url} for name, url in feeds],
        revoked=list(after.revoked),
    )
    for name, url in feeds:
        console.result(f"{name}  {url}")
    for name in after.revoked:
        console.info(f"revoked {name}'s private feed")
    if not after:
        console.info("no private feeds yet; create one with --add NAME")


def _create_secret_key(console: Console, folder: Path) -> None:
    from podcast_kit.source import subscribers

    if os.environ.get(subscribers.SUBSCRIBERS_KEY_VARIABLE) or (folder / subscribers.SUBSCRIBERS_KEY_FILE).exists():
        return
    subscribers.write_subscribers_key(folder, secrets.token_bytes(subscribers.SUBSCRIBERS_KEY_BYTES))
    path = console.relative_path(subscribers.SUBSCRIBERS_KEY_FILE)
    console.info(f"created {path}: back it up and never commit it")
