"""What no output may show: addresses of private feeds, and of files that are uploaded before their episode is out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.errors import PodcastKitError

if TYPE_CHECKING:
    from podcast_kit.builder import Build
    from podcast_kit.cli.console import Console
    from podcast_kit.model import LockEntry, Media, Project

URL_CREDENTIALS = re.compile(r"(?<=://)([^/?#\s]+)@")
"""The user information of a URL; a password may contain an @ that should have been encoded."""
MIN_PASSWORD_LEN = 4
"""Characters of a password that is masked on its own; a shorter one occurs in other words."""
MIN_SECRET_PATH_LEN = 16
"""Characters of a webhook's path that is masked without its host; a shorter one occurs in other words."""


MAX_NUMBERED_MASKS = 200
"""Private feeds that are masked by their number; of any others each address is masked by its form."""


def hide_show_secrets(console: Console, project: Project) -> None:
    """Mask the addresses of a show's private feeds, and those in podcast.lock of episodes that are not out."""
    hide_network_secrets(console, project)
    secrets = private_feed_masks(project)
    console.hide(secrets)
    console.announce_masks(key for key in secrets if "/" not in key)  # the tokens are part of the addresses
    now = datetime.now(UTC)
    early = [media for entry in project.lock if entry.date > now for media in _media_of(entry)]
    console.hide(_early_masks((media.key, media.sha256) for media in early))


def hide_network_secrets(console: Console, project: Project) -> None:
    """Mask the tokens, passwords and webhook addresses with which a show is published and announced."""
    if ":" in project.show.publish.to and _is_server_target(project.show.publish.to):
        from podcast_kit.stores.ssh_connection import SFTP_SECRET_VARIABLES

        passwords = {os.environ.get(name, "") for name in (*SFTP_SECRET_VARIABLES, "RSYNC_PASSWORD")}
        passwords = {password for password in passwords if len(password) >= MIN_PASSWORD_LEN}
        console.hide(dict.fromkeys(passwords, "…"))
        console.announce_masks(sorted(passwords))
    if not project.show.announce and not project.show.notify.podping:
        return
    from podcast_kit.announce.networks import list_secret_variables
    from podcast_kit.announce.podping import PODPING_TOKEN_VARIABLE

    values = {os.environ.get(name, "").strip() for name in (*list_secret_variables(), PODPING_TOKEN_VARIABLE)}
    secrets = {value for value in values if len(value) >= MIN_PASSWORD_LEN}
    paths = {
        value.partition("?")[0].partition("://")[2].partition("/")[2] for value in values
    }  # what is secret of a webhook
    secrets |= {path for path in paths if len(path) >= MIN_SECRET_PATH_LEN}
    console.hide(dict.fromkeys(secrets, "…"))
    console.announce_masks(sorted(secrets))


def _is_server_target(to: str) -> bool:
    from podcast_kit.stores import is_server_target

    return is_server_target(to)


def hide_typed_credentials(console: Console, arguments: Iterable[object]) -> None:
    """Mask the name and password in addresses on the command line, such as `https://me:secret@pod.example/feed.xml`."""
    for argument in arguments:
        if isinstance(argument, list | tuple):
            hide_typed_credentials(console, argument)
        elif isinstance(argument, str | Path):
            console.hide(_credential_masks(str(argument)))


def _credential_masks(address: str) -> dict[str, str]:
    match = URL_CREDENTIALS.search(address)
    if not match:
        return {}
    from urllib.parse import unquote

    _, _, password = match[1].partition(":")
    masks = {f"{match[1]}@": "…@"}
    return masks | {text: "…" for text in (password, unquote(password)) if len(text) >= MIN_PASSWORD_LEN}


def hide_early_files(console: Console, build: Build) -> None:
    """Mask the addresses of the files of a build that are uploaded early."""
    early = [output for output in build.outputs.values() if output.embargoed]
    masks = _early_masks((output.key, output.sha256) for output in early)
    console.hide(masks)
    console.announce_masks(secret for secret in masks if "/" not in secret)


def private_feed_masks(project: Project) -> dict[str, str]:
    """Secret → what is shown instead of it, for private feeds; empty without a list or without the key."""
    from podcast_kit.builder.private_feeds import load_private_list

    try:
        private_list = load_private_list(project)
    except PodcastKitError:  # reported by what needs them
        return {}
    if private_list is None:
        return {}
    names = [*private_list.subscribers.names, *private_list.subscribers.revoked]
    masks = {private_list.secret.hex(): "…"}
    for number, name in enumerate(names[:MAX_NUMBERED_MASKS], 1):
        key = private_list.feed_key(name)
        folder, _, file_name = key.rpartition("/")
        count = f"({number} of {len(names)})"
        masks[key] = f"{folder}/… {count}"
        masks[file_name.removesuffix(".xml")] = f"… {count}"
    return masks


def _media_of(entry: LockEntry) -> Iterator[Media]:
    yield entry.media
    if entry.alternate:
        yield entry.alternate
    for soundbite in entry.soundbites:
        if soundbite.media:
            yield soundbite.media


def _early_masks(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The masks of keys and digests; in CI, whose logs many people read, file names are hidden, too."""
    masks = {}
    for key, sha256 in files:
        if not key.startswith("media/"):
            continue  # on a host of its own: not uploaded by this show
        digest, _, name = key.removeprefix("media/").partition("/")
        masks[key] = "media/… (uploaded ahead)" if os.environ.get("CI") else f"media/…/{name}"
        masks[digest] = "…"
        masks[sha256] = "…"
    return {secret: mask for secret, mask in masks.items() if secret}
