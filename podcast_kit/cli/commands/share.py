"""`share`: texts and pictures for telling people about an episode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.builds import load_build
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import AT_OPTION
from podcast_kit.io import atomic_write

if TYPE_CHECKING:
    from podcast_kit.builder import Build
    from podcast_kit.model import Item
    from podcast_kit.site import SharedMoment

POSTER_DIR = Path(".podcast-kit", "share")


@command("share", short_help="Print texts and draw pictures to share an episode.")
@click.argument("episode", metavar="EPISODE")
@AT_OPTION
def share_command(console: Console, episode: str, at: str | None) -> None:
    """Print a text for each network, with its length and limit, for an episode and each of its soundbites.

    Pictures for Instagram and stories, which take no links, are drawn into .podcast-kit/share/: square.jpg with
    1080 x 1080 and tall.jpg with 1080 x 1920 pixels. Nothing is published or sent.

    \b
      podcast-kit share 12
      podcast-kit share 012-apples --json
    """
    from podcast_kit import site
    from podcast_kit.errors import OperationError
    from podcast_kit.source.episode_names import find_episode
    from podcast_kit.source.yaml import InvalidValue

    build = load_build(console, at)
    try:
        slug = find_episode(build.project, episode).slug
    except InvalidValue as error:
        raise click.BadParameter(f"{error} ({error.fix})", param_hint="EPISODE") from error
    item = next((item for item in build.items if item.episode.slug == slug), None)
    if item is None:
        raise OperationError(f"{slug} is not published yet, so it has no address", "pass --at with a later date")
    show = build.project.show
    moments = [(slug, site.SharedMoment(title=item.episode.title, show=show.title, summary=item.summary, url=item.url))]
    for clip in item.soundbites:
        key = site.clip_page_key(slug, clip)
        title = clip.title or item.episode.title
        moment = site.SharedMoment(title=title, show=show.title, summary=item.summary, url=show.page_url(key))
        moments.append((key.split("/")[1], moment))
    rows = [_share_moment(console, build, item, name, moment) for name, moment in moments]
    console.document("share", build.problems, moments=rows)


def _share_moment(console: Console, build: Build, item: Item, name: str, moment: SharedMoment) -> dict[str, object]:
    """Print the texts of an episode or a clip, and draw its pictures."""
    from podcast_kit import site
    from podcast_kit.builder.responsive_images import draw_posters

    console.result(f"{moment.title}  {moment.url}")
    links = site.build_share_links(moment)
    for link in links:
        limit = f" of {link.max_len}" if link.max_len else ""
        console.result(f"\n{link.label or 'Mail'} ({link.length}{limit} characters)")
        console.result("  " + link.text.replace("\n", "\n  "))
    pictures = {}
    for poster, cover in draw_posters(build.project, item, moment.title).items():
        file_name = str(POSTER_DIR / name / f"{poster}.jpg")
        path = build.project.output_folder / file_name
        atomic_write.write_inside(build.project.output_folder, file_name, cover.data)
        pictures[poster] = str(path)
        console.result(f"\n{poster} picture, {cover.width} x {cover.height} pixels: {console.relative_path(str(path))}")
    console.result()
    texts = [
        {"network": link.network, "text": link.text, "length": link.length, "limit": link.max_len, "url": link.url}
        for link in links
    ]
    return {"name": name, "title": moment.title, "url": moment.url, "texts": texts, "pictures": pictures}
