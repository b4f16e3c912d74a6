"""The store state of a large show: a snapshot, and what changed since; both together are the state that was written."""

import gzip
import hashlib
import json
import random
from dataclasses import replace

import pytest

from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.model.lineage import EPISODE_UNIT, PendingPublish, Publication
from podcast_kit.publish.record import read_record
from podcast_kit.publish.state_writer import edit_state, write_state
from podcast_kit.stores import snapshot
from podcast_kit.stores.folder import FolderStore
from podcast_kit.stores.snapshot import (
    Tables,
    apply_changes,
    list_changes,
    parse_snapshot,
    render_tables,
    renew_snapshot,
    tables_from_json,
)
from podcast_kit.stores.state import (
    STATE_KEY,
    StoreState,
    fetch_state,
    read_state_file,
    read_state_head,
    recognize_outputs,
    render_state,
)

HEADERS = (("Cache-Control", "public, max-age=300"), ("Content-Type", "text/html"))
DESK = Publication(at="2026-11-28T10:00:00+00:00")


class CountingStore(FolderStore):
    """A folder that counts what is read of it; `before_get` is called with each key before it is read."""

    def __init__(self, root):
        super().__init__(root)
        self.read = {}
        self.before_get = lambda _: None

    def get(self, key):
        self.before_get(key)
        stored = super().get(key)
        self.read[key] = self.read.get(key, 0) + (len(stored.content) if stored else 0)
        return stored


@pytest.fixture
def store(tmp_path):
    return CountingStore(tmp_path)


def make_tables(chance, count):
    def rows(values):
        return {f"{values[0]}{number:03}": chance.choice(values) for number in range(count) if chance.random() < 0.6}

    names = rows(["a", "b", "c"])
    feeds = [f".podcast-kit/feeds/{number:06}-aa.xml" for number in range(1, count) if chance.random() < 0.6]
    return Tables(
        objects={
            key: RemoteObject(key=key, size=len(word), sha256=word * 64, headers=HEADERS[: len(word)], etag=word)
            for key, word in names.items()
        },
        retired=dict.fromkeys(rows(["x", "y"]), chance.choice(["2026-11-01", "2026-11-02"])),
        feeds={key: chance.choice(["", "2026-11-01T00:00:00+00:00"]) for key in feeds},
        slugs={guid: (slug, "old") for guid, slug in rows(["one", "two"]).items()},
        sources={unit: {"notes": digest} for unit, digest in rows(["aa", "bb"]).items()},
        indexed=rows(["2026-11-01 aa", "2026-11-02 bb"]),
    )


@pytest.mark.parametrize("seed", range(30))
def test_tables_and_their_changes_are_read_as_they_were_written(seed):
    chance = random.Random(seed)
    old, new = make_tables(chance, 9), make_tables(chance, 9)
    assert tables_from_json(json.loads(render_tables({}, old))) == old
    changes, dropped = list_changes(old, new)
    changed = apply_changes(old, changes, dropped)
    assert changed == new
    assert list(changed.feeds) == list(new.feeds)
    assert list_changes(new, new) == (Tables(), {})


def make_state(episodes, **values):
    """The state of a show as a publish writes it."""
    names = [f"{kind}/{number:05}" for number in range(episodes) for kind in ["media", "page", "text", "card"]]
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in names}
    guids = [f"5b322f44-25b3-4fbd-8b64-{number:012}" for number in range(episodes)]
    settings = {
        "objects": {
            name: RemoteObject(key=name, size=1000, sha256=digest, headers=HEADERS, etag=f'"{digest[:32]}"')
            for name, digest in digests.items()
        },
        "slugs": {guid: (f"episode-{guid[-5:]}",) for guid in guids},
        "sources": {EPISODE_UNIT + guid: {"title": guid[-10:], "notes": "aaaabbbbcc"} for guid in guids},
        "publication": DESK,
        "lock_digest": "1" * 16,
    }
    return StoreState(**settings | values)


def same(state, other):
    ignored = {"etag": "", "snapshot": None, "feed": None, "conditional_writes": None}
    return replace(state, **ignored) == replace(other, **ignored)


@pytest.mark.parametrize("inline_bytes", [0, 20_000, 100_000])
def test_a_state_is_read_as_it_was_written_with_and_without_a_snapshot(store, monkeypatch, inline_bytes):
    monkeypatch.setattr(snapshot, "MAX_INLINE_BYTES", inline_bytes)
    state = make_state(50, retired={"page/00001": "2026-11-01"}, dirty=frozenset({"page/00002"}), indexed={"a": "b"})
    etag = ""
    for number in range(12):
        feeds = tuple(f".podcast-kit/feeds/{index:06}-aa.xml" for index in range(max(1, number - 5), number + 1))
        new = {f"page/new{number}": RemoteObject(key=f"page/new{number}", size=number, headers=HEADERS)}
        kept = dict(list(state.objects.items())[3:])
        state = replace(state, objects=kept | new, feeds=feeds, feed_dates={}, retired={}, run=f"{number}")
        written = write_state(store, state, etag)
        etag = written.etag
        read = read_state_file(store)
        assert read == replace(written, conditional_writes=None)
        assert same(read, state)
        state = read
    assert (read.snapshot is None) == (inline_bytes == 100_000)
    assert json.loads(store.get(STATE_KEY).content)["schema"] == (2 if inline_bytes == 100_000 else 3)


