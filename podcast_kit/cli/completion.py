"""`completion`: what a shell needs to finish commands, options and slugs at the TAB key."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

import click
from click.shell_completion import CompletionItem, get_completion_class

from podcast_kit.cli.app import cli, command
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError

SHELLS = ("bash", "zsh", "fish", "powershell")
PLACES = {
    "bash": "podcast-kit completion bash > ~/.local/share/bash-completion/completions/podcast-kit",
    "zsh": "podcast-kit completion zsh > ~/.zfunc/_podcast-kit, and fpath+=~/.zfunc before compinit in ~/.zshrc",
    "fish": "podcast-kit completion fish > ~/.config/fish/completions/podcast-kit.fish",
    "powershell": "podcast-kit completion powershell >> $PROFILE",
}


@command("completion", short_help="Let the shell finish commands at the TAB key.")
@click.argument("shell", required=False, type=click.Choice(SHELLS))
def completion(console: Console, shell: str | None) -> None:
    """Print what a shell needs to finish commands, options and episodes; without a name, for the shell in use.

    \b
      podcast-kit completion bash > ~/.local/share/bash-completion/completions/podcast-kit
      podcast-kit completion fish > ~/.config/fish/completions/podcast-kit.fish
    """
    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    kind = get_completion_class(shell) if shell in SHELLS else None
    if kind is None:
        raise OperationError("no shell is known here", f"say which: podcast-kit completion {'|'.join(SHELLS)}")
    source = kind(cli, {}, "podcast-kit", "_PODCAST_KIT_COMPLETE").source()
    console.document("completion", shell=shell, source=source)
    console.say(source)
    console.note(f"to keep it: {PLACES[shell]}")


def slugs(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Episodes by the names of their files: none of them is read, since each TAB would."""
    here: Path = context.params.get("directory") or context.obj or Path()
    for folder in (here, *here.absolute().parents):
        if (folder / "podcast.yaml").is_file():
            notes = folder / "episodes"
            found = [path.stem for path in notes.glob("*.md")] + [path.parent.name for path in notes.glob("*/index.md")]
            return [CompletionItem(name) for name in sorted(found) if name.startswith(typed)]
    return []
