import ast
import re
from pathlib import Path

import pytest

from podcast_kit.source.codes import CODES

PACKAGE = Path(__file__).parents[2] / "podcast_kit"
FILES = [*sorted((PACKAGE / "source").rglob("*.py")), PACKAGE / "site/listen_links.py"]
GROUPS = "|".join(sorted({code.partition(".")[0] for code in CODES}))
CODE = re.compile(rf"(?:{GROUPS})(?:\.[a-z]+)+")
USED = {
    node.value: path.name
    for path in FILES
    if path.name != "codes.py"
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
}


@pytest.mark.parametrize("code", sorted(USED))
def test_every_code_that_reading_reports_is_explained(code):
    assert code in CODES, USED[code]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_that_is_explained_is_reported_somewhere(code):
    assert code in USED
