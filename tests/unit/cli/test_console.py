"""Text from files reaches a terminal as text: it cannot move the cursor, set a title or hide a line."""

import html
import json
import re

import pytest
from click.testing import CliRunner

from podcast_kit.cli import ci_reports, cli
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError, Problem, SourceLocation

HOSTILE = [
    "\u202egpj.exe",
    "\u2066x\u2069",
    "\x1b[8mhidden",
    "\x1b[30;40mhidden",
    "\x1b]0;owned\x07",
    "\x1b[2J",
    "\x1b[1A",
    "\x9b2J",
    "\x08\x08",
    "\x7f",
    "\x1bc",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_control_characters_of_a_terminal_are_replaced_wherever_people_read(hostile, capsys):
    console = Console()
    console.result(f"title {hostile}")
    console.info(f"note {hostile}")
    console.problems([Problem(SourceLocation("a.md", 1), f"odd {hostile}", "", "key.unknown")])
    console.failure("check", OperationError(f"failed {hostile}", f"fix {hostile}"))
    shown = "".join(capsys.readouterr())
    assert not set(hostile) & set("\x1b\x07\x9b\x08\x7f\u202e\u2066") & set(shown)
    assert shown.count("�") >= 5


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\v", "\u2028", "\x85"])
def test_text_from_a_file_cannot_add_a_line(line_break, capsys):
    console = Console()
    fake = f"a title{line_break}feed.xml:1: error: not ours [key.unknown]"
    console.problems([Problem(SourceLocation(fake, 1), fake, fake, "key.unknown")])
    assert len(capsys.readouterr().err.splitlines()) == 1
    console.failure("check", OperationError(fake, fake))
    shown = capsys.readouterr().err.splitlines()
    assert [line for line in shown if not line.startswith("  ")] == ["error: a title"]


def test_text_from_a_file_is_not_a_command_of_github(capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    console = Console()
    hostile = "::stop-commands::x\n  ::add-mask::a\n##[set-env name=PATH]/tmp"
    console.result(hostile)
    console.info(hostile)
    console.failure("check", OperationError(hostile, hostile))
    console.problems([Problem(SourceLocation(hostile), hostile, hostile, "key.unknown")])
    lines = "".join(capsys.readouterr()).splitlines()
    commands = [line for line in lines if line.lstrip().startswith("::") or line.find("##[") > -1]
    assert [line.partition(" ")[0] for line in commands] == ["::error", "::error"]
    console.as_json = True
    console.document("check", title=hostile)
    document = capsys.readouterr().out
    assert "##[" not in document
    assert json.loads(document)["title"] == hostile


def test_the_step_summary_shows_titles_as_text(tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    hostile = (
        "`x` | ![a](https://t.example/p.png) <img src=x> [b](https://t.example) @all www.t.example\n# h private/a_b.xml"
    )
    problem = Problem(SourceLocation(hostile), hostile, "", "key.unknown")
    ci_reports.append_check_summary([problem], "1 error", lambda text: text.replace("private/a_b.xml", "…"))
    text = summary.read_text()
    assert not re.search(r"!\[|\]\(|<img|://|@all|www\.|`x`|a_b", text.replace("&#", ""))
    assert "a_b" not in html.unescape(text)
    [row] = [line for line in text.splitlines() if "key.unknown" in line]
    assert row.count("|") == 5
    assert "![a](https://t.example/p.png) <img src=x>" in html.unescape(row)


@pytest.mark.parametrize(
    "address",
    ["https://me:pa55word@pod.example/feed.xml", "https://me:pa%3A55word@pod.example/", "https://t0ken@pod.example/"],
)
def test_a_password_that_was_typed_is_not_repeated(address):
    done = CliRunner().invoke(cli, ["check", "--url", address])
    assert "pod.example" in done.output
    assert not re.search(r"pa55word|pa%3A55|pa:55|t0ken|me:", done.output)


def test_lines_tabs_and_colors_are_printed(capsys):
    Console().result("one\n\ttwo ← ä 你好")
    assert capsys.readouterr().out == "one\n\ttwo ← ä 你好\n"
    assert Console().printable("\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"
