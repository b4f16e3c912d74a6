import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit.errors import OperationError, PublishConflict, StoreAccessError
from podcast_kit.model import PublishSettings, Wave
from podcast_kit.plan import make
from podcast_kit.publish import publish, read
from podcast_kit.stores import open_store
from podcast_kit.stores import state as record
from tests.support import output_trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(params=["folder", "s3"])
def place(request, tmp_path):
    """A store and the address that it is served at; a folder is not served."""
    if request.param == "folder":
        return open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path), ""
    bucket = request.getfixturevalue("bucket")
    return output_trees.store_of(bucket), bucket.url


def show(tmp_path, url, **episodes):
    return output_trees.tree(tmp_path / "build", url or "https://pod.example/", episodes or {"one": b"sound of one"})


def uploaded(outcomes):
    return [outcome.key for outcome in outcomes if outcome.did == "uploaded"]


def test_everything_arrives_and_a_second_time_there_is_nothing_to_do(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url, one=b"1" * 100, two=b"2" * 200)
    first = output_trees.carry_out(outputs, store, now=NOW, url=url)
    assert sorted(uploaded(first)) == sorted(outputs)
    assert all(store.get(key).content == output.path.read_bytes() for key, output in outputs.items())
    before = list(store.walk())
    assert output_trees.carry_out(outputs, store, now=NOW, url=url) == []
    assert list(store.walk()) == before


def test_a_wave_begins_when_all_of_the_one_before_has_arrived(place, tmp_path):
    store, url = place
    outcomes = output_trees.carry_out(show(tmp_path, url, one=b"1", two=b"22"), store, now=NOW, url=url)
    waves = [outcome.wave for outcome in outcomes if outcome.action == "uploaded"]
    assert waves == sorted(waves)
    assert uploaded(outcomes)[-1] == "feed.xml"


def test_an_edited_page_sends_the_page_and_the_feed_and_no_audio(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url)
    output_trees.carry_out(outputs, store, now=NOW, url=url)
    for key in ("index.html", "feed.xml"):
        outputs[key] = output_trees.output(
            tmp_path / "build", key, outputs[key].path.read_bytes() + b"<!-- edited -->\n"
        )
    assert uploaded(output_trees.carry_out(outputs, store, now=NOW, url=url)) == ["index.html", "feed.xml"]


def test_what_the_show_no_longer_has_is_retired_and_stays(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url, one=b"1", two=b"22")
    output_trees.carry_out(outputs, store, now=NOW, url=url)
    fewer = show(tmp_path / "fewer", url, one=b"1")
    gone = sorted(outputs.keys() - fewer.keys())
    outcomes = output_trees.carry_out(fewer, store, now=NOW, url=url)
    assert [outcome.key for outcome in outcomes if outcome.action == "retired"] == gone
    assert all(store.get(key) for key in gone)
    assert read(store).retired == dict.fromkeys(gone, "2026-11-22")
    assert output_trees.carry_out(outputs, store, now=NOW + timedelta(days=1), url=url)
    assert read(store).retired == {}


def test_the_feed_that_is_replaced_is_kept(place, tmp_path):
    store, url = place
    versions = []
    for number in range(3):
        outputs = show(tmp_path, url, **{f"e{n}": b"%d" % n for n in range(number + 1)})
        versions.append(outputs["feed.xml"].path.read_bytes())
        output_trees.carry_out(outputs, store, now=NOW, url=url)
    assert [store.get(key).content for key in read(store).feeds] == versions[:2]


def test_headers_alone_change_without_an_upload(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url)
    output_trees.carry_out(outputs, store, now=NOW, url=url)
    outputs["index.html"] = replace(outputs["index.html"], cache_control="public, max-age=5")
    outcomes = output_trees.carry_out(outputs, store, now=NOW, url=url)
    assert [(outcome.key, outcome.action) for outcome in outcomes] == [
        ("index.html", "dressed"),
        (record.KEY, "recorded"),
    ]


def test_somebody_who_published_meanwhile_is_not_overwritten(place, tmp_path):
    store, url = place
    output_trees.carry_out(show(tmp_path, url), store, now=NOW, url=url)
    mine = show(tmp_path / "mine", url, one=b"1", mine=b"mine")
    plan = make(mine, read(store, mine.values()))
    theirs = show(tmp_path / "theirs", url, one=b"1", theirs=b"theirs")
    output_trees.carry_out(theirs, store, now=NOW, url=url)
    live = store.get("feed.xml")
    with pytest.raises(PublishConflict):
        list(publish(plan, store, now=NOW, url=url))
    assert store.get("feed.xml") == live
    assert store.get("episodes/mine/index.html") is None


def test_somebody_who_swapped_the_feed_behind_the_record_is_not_overwritten(place, tmp_path):
    store, url = place
    output_trees.carry_out(show(tmp_path, url), store, now=NOW, url=url)
    mine = show(tmp_path / "mine", url, one=b"1", mine=b"mine")
    plan = make(mine, read(store, mine.values()))
    other = output_trees.output(tmp_path / "other", "feed.xml", b"<rss/>\n")
    store.put(output_trees.Upload.of(other))
    with pytest.raises(PublishConflict):
        list(publish(plan, store, now=NOW, url=url))
    assert store.get("feed.xml").content == b"<rss/>\n"
    assert "index.html" in read(store, mine.values()).doubtful


def test_before_the_feed_all_but_the_feed_is_there(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url)
    seen = []
    output_trees.carry_out(outputs, store, now=NOW, url=url, before_feed=lambda: seen.extend(store.walk()))
    assert {each.key for each in seen if not each.key.startswith(record.OWN)} == outputs.keys() - {"feed.xml"}


