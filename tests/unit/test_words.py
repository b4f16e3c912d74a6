"""Plain words: the habits of old that no message, help text, docstring or listener-facing string may fall back into."""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "podcast_kit"

HABITS = {
    "mend": r"\bmend(s|ed|ing)?\b",
    "anew": r"\b(anew|afresh)\b",
    "nobody, somebody": r"\b(nobody|somebody|whoever)\b",
    "amiss": r"\bamiss\b",
    "there already": r"\bthere already\b|\b(is|are) already there\b",
    "by itself": r"\bby (itself|themselves)\b",
    "as it should be": r"\bas (it|they) should be\b",
    "is no X": r"(?<!there )\b(is|are|was|were) no (?!longer\b|more than\b|later\b)[a-z]",
    "meanwhile": r"\bmeanwhile\b",
    "lies (for is)": r"\b(lies|lie) (in|at|beside|behind|there|before)\b",
    "stands (for is)": r"\bstands (in|for|there|beside|at|behind)\b",
    "leads on, goes along": r"\b(leads on|lead on|goes along|go along|led on)\b",
    "comes of": r"\bcomes? of\b",
    "to be had": r"\bto be had\b",
    "who has the": r"\bwho has the\b",
    "is told": r"\b(is|are) told\b",
    "said of": r"\b(is|was) said of\b",
    "invitation": r"\binvitations?\b",
    "telephone": r"\btelephone\b",
    "lest, hereby": r"\b(lest|hereby)\b",
    "what nobody needs": r"\bwhat no ?one needs\b",
    "say (for set, pass, write)": r"\bsay --|\bor say `",
    "is wanted": r"\b(is|are) wanted\b",
}
EXCEPTIONS = {
    "mend": "a key of `explain --json`, which is a format",
    "--mend": "the former name of `inspect --fix`, which still works",
}
"""Texts that hold a habit on purpose, and why."""


def python_texts(path):
    """(line, text) of every string, docstrings and the parts of f-strings included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def comments(path):
    """(line, text) of every comment."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if match := re.search(r"(?:^|\s)#\s(.*)$", line):
            yield number, match[1]


def toml_texts(table, name=""):
    """(key, text) of every string in a table."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from toml_texts(value, f"{name}{key}.")
        elif isinstance(value, str):
            yield f"{name}{key}", value


def habits_in(texts, name):
    """Every habit in these texts, with its place."""
    return [
        f"{name}:{place}: {habit}: {text[:100]!r}"
        for place, text in texts
        for habit, pattern in HABITS.items()
        if text not in EXCEPTIONS and re.search(pattern, text, re.IGNORECASE)
    ]


def test_strings_and_docstrings_are_in_plain_words():
    offenders = []
    for path in sorted(PACKAGE.rglob("*.py")):
        offenders += habits_in(python_texts(path), path.relative_to(ROOT))
    assert offenders == []


def test_comments_are_in_plain_words():
    offenders = []
    for path in sorted(PACKAGE.rglob("*.py")):
        offenders += habits_in(comments(path), path.relative_to(ROOT))
    assert offenders == []


def test_listener_facing_strings_are_in_plain_words():
    english = ROOT / "templates/strings/en.toml"
    assert habits_in(toml_texts(tomllib.loads(english.read_text("utf-8"))), english.relative_to(ROOT)) == []


def test_documents_are_in_plain_words():
    offenders = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        offenders += habits_in(enumerate(path.read_text("utf-8").splitlines(), 1), path.relative_to(ROOT))
    assert offenders == []
