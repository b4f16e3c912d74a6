"""`explain`: what a problem code means."""

from __future__ import annotations

from difflib import get_close_matches

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.cli.options import PLATFORM_CHOICE
from podcast_kit.errors import PodcastKitError

MAX_CODE_LEN = 60


@command("explain", short_help="Explain a problem code.")
@click.argument("code", metavar="[CODE]", required=False)
@click.option("--platform", type=PLATFORM_CHOICE, help="Only list rules of this directory.")
def explain_command(console: Console, code: str | None, platform: str | None) -> None:
    """Explain what a problem code means, why it matters, where it comes from and how to fix it.

    Without CODE, list the rules of `check`.

    \b
      podcast-kit explain
      podcast-kit explain it.enclosure.length
      podcast-kit explain art.square
    """
    from podcast_kit.check import explain_code, list_rules

    if code is None:
        rules = list_rules(platform or "")
        console.document("explain", rules=rules)
        for rule in rules:
            console.result(f"{rule['code']:22} {rule['level']:8} {rule['summary']}")
        return
    explanation = explain_code(code)
    if explanation is None:
        raise PodcastKitError(f"unknown code {code!r}", _suggest_code(code))
    console.document("explain", **explanation)
    console.result(f"{explanation['code']}: {explanation['summary']}")
    console.result()
    for label, text in (("level:", explanation["level"]), ("why:", explanation["why"]), ("fix:", explanation["fix"])):
        if text:
            console.result(f"  {label:12} {text}")
    for label, texts in (("required by:", explanation["platforms"]), ("source:", explanation["sources"])):
        for number, text in enumerate(texts):
            console.result(f"  {label if not number else '':12} {text}")


def _suggest_code(code: str) -> str:
    """Codes that were probably meant."""
    from podcast_kit.check import list_codes

    near = get_close_matches(code[:MAX_CODE_LEN], list_codes(), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else "`podcast-kit explain` lists the rules of the check"
