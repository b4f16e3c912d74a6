"""`theme`: list and copy the templates of the pages."""

from __future__ import annotations

import click

from podcast_kit.cli.app import command, working_folder
from podcast_kit.cli.console import Console


@command("theme", short_help="List the page templates, or copy some to customise them.")
@click.argument("action", type=click.Choice(["list", "eject"]), default="list")
@click.argument("names", nargs=-1, metavar="[TEMPLATE]...")
def theme_command(console: Console, action: str, names: tuple[str, ...]) -> None:
    """List the templates that render the pages; `eject` copies some into the show's templates/ to customise them.

    Your own template replaces the built-in one of the same name. To change only one block of it, begin yours with
    {% extends "default/episode.html" %}. Colour, font and logo need no template: see `theme:` in podcast.yaml.

    \b
      podcast-kit theme
      podcast-kit theme eject episode.html style.css
    """
    from podcast_kit import site
    from podcast_kit.source import project as source

    folder = source.find_show_folder(working_folder(console))
    if action == "list":
        templates = site.list_templates(folder)
        console.document("theme", templates=[{"name": name, "own": is_own} for name, is_own in templates.items()])
        for name, is_own in templates.items():
            console.result(f"{name}{'  (yours)' if is_own else ''}")
        return
    if not names:
        raise click.UsageError("name the templates to copy; `podcast-kit theme` lists them")
    copied = [site.eject_template(folder, name) for name in names]
    console.document("theme", copied=[str(path) for path in copied])
    for path in copied:
        console.result(str(path))
