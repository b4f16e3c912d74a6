"""`announce setup`: creates the key by which search engines know that pages are the show's own."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from podcast_kit.cli.app import load_show

if TYPE_CHECKING:
    from podcast_kit.cli.console import Console

KEY_BYTES = 16
SETUP_WORD = "setup"


def set_up_announcing(console: Console, *, dry_run: bool) -> None:
    """Add a key of IndexNow to podcast.yaml, unless it has one, and say what else is to be set up."""
    from podcast_kit.announce.podping import PODPING_TOKEN_VARIABLE
    from podcast_kit.model import SHOW_FILE
    from podcast_kit.source.yaml import edit

    project = load_show(console)
    notify = project.show.notify
    key = notify.indexnow_key
    is_new = not key
    if is_new and not dry_run:
        key = secrets.token_hex(KEY_BYTES)
        edit.add_nested_yaml_key(project.folder / SHOW_FILE, "announce", "indexnow", key)
        console.result(f"added announce: indexnow: {key} to podcast.yaml")
        console.info("it is public: publishing writes it to a file of the site, and tells search engines what changed")
    elif is_new:
        console.result("would add announce: indexnow: with a new key to podcast.yaml")
    else:
        console.result(f"announce: indexnow: {key} is set")
    if not notify.podcast_index:
        console.info("to notify the Podcast Index, too: add podcast_index: true below announce:")
    if notify.podping and not os.environ.get(PODPING_TOKEN_VARIABLE):
        console.info(f"podpings need a token: set {PODPING_TOKEN_VARIABLE}")
    console.document("announce", project.warnings, indexnow=key, added=is_new and not dry_run)
