"""`private`: manage private feeds."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, load_show
from podcast_kit.cli.consents import ALLOW_COMMAND_OPTION
from podcast_kit.cli.console import Console
from podcast_kit.cli.secret_masks import hide_show_secrets
from podcast_kit.cli.subscriber_list import fetch_subscriber_list
from podcast_kit.errors import OperationError
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.builder.private_feeds import PrivateList
    from podcast_kit.model import Project
    from podcast_kit.source.subscribers import Subscribers

APPLY_FIX = "run `podcast-kit publish` to apply"


@command("private", short_help="Manage private feeds.")
@click.option("--add", metavar="NAME", multiple=True, help="Create a private feed for this person.")
@click.option("--tier", metavar="TIER", help="The tier of those who are added. [default: the lowest]")
@click.option("--revoke", metavar="NAME", multiple=True, help="Revoke this person's private feed.")
@click.option("--renew", metavar="NAME", multiple=True, help="Give this person a new address.")
@click.option("--rekey", is_flag=True, help="Give all media of members new addresses.")
@click.option("--welcome", metavar="NAME", multiple=True, help="Print a welcome text with the address and a QR code.")
@click.option(
    "--qr", type=click.Path(path_type=Path), help="With --welcome: write the QR code to this SVG file.", metavar="FILE"
)
@click.option("--fetch", is_flag=True, help="Run the command that prints the list of subscribers.")
@click.option("--estimate", is_flag=True, help="Print what a new episode costs: objects, bytes, requests.")
@click.option(
    "--prices", type=click.Path(path_type=Path), help="With --estimate: the provider's prices.", metavar="FILE"
)
@ALLOW_COMMAND_OPTION
def private_command(
    console: Console,
    add: tuple[str, ...],
    tier: str | None,
    revoke: tuple[str, ...],
    renew: tuple[str, ...],
    rekey: bool,
    welcome: tuple[str, ...],
    qr: Path | None,
    fetch: bool,
    estimate: bool,
    prices: Path | None,
    allow_command: tuple[str, ...],
) -> None:
    """List private feeds; create, revoke and renew them.

    Each person gets a feed at an unguessable URL. Names are kept in subscribers.txt, or come from a CSV file or a
    command, see `private:` in podcast.yaml. The secret behind the URLs is in subscribers.key: back it up and never
    commit it. Changes take effect with the next publish.

    \b
      podcast-kit private --add "Ann Lee" --add Bo --tier gold
      podcast-kit private --revoke Bo
      podcast-kit private --welcome "Ann Lee"
      podcast-kit private --estimate --prices prices.toml
    """
    from podcast_kit.builder.private_feeds import load_private_list

    if (qr and len(welcome) != 1) or (prices and not estimate) or (tier and not add):
        raise click.UsageError("--qr goes with one --welcome, --prices with --estimate, --tier with --add")
    project = load_show(console, needs_cover=False)
    _edit_names(console, project, add, revoke, tier or "")
    if fetch or (project.show.private.subscribers.command and allow_command):
        _fetch(console, project, allow_command)
    private_list = load_private_list(project)
    if private_list is None:
        console.document("private", subscribers=[], revoked=[])
        console.info("no private feeds yet; create one with --add NAME")
        return
    private_list = _renew_addresses(console, project, private_list, renew, rekey=rekey)
    if estimate:
        _print_estimate(console, project, private_list, prices)
        return
    _show_addresses(console, project)
    if welcome:
        _print_welcome(console, project, private_list, welcome, qr)
    else:
        _print_list(console, project, private_list)


def _show_addresses(console: Console, project: Project) -> None:
    """Show addresses from now on, except in CI."""
    if os.environ.get("CI"):
        hide_show_secrets(console, project)
        console.info("names and addresses are masked in CI, whose logs others can read")
    else:
        console.masks, console.mask_pattern, console.shows_addresses = {}, None, True


def _edit_names(console: Console, project: Project, add: tuple[str, ...], revoke: tuple[str, ...], tier: str) -> None:
    """Add and revoke names in subscribers.txt."""
    from podcast_kit.source import private_settings, subscribers
    from podcast_kit.source.subscriber_lists import load_subscribers
    from podcast_kit.source.yaml import InvalidValue

    settings = project.show.private
    if (add or revoke) and settings.subscribers:
        source = settings.subscribers.file or "the command of podcast.yaml"
        raise OperationError(f"the list of subscribers comes from {source}", "add and revoke people there")
    try:
        tier = private_settings.find_tier(tier, settings.tiers) if tier else ""
    except InvalidValue as error:
        raise click.BadParameter(f"{error} ({error.fix})", param_hint="--tier") from None
    if settings.subscribers.file:
        subscribers.ignore_in_git(project.folder, f"/{settings.subscribers.file}")
    before = load_subscribers(project.folder, settings)
    after = subscribers.update_subscribers(before, add, revoke, tier) if add or revoke else before
    if after and subscribers.is_key_missing(project.folder) and (settings.subscribers or not before):
        _create_secret_key(console, project.folder)
    if after != before:
        subscribers.write_subscribers(project.folder, after)
        console.info(APPLY_FIX)


def _fetch(console: Console, project: Project, allow_command: tuple[str, ...]) -> None:
    from podcast_kit.source.subscriber_lists import load_subscribers

    settings = project.show.private
    if not settings.subscribers.command:
        raise OperationError("podcast.yaml names no command for the list of subscribers", "remove --fetch")
    fetch_subscriber_list(console, project, allow_command)
    console.info(f"fetched {format_count(len(load_subscribers(project.folder, settings).names), 'subscriber')}")
    _edit_names(console, project, (), (), "")


def _create_secret_key(console: Console, folder: Path) -> None:
    from podcast_kit.source import subscribers

    subscribers.write_subscribers_key(folder, secrets.token_bytes(subscribers.SUBSCRIBERS_KEY_BYTES))
    path = console.relative_path(subscribers.SUBSCRIBERS_KEY_FILE)
    console.info(f"created {path}: back it up and never commit it")


def _find_subscriber(subscriber_list: Subscribers, name: str) -> str:
    """A name as the list has it. Raises OperationError."""
    from podcast_kit.source.subscribers import normalize_name

    by_identity = {normalize_name(listed): listed for listed in subscriber_list.names}
    if normalize_name(name) not in by_identity:
        raise OperationError(f"{name[:100]!r} has no private feed", "choose a name that `podcast-kit private` lists")
    return by_identity[normalize_name(name)]


def _renew_addresses(
    console: Console, project: Project, private_list: PrivateList, names: tuple[str, ...], *, rekey: bool
) -> PrivateList:
    """The list with new addresses of these people, and with `rekey` of all media."""
    from dataclasses import replace

    from podcast_kit.source.members_lock import MEMBERS_LOCK, write_members_lock

    renewed = private_list.renewed
    for name in names:
        renewed = renewed.renew_feed(private_list.secret, _find_subscriber(private_list.subscribers, name))
    if rekey:
        renewed = renewed.renew_media()
    if renewed == private_list.renewed:
        return private_list
    write_members_lock(project.folder, renewed)
    path = console.relative_path(MEMBERS_LOCK)
    console.info(f"wrote {path}: commit it; {APPLY_FIX}")
    return replace(private_list, renewed=renewed)


def _print_list(console: Console, project: Project, private_list: PrivateList) -> None:
    from podcast_kit.model import public_url
    from podcast_kit.source.subscribers import normalize_name

    subscriber_list, base_url = private_list.subscribers, project.show.publish.url
    hides_names = bool(os.environ.get("CI"))
    rows = [
        {
            "name": f"subscriber {number}" if hides_names else name,
            "feed": public_url(base_url, private_list.feed_key(name)),
            **({"tier": tier} if (tier := subscriber_list.tiers.get(normalize_name(name))) else {}),
        }
        for number, name in enumerate(subscriber_list.names, 1)
    ]
    console.document("private", subscribers=rows, revoked=[] if hides_names else list(subscriber_list.revoked))
    for row in rows:
        console.result("  ".join(filter(None, (row["name"], row.get("tier", ""), row["feed"]))))
    if hides_names and subscriber_list.revoked:
        console.info(f"{format_count(len(subscriber_list.revoked), 'private feed')} revoked")
        return
    for name in subscriber_list.revoked:
        console.info(f"revoked {name}'s private feed")


def _print_welcome(
    console: Console, project: Project, private_list: PrivateList, names: tuple[str, ...], qr: Path | None
) -> None:
    """A text for each person, with the address and a QR code."""
    from podcast_kit import site
    from podcast_kit.io.atomic_write import write_atomic
    from podcast_kit.model import public_url

    rows = []
    for listed in names:
        name = _find_subscriber(private_list.subscribers, listed)
        url = public_url(project.show.publish.url, private_list.feed_key(name))
        welcome = site.render_welcome(project.show, project.folder, name, url)
        rows.append({"name": name, "feed": url, "text": welcome.text})
        console.result(welcome.text)
        if os.environ.get("CI"):
            continue  # a code is an address that no mask hides
        if qr:
            write_atomic(qr, welcome.svg.encode(), 0o600)
            console.info(f"wrote {qr}")
        else:
            console.result(welcome.terminal_code)
    console.document("private", welcome=rows)


def _print_estimate(console: Console, project: Project, private_list: PrivateList, prices: Path | None) -> None:
    """What the store holds and what a new episode costs, by the user's prices."""
    from datetime import UTC, datetime

    from podcast_kit import builder
    from podcast_kit.builder import estimate

    price_list = estimate.read_prices(prices) if prices else None
    build = builder.build(project, now=datetime.now(UTC))
    figures = estimate.estimate_private_feeds(build, len(private_list.subscribers.names))
    costs = estimate.estimate_costs(figures, price_list) if price_list else []
    console.document(
        "private",
        estimate=figures.to_json(),
        costs=[{"what": row.what, "amount": row.amount, "currency": row.currency} for row in costs],
    )
    for line in figures.describe():
        console.result(line)
    for row in costs:
        console.result(f"{row.what}: {row.amount:.2f} {row.currency}")