def test_a_large_show_writes_a_snapshot_only_now_and_then(store):
    state = write_state(store, make_state(600), "")
    first = state.snapshot
    assert store.get(first.key)
    for number in range(10):
        objects = {**state.objects, f"page/new{number}": RemoteObject(key=f"page/new{number}", size=1)}
        state = write_state(store, replace(state, objects=objects, run=str(number)), state.etag)
    assert state.snapshot == first
    assert len(store.get(STATE_KEY).content) < 10_000
    changed = {key: replace(remote, size=2) for key, remote in state.objects.items()}
    state = write_state(store, replace(state, objects=changed), state.etag)
    assert state.snapshot != first
    assert len(list(store.list(snapshot.SNAPSHOTS_PREFIX))) == 2
    assert same(read_state_file(store), state)


def test_a_show_that_became_small_has_no_snapshot(store):
    state = write_state(store, make_state(600), "")
    few = dict(list(state.objects.items())[:10])
    write_state(store, replace(state, objects=few, slugs={}, sources={}), state.etag)
    document = json.loads(store.get(STATE_KEY).content)
    assert document["schema"] == 2
    assert len(document["objects"]) == 10


@pytest.mark.parametrize("schema", [1, 2])
def test_a_large_state_of_an_older_version_is_read_and_written_with_a_snapshot(store, schema):
    state = make_state(600)
    document = json.loads(render_state(state, store.identity)) | {"schema": schema}
    content = json.dumps(document).encode()
    (store.root / ".podcast-kit").mkdir()
    (store.root / STATE_KEY).write_bytes(content)
    old = read_state_file(store)
    assert same(old, state)
    new = edit_state(store, lambda state: replace(state, hold="wait"))
    assert new.snapshot
    assert same(read_state_file(store), replace(state, hold="wait"))


def test_an_older_version_refuses_a_state_with_a_snapshot(store, monkeypatch):
    write_state(store, make_state(600), "")
    monkeypatch.setattr("podcast_kit.stores.state.STATE_SCHEMA", 2)
    with pytest.raises(OperationError, match="newer version of podcast-kit"):
        read_state_file(store)


def expect_outputs(state):
    outputs = [
        Output(
            key=key,
            size=remote.size,
            sha256=remote.sha256,
            content_type="text/html",
            cache_control="public, max-age=300",
            wave=Wave.FEED if key == "feed.xml" else Wave.PAGES,
        )
        for key, remote in state.objects.items()
    ]
    return {output.key: output for output in outputs}


def publish_emulated(store, episodes):
    """The state of a show of this size that was published, and its outputs; its feed is empty."""
    (store.root / "feed.xml").write_bytes(b"<rss/>")
    state = make_state(episodes)
    digest = hashlib.sha256(b"<rss/>").hexdigest()
    objects = {**state.objects, "feed.xml": RemoteObject(key="feed.xml", size=6, sha256=digest, headers=HEADERS)}
    state = write_state(store, replace(state, objects=objects), "")
    store.read.clear()
    return state, expect_outputs(state)


def test_nothing_to_publish_at_10_000_episodes_takes_two_requests_and_reads_a_few_kilobytes(store):
    state, outputs = publish_emulated(store, 10_000)
    head = fetch_state(store, "feed.xml", may_be_unread=True)
    recognized = recognize_outputs(head, "feed.xml", outputs, state.sources)
    assert recognized.objects.keys() == outputs.keys()
    assert store.read.keys() == {STATE_KEY, "feed.xml"}
    assert sum(store.read.values()) < 10_000
    assert len(store.get(state.snapshot.key).content) > 1_000_000
    with pytest.raises(ValueError, match="not read to its end"):
        write_state(store, recognized, recognized.etag)


