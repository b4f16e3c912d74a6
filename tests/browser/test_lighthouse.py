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
"""Performance depends on how busy the machine is, so the best of several tries counts; other scores must hold."""
TELEPHONE_SLOWDOWN = 4.0
"""How many times slower Lighthouse's telephone is than a fast desktop, which gets `DESKTOP_INDEX` in its benchmark."""
DESKTOP_INDEX = 1500


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = sample(tmp_path_factory.mktemp("show") / "talking-back")
    build = builder.build(project.load_project(folder), now=datetime(2026, 12, 1, tzinfo=UTC))
    with chromium.serving(build.folder) as url:
        yield url


def run_lighthouse(url, out, slowdown):
    """The score of each category, of 100, the audits below 1, and how fast the machine was beside its other work."""
    command = ["node", chromium.LIGHTHOUSE, url, "--quiet", f"--chrome-flags={FLAGS}", "--output=json"]
    command.append(f"--throttling.cpuSlowdownMultiplier={slowdown:.2f}")
    environment = os.environ | {"CHROME_PATH": str(chromium.CHROMIUM)}
    subprocess.run([*command, f"--output-path={out}"], check=True, env=environment, capture_output=True, timeout=300)
    report = json.loads(out.read_text("utf-8"))
    failed_audits = [
        name for name, audit in report["audits"].items() if audit["score"] is not None and audit["score"] < 1
    ]
    scores = {name: round(100 * category["score"]) for name, category in report["categories"].items()}
    return scores, failed_audits, report["environment"]["benchmarkIndex"]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_lighthouse_scores(base, tmp_path, path):
    performance, slowdown = [], TELEPHONE_SLOWDOWN
    for number in range(TRIES):
        scores, failed_audits, index = run_lighthouse(base + path, tmp_path / f"{number}.json", slowdown)
        performance.append(scores.pop("performance"))
        assert scores == {"accessibility": 100, "best-practices": 100, "seo": 100}, failed_audits
        if performance[-1] >= 98:
            return
        slowdown = max(1.0, TELEPHONE_SLOWDOWN * min(1.0, index / DESKTOP_INDEX))  # as Lighthouse advises
    pytest.fail(f"the best of {TRIES} is {max(performance)}: {failed_audits}")
