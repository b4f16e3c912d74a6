"""Whatever dies, races, or is cut off: the live feed is whole, and nothing acknowledged is lost."""

import pytest

from tests.support import chaos_proxy


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_no_reader_sees_anything_broken(s3, tmp_path):
    done = chaos_proxy.run(s3.bucket(), tmp_path, publishes=200, polls=1000, seed=1)
    print(done)
    assert done.wrong == []
    assert done.lost == set()
    assert done.kinds == chaos_proxy.KINDS
    assert (done.acknowledged >= 200, done.polls >= 1000, done.kills > 5, done.faults > 100) == (True,) * 4


@pytest.mark.slow
def test_without_conditions_the_same_run_loses_something(s3, tmp_path):
    done = chaos_proxy.run(
        s3.bucket(), tmp_path, publishes=40, polls=1, seed=1, conditions=False, rate=0.0, kills_too=False
    )
    print(done)
    assert done.lost
