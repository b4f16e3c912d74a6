"""The corpus of single faults: a golden feed that is clean, and one small change for each case.

A new case is a new table in tests/golden/faults/*.toml.
"""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podcast_kit import checks, feed
from podcast_kit.errors import InvalidInput

FAULTS = Path(__file__).parent / "golden" / "faults"
GOLDEN = (FAULTS / "feed.xml").read_text("utf-8")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def mutated(fault):
    """The golden feed with this one fault, as bytes."""
    if fault.get("whole") == "items removed":
        return re.sub(r"(?s)    <item>.*</item>\n", "", GOLDEN).encode()
    if "whole" in fault:
        return fault["whole"].encode()
    data = GOLDEN
    for find, put in [(fault["find"], fault["put"]), *fault.get("then", [])]:
        assert find in data, f"{find!r} is not in the golden feed"
        data = data.replace(find, re.sub(r"(?s)\{(.*)\}", lambda m: m[1] * fault.get("times", 1), put), 1)
    if fault.get("bytes"):
        return data.encode("latin-1", "replace")
    return data.encode()


def look(data, fault):
    """What check says, with whatever the fault wants known beside the feed."""
    facts = checks.Facts(
        now=NOW,
        ours=fault.get("ours", False),
        feed_url=fault.get("url", ""),
        scheduled=fault.get("scheduled", False),
        sizes=fault.get("sizes", {}),
    )
    try:
        document = feed.parse(data, "feed.xml")
    except InvalidInput as error:
        return error.problems
    return checks.run(document, facts, platform=fault.get("platform", ""))


CASES = [
    pytest.param(fault, id=f"{path.stem}-{number}-{fault['rule']}")
    for path in sorted(FAULTS.glob("*.toml"))
    for number, fault in enumerate(tomllib.loads(path.read_text("utf-8"))["fault"], 1)
]


@pytest.mark.parametrize("platform", ["", *checks.PLATFORMS])
def test_the_golden_feed_is_clean(platform):
    assert look(GOLDEN.encode(), {"platform": platform}) == ()


@pytest.mark.parametrize("fault", CASES)
def test_a_single_fault_is_named_by_exactly_its_rule(fault):
    found = look(mutated(fault), fault)
    assert {problem.code for problem in found} == {fault["rule"]}
    assert {str(problem.severity) for problem in found} == {fault.get("level", str(found[0].severity))}
