"""Through kills, races and network faults the live feed stays intact, and no acknowledged publish is lost."""

import pytest

from tests.support import chaos_proxy


@pytest.mark.slow
def test_no_acknowledged_publish_is_lost_and_every_link_in_the_feed_answers(s3, tmp_path):
    result = chaos_proxy.run(s3.bucket(), tmp_path, publishes=200, polls=1000, seed=1)
    print(result)
    assert result.wrong == []
    assert result.lost == set()
    assert result.kinds == chaos_proxy.FAULT_KINDS
    assert (result.acknowledged >= 200, result.polls >= 1000, result.kills > 5, result.faults > 100) == (True,) * 4


@pytest.mark.slow
def test_without_conditional_writes_the_same_run_loses_episodes(s3, tmp_path):
    result = chaos_proxy.run(
        s3.bucket(), tmp_path, publishes=40, polls=1, seed=1, conditions=False, rate=0.0, with_kills=False
    )
    print(result)
    assert result.lost
