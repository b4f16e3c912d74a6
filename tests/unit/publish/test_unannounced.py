"""Which episodes a publish announces: new ones of the last two days, and never those of an import."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from podcast_kit.model import NetworkSettings, PublishSettings, Show
from podcast_kit.plan.subscriber_changes import ChangeKind, SubscriberChange
from podcast_kit.publish.announcing import list_unannounced
from podcast_kit.stores import StoredObject
from podcast_kit.stores.state import StoreState

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MASTODON = NetworkSettings(name="mastodon", options={"account": "@show@social.example"})
LIVE = StoredObject(content=b"<rss/>", etag="1")


def build_of(ages, announce=(MASTODON,), **publish):
    """A build with an episode of each age in hours, named by its position."""
    items = [SimpleNamespace(guid=str(number), date=NOW - timedelta(hours=age)) for number, age in enumerate(ages)]
    settings = PublishSettings(url="https://pod.example/", **publish)
    show = Show(title="A", description="B", author="C", language="en", publish=settings, announce=announce)
    return SimpleNamespace(items=items, project=SimpleNamespace(show=show))


def changes_of(*guids, kind=ChangeKind.NEW):
    return [SubscriberChange(kind=kind, guid=str(guid), title="Talk") for guid in guids]


@pytest.mark.parametrize(
    ("ages", "changes", "state", "expected"),
    [
        ([1, 30], changes_of(0, 1), {"feed": LIVE}, ("1", "0")),
        ([1, 30], changes_of(0, 1), {}, ()),
        ([48, 48.01], changes_of(0, 1), {"feed": LIVE}, ("0",)),
        ([1], changes_of(0, kind=ChangeKind.CHANGED), {"feed": LIVE}, ()),
        ([1] * 5, changes_of(*range(5)), {"feed": LIVE}, tuple("01234")),
        ([1] * 300, changes_of(*range(300)), {"feed": LIVE}, ()),
        ([1, 2, 60], [], {"feed": LIVE, "unannounced": ("1", "2", "gone")}, ("1",)),
        ([1] * 300, changes_of(*range(1, 300)), {"feed": LIVE, "unannounced": ("0",)}, ("0",)),
    ],
    ids=[
        "oldest first",
        "first publish",
        "48 hours",
        "no new episode",
        "five",
        "import",
        "left over",
        "left and import",
    ],
)
def test_episodes_that_are_announced(ages, changes, state, expected):
    assert list_unannounced(build_of(ages), StoreState(**state), changes, NOW) == expected


def test_show_without_networks_announces_nothing():
    assert list_unannounced(build_of([1], ()), StoreState(feed=LIVE), changes_of(0), NOW) == ()


def test_rehearsal_at_another_url_announces_nothing():
    assert list_unannounced(build_of([1], is_rehearsal=True), StoreState(feed=LIVE), changes_of(0), NOW) == ()
