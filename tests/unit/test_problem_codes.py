import ast
import re
from pathlib import Path

import pytest

from podcast_kit import check, problem_codes
from podcast_kit.check.registry import RULES
from podcast_kit.errors import InvalidAudio, Problem, SourceLocation
from podcast_kit.problem_codes import PROBLEM_CODES, SHARED_RULE_CODES, ProblemCode

PACKAGE = Path(problem_codes.__file__).parent
CODES = set(check.list_codes())
GROUPS = "|".join(sorted({code.partition(".")[0] for code in CODES}))
CODE = re.compile(rf"(?:{GROUPS})(?:\.[a-z0-9A-Z][a-z0-9A-Z-]*)+")
NOT_CODES = {"feed.json", "feed.xml", "episode.html", "theme.css", "notes.md"}
"""Literals that look like codes."""
MADE_AT_RUN_TIME = ("pb.", "theme.", "au.")
"""Groups with codes that are put together, such as f"pb.{name}"."""


def code_literals():
    """Every string literal of the package that looks like a code, with the module that holds it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name not in {"problem_codes.py", "not_checkable.py"}:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                    yield node.value, path.relative_to(PACKAGE).as_posix()


PAIRS = set(code_literals())
LITERALS = dict(PAIRS)


def test_every_code_in_the_package_is_explained():
    pairs = {(code, module) for code, module in LITERALS.items() if code not in CODES | NOT_CODES}
    used_as_codes = {
        (code, module) for code, module in pairs if not re.search(r"\.(json|xml|html|css|js|md|yaml)$", code)
    }
    assert used_as_codes == set()


def test_every_explained_code_is_used():
    unused = {code for code in PROBLEM_CODES if code not in LITERALS and "." in code}
    assert {code for code in unused if not code.startswith(MADE_AT_RUN_TIME)} == set()


def test_every_code_has_meaning_reason_and_fix():
    explanations = [check.explain_code(code) for code in CODES]
    incomplete = {
        explanation["code"]
        for explanation in explanations
        if not (explanation["summary"].endswith(".") and explanation["why"].endswith(".") and explanation["fix"])
    }
    assert incomplete == set()


def test_rule_codes_that_other_packages_report_are_shared():
    reported_elsewhere = {code for code, module in PAIRS if code in RULES and not module.startswith(("check/", "cli/"))}
    assert reported_elsewhere - SHARED_RULE_CODES == set()
    assert SHARED_RULE_CODES - RULES.keys() == set()


@pytest.mark.parametrize("code", ["", "no.such.code", "it.titel"])
def test_problem_needs_a_registered_code(code):
    with pytest.raises(ValueError, match="not registered"):
        Problem(SourceLocation("a"), "text", "fix", code)


def test_problem_cannot_be_made_without_code():
    with pytest.raises(TypeError, match="code"):
        Problem(SourceLocation("a"), "text", "fix")
    assert InvalidAudio("a.mp3", "text").problem.code == "au.broken"


def test_code_cannot_be_registered_twice_or_without_explanation():
    with pytest.raises(ValueError, match="twice"):
        problem_codes.register_code(PROBLEM_CODES["key.unknown"])
    with pytest.raises(ValueError, match="needs a meaning, a reason and a fix"):
        problem_codes.register_code(ProblemCode("x.y", "Something is wrong.", "It matters.", ""))
