"""`help`: the help of a command, and the manual page."""

from __future__ import annotations

from difflib import get_close_matches

import click

from podcast_kit import __version__
from podcast_kit.cli.app import EPILOG, cli, command
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError

KEEP_LINES = "\b"
"""Click's mark for a paragraph that is not wrapped."""


@command("help", short_help="Show the help of a command.")
@click.argument("name", metavar="[COMMAND]", required=False)
@click.option("--man", "is_manual", is_flag=True, help="Print the manual page of all commands, for `man`.")
def help_command(console: Console, name: str | None, is_manual: bool) -> None:
    """Show what a command does and its options; without COMMAND, list the commands.

    \b
      podcast-kit help publish
      podcast-kit help --man > ~/.local/share/man/man1/podcast-kit.1
    """
    root = click.get_current_context().find_root()
    if is_manual:
        text = render_manual(root)
    elif name is None:
        text = root.get_help()
    else:
        text = _command_context(root, name).get_help()
    console.document("help", name=name, text=text)
    console.result(text)


def _command_context(root: click.Context, name: str) -> click.Context:
    entry = cli.get_command(root, name)
    if entry is None:
        near = get_close_matches(name, cli.list_commands(root), n=1)
        fix = f"did you mean {near[0]!r}?" if near else "`podcast-kit help` lists all commands"
        raise OperationError(f"unknown command {name!r}", fix)
    return click.Context(entry, info_name=name, parent=root, color=False)


def render_manual(root: click.Context) -> str:
    """The manual page of the program in roff, for `man`."""
    lines = [
        f'.TH PODCAST-KIT 1 "" "podcast-kit {__version__}"',
        ".SH NAME",
        "podcast\\-kit \\- publish a podcast from audio files and Markdown notes",
        ".SH SYNOPSIS",
        ".B podcast\\-kit",
        "[\\fB\\-C\\fR \\fIDIRECTORY\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        *_roff_text(cli.help or ""),
        ".SH COMMANDS",
    ]
    for name in cli.list_commands(root):
        context = _command_context(root, name)
        usage = " ".join(context.command.collect_usage_pieces(context))
        lines += [
            f".SS podcast\\-kit {_escape_roff(name)} {_escape_roff(usage)}",
            *_roff_text(context.command.help or ""),
        ]
        for parameter in context.command.get_params(context):
            record = parameter.get_help_record(context)
            if record:
                lines += [".TP", f"\\fB{_escape_roff(record[0])}\\fR", _escape_roff(record[1])]
    lines += [".SH EXIT STATUS", *_roff_text(EPILOG.replace("Exit codes:\n", ""))]
    return "\n".join(lines)


def _roff_text(text: str) -> list[str]:
    """Paragraphs of a help text; one that begins with click's mark for it keeps its lines."""
    lines: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        is_preformatted = paragraph.lstrip().startswith(KEEP_LINES)
        body = [_escape_roff(line) for line in paragraph.replace(KEEP_LINES, "").strip("\n").split("\n")]
        lines += [".PP", ".nf", *body, ".fi"] if is_preformatted else [".PP", *(line.strip() for line in body)]
    return lines


def _escape_roff(text: str) -> str:
    """Text without a meaning for roff: backslashes, hyphens, and dots at the beginning of a line."""
    escaped = " ".join(text.split("\n")).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