def test_what_fails_before_the_feed_leaves_the_feed(place, tmp_path):
    store, url = place

    def refuse():
        raise OperationError("the lock could not be written")

    with pytest.raises(OperationError):
        output_trees.carry_out(show(tmp_path, url), store, now=NOW, url=url, before_feed=refuse)
    assert store.get("feed.xml") is None
    assert uploaded(output_trees.carry_out(show(tmp_path, url), store, now=NOW, url=url))[-1] == "feed.xml"


def test_media_of_a_publish_that_died_are_not_sent_again(place, tmp_path):
    store, url = place

    def die():
        raise OperationError("died")

    outputs = show(tmp_path, url)
    with pytest.raises(OperationError):
        output_trees.carry_out(outputs, store, now=NOW, url=url, before_feed=die)
    again = uploaded(output_trees.carry_out(outputs, store, now=NOW, url=url))
    assert {key for key in again if outputs[key].wave is Wave.MEDIA} == set()


WHOLE = {"schema": 1, "headers": [{}], "objects": {}, "retired": {}, "doubtful": [], "feeds": [], "conditions": {}}
BROKEN = [
    None,
    b"{",
    b"[]",
    b"[" * 100_000,
    b'{"schema": 1}',
    b'{"schema": 1e999}',
    b'{"schema": NaN}',
    *(
        json.dumps(WHOLE | {"conditions": {"honours": None, "place": ""}} | wrong).encode()
        for wrong in (
            {"schema": True},
            {"objects": {"a": [float("inf"), "", "", 0]}},
            {"objects": {"a": [1, "", "", 7]}},
            {"retired": {"a": "never"}},
            {"retired": {"a": 5}},
            {"conditions": "none"},
        )
    ),
]


def test_a_record_that_was_lost_is_rebuilt_without_sending_media(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url)
    output_trees.carry_out(outputs, store, now=NOW, url=url)
    for broken in BROKEN:
        store.delete(record.KEY)
        if broken:
            store.put(output_trees.upload(record.KEY, broken))
        again = uploaded(output_trees.carry_out(outputs, store, now=NOW, url=url))
        assert {key for key in again if outputs[key].wave is Wave.MEDIA} == set()
        assert output_trees.carry_out(outputs, store, now=NOW, url=url) == []


def test_a_record_that_is_wrong_about_what_only_the_store_has_is_overruled(place, tmp_path):
    store, url = place
    outputs = show(tmp_path, url)
    output_trees.carry_out(outputs, store, now=NOW, url=url)
    bare = {key: replace(each, path=None) if each.wave is Wave.MEDIA else each for key, each in outputs.items()}
    store.put(output_trees.upload(record.KEY, record.encoded(record.State(), store.place)))
    outcomes = output_trees.carry_out(bare, store, now=NOW, url=url)
    assert {outputs[key].wave for key in uploaded(outcomes)} == {Wave.PAGES}
    assert output_trees.carry_out(bare, store, now=NOW, url=url) == []


def test_a_stray_file_among_the_kept_feeds_is_no_kept_feed(place, tmp_path):
    store, url = place
    store.put(output_trees.upload(f"{record.FEEDS}x.xml", b"<rss/>"))
    for number in range(2):
        output_trees.carry_out(show(tmp_path, url, one=b"%d" % number), store, now=NOW, url=url)
    assert [record.number(key) for key in read(store).feeds] == [1]


def test_what_others_keep_beside_the_show_is_never_ours(place, tmp_path):
    store, url = place
    store.put(output_trees.upload("CNAME", b"pod.example"))
    output_trees.carry_out(show(tmp_path, url), store, now=NOW, url=url)
    state = read(store)
    assert "CNAME" not in {*state.objects, *state.retired}


def test_a_newer_record_is_not_touched(place, tmp_path):
    store, url = place
    store.put(output_trees.upload(record.KEY, b'{"schema": 99}'))
    with pytest.raises(OperationError, match="newer podcast-kit"):
        output_trees.carry_out(show(tmp_path, url), store, now=NOW, url=url)


class TestS3:
    def test_another_file_under_a_media_name_is_not_overwritten(self, bucket, tmp_path):
        store = output_trees.store_of(bucket)
        outputs = show(tmp_path, bucket.url)
        plan = make(outputs, read(store, outputs.values()))
        media = next(key for key in outputs if key.startswith("media/"))
        store.put(output_trees.upload(media, b"another"))
        with pytest.raises(OperationError, match="another file"):
            list(publish(plan, store, now=NOW, url=bucket.url))
        assert store.get(media).content == b"another"
        assert store.get("feed.xml") is None

    def test_media_that_do_not_answer_stop_the_feed(self, s3, bucket, tmp_path):
        s3.client().delete_bucket_policy(Bucket=bucket.name)
        store = output_trees.store_of(bucket)
        with pytest.raises(OperationError, match=r"feed was left as it is.*403, not public") as raised:
            output_trees.carry_out(show(tmp_path, bucket.url), store, now=NOW, url=bucket.url)
        assert "bucket policy" in raised.value.fix
        assert store.get("feed.xml") is None
        assert store.get("index.html") is None

    def test_a_bucket_that_does_not_exist_is_said_before_anything_is_sent(self, s3, tmp_path):
        store = open_store(PublishSettings(url="http://x/", to="s3://not-there", endpoint=s3.endpoint), tmp_path)
        with pytest.raises(StoreAccessError, match="does not exist"):
            output_trees.carry_out(show(tmp_path, ""), store, now=NOW)
