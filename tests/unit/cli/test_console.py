"""Text from files reaches a terminal as text: it cannot move the cursor, set a title or hide a line."""

import pytest

from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError, Problem, SourceLocation

HOSTILE = ["\x1b]0;owned\x07", "\x1b[2J", "\x1b[1A", "\rhidden", "\x9b2J", "\x08\x08", "\x7f", "\x1bc"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_control_characters_of_a_terminal_are_replaced_wherever_people_read(hostile, capsys):
    console = Console()
    console.result(f"title {hostile}")
    console.info(f"note {hostile}")
    console.problems([Problem(SourceLocation("a.md", 1), f"odd {hostile}", "", "key.unknown")])
    console.failure("check", OperationError(f"failed {hostile}", f"fix {hostile}"))
    shown = "".join(capsys.readouterr())
    assert not set(hostile) & set("\x1b\x07\r\x9b\x08\x7f") & set(shown)
    assert shown.count("�") >= 5


def test_lines_tabs_and_colors_are_printed(capsys):
    Console().result("one\n\ttwo ← ä 你好")
    assert capsys.readouterr().out == "one\n\ttwo ← ä 你好\n"
    assert Console().printable("\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"
