import subprocess
import sys

import pytest

from podcast_kit import check
from podcast_kit.check.not_checkable import CHECKED_ELSEWHERE, NOT_CHECKABLE
from podcast_kit.check.registry import PLATFORMS, RULES


def test_rule_is_explained_with_platforms_and_sources():
    explanation = check.explain_code("art.square")
    assert explanation["summary"] == explanation["says"] == "The show's artwork is square."
    assert explanation["fix"] == explanation["mend"] == "crop it to a square of 1400 to 3000 pixels a side"
    assert explanation["level"] == "error"
    assert "Apple Podcasts" in explanation["platforms"]
    assert explanation["sources"][0].startswith("Apple, artwork requirements https://")


@pytest.mark.parametrize("code", ["key.unknown", *NOT_CHECKABLE, *CHECKED_ELSEWHERE])
def test_other_codes_are_explained_too(code):
    explanation = check.explain_code(code)
    assert explanation["code"] == code
    assert all(explanation[name] for name in ("summary", "why", "fix"))


def test_unknown_code_has_no_explanation():
    assert check.explain_code("it.guidd") is None


def test_rules_are_listed_for_all_or_for_one_platform():
    assert [entry["code"] for entry in check.list_rules()] == list(RULES)
    assert {entry["code"] for entry in check.list_rules("youtube")} == {"ch.owner.email", "yt.title"}
    assert all(check.list_rules(platform) for platform in PLATFORMS)


def test_rules_are_loaded_without_builder_audio_and_network():
    program = (
        "import sys, podcast_kit.check.runner\n"
        "print(*sorted({'podcast_kit.builder', 'podcast_kit.audio', 'podcast_kit.io.http_client', 'PIL', 'lxml',"
        " 'nh3', 'boto3', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
