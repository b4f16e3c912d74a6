"""`move`: announce the feed's new URL."""

from __future__ import annotations

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError

NEXT_STEPS = """\
Next, in this order:
  1. run `podcast-kit publish`: the old feed now tells apps where the new one is
  2. publish the same folder to the new URL: change `publish:` in podcast.yaml and publish again
  3. make the old feed URL redirect (HTTP 301) to the new one
  4. keep the redirect and the old files for at least four weeks, ideally for good
The guids of the show and its episodes don't change; otherwise apps would download every episode again.
Most directories update automatically; check after a week and update the rest by hand.
"""


@command("move", short_help="Tell apps and directories that the feed has a new URL.")
@click.argument("url")
def move_command(console: Console, url: str) -> None:
    """Write the feed's new URL into podcast.yaml, and list the other steps of a move.

    The feed then carries itunes:new-feed-url, which apps follow, and podcast:guid, by which directories recognise
    the show.

    \b
      podcast-kit move https://new.example/feed.xml
      podcast-kit move https://new.example/
    """
    from podcast_kit.source.yaml import edit

    project = load_show(console, needs_cover=False)
    path = project.folder / "podcast.yaml"
    new_url = edit.to_feed_url(url + project.show.feed.path if url.endswith("/") else url)
    if new_url == project.show.feed_url:
        raise OperationError(f"the feed is already at {new_url}", "pass the URL that it moves to")
    if not project.show.guid:
        from podcast_kit.model import show_guid

        edit.set_yaml_key(path, "guid", show_guid(project.show.feed_url))
        console.info("added the show's guid to podcast.yaml: it stays the same wherever the feed is")
    edit.set_yaml_key(path, "new_feed_url", new_url)
    console.document("move", old=project.show.feed_url, new=new_url)
    console.result(f"{project.show.feed_url} -> {new_url}")
    console.info(NEXT_STEPS.rstrip())
