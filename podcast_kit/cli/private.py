"""`private`: who has a feed of their own, and `move`: the show gets another address."""

from __future__ import annotations

from pathlib import Path

import click

from podcast_kit.cli.app import command, project
from podcast_kit.cli.console import Console


@command("private", short_help="Give people a feed of their own, and take it away.")
@click.option("--add", metavar="NAME", multiple=True, help="Give this person a feed.")
@click.option("--revoke", metavar="NAME", multiple=True, help="Take this person's feed away.")
def private(console: Console, add: tuple[str, ...], revoke: tuple[str, ...]) -> None:
    """Show whose private feed lies at which address; with --add and --revoke, change who has one.

    Everybody has an address of their own that nobody can guess, with the same episodes. Names stand in
    subscribers.txt, the secret of the addresses in subscribers.key: keep a copy of it, and never commit it.
    Build and publish to make a change real; a feed that was taken away then holds no episode any more.

    \b
      podcast-kit private --add "Ann Lee" --add Bo
      podcast-kit private --revoke Bo
    """
    from podcast_kit import feed
    from podcast_kit.model import public_url
    from podcast_kit.source import subscribers

    found = project(console)
    before = subscribers.read(found.folder)
    after = subscribers.changed(before, add, revoke)
    if after and not before:
        _first_secret(console, found.folder)
    secret = subscribers.secret(found.folder) if after else b""
    if after != before:
        subscribers.write(found.folder, after)
        console.note("publish to make it so")
    rows = [(name, public_url(found.show.publish.url, feed.key_for(secret, name))) for name in after.names]
    console.document(
        "private",
        subscribers=[{"name": name, "feed": link} for name, link in rows],
        revoked=list(after.revoked),
    )
    for name, link in rows:
        console.say(f"{name}  {link}")
    for name in after.revoked:
        console.note(f"{name} has no private feed any more")
    if not after:
        console.note("nobody has a private feed; --add NAME gives somebody one")


def _first_secret(console: Console, folder: Path) -> None:
    import os
    import secrets

    from podcast_kit.source import subscribers

    if os.environ.get(subscribers.VARIABLE) or (folder / subscribers.KEY).exists():
        return
    subscribers.keep_secret(folder, secrets.token_bytes(subscribers.BYTES))
    console.note(f"made {console.seen(subscribers.KEY)}: keep a copy of it, and never commit it")


STEPS = """\
Now, in this order:
  1. podcast-kit publish               the old feed tells apps where the new one is
  2. put the same folder at the new address: change `publish:` in podcast.yaml, publish again
  3. let the old address of the feed answer with a redirect (HTTP 301) to the new one
  4. keep the redirect and the old files for four weeks at least, better for ever
The guids of the show and its episodes stay as they are, or everybody would download everything again.
Directories follow by themselves; look after a week, and tell those that did not.
"""


@command("move", short_help="Tell apps and directories that the feed has a new address.")
@click.argument("url")
def move(console: Console, url: str) -> None:
    """Write the feed's new address into podcast.yaml, and say what else a move needs.

    The feed then carries itunes:new-feed-url, which apps follow, and podcast:guid, by which directories know
    that it is the same show.

    \b
      podcast-kit move https://new.example/feed.xml
      podcast-kit move https://new.example/
    """
    from podcast_kit.source.yaml import edit

    found = project(console)
    path = found.folder / "podcast.yaml"
    new = edit.feed_address(url + found.show.feed.path if url.endswith("/") else url)
    if not found.show.guid:
        from podcast_kit.model import show_guid

        edit.put(path, "guid", show_guid(found.show.feed_url))
        console.note("wrote the show's guid into podcast.yaml: it stays the same wherever the feed is")
    edit.put(path, "new_feed_url", new)
    console.document("move", old=found.show.feed_url, new=new)
    console.say(f"{found.show.feed_url} -> {new}")
    console.note(STEPS.rstrip())
