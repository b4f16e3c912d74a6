"""What Lighthouse says of the pages that most people see, on its slow telephone."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.source import project
from tests.support import chromium
from tests.support.shows import sample

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.skipif(
        not chromium.LIGHTHOUSE.exists() or not shutil.which("node"),
        reason="lighthouse is not installed (npm ci --prefix tests/node)",
    ),
    pytest.mark.xdist_group("chromium"),
]

PAGES = {"index": "index.html", "episode": "episodes/001-more-social/index.html"}
FLAGS = "--headless=new --no-sandbox --disable-gpu"
TRIES = 5
"""Performance is measured, and a busy machine is slow: the best of some tries counts.
The other figures are counted, and must hold each time."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = sample(tmp_path_factory.mktemp("show") / "talking-back")
    made = builder.build(project.load_project(folder), now=datetime(2026, 12, 1, tzinfo=UTC))
    with chromium.serving(made.folder) as url:
        yield url


def measured(url, out):
    """Each category's figure, of 100, and what cost points."""
    command = ["node", chromium.LIGHTHOUSE, url, "--quiet", f"--chrome-flags={FLAGS}", "--output=json"]
    environment = os.environ | {"CHROME_PATH": str(chromium.CHROMIUM)}
    subprocess.run([*command, f"--output-path={out}"], check=True, env=environment, capture_output=True, timeout=300)
    said = json.loads(out.read_text("utf-8"))
    short = [name for name, audit in said["audits"].items() if audit["score"] is not None and audit["score"] < 1]
    return {name: round(100 * found["score"]) for name, found in said["categories"].items()}, short


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_it_is_fast_for_everybody_and_found(base, tmp_path, path):
    performance = []
    for number in range(TRIES):
        found, short = measured(base + path, tmp_path / f"{number}.json")
        performance.append(found.pop("performance"))
        assert found == {"accessibility": 100, "best-practices": 100, "seo": 100}, short
        if performance[-1] >= 98:
            return
    pytest.fail(f"the best of {TRIES} is {max(performance)}: {short}")
