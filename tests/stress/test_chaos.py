"""Through kills, races and network faults the live feed stays intact, and no acknowledged publish is lost.

With PODCAST_KIT_STRESS the runs are long: 200 publishes of two, and 600 and more of three publishers.
"""

import os

import pytest

from podcast_kit.stores import ConditionalWrites
from tests.support import chaos_proxy, publisher_chaos

IS_LONG = bool(os.environ.get("PODCAST_KIT_STRESS"))
HELD_EVERYWHERE = ("moved_enclosures", "tracebacks", "wrong_files", "wrong_reads")
"""What holds without conditional writes, too."""
HELD = (
    *HELD_EVERYWHERE,
    "taken_back",
    "removed",
    "late_writes",
    "stuck",
    "broken_chain",
    "unfinished_uploads",
)


@pytest.mark.slow
def test_no_acknowledged_publish_is_lost_and_every_link_in_the_feed_answers(s3, tmp_path):
    publishes, polls = (200, 1000) if IS_LONG else (60, 300)
    result = chaos_proxy.run(s3.bucket(), tmp_path, publishes=publishes, polls=polls, seed=1)
    print(result)
    assert result.wrong == []
    assert result.lost == set()
    assert result.kinds == chaos_proxy.FAULT_KINDS
    assert (result.acknowledged >= publishes, result.polls >= polls) == (True, True)
    assert (result.kills > publishes / 40, result.faults > publishes / 2) == (True, True)


@pytest.mark.slow
def test_without_conditional_writes_the_same_run_loses_episodes(s3, tmp_path):
    result = chaos_proxy.run(
        s3.bucket(), tmp_path, publishes=1, polls=1, seed=1, conditions=False, rate=0.0, with_kills=False,
        until_lost=True,
    )  # fmt: skip
    print(result)
    assert result.lost


def run_publishers(s3, folder, *, conditions=True):
    """Three publishers for a short while, or until they have published 600 times."""
    run = publisher_chaos.Run(s3.bucket(), folder, seed=11, rate=0.12, kill_share=0.4, conditions=conditions)
    if not IS_LONG:
        return run.run(publishes=25, reads=20, max_seconds=20)
    if not conditions:
        return run.run(publishes=150, reads=500, max_seconds=3600)
    return run.run(publishes=620, reads=3000, kills=95, max_seconds=3600)


@pytest.mark.slow
def test_three_publishers_with_lagging_checkouts_take_nothing_back(s3, tmp_path):
    findings = run_publishers(s3, tmp_path)
    print(findings)
    assert {name: getattr(findings, name) for name in HELD} == {name: [] for name in HELD}
    assert min(findings.acknowledged, findings.reads, findings.faults) > 0
    if IS_LONG:
        assert (findings.publishes >= 600, findings.kills >= 90, findings.reads >= 3000) == (True, True, True)
        assert len(findings.kill_positions) > 12


@pytest.mark.slow
def test_without_conditional_writes_only_what_doctor_says_is_lost(s3, tmp_path):
    findings = run_publishers(s3, tmp_path, conditions=False)
    print(findings)
    assert {name: getattr(findings, name) for name in HELD_EVERYWHERE} == {name: [] for name in HELD_EVERYWHERE}
    assert "undo the other's changes to pages, feeds and the record" in ConditionalWrites.IGNORED.risk
    assert "audio and images are safe" in ConditionalWrites.IGNORED.risk
