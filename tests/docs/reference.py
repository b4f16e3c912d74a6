"""The command reference of the README, from the commands' own help."""

import click
from click.testing import CliRunner

from podcast_kit.cli import cli

BEGIN = "<!-- The commands' own help; `make docs` writes it anew. -->\n"
END = "<!-- end of the commands -->\n"


def reference() -> str:
    """Every command's help, in the order of the commands' names."""
    parts = [_block("podcast-kit", [])]
    parts += [_block(f"podcast-kit {name}", [name]) for name in sorted(cli.commands)]
    return BEGIN + "\n" + "\n".join(parts) + "\n" + END


def _block(title: str, arguments: list[str]) -> str:
    settings = {"terminal_width": 100, "max_content_width": 100, "prog_name": "podcast-kit", "color": False}
    said = CliRunner(env={"NO_COLOR": "1"}).invoke(cli, [*arguments, "--help"], **settings).output
    return f"### `{title}`\n\n```text\n{said.rstrip()}\n```\n"


def placed(readme: str) -> str:
    """The README with the reference as it is today."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return before + reference() + after


def options() -> set[str]:
    """Every option that any command knows."""
    commands = [cli, *cli.commands.values()]
    known = {
        name
        for one in commands
        for param in one.params
        if isinstance(param, click.Option)
        for name in (*param.opts, *param.secondary_opts)
    }
    return known | {"--help", "-h"}