def test_only_what_is_live_is_recognized(store):
    state, outputs = publish_emulated(store, 600)

    def is_recognized(outputs=outputs, sources=state.sources):
        head = fetch_state(store, "feed.xml", may_be_unread=True)
        return recognize_outputs(head, "feed.xml", outputs, sources) is not None

    assert is_recognized()
    page = outputs["page/00007"]
    for other in (
        replace(page, size=1),
        replace(page, sha256="0" * 64),
        replace(page, cache_control="no-store"),
        replace(page, embargoed=True),
    ):
        assert not is_recognized(outputs | {page.key: other})
    assert not is_recognized({key: output for key, output in outputs.items() if key != page.key})
    assert not is_recognized(outputs | {"new": replace(page, key="new")})
    assert not is_recognized(sources={**state.sources, "show": {}})
    for edit in (
        lambda state: replace(state, dirty=frozenset({page.key})),
        lambda state: replace(state, dirty=frozenset(), hold="rolled back"),
        lambda state: replace(state, hold="", pending=(PendingPublish(feed_sha256="a", publication=DESK),)),
        lambda state: replace(state, pending=(), retired={page.key: "2026-11-01"}),
    ):
        edit_state(store, edit)
        assert not is_recognized()
    edit_state(store, lambda state: replace(state, retired={}))
    assert is_recognized()
    (store.root / "feed.xml").write_bytes(b"<rss>by hand</rss>")
    assert not is_recognized()


def test_files_that_the_state_shows_without_their_secrets_are_recognized(store):
    state, outputs = publish_emulated(store, 600)
    secret = "private/abc/feed.xml"
    objects = {**state.objects, secret: replace(state.objects["page/00007"], key=secret)}
    ahead = frozenset({"media/00003"})
    state = write_state(store, replace(state, objects=objects, embargoed=ahead), state.etag)
    outputs = {key: replace(output, embargoed=key in ahead) for key, output in expect_outputs(state).items()}
    head = fetch_state(store, "feed.xml", may_be_unread=True)
    assert recognize_outputs(head, "feed.xml", outputs, state.sources).objects.keys() == outputs.keys()
    assert recognize_outputs(head, "feed.xml", outputs | {secret: replace(outputs[secret], size=1)}, {}) is None


def test_a_snapshot_that_is_deleted_while_the_state_is_read_is_read_again(store):
    first = write_state(store, make_state(600), "")

    def replace_state(key):
        if key == first.snapshot.key:
            store.before_get = lambda _: None
            write_state(store, make_state(601), first.etag)
            store.delete(key)

    store.before_get = replace_state
    assert len(read_state_file(store).slugs) == 601


def test_a_state_that_is_replaced_before_its_snapshot_is_read_is_a_conflict(store):
    state, _ = publish_emulated(store, 600)
    record = read_record(store, "feed.xml")
    assert record.head.is_unread
    write_state(store, make_state(601), state.etag)
    store.delete(state.snapshot.key)
    with pytest.raises(PublishConflict, match="in the meantime"):
        _ = record.state


def test_a_lost_snapshot_is_replaced_by_a_listing_and_a_hold_stays(store):
    state = write_state(store, make_state(600, hold="rolled back"), "")
    store.delete(state.snapshot.key)
    read = read_state_file(store)
    assert (read.rebuilt, read.hold, read.objects, read.etag) == (True, "rolled back", {}, state.etag)
    assert read_state_head(store).is_unread


def damage(content):
    yield b""
    yield content[:-1]
    yield content + b"x"
    yield content + content
    yield gzip.compress(b"[" * 100_000, mtime=0)
    yield gzip.compress(b'{"schema": 1}', mtime=0)
    yield gzip.compress(gzip.decompress(content).replace(b'"schema": 1', b'"schema": 2'), mtime=0)
    yield gzip.decompress(content)


def test_a_damaged_snapshot_counts_as_lost():
    content = render_snapshot_of(make_state(600))
    for damaged in damage(content):
        assert parse_snapshot(damaged, hashlib.sha256(damaged).hexdigest()) is None
    assert parse_snapshot(content, "0" * 64) is None
    assert parse_snapshot(content, hashlib.sha256(content).hexdigest())


def render_snapshot_of(state):
    tables = Tables(objects=state.objects, slugs=state.slugs, sources=state.sources)
    content = renew_snapshot(None, tables, "token")[1]
    assert content == renew_snapshot(None, tables, "token")[1] != renew_snapshot(None, tables, "other")[1]
    return content


def test_a_snapshot_that_decompresses_to_too_much_is_not_read(monkeypatch):
    content = render_snapshot_of(make_state(600))
    monkeypatch.setattr(snapshot, "MAX_SNAPSHOT_BYTES", len(gzip.decompress(content)) - 1)
    assert parse_snapshot(content, hashlib.sha256(content).hexdigest()) is None
    assert renew_snapshot(None, tables_from_json(json.loads(gzip.decompress(content))), "token") == (None, b"")


@pytest.mark.parametrize("sha256", ["", "../state", "0" * 63, "A" * 64, "0" * 64 + "\n"])
def test_a_state_cannot_name_any_other_object(store, sha256):
    write_state(store, make_state(600), "")
    document = json.loads(store.get(STATE_KEY).content)
    document["snapshot"]["sha256"] = sha256
    (store.root / STATE_KEY).write_text(json.dumps(document))
    assert read_state_file(store).rebuilt
