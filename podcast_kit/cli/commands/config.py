"""`config`: the settings of a show, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command, load_settings_only
from podcast_kit.cli.console import Console
from podcast_kit.cli.secret_masks import hide_typed_credentials

if TYPE_CHECKING:
    from podcast_kit.source.effective_settings import EffectiveSetting

MAX_SHOWN_VALUE_LEN = 100
"""Characters of a value in a line."""


@command("config", for_shows=True, short_help="Show every setting, and where it comes from.")
@click.option("--origin", is_flag=True, help="Also show the file and line of each setting.")
def config_command(console: Console, origin: bool) -> None:
    """Show the settings of the show as they hold: those of podcast.yaml, those that its network's shows.yaml sets for
    all shows, and the defaults.

    \b
      podcast-kit config --origin
      podcast-kit config --show news --origin
      podcast-kit config --json
    """
    from podcast_kit.source.effective_settings import list_effective_settings

    show = load_settings_only(console)
    settings = list_effective_settings(show.folder)
    hide_typed_credentials(console, [setting.value for setting in settings])
    console.document("config", settings=[_setting_to_json(setting) for setting in settings])
    for setting in settings:
        value = " ".join(setting.value.split())
        shown = value if len(value) <= MAX_SHOWN_VALUE_LEN else f"{value[: MAX_SHOWN_VALUE_LEN - 1]}…"
        place = f"  ({_describe_origin(console, setting)})" if origin else ""
        console.result(f"{setting.key}: {shown}{place}")
    counts = [sum(setting.origin == name for setting in settings) for name in ("show", "network")]
    console.summary = f"{counts[0]} of its own, {counts[1]} of the network"


def _describe_origin(console: Console, setting: EffectiveSetting) -> str:
    """Where a setting is written."""
    location = setting.location
    if location is None:
        return "default"
    return f"{console.relative_path(location.path)}:{location.line}"


def _setting_to_json(setting: EffectiveSetting) -> dict[str, object]:
    location = setting.location
    return {
        "key": setting.key,
        "value": setting.value,
        "origin": setting.origin,
        "file": location.path if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
    }
