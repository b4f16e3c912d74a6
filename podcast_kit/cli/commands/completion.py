"""`completion`: shell tab completion."""

from __future__ import annotations

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from podcast_kit.cli.app import cli, command
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError

SHELLS = ("bash", "zsh", "fish", "powershell")
INSTALL_COMMANDS = {
    "bash": "podcast-kit completion bash > ~/.local/share/bash-completion/completions/podcast-kit",
    "zsh": "podcast-kit completion zsh > ~/.zfunc/_podcast-kit, and fpath+=~/.zfunc before compinit in ~/.zshrc",
    "fish": "podcast-kit completion fish > ~/.config/fish/completions/podcast-kit.fish",
    "powershell": "podcast-kit completion powershell >> $PROFILE",
}


@command("completion", short_help="Set up shell tab completion.")
@click.argument("shell", required=False, type=click.Choice(SHELLS))
def completion_command(console: Console, shell: str | None) -> None:
    """Print the completion script for a shell, by default the one in use; it completes commands, options and slugs.

    \b
      podcast-kit completion bash > ~/.local/share/bash-completion/completions/podcast-kit
      podcast-kit completion fish > ~/.config/fish/completions/podcast-kit.fish
    """
    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    completion_class = get_completion_class(shell) if shell in SHELLS else None
    if completion_class is None:
        raise OperationError("cannot detect your shell", f"specify one: podcast-kit completion {'|'.join(SHELLS)}")
    source = completion_class(cli, {}, "podcast-kit", "_PODCAST_KIT_COMPLETE").source()
    console.document("completion", shell=shell, source=source)
    console.result(source)
    console.info(f"to install it, run: {INSTALL_COMMANDS[shell]}")
